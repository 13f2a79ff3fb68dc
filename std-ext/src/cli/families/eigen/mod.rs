//! `sketchlet eigen`: first principal directions of the rows.

mod about;
mod answer;
mod build;
mod feed;
#[cfg(feature = "faer")]
mod few_rows;
mod report;
mod run;
mod stored;
mod summary;

use super::Family;
use crate::cli::args::{EigenArguments, Precision, QueryArguments, Spelled};
use crate::cli::cost::Clock;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::saved::{Import, Saved};
use crate::{CoreError, Error, Header, Real, ScalarType};
use about::About;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde_json::{Value, json};

/// Runs a piece of code in the scalar of an encoding.
macro_rules! in_scalar {
    ($scalar:expr, $type:ident => $do:expr) => {
        if $scalar == ScalarType::F32 {
            type $type = f32;
            $do
        } else {
            type $type = f64;
            $do
        }
    };
}

pub(in crate::cli) struct Eigen;

impl Family for Eigen {
    fn name(&self) -> &'static str {
        "eigen"
    }

    fn command(&self) -> Command {
        EigenArguments::augment_args(Command::new(self.name()))
            .about("First principal directions of the rows: PCA, the top singular vectors")
    }

    fn run(&self, matches: &ArgMatches) -> Result<Report, Failure> {
        let arguments = EigenArguments::from_arg_matches(matches)?;
        match arguments.input.precision {
            Precision::F64 => run::run::<f64>(&arguments),
            Precision::F32 => run::run::<f32>(&arguments),
        }
    }

    fn describe(&self, saved: &Saved) -> Result<Value, Error> {
        in_scalar!(saved.wire.scalar, T => describe::<T>(saved))
    }

    fn alike(&self) -> Result<&'static [(&'static str, &'static str)], &'static str> {
        Ok(&[("columns", "columns"), ("method", "methods"), ("center", "centring flags")])
    }

    fn merge(&self, first: &[u8], second: &[u8]) -> Result<Vec<u8>, Error> {
        in_scalar!(Header::read(first)?.scalar, T => stored::merge::<T>(first, second))
    }

    fn query(&self, saved: &Saved, arguments: &QueryArguments, clock: Clock) -> Result<Report, Failure> {
        let place = |error: Error| error.in_file(arguments.file.display());
        in_scalar!(saved.wire.scalar, T => query::<T>(saved, clock).map_err(place)).map_err(Failure::from)
    }

    fn import(&self, import: &Import<'_>) -> Result<Value, Error> {
        match import.wire.scalar {
            ScalarType::F32 => header::<f32>(import),
            ScalarType::F64 => header::<f64>(import),
            other => Err(Error::data(format!("a summary of {}: only floats can be imported", other.name()))),
        }
    }
}

fn describe<T: Real>(saved: &Saved) -> Result<Value, Error> {
    let (about, summary) = (About::from_header(saved)?, stored::decode::<T>(&saved.bytes)?);
    Ok(json!({
        "type": about.method,
        "precision": saved.wire.scalar.name(),
        "params": saved.header.get("params").cloned().unwrap_or(Value::Null),
        "columns": about.columns,
        "rows": summary.rows_seen(),
        "dim": summary.dim(),
        "seed": about.seed,
        "state_bytes": summary.state_bytes(),
    }))
}

fn query<T: Real>(saved: &Saved, mut clock: Clock) -> Result<Report, Error> {
    let about = About::from_header(saved)?;
    let mut summary = stored::decode::<T>(&saved.bytes)?;
    if summary.dim() != about.columns.len() {
        return Err(CoreError::Corrupt.into());
    }
    let mut answer = clock.count(|| summary.answer())?;
    about.complete(&mut answer);
    Ok(report::report(&about, &answer, summary.as_ref(), 0, clock.cost(), clock.threads()))
}

/// What `eigen --save` would have written, as far as the encoding tells.
fn header<T: Real>(import: &Import<'_>) -> Result<Value, Error> {
    let (method, center) = stored::identify::<T>(import.bytes)?;
    let summary = stored::decode::<T>(import.bytes)?;
    let warning = format!("{} carries no figure for its error: compare with another method", method.name());
    let about = About {
        columns: import.names(summary.dim())?,
        method: method.name(),
        seed: import.seed,
        center,
        input: import.input.to_owned(),
        warnings: if method.certifies_nothing() { vec![warning] } else { Vec::new() },
        disagreement: None,
    };
    Ok(about.to_header(&json!({
        "rank": summary.rank(),
        "width": summary.block_width(),
        "center": center,
        "seed": import.seed,
    })))
}
