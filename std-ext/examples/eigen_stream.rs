//! A stream, row by row: ask at any time, and do what the status says.
//!
//! `cargo run --example eigen_stream`

#![allow(clippy::print_stdout, reason = "an example talks")]

use sketchlet::eigen::{
    FrequentDirections, FrequentDirectionsParams, RandomOrderEigen, RandomOrderEigenParams, Status, TopEigen,
};
use sketchlet::io::{ReadOptions, RowReader};
use sketchlet::stream::ShuffleBuffer;
use sketchlet::{Error, RowSummary};

/// Nine channels of accelerometers on a walking person, in the order of time.
const WALK: &str = include_str!("../data/gait_imu.csv");
const CHANNELS: usize = 9;

const SMALL: RandomOrderEigenParams = RandomOrderEigenParams::new(CHANNELS).heavy_capacity(4);

fn main() -> Result<(), Error> {
    println!("as it comes, a summary of {} numbers:", SMALL.storage_len());
    let mut summary = RandomOrderEigen::<f64, _>::new(SMALL)?;
    let mut status = Status::TooFewRows;
    feed(&mut summary, |summary, row| {
        // Any time is a good time to ask: it changes nothing.
        if [1, 40, 200, 1000, 7040].contains(&row) {
            status = report(summary)?;
        }
        Ok(())
    })?;

    match status {
        Status::Ok => println!("nothing to do: use the vectors, error_estimate says how good they are"),
        Status::TooFewRows => println!("wait for more rows; a handful of rows is a job for ExactEigen"),
        Status::NotRandomOrder => {
            println!("\nneighbouring rows are alike; a buffer of 4,000 rows shuffles a stream whose order is local:");
            let mut shuffled = ShuffleBuffer::new(RandomOrderEigen::<f64, _>::new(SMALL)?, 1, 4000)?;
            feed(&mut shuffled, |_, _| Ok(()))?;
            shuffled.drain()?;
            report(&mut shuffled.into_inner())?;
            println!("\nand a method that doesn't mind the order certifies its answer, at a few flops more a row:");
            let params = FrequentDirectionsParams::new(CHANNELS);
            let mut any_order = FrequentDirections::<f64, _>::new(params)?;
            feed(&mut any_order, |_, _| Ok(()))?;
            report(&mut any_order)?;
        }
        Status::HeavyOverflow => println!("single rows outweigh the rest: raise heavy_capacity and start again"),
        Status::LowGap => println!("directions are nearly tied: ask for all of them with a larger rank"),
        // The list may grow; every status brings its own advice.
        other => println!("{}", other.advice()),
    }
    Ok(())
}

/// Feeds the walk row by row, and calls `after` with the number of rows so far.
fn feed<M: RowSummary<Scalar = f64>>(
    summary: &mut M,
    mut after: impl FnMut(&mut M, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let options = ReadOptions::new().columns((0..CHANNELS).map(|column| column.to_string()));
    let mut reader = RowReader::<f64>::from_csv(WALK.as_bytes(), "gait_imu.csv", &options)?;
    let mut count = 0;
    while let Some(rows) = reader.next_batch()? {
        for row in rows.iter_rows() {
            summary.update(row)?;
            count += 1;
            after(summary, count)?;
        }
    }
    Ok(())
}

/// Prints the answer so far.
fn report(summary: &mut impl TopEigen<Scalar = f64>) -> Result<Status, Error> {
    let mut answer = vec![0.0; summary.answer_len()];
    let rows = summary.rows_seen();
    let top = summary.estimate(&mut answer)?;
    let figure = |x: Option<f64>| x.map_or_else(|| "-".into(), |x| format!("{x:.0e}"));
    let confidence = top.confidence;
    println!(
        "{rows:5} rows: {:16} estimate {:6} bound {:6} first entries {:6.3?}",
        confidence.status.name(),
        figure(confidence.error_estimate),
        figure(confidence.error_bound),
        &top.vector(0)[..4],
    );
    Ok(confidence.status)
}
