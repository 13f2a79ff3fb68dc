//! The board: its clock, its stack, the way out.

use core::arch::asm;
use core::hint::black_box;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::STACK_PAINT_VALUE;
use cortex_m_semihosting::debug;

/// The board that the image was linked for.
pub const NAME: &str = env!("SKETCHLET_BOARD");

/// Ends the run; the emulator's exit code says how.
pub fn exit(success: bool) -> ! {
    debug::exit(if success { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    // A debugger that ignores the request gets a core that idles.
    loop {
        cortex_m::asm::wfi();
    }
}

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

/// Bytes below the stack pointer that [`Stack::repaint`] leaves alone.
const MARGIN: usize = 64;

/// A fault ends the run at once, instead of at the time limit. Prints nothing, so that no image pays for text.
#[cortex_m_rt::exception]
unsafe fn HardFault(_: &cortex_m_rt::ExceptionFrame) -> ! {
    exit(false)
}

unsafe extern "C" {
    static mut _stack_start: u32;
    static mut _stack_end: u32;
}

/// The stack between the end of the statics and the end of RAM, painted by the start-up code.
#[derive(Clone, Copy, Debug)]
pub struct Stack;

impl Stack {
    fn bounds() -> (usize, usize) {
        ((&raw const _stack_end) as usize, (&raw const _stack_start) as usize)
    }

    /// Bytes that it may grow to.
    pub fn capacity() -> usize {
        let (end, start) = Self::bounds();
        start - end
    }

    /// Most bytes in use since the reset, or since the last [`repaint`](Self::repaint).
    pub fn high_water() -> usize {
        let (end, start) = Self::bounds();
        let untouched = (end..start).step_by(4).take_while(|&address| {
            // SAFETY: an aligned word of RAM between the linker's two symbols.
            unsafe { (address as *const u32).read_volatile() == STACK_PAINT_VALUE }
        });
        start - end - 4 * untouched.count()
    }

    /// Bytes in use now.
    pub fn in_use() -> usize {
        Self::bounds().1 - cortex_m::register::msp::read() as usize
    }

    /// Paints what is below the caller again.
    #[inline(never)]
    pub fn repaint() {
        let end = Self::bounds().0;
        // The stack pointer may be read before this function has saved its registers: leave room for them.
        let top = cortex_m::register::msp::read() as usize - MARGIN;
        for address in (end..top).step_by(4) {
            // SAFETY: an aligned word below the stack pointer, of no live frame; no interrupt is enabled that could
            // make one.
            unsafe { (address as *mut u32).write_volatile(STACK_PAINT_VALUE) };
        }
    }
}
