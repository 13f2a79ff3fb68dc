//! Compares the bits of every answer with golden values, and says how much stack each case took.

#![no_std]
#![no_main]

use core::fmt::Arguments;
use cortex_m_semihosting::hprintln;
use panic_semihosting as _;
use portable_atomic as _;
use sketchlet_embedded_demo::answers::{self, CaseSink};
use sketchlet_embedded_demo::board::{self, Stack};
use sketchlet_embedded_demo::golden::{Comparison, GOLDEN, Name, Sink, Value};
use sketchlet_embedded_demo::summaries::ARENA;
use static_cell::ConstStaticCell;

static STORAGE: ConstStaticCell<[f32; ARENA]> = ConstStaticCell::new([0.0; ARENA]);

struct Check<P> {
    comparison: Comparison<P>,
    /// Stack in use when the case began.
    floor: usize,
    /// Stack of the case up to its first value: what follows is comparing and printing.
    deepest: Option<usize>,
}

impl<P: FnMut(Arguments<'_>)> Sink for Check<P> {
    fn put(&mut self, name: Name, value: Value) {
        self.deepest.get_or_insert_with(Stack::high_water);
        self.comparison.put(name, value);
    }
}

impl<P: FnMut(Arguments<'_>)> CaseSink for Check<P> {
    fn begin(&mut self, _case: &'static str) {
        self.floor = Stack::in_use();
        self.deepest = None;
        Stack::repaint();
    }

    fn end(&mut self, case: &'static str) {
        self.comparison.finish(case);
        let stack = self.deepest.unwrap_or(0).saturating_sub(self.floor);
        hprintln!("selftest {} stack {} of {}", case, stack, Stack::capacity() - self.floor);
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let comparison = Comparison::new(|line: Arguments<'_>| hprintln!("{}", line));
    let mut check = Check { comparison, floor: 0, deepest: None };
    let outcome = answers::all(STORAGE.take(), &mut check);
    if let Err(error) = outcome {
        hprintln!("{}", error);
    }
    let Comparison { compared, failures, .. } = check.comparison;
    let elsewhere = GOLDEN.len().saturating_sub(compared);
    hprintln!(
        "{}: {} values compared, {} failures, {} golden values of other subjects",
        board::NAME,
        compared,
        failures,
        elsewhere
    );
    let overflow = Stack::high_water() == Stack::capacity();
    if overflow {
        hprintln!("the stack has touched the statics: nothing above is to be trusted");
    }
    board::exit(outcome.is_ok() && failures == 0 && compared > 0 && !overflow)
}
