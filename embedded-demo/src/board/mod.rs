//! The board: its clock, its stack, its console, the way out.

mod check;
mod counter;
mod stack;

pub use check::self_test;
pub use counter::{Counter, Milli};
pub use stack::Stack;

use core::cell::Cell;
use cortex_m_semihosting::nr::GET_CMDLINE;
use cortex_m_semihosting::{debug, hprint, hprintln};
use sketchlet_core::Error;

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

/// Does the work of an image, says what went wrong, and ends the run.
pub fn run(work: impl FnOnce() -> Result<(), Error>) -> ! {
    let outcome = work();
    if let Err(error) = outcome {
        hprintln!("{}", error);
    }
    exit(outcome.is_ok())
}

/// Prints bytes in hex, as the host's tools read them.
pub fn print_hex(bytes: &[u8]) {
    for line in bytes.chunks(32) {
        line.iter().for_each(|byte| hprint!("{:02x}", byte));
        hprintln!();
    }
}

/// The number that the emulator or the debugger gives the run (`-semihosting-config ...,arg=IMAGE,arg=NUMBER`), where a part of
/// its own would have pins or a line of its flash; 0 if there is none.
pub fn number() -> usize {
    let mut line = [0u8; 64];
    let request = [Cell::new(line.as_mut_ptr() as usize), Cell::new(line.len())];
    // SAFETY: the host writes the command line, at most as many bytes as the request says, and their number.
    let status = unsafe { cortex_m_semihosting::syscall(GET_CMDLINE, &request) };
    let words = if status == 0 { &line[..request[1].get().min(line.len())] } else { &[] };
    let last = words.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    str::from_utf8(last).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// A fault ends the run at once, instead of at the time limit. Prints nothing, so that no image pays for text.
#[cortex_m_rt::exception]
unsafe fn HardFault(_: &cortex_m_rt::ExceptionFrame) -> ! {
    exit(false)
}
