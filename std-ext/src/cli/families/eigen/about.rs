//! The header of a file: what it says of the summary in it.

use super::answer::Answer;
use crate::Error;
use crate::cli::saved::Saved;
use crate::eigen::Status;
use serde_json::{Value, json};

/// What a `.sketch` file says beside its summary, and an answer repeats.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) columns: Vec<String>,
    pub(super) method: String,
    pub(super) seed: u64,
    pub(super) center: bool,
    pub(super) input: String,
    /// What the saving command had to say about its input and flags.
    pub(super) warnings: Vec<String>,
    /// By how much two replicas disagreed, where they were asked for.
    pub(super) disagreement: Option<f64>,
}

impl About {
    pub(super) fn to_header(&self, params: &Value) -> Value {
        json!({
            "command": "eigen",
            "version": env!("CARGO_PKG_VERSION"),
            "columns": self.columns,
            "method": self.method,
            "seed": self.seed,
            "center": self.center,
            "input": self.input,
            "warnings": self.warnings,
            "disagreement": self.disagreement,
            "params": params,
        })
    }

    /// Adds to an answer what no summary knows alone: the figure that its replica gave.
    pub(super) fn complete(&self, answer: &mut Answer) {
        let Some(error) = self.disagreement else { return };
        answer.error_estimate = Some(error);
        // Runs that agree may still be wrong together: nothing but a disagreement says anything.
        if error >= 0.25 && answer.status == Status::Unverified {
            answer.status = Status::LowGap;
        }
    }

    pub(super) fn from_header(saved: &Saved) -> Result<Self, Error> {
        let unknown = || Error::data("saved by a command that this version does not know");
        let read = || {
            Some(Self {
                columns: saved.texts("columns")?,
                warnings: saved.texts("warnings")?,
                disagreement: saved.header.get("disagreement").and_then(Value::as_f64),
                method: saved.text("method")?.to_owned(),
                seed: saved.header.get("seed")?.as_u64()?,
                center: saved.header.get("center")?.as_bool()?,
                input: saved.text("input")?.to_owned(),
            })
        };
        read().ok_or_else(unknown)
    }
}
