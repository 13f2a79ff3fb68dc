//! Golden bits: the same answers, to the last bit, on every machine and from version to version.
//!
//! `tests/golden/eigen.txt` of this crate holds lines `name scalar hexbits`. To add a value,
//! or after a change of answers that is meant (a *Changed answers* entry): `SKETCHLET_BLESS=1 cargo test -p sketchlet-core
//! --features std --test golden`.

#![cfg(feature = "alloc")]
#![allow(missing_docs, clippy::unwrap_used)]

use sketchlet_core::Real;
use sketchlet_core::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams, Centered,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, TopEigen, WarmUp,
};
use std::fmt::Write;
use std::path::Path;

/// Entries of each vector that are pinned.
const ENTRIES: usize = 4;

fn rows<T: Real>(file: &str, dim: usize, count: usize) -> Vec<Vec<T>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../std-ext/data").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let parse = |line: &str| line.split(',').take(dim).map(|x| T::constant(x.parse().unwrap())).collect();
    text.lines().skip(1).take(count).map(parse).collect()
}

fn bits<T: Real>(x: T) -> String {
    let mut bytes = [0; 8];
    x.write_le(&mut bytes);
    let bits = u64::from_le_bytes(bytes);
    if T::BYTES == 4 { format!("{bits:08x}") } else { format!("{bits:016x}") }
}

fn record<T: Real>(
    out: &mut String,
    method: &str,
    data: &str,
    rows: &[Vec<T>],
    mut summary: impl TopEigen<Scalar = T>,
) {
    rows.iter().for_each(|row| summary.update(row).unwrap());
    let mut answer = vec![T::ZERO; summary.answer_len()];
    let top = summary.estimate(&mut answer).unwrap();
    let scalar = if T::BYTES == 4 { "f32" } else { "f64" };
    for (i, &x) in top.vector(0).iter().take(ENTRIES).enumerate() {
        writeln!(out, "eigen/{method}/{data}/v{i} {scalar} {}", bits(x)).unwrap();
    }
    writeln!(out, "eigen/{method}/{data}/value {scalar} {}", bits(top.value(0).mantissa)).unwrap();
}

fn record_all<T: Real>(out: &mut String, data: &str, rows: &[Vec<T>]) {
    let dim = rows[0].len();
    let ro = RandomOrderEigenParams::new(dim).heavy_capacity(8);
    record(out, "exact", data, rows, ExactEigen::new(ExactEigenParams::new(dim)).unwrap());
    record(out, "random-order", data, rows, RandomOrderEigen::new(ro).unwrap());
    let tiny = RandomOrderEigenParams::new(dim).width(2).heavy_capacity(4).warm_up(WarmUp::Running);
    record(out, "random-order-tiny", data, rows, RandomOrderEigen::new(tiny).unwrap());
    record(out, "random-order-rank2", data, rows, RandomOrderEigen::new(ro.rank(2)).unwrap());
    let fd = FrequentDirectionsParams::new(dim).sketch_rows(4);
    record(out, "frequent-directions", data, rows, FrequentDirections::new(fd).unwrap());
    record(out, "nystrom", data, rows, NystromSketch::new(NystromSketchParams::new(dim).sketch_rows(4)).unwrap());
    record(out, "block-power", data, rows, BlockPower::new(BlockPowerParams::new(dim).heavy_capacity(4)).unwrap());
    record(out, "oja", data, rows, Oja::new(OjaParams::new(dim)).unwrap());
    record(out, "adaptive-oja", data, rows, AdaptiveOja::new(AdaptiveOjaParams::new(dim)).unwrap());
    record(out, "ccipca", data, rows, CandidIncremental::new(CandidIncrementalParams::new(dim)).unwrap());
    record(out, "history", data, rows, HistoryPca::new(HistoryPcaParams::new(dim)).unwrap());
    let exact = ExactEigen::new(ExactEigenParams::new(dim)).unwrap();
    record(out, "centered-exact", data, rows, Centered::new(exact).unwrap());
}

#[test]
fn answers_have_the_golden_bits() {
    let mut out = String::new();
    record_all(&mut out, "imu", &rows::<f32>("gait_imu.csv", 9, 1000));
    record_all(&mut out, "imu", &rows::<f64>("gait_imu.csv", 9, 1000));
    record_all(&mut out, "digits", &rows::<f32>("digits.csv", 64, 200));
    record_all(&mut out, "digits", &rows::<f64>("digits.csv", 64, 200));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/eigen.txt");
    if std::env::var_os("SKETCHLET_BLESS").is_some() {
        std::fs::write(&path, &out).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    for (got, expected) in out.lines().zip(golden.lines()) {
        assert_eq!(got, expected);
    }
    assert_eq!(out.lines().count(), golden.lines().count());
}
