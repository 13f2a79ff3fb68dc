//! The self-test: runs cases, compares their values with golden ones, watches the stack.

use crate::answers::CaseSink;
use crate::board::{self, Stack};
use crate::golden::{Comparison, GOLDEN, Name, Sink, Value};
use core::fmt::Arguments;
use cortex_m_semihosting::hprintln;
use sketchlet_core::Error;

/// Takes values, compares them, and watches the stack between.
#[derive(Debug)]
pub struct Check {
    comparison: Comparison<fn(Arguments<'_>)>,
    /// Stack in use when the case began.
    floor: usize,
    /// Stack of the case up to its first value: what follows is comparing and printing.
    deepest: Option<usize>,
}

impl Sink for Check {
    fn put(&mut self, name: Name, value: Value) {
        self.deepest.get_or_insert_with(Stack::high_water);
        self.comparison.put(name, value);
    }
}

impl CaseSink for Check {
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

/// Runs cases; whether all values were golden.
pub fn run(cases: impl FnOnce(&mut Check) -> Result<(), Error>) -> bool {
    let mut check = Check { comparison: Comparison::new(|line| hprintln!("{}", line)), floor: 0, deepest: None };
    let outcome = cases(&mut check);
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
    outcome.is_ok() && failures == 0 && compared > 0 && !overflow
}
