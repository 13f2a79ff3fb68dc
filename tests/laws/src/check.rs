//! Trying a law on many cases.

use crate::input::{Case, cases};
use crate::subject::Subject;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseResult, TestError, TestRunner};
use sketchlet_core::RowSummary;
use std::fmt::{Debug, Display, Formatter, Result as Written};

/// A law: it fails where the summary breaks it.
pub type Law<M> = fn(&Subject<M>, &Case) -> TestCaseResult;

/// A law was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The name of the law.
    pub law: &'static str,
    /// What was seen.
    pub reason: String,
    /// The smallest input that was found.
    pub input: String,
}

impl Display for Broken {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        write!(f, "the law {} is broken: {}; smallest input: {}", self.law, self.reason, self.input)
    }
}

impl std::error::Error for Broken {}

/// Tries a law of rows.
///
/// # Errors
/// [`Broken`], with the smallest input that was found.
pub fn check<M: RowSummary>(law: &'static str, subject: &Subject<M>, check: Law<M>) -> Result<(), Broken> {
    run(law, &cases(subject.dims(), Subject::<M>::kinds()).boxed(), &|case| check(subject, &case))
}

/// Tries a law on inputs of its own kind.
///
/// # Errors
/// [`Broken`], with the smallest input that was found.
pub fn run<I: Debug>(
    law: &'static str,
    inputs: &BoxedStrategy<I>,
    check: &dyn Fn(I) -> TestCaseResult,
) -> Result<(), Broken> {
    TestRunner::new(config()).run(inputs, check).map_err(|e| match e {
        TestError::Fail(reason, input) => Broken { law, reason: reason.to_string(), input: format!("{input:?}") },
        TestError::Abort(reason) => Broken { law, reason: reason.to_string(), input: String::new() },
    })
}

/// How many cases of each law: few, for there are many laws, types and scalars, and always the same, so that a failure is a
/// change. The environment variables `PROPTEST_CASES` and `PROPTEST_RNG_SEED` look further.
#[allow(clippy::cast_possible_truncation, reason = "nobody waits for so many")]
pub fn config() -> ProptestConfig {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    ProptestConfig {
        cases: number("PROPTEST_CASES").unwrap_or(32) as u32,
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(0)),
        failure_persistence: None,
        // By default it gives up after four times as many steps as there are cases, long before an input is small.
        max_shrink_iters: 4096,
        ..ProptestConfig::default()
    }
}
