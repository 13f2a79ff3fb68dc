//! Sketching operators against their definitions, written down once more, and against what is true of them on average.

use sketchlet_core::linalg::hadamard;
use sketchlet_core::random::keyed::{Domain, mix, normal_pair, word, word2};
use sketchlet_core::sketch::*;
use sketchlet_core::{Error, Lane, Rule};

/// `S / g` entry by entry, row after row, from what the operators say they are.
trait Definition {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64;
}

fn sign(seed: u64, index: u64) -> f64 {
    if word(seed, Domain::Sign, index) >> 63 == 1 { -1.0 } else { 1.0 }
}

/// Entry of the Hadamard matrix of order 2^64.
fn hadamard_entry(row: u64, index: u64) -> f64 {
    if (row & index).count_ones() % 2 == 1 { -1.0 } else { 1.0 }
}

/// Rows of the Hadamard matrix that an SRHT of `m` rows takes.
fn hadamard_rows(seed: u64, m: usize) -> Vec<u64> {
    let bits = m.next_power_of_two().trailing_zeros();
    let (upper, lower) = (bits.div_ceil(2), bits / 2);
    let low = (1u64 << bits) - 1;
    (0..m as u64)
        .map(|j| {
            let (mut l, mut r) = (j >> lower, j & ((1 << lower) - 1));
            for round in 0..4u64 {
                let half = if round % 2 == 0 { r } else { l };
                let noise = word(seed, Domain::Permutation, round << 32 | half) >> 32;
                if round % 2 == 0 {
                    l ^= noise & ((1 << upper) - 1);
                } else {
                    r ^= noise & ((1 << lower) - 1);
                }
            }
            let permuted = l << lower | r;
            (word(seed, Domain::Row, j) & !low) | (permuted ^ (word(seed, Domain::Mask, 0) & low))
        })
        .collect()
}

/// Where a row of `A` stands among 2^64: in its group by its number, the group anywhere.
fn position(seed: u64, m: usize, index: u64) -> u64 {
    let len = m.next_power_of_two() as u64;
    (word(seed, Domain::Group, index / len) & !(len - 1)) | (index % len)
}

impl Definition for Srht {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        let position = position(shape.seed, shape.rows, index);
        sign(shape.seed, index) * hadamard_entry(hadamard_rows(shape.seed, shape.rows)[row], position)
    }
}

impl Definition for Srct {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        let place = (row as u64).wrapping_sub(index);
        let bit = word(shape.seed, Domain::Generator, place / 64) >> (place % 64) & 1;
        sign(shape.seed, index) * if bit == 1 { -1.0 } else { 1.0 }
    }
}

impl Definition for RademacherSketch {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        let bit = word2(shape.seed, Domain::Rademacher, index, row as u64 / 64) >> (row % 64) & 1;
        if bit == 1 { -1.0 } else { 1.0 }
    }
}

impl Definition for GaussianSketch {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        let (even, odd) = normal_pair::<f64>(word2(shape.seed, Domain::Normal, index, row as u64 / 2));
        if row.is_multiple_of(2) { even } else { odd }
    }
}

fn bucket_entry(word: u64, rows: usize, row: usize) -> f64 {
    let bucket = ((word >> 32) as u128 * rows as u128) >> 32;
    if bucket != row as u128 {
        0.0
    } else if word & 1 == 1 {
        -1.0
    } else {
        1.0
    }
}

impl Definition for CountSketch {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        bucket_entry(word(shape.seed, Domain::Bucket, index), shape.rows, row)
    }
}

impl Definition for Osnap {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        let rows = shape.rows / self.nonzeros;
        bucket_entry(word2(shape.seed, Domain::Bucket, index, (row / rows) as u64), rows, row % rows)
    }
}

impl Definition for TensorSrht {
    fn entry(&self, shape: SketchShape, row: usize, index: u64) -> f64 {
        let other = SketchShape { seed: TensorSrht::second_seed(shape.seed), ..shape };
        Srht.entry(shape, row, index / self.second_len) * Srht.entry(other, row, index % self.second_len)
    }
}

fn numbers(count: usize, seed: u64) -> Vec<i32> {
    (0..count as u64).map(|i| (word(seed, Domain::Coin, i) >> 52) as i32 - 2048).collect()
}

fn lanes<L: Lane>(numbers: &[i32], convert: impl Fn(i32) -> L) -> Vec<L> {
    numbers.iter().map(|&x| convert(x)).collect()
}

const SHAPES: [(usize, usize); 7] = [(1, 1), (2, 3), (5, 1), (8, 4), (24, 7), (32, 17), (130, 2)];

/// Row numbers near 0, across a bit boundary, of another stream, and at the end of all numbers.
fn indices() -> Vec<u64> {
    let mut indices: Vec<u64> = (0..40).chain(62..70).chain((1 << 40) - 2..(1 << 40) + 3).collect();
    indices.extend([u64::MAX - 1, u64::MAX, 0x8000_0000_0000_0000]);
    indices
}

fn sums_of<L: Lane, O: SketchOperator<L>>(operator: O, shape: SketchShape, table: &[u32], rows: &[L]) -> Vec<L> {
    let mut state = vec![L::default(); shape.len()];
    for (&index, entries) in indices().iter().zip(rows.chunks_exact(shape.cols)) {
        let piece = Piece { index, column: 0, entries, subtract: false };
        operator.accumulate(shape, table, piece, &mut state).unwrap();
    }
    state
}

fn by_definition(operator: impl Definition, shape: SketchShape, rows: &[i32]) -> Vec<f64> {
    let mut sums = vec![0.0; shape.len()];
    for (&index, row) in indices().iter().zip(rows.chunks_exact(shape.cols)) {
        for j in 0..shape.rows {
            let factor = operator.entry(shape, j, index);
            for (sum, &x) in sums[j * shape.cols..].iter_mut().zip(row) {
                *sum += factor * f64::from(x);
            }
        }
    }
    sums
}

fn signs_are_the_definition<O>(make: impl Fn(usize) -> O)
where
    O: Definition + SketchOperator<i32> + SketchOperator<i64> + SketchOperator<f32> + SketchOperator<f64>,
{
    for (seed, (rows, cols)) in (0..).zip(SHAPES) {
        let (shape, operator) = (SketchShape { rows, cols, seed }, make(rows));
        let data = numbers(indices().len() * cols, seed + 100);
        let expected = by_definition(operator, shape, &data);
        assert_eq!(sums_of(operator, shape, &[], &lanes(&data, f64::from)), expected, "{operator:?} {shape:?}");
        let found = sums_of(operator, shape, &[], &lanes(&data, |x| x as f32));
        assert_eq!(found.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), expected);
        let found = sums_of(operator, shape, &[], &data);
        assert_eq!(found.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), expected);
        let found = sums_of(operator, shape, &[], &lanes(&data, i64::from));
        assert_eq!(found.iter().map(|&x| x as f64).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn operators_of_signs_are_their_definition_to_the_bit() {
    signs_are_the_definition(|_| Srht);
    signs_are_the_definition(|_| Srct);
    signs_are_the_definition(|_| RademacherSketch);
    signs_are_the_definition(|_| CountSketch);
    signs_are_the_definition(|rows| Osnap { nonzeros: if rows.is_multiple_of(4) { 4 } else { 1 } });
    signs_are_the_definition(|_| TensorSrht { second_len: 7 });
}

#[test]
fn gaussian_entries_are_their_definition() {
    for (seed, (rows, cols)) in (0..).zip(SHAPES) {
        let shape = SketchShape { rows, cols, seed };
        let data = numbers(indices().len() * cols, seed + 100);
        let expected = by_definition(GaussianSketch, shape, &data);
        let found = sums_of(GaussianSketch, shape, &[], &lanes(&data, f64::from));
        for (x, y) in found.iter().zip(&expected) {
            assert!((x - y).abs() <= 1e-12 * 2048.0 * indices().len() as f64, "{x} {y}");
        }
    }
}

#[test]
fn a_row_table_changes_no_bit() {
    for (seed, (rows, cols)) in (0..).zip(SHAPES) {
        let shape = SketchShape { rows, cols, seed };
        let mut table = vec![0; 2 * rows];
        SketchOperator::<i32>::fill_table(&Srht, shape, &mut table);
        let data = numbers(indices().len() * cols, seed);
        assert_eq!(sums_of(Srht, shape, &table, &data), sums_of(Srht, shape, &[], &data));
    }
}

#[test]
fn a_block_is_its_rows_one_by_one() {
    for (seed, (rows, cols)) in (0..).zip(SHAPES) {
        for log in [1, 3, 6] {
            let (shape, len) = (SketchShape { rows, cols, seed }, 1usize << log);
            for number in [0, 1, 5, (1 << 40 >> log) + 3, u64::MAX >> log] {
                let data = numbers(len * cols, seed + number);
                let (mut single, mut blocked) = (vec![0; shape.len()], vec![0; shape.len()]);
                let mut block = vec![0; len * cols];
                for (k, entries) in data.chunks_exact(cols).enumerate() {
                    let index = number * len as u64 + k as u64;
                    let piece = Piece { index, column: 0, entries, subtract: false };
                    Srht.accumulate(shape, &[], piece, &mut single).unwrap();
                    let negated = SketchOperator::<i32>::is_negated(&Srht, seed, index);
                    for (to, &x) in block[k * cols..].iter_mut().zip(entries) {
                        *to = if negated { -x } else { x };
                    }
                }
                // A block that is longer than a group is transformed group by group.
                let stages = SketchOperator::<i32>::stages(&Srht, Numbering::Scrambled, shape, len);
                assert_eq!(stages, log.min(rows.next_power_of_two().trailing_zeros()));
                (0..stages).for_each(|stage| Srht.transform_block(&mut block, cols, stage));
                // In two parts, as when it is put off.
                Srht.add_block(shape, &[], number, &block, 0..rows / 2, &mut blocked);
                Srht.add_block(shape, &[], number, &block, rows / 2..rows, &mut blocked);
                assert_eq!(single, blocked, "{shape:?} {log} {number}");
            }
        }
    }
}

#[test]
fn cells_add_up_to_rows_and_subtraction_undoes() {
    let shape = SketchShape { rows: 70, cols: 5, seed: 4 };
    let data = numbers(indices().len() * 5, 9);
    let whole = sums_of(Srct, shape, &[], &data);
    let mut state = vec![0; shape.len()];
    for (&index, row) in indices().iter().zip(data.chunks_exact(5)).rev() {
        for (column, entry) in row.iter().enumerate() {
            let piece = Piece { index, column, entries: std::slice::from_ref(entry), subtract: false };
            Srct.accumulate(shape, &[], piece, &mut state).unwrap();
        }
    }
    assert_eq!(state, whole);
    for (&index, entries) in indices().iter().zip(data.chunks_exact(5)) {
        Srct.accumulate(shape, &[], Piece { index, column: 0, entries, subtract: true }, &mut state).unwrap();
    }
    assert_eq!(state, vec![0; shape.len()]);
}

#[test]
fn short_streams_meet_orthogonal_rows() {
    // As many rows as the sketch has, in one aligned group: S'S is the unit matrix times m.
    for (rows, first) in [(1usize, 5u64), (2, 6), (64, 64 * 1234), (256, 1 << 41)] {
        let shape = SketchShape { rows, cols: 1, seed: 11 };
        let columns: Vec<Vec<i32>> = (first..first + rows as u64)
            .map(|index| {
                let mut state = vec![0; rows];
                let piece = Piece { index, column: 0, entries: &[1], subtract: false };
                Srht.accumulate(shape, &[], piece, &mut state).unwrap();
                state
            })
            .collect();
        for (i, x) in columns.iter().enumerate() {
            for (j, y) in columns.iter().enumerate() {
                let dot: i32 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                assert_eq!(dot, if i == j { rows as i32 } else { 0 });
            }
        }
    }
}

#[test]
fn shapes_and_pieces_that_make_no_sense_are_refused() {
    let shape = SketchShape { rows: 6, cols: 2, seed: 0 };
    let refuse = |shape, name, rule| {
        assert_eq!(SketchOperator::<f32>::check(&Srht, shape), Err(Error::Parameter { name, rule }));
    };
    refuse(SketchShape { rows: 0, ..shape }, &"rows", Rule::POSITIVE);
    refuse(SketchShape { cols: 0, ..shape }, &"columns", Rule::POSITIVE);
    refuse(SketchShape { rows: usize::MAX, ..shape }, &"rows", Rule::ADDRESSABLE);
    let osnap = Osnap { nonzeros: 4 };
    let expected = Error::Parameter { name: &"rows", rule: Rule::MULTIPLE_OF_NONZEROS };
    assert_eq!(SketchOperator::<f32>::check(&osnap, shape), Err(expected));
    let none = Osnap { nonzeros: 0 };
    assert!(SketchOperator::<f32>::check(&none, shape).is_err());
    assert!(SketchOperator::<f32>::check(&TensorSrht { second_len: 0 }, shape).is_err());
    let piece = Piece { index: 0, column: 1, entries: &[1.0f32, 2.0], subtract: false };
    let mut state = [0.0; 12];
    assert_eq!(Srht.accumulate(shape, &[], piece, &mut state), Err(Error::Dimension { expected: 2, got: 3 }));
    assert_eq!(osnap.accumulate(shape, &[], piece, &mut state), Err(expected));
    assert_eq!(Srht.accumulate(shape, &[], piece, &mut state[..11]), Err(Error::Storage { needed: 12, got: 11 }));
    assert_eq!(state, [0.0; 12]);
}

/// Six and a half standard deviations: false alarms below 1e-10 each.
const FAR: f64 = 6.5;

#[test]
fn signs_are_balanced_and_pairs_of_them_too() {
    let n = 1u64 << 20;
    let signs: Vec<f64> = (0..n).map(|i| sign(3, i)).collect();
    let root = (n as f64).sqrt();
    assert!(signs.iter().sum::<f64>().abs() < FAR * root);
    for k in 0..64 {
        // A power of two, a small number, and what is neither.
        let c = [1u64 << (k % 20), k + 1, mix(k) % n][k as usize % 3].max(1);
        let sum: f64 = (0..n).map(|i| signs[i as usize] * signs[(i ^ c) as usize]).sum();
        // Each pair is counted twice.
        assert!(sum.abs() < FAR * root * 2f64.sqrt(), "{c}: {sum}");
    }
}

#[test]
fn signs_have_a_flat_walsh_spectrum() {
    for seed in 0..4 {
        let mut spectrum: Vec<f64> = (0..1 << 16).map(|i| sign(seed, i)).collect();
        hadamard::transform(&mut spectrum).unwrap();
        let largest = spectrum.iter().fold(0.0f64, |max, x| max.max(x.abs()));
        assert!(largest < FAR * 256.0, "{seed}: {largest}");
    }
}

fn is_isometric_on_average<O: SketchOperator<f64>>(operator: O, rows: usize, has_unit_diagonal: bool) {
    let (n, seeds) = (8usize, 4000u64);
    let mut sums = vec![[0.0f64; 2]; n * n];
    for seed in 0..seeds {
        let shape = SketchShape { rows, cols: 1, seed };
        let g = operator.factor(rows);
        let columns: Vec<Vec<f64>> = (0..n as u64)
            .map(|i| {
                let mut state = vec![0.0; rows];
                // Numbers that differ in low bits, high bits, and both.
                let index = i * 3 + (i % 3) * (1 << 37);
                let piece = Piece { index, column: 0, entries: &[1.0], subtract: false };
                operator.accumulate(shape, &[], piece, &mut state).unwrap();
                state.iter().map(|x| g * x).collect()
            })
            .collect();
        for i in 0..n {
            for j in 0..n {
                let dot: f64 = columns[i].iter().zip(&columns[j]).map(|(x, y)| x * y).sum();
                let off = dot - f64::from(u8::from(i == j));
                sums[i * n + j][0] += off;
                sums[i * n + j][1] += off * off;
            }
        }
    }
    for i in 0..n {
        for j in 0..n {
            let [sum, squares] = sums[i * n + j];
            if i == j && has_unit_diagonal {
                assert!(squares < 1e-20 * seeds as f64, "{operator:?} {i}: {squares}");
            } else {
                assert!(sum.abs() < FAR * squares.sqrt().max(1.0), "{operator:?} {i} {j}: {sum}, squares {squares}");
                assert!(squares > 0.0 || i == j, "{operator:?} {i} {j}: never off");
            }
        }
    }
}

#[test]
fn sketches_keep_inner_products_on_average() {
    is_isometric_on_average(Srht, 6, true);
    is_isometric_on_average(Srct, 6, true);
    is_isometric_on_average(RademacherSketch, 6, true);
    is_isometric_on_average(GaussianSketch, 6, false);
    is_isometric_on_average(CountSketch, 6, true);
    is_isometric_on_average(Osnap { nonzeros: 2 }, 6, true);
    is_isometric_on_average(TensorSrht { second_len: 5 }, 6, true);
}

/// What no later version may change: the sketch of one row under every operator.
#[test]
fn value_stability() {
    let shape = SketchShape { rows: 72, cols: 1, seed: 42 };
    let piece = Piece { index: (3 << 40) + 17, column: 0, entries: &[1], subtract: false };
    let bits = |state: &[i64]| -> [u64; 2] {
        let pack = |half: &[i64]| half.iter().rev().fold(0u64, |bits, &x| bits << 1 | u64::from(x < 0));
        [pack(&state[..64]), pack(&state[64..])]
    };
    let mut found = Vec::new();
    macro_rules! sketch {
        ($operator:expr) => {
            sketch!($operator, Numbering::Scrambled)
        };
        ($operator:expr, $numbering:expr) => {{
            let mut state = vec![0i64; 72];
            $operator.accumulate_by($numbering, shape, &[], piece, &mut state).unwrap();
            found.push(bits(&state));
        }};
    }
    // As version 0.1 had them.
    sketch!(Srht, Numbering::Plain);
    sketch!(TensorSrht { second_len: 1000 }, Numbering::Plain);
    sketch!(Srht);
    sketch!(Srct);
    sketch!(RademacherSketch);
    sketch!(TensorSrht { second_len: 1000 });
    sketch!(CountSketch);
    sketch!(Osnap { nonzeros: 8 });
    let expected = [
        [4_982_773_322_787_982_746, 60],
        [12_507_019_279_149_408_702, 22],
        [12_045_980_608_267_978_236, 223],
        [15_000_775_953_224_334_361, 163],
        [7_793_790_847_673_313_783, 195],
        [7_407_668_868_359_314_872, 8],
        [67_108_864, 0],
        [9_008_299_036_901_380, 0],
    ];
    assert_eq!(found, expected);
}
