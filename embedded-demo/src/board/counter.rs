//! Instructions, counted by the system timer.

use core::arch::asm;
use core::hint::black_box;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// A count of instructions, in units of 1/1000 (a tick of the clock is many instructions, a loop of calls many ticks).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Milli(pub u64);

impl core::fmt::Display for Milli {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 1000, self.0 % 1000 / 10)
    }
}

/// Counts instructions by the system timer. Means something only in an emulator that runs one instruction a nanosecond
/// (`qemu-system-arm -icount shift=0`); on a real part the figures are multiples of clock cycles.
#[allow(missing_debug_implementations, reason = "the timer has none")]
pub struct Counter {
    timer: SYST,
    /// Instructions a tick, times 1000.
    milli_per_tick: u64,
}

/// The timer has 24 bits.
const RELOAD: u32 = 0x00ff_ffff;

impl Counter {
    /// Starts the timer and finds out how many instructions a tick is, with a loop of known length.
    pub fn new(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(RELOAD);
        timer.clear_current();
        timer.enable_counter();
        let mut counter = Self { timer, milli_per_tick: 0 };
        let iterations = 4_000_000u32;
        let ticks = counter.ticks(|| {
            // SAFETY: counts a register down to zero, touches nothing else.
            unsafe {
                asm!("2: subs {0}, {0}, #1", "bne 2b", inout(reg) iterations => _, options(nomem, nostack));
            }
        });
        counter.milli_per_tick = (2000 * u64::from(iterations) + ticks / 2) / ticks.max(1);
        counter
    }

    /// Instructions a tick of the timer.
    pub const fn resolution(&self) -> Milli {
        Milli(self.milli_per_tick)
    }

    fn ticks(&mut self, work: impl FnOnce()) -> u64 {
        self.timer.clear_current();
        // Zero until the first tick, then the reload value.
        while SYST::get_current() == 0 {}
        let start = SYST::get_current();
        let _ = self.timer.has_wrapped();
        work();
        let end = SYST::get_current();
        assert!(!self.timer.has_wrapped(), "longer than the 24 bits of the timer");
        u64::from(start - end)
    }

    /// Instructions of one run.
    pub fn count(&mut self, work: impl FnOnce()) -> Milli {
        Milli(self.ticks(work) * self.milli_per_tick)
    }

    /// Instructions of one call, the mean of `calls`, without those of the loop around it.
    pub fn per_call(&mut self, calls: u32, mut work: impl FnMut()) -> Milli {
        let empty = self.count(|| (0..calls).for_each(|i| _ = black_box(i)));
        let full = self.count(|| {
            (0..calls).for_each(|i| {
                black_box(i);
                work();
            });
        });
        Milli(full.0.saturating_sub(empty.0) / u64::from(calls))
    }
}
