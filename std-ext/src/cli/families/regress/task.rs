//! The task: the flags of `regress`, checked once.

use crate::cli::args::{Missing, Operator, RegressArguments, Solve, Spelled};
use crate::cli::failure::Failure;
use crate::cli::places;
use std::path::{Path, PathBuf};

/// The flags, none of which contradicts another, and what they leave open.
pub(super) struct Task<'a> {
    pub(super) arguments: &'a RegressArguments,
    /// Whether the answer comes from a summary, in one pass.
    pub(super) is_streaming: bool,
    pub(super) solve: Solve,
    /// Operator of the sketch, unless a QR is preferred to it.
    pub(super) sketch: Operator,
    /// Columns of the input that are to be explained.
    pub(super) targets: Vec<String>,
}

impl<'a> Task<'a> {
    pub(super) fn check(arguments: &'a RegressArguments) -> Result<Self, Failure> {
        let is_streaming = arguments.streaming || arguments.input.input == Path::new("-");
        let sketch = arguments.sketch.unwrap_or(Operator::Srht);
        let solve = match (arguments.solve, sketch) {
            (Some(solve), _) => solve,
            (None, _) if is_streaming => Solve::Sketched,
            (None, Operator::None) => Solve::Exact,
            (None, _) => Solve::Refined,
        };
        if let Some(what) = contradiction(arguments, is_streaming, solve, sketch) {
            return Err(Failure::Usage(format!("regress: {what}")));
        }
        let inputs: Vec<&Path> =
            [&arguments.input.input].into_iter().chain(&arguments.rhs).map(PathBuf::as_path).collect();
        places::check(&places::of_answer(&arguments.output, arguments.save.as_deref()), &inputs)?;
        Ok(Self { arguments, is_streaming, solve, sketch, targets: targets(arguments)? })
    }

    /// Columns that the reader must yield beside the features.
    pub(super) fn other_columns(&self) -> impl Iterator<Item = &String> {
        self.targets.iter().chain(&self.arguments.weights)
    }

    /// Whether a stream is better factored, exactly, than sketched: nothing asks for a sketch.
    pub(super) fn prefers_factor(&self) -> bool {
        let RegressArguments { sketch, rows, epsilon, solve, .. } = self.arguments;
        self.is_streaming && sketch.is_none() && rows.is_none() && epsilon.is_none() && solve.is_none()
    }

    /// Flags that are given and change nothing with this operator.
    pub(super) fn idle_flags(&self, operator: Operator) -> Vec<String> {
        let RegressArguments { nonzeros, block_len, first_row, stream_id, .. } = *self.arguments;
        let is_factored = self.is_streaming && operator == Operator::None;
        let flags = [
            ("--nonzeros", nonzeros != 8 && operator != Operator::Osnap),
            ("--block-len", is_factored && block_len.is_some()),
            ("--first-row", is_factored && first_row != 0),
            ("--stream-id", is_factored && stream_id != 0),
        ];
        let is_idle = flags.into_iter().filter(|(_, is_idle)| *is_idle);
        let what = if is_factored { "a regression without a sketch".into() } else { operator.name() };
        is_idle.map(|(flag, _)| format!("{flag} does not apply to {what} and was not used")).collect()
    }
}

fn contradiction(
    arguments: &RegressArguments,
    is_streaming: bool,
    solve: Solve,
    sketch: Operator,
) -> Option<&'static str> {
    let rules = [
        (is_streaming && sketch == Operator::Pooled, "--sketch pooled needs all rows in memory"),
        (
            is_streaming && solve != Solve::Sketched,
            "a stream is answered from its summary: leave --solve out, or save the rows to a file first",
        ),
        (
            arguments.solve == Some(Solve::Sketched) && sketch == Operator::None,
            "--solve sketched needs a sketch: choose one with --sketch",
        ),
        (
            arguments.solve == Some(Solve::Refined) && sketch == Operator::None,
            "--solve refined is guided by a sketch: choose one with --sketch, or take --solve exact",
        ),
        (
            arguments.rhs.is_some() && arguments.input.missing == Some(Missing::Drop),
            "--missing drop would part rows from those of --rhs: drop them from both files first",
        ),
        (
            arguments.save.is_some() && solve != Solve::Sketched,
            "--save keeps a summary: use it with --streaming or --solve sketched",
        ),
        (arguments.save.is_some() && sketch == Operator::Pooled, "--sketch pooled has no summary to save"),
        (arguments.block_len.is_some_and(|len| !len.is_power_of_two()), "--block-len must be a power of two"),
        (
            arguments.block_len.is_some_and(|len| len > 1) && sketch != Operator::Srht,
            "--block-len is for --sketch srht",
        ),
    ];
    rules.into_iter().find(|(is_broken, _)| *is_broken).map(|(_, what)| what)
}

/// The targets that the flags name.
fn targets(arguments: &RegressArguments) -> Result<Vec<String>, Failure> {
    match (&arguments.target, &arguments.targets, &arguments.rhs) {
        (Some(target), None, None) => Ok(vec![target.clone()]),
        (None, Some(targets), None) => Ok(targets.clone()),
        (None, None, Some(_)) => Ok(Vec::new()),
        (None, None, None) => Err(Failure::Usage("regress: give --target, --targets or --rhs".into())),
        _ => Err(Failure::Usage("regress: give only one of --target, --targets and --rhs".into())),
    }
}
