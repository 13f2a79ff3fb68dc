//! Shards: summaries are filled far apart, sent as bytes, merged, and asked for the first principal direction.
//!
//! `cargo run --example eigen_shards`

#![allow(clippy::print_stdout, reason = "an example talks")]

use sketchlet::eigen::{ExactEigen, ExactEigenParams, RandomOrderEigen, RandomOrderEigenParams, TopEigen};
use sketchlet::parallel::merge_all;
use sketchlet::random::keyed::{Domain, symmetric, word2};
use sketchlet::{CoreError, RowSummary, Wire};

const DIM: usize = 64;
const DEVICES: u64 = 4;
const ROWS: u64 = 5000;

/// All parties must agree on these: summaries of other parameters refuse to merge.
const PARAMS: RandomOrderEigenParams = RandomOrderEigenParams::new(DIM).heavy_capacity(8);

fn main() -> Result<(), CoreError> {
    let messages = (0..DEVICES).map(device).collect::<Result<Vec<_>, _>>()?;

    // The server. Bytes from outside are checked before anything is believed.
    let mut shards = Vec::new();
    for message in &messages {
        shards.push(RandomOrderEigen::<f32, Vec<f32>>::decode(message)?);
    }
    let mut damaged = messages[0].clone();
    damaged[100] ^= 1;
    if let Err(error) = RandomOrderEigen::<f32, Vec<f32>>::decode(&damaged) {
        println!("one bit damaged: {error}");
    }

    // Always in the same tree: then the same shards give the same bits, whoever comes first.
    let mut buffer = vec![0.0; PARAMS.answer_len()];
    if let Some(mut summary) = merge_all(shards)? {
        let rows = summary.rows_seen();
        let top = summary.estimate(&mut buffer)?;
        println!("{rows} rows of {DEVICES} devices: status {}", top.confidence.status);
        println!("error estimated {:.1e}", top.confidence.error_estimate.unwrap_or(1.0));
        println!("error in truth  {:.1e}", error(top.vector(0))?);
    }
    Ok(())
}

/// What runs on a device: no heap is needed there, `new_in` takes an array and `encode_into` a buffer.
fn device(number: u64) -> Result<Vec<u8>, CoreError> {
    let mut summary = RandomOrderEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
    (0..ROWS).try_for_each(|i| summary.update(&row(number, i)))?;
    let message = summary.encode();
    println!("device {number}: {} bytes of rows in a message of {}", ROWS * (DIM * 4) as u64, message.len());
    Ok(message)
}

/// Noise on all channels, and one motion that 16 of them feel.
fn row(device: u64, i: u64) -> [f32; DIM] {
    let noise = |j: usize| symmetric::<f32>(word2(device, Domain::Normal, i, j as u64));
    let motion = noise(DIM);
    std::array::from_fn(|j| noise(j) + if j % 4 == 0 { motion } else { 0.0 })
}

/// Squared sine of the angle to the answer of one exact summary of all rows.
fn error(vector: &[f32]) -> Result<f32, CoreError> {
    let mut exact = ExactEigen::<f32, _>::new(ExactEigenParams::new(DIM))?;
    for device in 0..DEVICES {
        (0..ROWS).try_for_each(|i| exact.update(&row(device, i)))?;
    }
    let mut buffer = vec![0.0; exact.answer_len()];
    let truth = exact.estimate(&mut buffer)?;
    let cosine: f32 = vector.iter().zip(truth.vector(0)).map(|(x, y)| x * y).sum();
    Ok((1.0 - cosine * cosine).max(0.0))
}
