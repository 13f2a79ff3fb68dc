//! The golden values as this machine computes them.
//!
//! `cargo run --release --example golden` compares them with the golden files; with a prefix of names as argument it
//! prints those lines of a new golden file instead.

use sketchlet_core::Error;
use sketchlet_embedded_demo::answers::{self, CaseSink};
use sketchlet_embedded_demo::golden::{Comparison, Name, Sink, Value};
use sketchlet_embedded_demo::summaries::ARENA;
use sketchlet_embedded_demo::{regression, submodular};
use std::fmt::Arguments;
use std::process::ExitCode;

struct Print(String);

impl Sink for Print {
    fn put(&mut self, name: Name, value: Value) {
        if name.case.starts_with(&self.0) {
            println!("{name} {value}");
        }
    }
}

impl CaseSink for Print {}

struct Check<P>(Comparison<P>);

impl<P: FnMut(Arguments<'_>)> Sink for Check<P> {
    fn put(&mut self, name: Name, value: Value) {
        self.0.put(name, value);
    }
}

impl<P: FnMut(Arguments<'_>)> CaseSink for Check<P> {
    fn end(&mut self, case: &'static str) {
        self.0.finish(case);
    }
}

fn all<S: CaseSink>(sink: &mut S) -> Result<(), Error> {
    answers::all(&mut [0.0; ARENA], sink)?;
    regression::all(sink)?;
    submodular::all(sink)
}

fn main() -> ExitCode {
    if let Some(prefix) = std::env::args().nth(1) {
        all(&mut Print(prefix)).expect("all cases run");
        return ExitCode::SUCCESS;
    }
    let mut check = Check(Comparison::new(|line| println!("{line}")));
    all(&mut check).expect("all cases run");
    println!("host: {} values compared, {} failures", check.0.compared, check.0.failures);
    if check.0.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
