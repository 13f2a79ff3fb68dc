//! The stack, painted so that its deepest point can be found.

use cortex_m_rt::STACK_PAINT_VALUE;

/// Bytes below the stack pointer that [`Stack::repaint`] leaves alone.
const MARGIN: usize = 64;

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
