//! Three sensors see other columns of the same samples; a server joins what they send, corrects it, and regresses one on the
//! others.
//!
//! `cargo run --example regression_fleet`

#![allow(clippy::print_stdout, reason = "an example talks")]

use sketchlet::regression::{Query, SketchedLeastSquares, SketchedLeastSquaresParams};
use sketchlet::sketch::Srht;
use sketchlet::{CoreError, RowSummary, Wire};

type Summary = SketchedLeastSquares<i64, Srht, Vec<i64>, Vec<u32>>;

/// All sensors agree on the rows of the sketch, its seed and its blocks; rows are numbered by the tick of a common clock.
fn params(channels: usize) -> SketchedLeastSquaresParams {
    SketchedLeastSquaresParams::new(channels, 256).seed(42).block_len(64)
}

/// Temperature, load and current of a machine; the current follows the others, and a fault is added from tick 9000 on.
fn sample(tick: i64) -> [i64; 3] {
    let (temperature, load) = (200 + tick * 7919 % 137, tick * 6101 % 251);
    let fault = if tick >= 9000 { 900 } else { 0 };
    [temperature, load, 3 * temperature + 5 * load + tick * 31 % 17 + fault]
}

fn main() -> Result<(), CoreError> {
    // On the devices: one channel each. What travels is a few kilobytes, whatever the number of samples.
    let mut messages = Vec::new();
    for channel in 0..3 {
        let mut summary = Summary::new(params(1), Srht)?;
        for tick in 0..10_000 {
            summary.update(&[sample(tick)[channel]])?;
        }
        summary.close_block();
        messages.push(summary.encode());
    }
    println!("each device sends {} bytes", messages[0].len());

    // On the server.
    let [temperature, load, current] = [&messages[0], &messages[1], &messages[2]].map(|bytes| Summary::decode(bytes));
    let mut all = Summary::join(&Summary::join(&temperature?, &load?)?, &current?)?;
    report("with the fault", &all)?;

    // The samples of the fault are known by now: taken away, they were never there.
    for tick in 9000..10_000u32 {
        all.remove_at(tick.into(), &sample(tick.into()))?;
    }
    report("without it", &all)
}

fn report(when: &str, summary: &Summary) -> Result<(), CoreError> {
    let query = Query::new(&[0, 1], &[2]).failure(0.01);
    let (mut scratch, mut answer) = (vec![0.0f64; query.scratch_len()], vec![0.0; query.answer_len()]);
    let fit = summary.solve_in(&query, &mut scratch, &mut answer)?;
    let widths = fit.half_widths.unwrap_or_default();
    println!(
        "{when}: temperature {:.2} +- {:.2}, load {:.2} +- {:.2}, residual norm about {:.0}",
        fit.coefficients[0], widths[0], fit.coefficients[1], widths[1], fit.residual_norm[0]
    );
    Ok(())
}
