//! Values of the floors below the families: if an answer differs between two machines, these say which floor it is.

use crate::data::{MAX_DIM, Table};
use crate::golden::{Name, Sink, Value};
use crate::hash::Hash;
use core::hint::black_box;
use sketchlet_core::linalg::{packed, symmetric, vector};
use sketchlet_core::random::keyed::{Domain, symmetric as uniform, word};
use sketchlet_core::{Error, Real};

/// Computes the values of one case.
type Run = fn(&'static str, &mut dyn Sink);

const CASES: &[(&str, Run)] = &[
    ("real/arithmetic", arithmetic),
    ("real/functions", functions),
    ("linalg/dot", dot),
    ("linalg/add-rows", add_rows),
    ("linalg/symmetric-eigen", symmetric_eigen),
];

/// Computes the values of all cases.
#[allow(clippy::unnecessary_wraps, reason = "as every family has it")]
pub(super) fn all(sink: &mut dyn Sink) -> Result<(), Error> {
    for &(case, run) in CASES {
        sink.begin(case);
        // Not inlined: in one frame, the cases would need the stack of all of them.
        black_box(run)(case, sink);
        sink.end(case);
    }
    Ok(())
}

/// Sums, products, quotients and roots of random bit patterns: subnormals, infinities and all.
fn arithmetic(case: &'static str, sink: &mut dyn Sink) {
    let (mut single, mut double) = (Hash::EMPTY, Hash::EMPTY);
    for i in 0..256 {
        let (a, b) = (word(1, Domain::Normal, i), word(2, Domain::Normal, i));
        #[allow(clippy::cast_possible_truncation, reason = "any 32 of the bits")]
        let (x, y) = (f32::from_bits(a as u32), f32::from_bits(b as u32));
        // Numbers of opposite signs and nearly one exponent cancel, tiny ones become subnormal.
        let near = f32::from_bits(x.to_bits() ^ 0x8000_0155);
        for value in [x + y, x + near, x - y, x * y, x / y, Real::sqrt(x), x * 1e-38, x.times_power_of_two(-140)] {
            single.add_f32(value);
        }
        let (x, y) = (f64::from_bits(a), f64::from_bits(b));
        let near = f64::from_bits(a ^ 0x8000_0000_0000_1555);
        for value in [x + y, x + near, x - y, x * y, x / y, Real::sqrt(x), <f32 as Real>::constant(x).into()] {
            double.add_f64(value);
        }
        single.add_f32(f32::count(a));
        double.add_f64(f64::count(a));
    }
    sink.put(Name { case, entry: "f32", index: None }, single.value().into());
    sink.put(Name { case, entry: "f64", index: None }, double.value().into());
}

/// The transcendental functions.
fn functions(case: &'static str, sink: &mut dyn Sink) {
    type Named<T> = (&'static str, fn(T) -> T);
    let single: [Named<f32>; 6] = [
        ("exp-f32", |x| Real::exp(x * 80.0)),
        ("ln-f32", |x| Real::ln(Real::abs(x) * 1e3)),
        ("pow-f32", |x| Real::pow(Real::abs(x), 1.7)),
        ("sin-f32", |x| Real::sin(x * 100.0)),
        ("cos-f32", |x| Real::cos(x * 100.0)),
        ("cbrt-f32", |x| Real::cbrt(x)),
    ];
    for (entry, function) in single {
        let mut hash = Hash::EMPTY;
        (0..64).for_each(|i| hash.add_f32(function(uniform(word(3, Domain::Normal, i)))));
        sink.put(Name { case, entry, index: None }, hash.value().into());
    }
    let double: [Named<f64>; 6] = [
        ("exp-f64", |x| Real::exp(x * 700.0)),
        ("ln-f64", |x| Real::ln(Real::abs(x) * 1e3)),
        ("pow-f64", |x| Real::pow(Real::abs(x), 1.7)),
        ("sin-f64", |x| Real::sin(x * 100.0)),
        ("cos-f64", |x| Real::cos(x * 100.0)),
        ("asin-f64", |x| Real::asin(x)),
    ];
    for (entry, function) in double {
        let mut hash = Hash::EMPTY;
        (0..64).for_each(|i| hash.add_f64(function(uniform(word(4, Domain::Normal, i)))));
        sink.put(Name { case, entry, index: None }, hash.value().into());
    }
}

/// Random vectors of lengths that fill the lanes, and of lengths that don't.
fn dot(case: &'static str, sink: &mut dyn Sink) {
    const LONGEST: usize = 67;
    fn of<T: Real + Into<Value>>(len: usize, salt: u64) -> Value {
        let mut vectors = [[T::ZERO; LONGEST]; 2];
        for (vector, salt) in vectors.iter_mut().zip([salt, salt + 1]) {
            for (i, x) in vector.iter_mut().enumerate() {
                *x = uniform(word(salt, Domain::Normal, i as u64));
            }
        }
        vector::dot(&vectors[0][..len], &vectors[1][..len]).into()
    }
    for len in [1, 9, 16, 17, 31, 64, LONGEST] {
        sink.put(Name { case, entry: "f32-", index: Some(len) }, of::<f32>(len, 5));
        sink.put(Name { case, entry: "f64-", index: Some(len) }, of::<f64>(len, 7));
    }
}

/// Length of the packed triangle of the accelerometer data.
const TRIANGLE: usize = packed::len(Table::Imu.dim());

/// The Gram matrix of the accelerometer rows, brought to about one so that sums are rounded.
fn gram(out: &mut [f32; TRIANGLE]) {
    let (mut buffer, mut scaled, dim) = ([0.0; MAX_DIM], [0.0; MAX_DIM], Table::Imu.dim());
    for i in 0..Table::Imu.rows() {
        for (out, &x) in scaled.iter_mut().zip(Table::Imu.load(i, &mut buffer)) {
            *out = x / 1000.0;
        }
        packed::add_rows(out, &scaled[..dim], dim);
    }
}

fn add_rows(case: &'static str, sink: &mut dyn Sink) {
    let mut triangle = [0.0; TRIANGLE];
    gram(&mut triangle);
    for (i, &x) in triangle.iter().enumerate() {
        sink.put(Name { case, entry: "imu-", index: Some(i) }, x.into());
    }
    // Rows of 64 take the path of register tiles.
    let (mut rows, mut buffer, mut hash) = ([0.0; 2 * MAX_DIM], [0.0; MAX_DIM], Hash::EMPTY);
    for (i, row) in rows.chunks_exact_mut(MAX_DIM).enumerate() {
        row.copy_from_slice(Table::Digits.load(i, &mut buffer));
        vector::normalize(row);
    }
    // The triangle of 32 columns fits on a small stack, that of 64 does not.
    let mut triangle = [0.0; packed::len(32)];
    packed::add_rows(&mut triangle, &rows, 32);
    triangle.iter().for_each(|&x| hash.add_f32(x));
    sink.put(Name { case, entry: "digits", index: None }, hash.value().into());
}

fn symmetric_eigen(case: &'static str, sink: &mut dyn Sink) {
    const DIM: usize = Table::Imu.dim();
    let mut triangle = [0.0; TRIANGLE];
    gram(&mut triangle);
    let (mut matrix, mut vectors, mut values) = ([0.0; DIM * DIM], [0.0; DIM * DIM], [0.0; DIM]);
    matrix[..TRIANGLE].copy_from_slice(&triangle);
    packed::unpack(&mut matrix, DIM);
    symmetric::eigen(&mut matrix, &mut vectors, &mut values);
    for (i, &x) in values.iter().enumerate() {
        sink.put(Name { case, entry: "value", index: Some(i) }, x.into());
    }
    let mut hash = Hash::EMPTY;
    vectors.iter().for_each(|&x| hash.add_f32(x));
    sink.put(Name { case, entry: "vectors", index: None }, hash.value().into());
}
