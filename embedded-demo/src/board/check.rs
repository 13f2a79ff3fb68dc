//! The self-test: runs cases, compares their values with golden ones, watches the stack.

use super::{NAME, Stack};
use crate::families;
use crate::golden::{Comparison, GOLDEN, Name, Sink, Value};
use core::fmt::Arguments;
use cortex_m_semihosting::hprintln;

/// Takes values, compares them, and watches the stack between.
struct Check {
    comparison: Comparison<fn(Arguments<'_>)>,
    /// Stack in use when the case began.
    floor: usize,
    /// Stack of the case up to its first value: what follows is comparing and printing.
    deepest: Option<usize>,
}

impl Sink for Check {
    fn begin(&mut self, _case: &'static str) {
        self.floor = Stack::in_use();
        self.deepest = None;
        Stack::repaint();
    }

    fn put(&mut self, name: Name, value: Value) {
        self.deepest.get_or_insert_with(Stack::high_water);
        self.comparison.put(name, value);
    }

    fn end(&mut self, case: &'static str) {
        self.comparison.end(case);
        let stack = self.deepest.unwrap_or(0).saturating_sub(self.floor);
        hprintln!("selftest {} stack {} of {}", case, stack, Stack::capacity() - self.floor);
    }
}

/// Runs the cases of all families in the image; whether all values were golden.
pub fn self_test() -> bool {
    let mut check = Check { comparison: Comparison::new(|line| hprintln!("{}", line)), floor: 0, deepest: None };
    let outcome = families::ALL.iter().try_for_each(|family| (family.cases)(&mut check));
    if let Err(error) = outcome {
        hprintln!("{}", error);
    }
    let Comparison { compared, failures, .. } = check.comparison;
    let elsewhere = GOLDEN.len().saturating_sub(compared);
    hprintln!(
        "{}: {} values compared, {} failures, {} golden values of other families",
        NAME,
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
