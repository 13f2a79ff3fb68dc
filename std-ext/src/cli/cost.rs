//! What an answer costs: wall time, processor time, threads.

use std::time::Instant;

/// Measures the time that the library works on an answer, and the time that the whole command takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
    seconds: f64,
    cpu_seconds: f64,
    threads: usize,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), seconds: 0.0, cpu_seconds: 0.0, threads: 1 }
    }

    /// Runs something inside the library and counts its time.
    pub(super) fn count<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let result = work();
        self.cpu_seconds += cpu_seconds() - cpu;
        self.seconds += start.elapsed().as_secs_f64();
        result
    }

    /// Notes that so many threads have worked at the same time.
    pub(super) fn note_threads(&mut self, threads: usize) {
        self.threads = self.threads.max(threads);
    }

    /// The largest number of threads that have worked at the same time.
    pub(super) const fn threads(&self) -> u64 {
        self.threads as u64
    }

    /// The cost so far.
    pub(super) fn cost(&self) -> Cost {
        let seconds_total = self.start.elapsed().as_secs_f64();
        Cost { seconds: self.seconds, seconds_total, cpu_seconds: self.cpu_seconds }
    }
}

/// Time spent, as JSON reports it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) seconds: f64,
    pub(super) seconds_total: f64,
    pub(super) cpu_seconds: f64,
}

/// Processor time of this process so far, all threads, in seconds.
fn cpu_seconds() -> f64 {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
    }
    #[cfg(not(unix))]
    {
        0.0
    }
}
