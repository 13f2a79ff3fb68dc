//! The golden values as this machine computes them.
//!
//! `cargo run --example golden` compares them with the golden files; with a prefix of names as argument it prints those lines
//! of a new golden file instead.

use sketchlet_embedded_demo::families;
use sketchlet_embedded_demo::golden::{Comparison, Name, Sink, Value};
use std::process::ExitCode;

struct Print(String);

impl Sink for Print {
    fn put(&mut self, name: Name, value: Value) {
        if name.case.starts_with(&self.0) {
            println!("{name} {value}");
        }
    }
}

fn all(sink: &mut dyn Sink) {
    families::ALL.iter().try_for_each(|family| (family.cases)(sink)).expect("all cases run");
}

fn main() -> ExitCode {
    if let Some(prefix) = std::env::args().nth(1) {
        all(&mut Print(prefix));
        return ExitCode::SUCCESS;
    }
    let mut check = Comparison::new(|line| println!("{line}"));
    all(&mut check);
    println!("host: {} values compared, {} failures", check.compared, check.failures);
    if check.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
