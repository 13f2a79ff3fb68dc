//! `cargo run --release -p sketchlet-benches --bin experiments -- FAMILY` prints what is claimed and what is measured as a
//! Markdown table, and exits with 1 if a claim does not hold.

use sketchlet_benches::experiments::{Claim, FAMILIES, of_family};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(family), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: experiments FAMILY, one of {}", FAMILIES.join(", "));
        return ExitCode::from(2);
    };
    let Some(claims) = of_family(&family) else {
        eprintln!("no family {family}: one of {}", FAMILIES.join(", "));
        return ExitCode::from(2);
    };
    println!("{}", Claim::HEADER);
    claims.iter().for_each(|claim| println!("{claim}"));
    let broken = claims.iter().filter(|claim| !claim.holds).count();
    eprintln!("{} claims, {broken} do not hold", claims.len());
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
