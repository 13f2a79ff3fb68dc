//! What an answer costs: wall time, processor time, threads.

use crate::parallel::fill_from;
use crate::{CoreError, Error, Merge};
use std::num::NonZero;
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

    /// Fills a summary by [`fill_from`], and counts what that costs but for the reading.
    pub(super) fn fill<B: Default + Send, M: Merge + Send>(
        &mut self,
        dim: usize,
        shard_rows: usize,
        threads: NonZero<usize>,
        mut read: impl FnMut(&mut B, usize) -> Result<usize, Error> + Send,
        make: impl Fn(u64) -> Result<M, CoreError> + Sync,
        feed: impl Fn(&mut M, &mut B) -> Result<(), Error> + Sync,
    ) -> Result<M, Error> {
        let (begin, mut reading) = (cpu_seconds(), 0.0);
        let read = |batch: &mut B, rows| {
            let begin = thread_cpu_seconds();
            let rows = read(batch, rows);
            reading += thread_cpu_seconds() - begin;
            rows
        };
        let filled = fill_from(dim, shard_rows, threads, read, make, feed)?;
        self.cpu_seconds += cpu_seconds() - begin - reading;
        self.seconds += filled.busy.as_secs_f64();
        self.note_threads(filled.threads);
        Ok(filled.summary)
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
        seconds_of(rustix::time::ClockId::ProcessCPUTime)
    }
    #[cfg(not(unix))]
    {
        0.0
    }
}

/// That of this thread alone.
fn thread_cpu_seconds() -> f64 {
    #[cfg(unix)]
    {
        seconds_of(rustix::time::ClockId::ThreadCPUTime)
    }
    #[cfg(not(unix))]
    {
        0.0
    }
}

#[cfg(unix)]
fn seconds_of(clock: rustix::time::ClockId) -> f64 {
    let time = rustix::time::clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_on_fewer_threads_does_not_hide_those_before() {
        let mut clock = Clock::start();
        assert_eq!(clock.threads(), 1);
        clock.note_threads(3);
        clock.note_threads(1);
        assert_eq!(clock.threads(), 3);
    }
}
