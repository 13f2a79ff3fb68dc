//! A claim: one line of the table of experiments.

use std::fmt;

/// What is claimed, by whom, and what was measured.
#[derive(Clone, Debug)]
pub struct Claim {
    /// In words.
    pub claim: String,
    /// Paper or section of the design.
    pub source: &'static str,
    /// Figures of the source.
    pub expected: String,
    /// Figures of this run.
    pub measured: String,
    /// Whether the measurement supports the claim.
    pub holds: bool,
}

impl Claim {
    /// The first lines of the table.
    pub const HEADER: &'static str = "| claim | source | expected | measured | holds |\n|---|---|---|---|---|";
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "yes" } else { "**no**" };
        write!(f, "| {} | {} | {} | {} | {holds} |", self.claim, self.source, self.expected, self.measured)
    }
}
