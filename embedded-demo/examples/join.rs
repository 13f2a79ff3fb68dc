//! Joins the sketches of three nodes, given as files of hex, and predicts a trunk channel from the eight others.
//!
//! The bytes must be those that this machine makes of the same samples, and the half-widths must hold what they promise.

use sketchlet_core::regression::{Fit, Query, SketchedLeastSquares, StreamingQr, StreamingQrParams};
use sketchlet_core::sketch::Srht;
use sketchlet_core::{Error, Header, Lane, RowSummary, ScalarType, Wire};
use sketchlet_embedded_demo::data;
use sketchlet_embedded_demo::families::regression::nodes::{self, MAX_BYTES, NODES, PARAMS};
use std::process::ExitCode;

const NAMES: [&str; 9] = [
    "ankle_horiz_fwd",
    "ankle_vert",
    "ankle_horiz_lateral",
    "leg_horiz_fwd",
    "leg_vert",
    "leg_horiz_lateral",
    "trunk_horiz_fwd",
    "trunk_vert",
    "trunk_horiz_lateral",
];
const FEATURES: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 8];
const TARGET: [usize; 1] = [7];

fn read(path: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex digits");
    digits.chunks(2).map(byte).collect()
}

type Summary<L> = SketchedLeastSquares<L, Srht, Vec<L>, Vec<u32>>;

fn empty<L: Lane>() -> Result<Summary<L>, Error> {
    let (scalars, words) = (vec![L::default(); PARAMS.storage_len()], vec![0; PARAMS.index_len()]);
    SketchedLeastSquares::new_in(PARAMS, Srht, scalars, words)
}

fn decode<L: Lane>(bytes: &[u8]) -> Result<Summary<L>, Error> {
    let scalars = vec![L::default(); Summary::<L>::storage_needed(bytes)?];
    Summary::decode_in(bytes, (scalars, vec![0; Summary::<L>::indices_needed(bytes)?]))
}

fn join<L: Lane>(left: &Summary<L>, right: &Summary<L>) -> Result<Summary<L>, Error> {
    let params = Summary::<L>::joined_params(left.params(), right.params());
    let (scalars, words) = (vec![L::default(); params.storage_len()], vec![0; params.index_len()]);
    Summary::join_in(left, right, scalars, words)
}

/// Checks the bytes of all nodes, joins them, compares with the exact answer; the number of failures.
fn check<L: Lane>(devices: &[Vec<u8>], convert: fn(i16) -> L) -> Result<usize, Error> {
    let mut failures = 0;
    for (node, (bytes, (name, _))) in devices.iter().zip(NODES).enumerate() {
        let mut out = [0; MAX_BYTES];
        let len = nodes::fill(&mut empty::<L>()?, node, convert, &mut out)?;
        if bytes[..] != out[..len] {
            println!("{name}: {} bytes from the device are not the {len} bytes of this machine", bytes.len());
            failures += 1;
        }
    }
    let [ankle, leg, trunk] = [0, 1, 2].map(|node| decode::<L>(&devices[node]));
    let joined = join(&join(&ankle?, &leg?)?, &trunk?)?;
    let query = Query::new(&FEATURES, &TARGET);
    let (mut scratch, mut answer) = (vec![0f64; query.scratch_len()], vec![0f64; query.answer_len()]);
    let fit = joined.solve_in(&query, &mut scratch, &mut answer)?;

    let params = StreamingQrParams::new(9);
    let mut exact = StreamingQr::new_in(params, vec![0f64; params.storage_len()])?;
    data::samples().try_for_each(|sample| exact.update(&sample.map(f64::from)))?;
    let (mut scratch, mut answer) = (vec![0f64; query.scratch_len()], vec![0f64; query.answer_len()]);
    let exact = exact.solve_in(&query, &mut scratch, &mut answer)?;
    print(&fit, &exact);
    let widths = fit.half_widths.unwrap_or_default();
    let missed =
        fit.coefficients.iter().zip(exact.coefficients).zip(widths).filter(|((x, y), w)| (*x - *y).abs() > **w);
    Ok(failures + missed.count() + usize::from(widths.len() != FEATURES.len()))
}

fn print(fit: &Fit<'_, f64>, exact: &Fit<'_, f64>) {
    println!("{} from the eight other channels, {} rows of a sketch a node", NAMES[7], PARAMS.shape().rows);
    println!("{:<20} {:>9} {:>9} {:>9}", "", "joined", "+-", "exact");
    let widths = fit.half_widths.unwrap_or_default();
    for (((name, x), width), y) in
        FEATURES.map(|i| NAMES[i]).iter().zip(fit.coefficients).zip(widths).zip(exact.coefficients)
    {
        println!("{name:<20} {x:>9.4} {width:>9.4} {y:>9.4}");
    }
    println!("{:<20} {:>9.1} {:>9} {:>9.1}", "residual norm", fit.residual_norm[0], "", exact.residual_norm[0]);
}

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    assert_eq!(paths.len(), NODES.len(), "give the files of hex of ankle, leg and trunk");
    let devices: Vec<Vec<u8>> = paths.iter().map(|path| read(path)).collect();
    let failures = match Header::read(&devices[0]).map(|header| header.scalar) {
        Ok(ScalarType::I32) => check::<i32>(&devices, i32::from),
        Ok(ScalarType::F32) => check::<f32>(&devices, f32::from),
        other => panic!("no summary of a node: {other:?}"),
    };
    match failures {
        Ok(0) => {
            println!("host: the bytes of all nodes are its own, and every half-width holds");
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("host: {error}");
            ExitCode::FAILURE
        }
    }
}
