//! Gains of every function against its definition, and searches in one pass against searches step by step.

use faer::Mat;
use proptest::prelude::*;
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Real, Rule};

/// A function from its definition.
type Value<'a> = &'a dyn Fn(&[usize]) -> f64;

/// What an amount is worth.
type Curve = fn(f64) -> f64;

/// A state with room of its own.
struct State<T> {
    size: usize,
    scalars: Vec<T>,
    indices: Vec<u8>,
    scratch: Vec<T>,
}

impl<T: Real> State<T> {
    fn new<O: PrefixOracle<T>>(oracle: &O, size: usize) -> Self {
        let len = oracle.prefix_len(size);
        let junk = T::constant(7.0);
        let (scalars, indices) = (vec![junk; len.scalars], vec![3; len.indices]);
        let mut state = Self { size, scalars, indices, scratch: vec![junk; len.scratch] };
        oracle.truncate(&mut state.prefix(), 0);
        state
    }

    fn prefix(&mut self) -> Prefix<'_, T, u8> {
        Prefix { size: self.size, scalars: &mut self.scalars, indices: &mut self.indices, scratch: &mut self.scratch }
    }
}

/// Pushes the elements one after the other and compares gains with the definition, given any number of pushes.
fn check<T: Real, O: PrefixOracle<T>>(oracle: &O, pushed: &[usize], value: Value<'_>, tolerance: f64) {
    let mut state = State::new(oracle, pushed.len());
    for (z, &id) in pushed.iter().enumerate() {
        oracle.push(&mut state.prefix(), z, id);
    }
    let mut gains = vec![vec![T::ZERO; pushed.len() + 1]; oracle.elements()];
    for (id, gains) in gains.iter_mut().enumerate() {
        for (z, gain) in gains.iter_mut().enumerate() {
            *gain = oracle.gain(&mut state.prefix(), z, id);
            if !pushed[..z].contains(&id) {
                let (with, without) = (value(&[&pushed[..z], &[id]].concat()), value(&pushed[..z]));
                let (expected, size) = (with - without, with.max(without).max(1.0));
                assert!((gain.as_f64() - expected).abs() <= tolerance * size, "{id} given {z}: {gain} for {expected}");
            }
        }
    }
    // Searches agree with gains, whatever the threshold.
    for (id, gains) in gains.iter().enumerate() {
        for low in 0..=pushed.len() {
            for high in low..=pushed.len() {
                for &threshold in gains {
                    let mut first = low + 1;
                    while first < high && gains[first] >= threshold {
                        first += 1;
                    }
                    let expected = if high <= low { high } else { first.min(high) };
                    let is_monotone = gains.windows(2).all(|pair| pair[1] <= pair[0]);
                    if is_monotone {
                        let found = oracle.first_below(&mut state.prefix(), id, threshold, (low, high));
                        assert_eq!(found, expected, "{id} {low} {high}");
                    }
                }
            }
        }
    }
    // What is pushed anew after a cut is what counts.
    if let Some((&last, rest)) = pushed.split_last() {
        oracle.truncate(&mut state.prefix(), rest.len());
        for (id, gains) in gains.iter().enumerate() {
            assert_eq!(oracle.gain(&mut state.prefix(), rest.len(), id), gains[rest.len()]);
        }
        // Another, then the same again.
        for pushed_anew in [(0..oracle.elements()).find(|id| !pushed.contains(id)), Some(last)].into_iter().flatten() {
            let set = [rest, &[pushed_anew]].concat();
            oracle.truncate(&mut state.prefix(), rest.len());
            oracle.push(&mut state.prefix(), rest.len(), pushed_anew);
            for id in (0..oracle.elements()).filter(|id| !set.contains(id)) {
                let gain = oracle.gain(&mut state.prefix(), set.len(), id);
                let (with, without) = (value(&[&set[..], &[id]].concat()), value(&set));
                assert!((gain.as_f64() - (with - without)).abs() <= tolerance * with.max(without).max(1.0));
            }
        }
        for (id, gains) in gains.iter().enumerate() {
            assert_eq!(oracle.gain(&mut state.prefix(), pushed.len(), id), gains[pushed.len()]);
        }
    }
}

/// No gain as computed grows with the number of pushes.
fn check_monotone<T: Real, O: PrefixOracle<T> + Monotone>(oracle: &O, pushed: &[usize], slack: f64) {
    let mut state = State::new(oracle, pushed.len());
    for (z, &id) in pushed.iter().enumerate() {
        oracle.push(&mut state.prefix(), z, id);
    }
    for id in 0..oracle.elements() {
        let gains: Vec<f64> = (0..=pushed.len()).map(|z| oracle.gain(&mut state.prefix(), z, id).as_f64()).collect();
        assert!(gains.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + slack)), "{id}: {gains:?}");
        assert!(gains.iter().all(|&gain| gain >= 0.0));
    }
}

const N: usize = 7;
const M: usize = 5;

fn table() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..50.0], N * M)
}

fn pushed() -> impl Strategy<Value = Vec<usize>> {
    (prop::sample::subsequence((0..N).collect::<Vec<_>>(), 0..=5)).prop_shuffle()
}

fn facility(table: &[f64], weights: &[f64], set: &[usize]) -> f64 {
    (0..M).map(|j| weights[j] * set.iter().map(|&e| table[e * M + j]).fold(0.0, f64::max)).sum()
}

/// Sets of items from a table: those with an entry above one.
fn sets(table: &[f64]) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0];
    let mut members = Vec::new();
    for row in table.chunks(M) {
        members.extend((0..M as u32).filter(|&j| row[j as usize] > 1.0));
        offsets.push(members.len() as u32);
    }
    (offsets, members)
}

fn covered(table: &[f64], weights: &[f64], set: &[usize]) -> f64 {
    (0..M).filter(|&j| set.iter().any(|&e| table[e * M + j] > 1.0)).map(|j| weights[j]).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn facility_location(table in table(), weights in prop::collection::vec(0.0f64..3.0, M), pushed in pushed()) {
        let ones = [1.0; M];
        let plain = FacilityLocation::new(&table, M).unwrap();
        check::<f64, _>(&plain, &pushed, &|set| facility(&table, &ones, set), 1e-13);
        let weighted = plain.weights(&weights).unwrap();
        check::<f64, _>(&weighted, &pushed, &|set| facility(&table, &weights, set), 1e-13);
        check_monotone::<f64, _>(&weighted, &pushed, 0.0);
        let single: Vec<f32> = table.iter().map(|&x| x as f32).collect();
        check::<f32, _>(&FacilityLocation::new(&single, M).unwrap(), &pushed, &|set| facility(&table, &ones, set), 1e-5);
        let bytes: Vec<u8> = table.iter().map(|&x| x as u8).collect();
        let whole: Vec<f64> = bytes.iter().map(|&x| f64::from(x) / 255.0).collect();
        check::<f32, _>(&FacilityLocation::new(&bytes, M).unwrap(), &pushed, &|set| facility(&whole, &ones, set), 1e-5);
    }

    #[test]
    fn coverage(table in table(), weights in prop::collection::vec(0.0f64..3.0, M), pushed in pushed()) {
        let (offsets, members) = sets(&table);
        let plain = Coverage::new(&offsets, &members, M).unwrap();
        check::<f32, _>(&plain, &pushed, &|set| covered(&table, &[1.0; M], set), 1e-6);
        let weighted = plain.weights(&weights).unwrap();
        check::<f64, _>(&weighted, &pushed, &|set| covered(&table, &weights, set), 1e-13);
        check_monotone::<f64, _>(&weighted, &pushed, 0.0);
    }

    #[test]
    fn feature_based(table in table(), weights in prop::collection::vec(0.0f64..3.0, M), pushed in pushed()) {
        let curves: [(Concave, Curve); 3] = [
            (Concave::Sqrt, f64::sqrt), (Concave::Log1p, f64::ln_1p), (Concave::Cap(20.0), |x| x.min(20.0)),
        ];
        for (concave, curve) in curves {
            let value = |set: &[usize]| -> f64 {
                (0..M).map(|j| weights[j] * curve(set.iter().map(|&e| table[e * M + j]).sum())).sum()
            };
            let oracle = FeatureBased::new(&table, M, concave).unwrap().weights(&weights).unwrap();
            check::<f64, _>(&oracle, &pushed, &value, 1e-12);
            check_monotone::<f64, _>(&oracle, &pushed, 1e-15);
            check_monotone::<f32, _>(&oracle, &pushed, 1e-6);
        }
    }

    #[test]
    fn log_det(table in table(), pushed in pushed(), sigma2 in 0.1f64..3.0) {
        let dot = |a: usize, b: usize| (0..M).map(|j| table[a * M + j] * table[b * M + j]).sum::<f64>();
        let rbf = |a: usize, b: usize| {
            (-0.01 * (0..M).map(|j| (table[a * M + j] - table[b * M + j]).powi(2)).sum::<f64>()).exp()
        };
        let given: Vec<f64> = (0..N * N).map(|i| rbf(i / N, i % N)).collect();
        let value = |kernel: &dyn Fn(usize, usize) -> f64, set: &[usize]| {
            let matrix = Mat::from_fn(set.len(), set.len(), |i, j| {
                f64::from(u8::from(i == j)) + kernel(set[i], set[j]) / sigma2
            });
            0.5 * matrix.self_adjoint_eigenvalues(faer::Side::Lower).unwrap().into_iter().map(f64::ln).sum::<f64>()
        };
        let oracle = LogDet::new(&table, M, Kernel::Dot, sigma2).unwrap();
        check::<f64, _>(&oracle, &pushed, &|set| value(&dot, set), 1e-8);
        check_monotone::<f64, _>(&oracle, &pushed, 1e-15);
        let oracle = LogDet::new(&table, M, Kernel::Rbf(0.01), sigma2).unwrap();
        check::<f64, _>(&oracle, &pushed, &|set| value(&rbf, set), 1e-10);
        let oracle = LogDet::new(&given, N, Kernel::Given, sigma2).unwrap();
        check::<f64, _>(&oracle, &pushed, &|set| value(&rbf, set), 1e-10);
        check_monotone::<f32, _>(&oracle, &pushed, 1e-6);
    }

    #[test]
    fn graph_cut(edges in prop::collection::vec((0usize..N, 0usize..N, 0.0f64..4.0), 0..15), pushed in pushed()) {
        let mut lists = vec![Vec::new(); N];
        let edges: Vec<_> = edges.into_iter().filter(|edge| edge.0 != edge.1).collect();
        for &(a, b, w) in &edges {
            lists[a].push((b as u32, w));
            lists[b].push((a as u32, w));
        }
        let mut offsets = vec![0u32];
        lists.iter().for_each(|list| offsets.push(offsets.last().unwrap() + list.len() as u32));
        let (neighbours, weights): (Vec<u32>, Vec<f64>) = lists.concat().into_iter().unzip();
        let value = |set: &[usize]| -> f64 {
            edges.iter().filter(|edge| set.contains(&edge.0) != set.contains(&edge.1)).map(|edge| edge.2).sum()
        };
        let oracle = GraphCut::new(&offsets, &neighbours).unwrap().weights(&weights).unwrap();
        check::<f64, _>(&oracle, &pushed, &value, 1e-12);
        let ones = |set: &[usize]| -> f64 {
            edges.iter().filter(|edge| set.contains(&edge.0) != set.contains(&edge.1)).count() as f64
        };
        check::<f32, _>(&GraphCut::new(&offsets, &neighbours).unwrap(), &pushed, &ones, 1e-6);
    }

    #[test]
    fn combined(table in table(), pushed in pushed(), weights in prop::array::uniform2(0.0f64..3.0), cap in 0.0f64..90.0) {
        let ones = [1.0; M];
        let (offsets, members) = sets(&table);
        let facilities = FacilityLocation::new(&table, M).unwrap();
        let sum = WeightedSum::new(facilities, Coverage::new(&offsets, &members, M).unwrap(), weights).unwrap();
        let value = |set: &[usize]| weights[0] * facility(&table, &ones, set) + weights[1] * covered(&table, &ones, set);
        check::<f64, _>(&sum, &pushed, &value, 1e-12);
        let truncated = Truncated::new(sum, cap).unwrap();
        check::<f64, _>(&truncated, &pushed, &|set| value(set).min(cap), 1e-12);
        check_monotone::<f64, _>(&truncated, &pushed, 0.0);
        let ids = [6u32, 2, 4, 0];
        let some = Restricted::new(&truncated, &ids).unwrap();
        let pushed: Vec<usize> = pushed.iter().copied().filter(|&id| id < 4).collect();
        let map = |set: &[usize]| set.iter().map(|&id| ids[id] as usize).collect::<Vec<_>>();
        check::<f64, _>(&some, &pushed, &|set| value(&map(set)).min(cap), 1e-12);
    }
}

#[test]
fn a_log_determinant_keeps_its_digits_in_single_precision() {
    // Eight clusters of near-duplicates.
    let rows: Vec<f64> = (0..64 * 8)
        .map(|i| f64::from(u8::from(i % 8 == (i / 8) % 8)) + 1e-3 * (((i * 37) % 19) as f64 - 9.0))
        .collect();
    let single: Vec<f32> = rows.iter().map(|&x| x as f32).collect();
    for (sigma2, limit) in [(1.0, 1e-6), (1e-2, 1e-5), (1e-4, 1e-4)] {
        let value = |exact: bool| {
            let (double, narrow) = (
                LogDet::new(&rows, 8, Kernel::Dot, sigma2).unwrap(),
                LogDet::new(&single, 8, Kernel::Dot, sigma2).unwrap(),
            );
            let (mut a, mut b) = (State::<f64>::new(&double, 64), State::<f32>::new(&narrow, 64));
            let mut sum = 0.0;
            for id in 0..64 {
                if exact {
                    sum += double.gain(&mut a.prefix(), id, id);
                    double.push(&mut a.prefix(), id, id);
                } else {
                    sum += f64::from(narrow.gain(&mut b.prefix(), id, id));
                    narrow.push(&mut b.prefix(), id, id);
                }
            }
            sum
        };
        assert!((value(false) / value(true) - 1.0).abs() < limit, "{sigma2}");
    }
}

#[test]
fn data_that_make_no_function_are_refused() {
    let nan = f64::NAN;
    let table = [1.0, 2.0, 3.0, 4.0];
    let parameter = |name, rule| Some(Error::Parameter { name, rule });
    assert_eq!(FacilityLocation::new(&table, 0).err(), parameter(&"exemplars", Rule::POSITIVE));
    assert_eq!(FacilityLocation::new(&table, 3).err(), Some(Error::Dimension { expected: 3, got: 1 }));
    let facilities = FacilityLocation::new(&table, 2).unwrap();
    assert_eq!(facilities.weights(&[1.0]).err(), Some(Error::Dimension { expected: 2, got: 1 }));
    assert_eq!(facilities.weights(&[1.0, nan]).err(), Some(Error::NonFinite { index: 1 }));
    assert_eq!(facilities.weights(&[-1.0, 1.0]).err(), Some(Error::Negative { index: 0 }));
    assert_eq!(FacilityLocation::new(&[1.0, -2.0], 2).unwrap().validate(), Err(Error::Negative { index: 1 }));
    assert_eq!(FacilityLocation::new(&[1.0, nan], 2).unwrap().validate(), Err(Error::NonFinite { index: 1 }));
    assert_eq!(facilities.validate(), Ok(()));
    assert_eq!(Coverage::new(&[0, 2, 1], &[0], 1).err(), Some(Error::Dimension { expected: 1, got: 1 }));
    assert_eq!(Coverage::new(&[], &[], 1).err(), Some(Error::Dimension { expected: 0, got: 0 }));
    assert_eq!(Coverage::new(&[1, 2], &[0, 0], 1).err(), Some(Error::Dimension { expected: 2, got: 2 }));
    assert_eq!(Coverage::new(&[0, 2], &[0, 5], 5).err(), Some(Error::NotFound { index: 1 }));
    assert_eq!(GraphCut::new(&[0, 1], &[1]).err(), Some(Error::NotFound { index: 0 }));
    assert_eq!(FeatureBased::new(&table, 0, Concave::Sqrt).err(), parameter(&"features", Rule::POSITIVE));
    assert_eq!(FeatureBased::new(&table, 2, Concave::Cap(nan)).err(), parameter(&"cap", Rule::NOT_NEGATIVE));
    assert_eq!(FeatureBased::new(&[-1.0], 1, Concave::Sqrt).unwrap().validate(), Err(Error::Negative { index: 0 }));
    assert_eq!(LogDet::new(&table, 2, Kernel::Dot, 0.0).err(), parameter(&"sigma2", Rule::FINITE_POSITIVE));
    assert_eq!(LogDet::new(&table, 2, Kernel::Rbf(-1.0), 1.0).err(), parameter(&"gamma", Rule::NOT_NEGATIVE));
    assert_eq!(LogDet::new(&table, 4, Kernel::Given, 1.0).err(), Some(Error::Dimension { expected: 4, got: 1 }));
    assert_eq!(LogDet::new(&[-1.0], 1, Kernel::Given, 1.0).unwrap().validate(), Err(Error::Negative { index: 0 }));
    let loud = LogDet::new(&[200f32], 1, Kernel::Dot, 1.0).unwrap().validate();
    assert_eq!(loud.err(), parameter(&"sigma2", Rule::KERNEL_IN_SCALE));
    assert_eq!(LogDet::new(&[200f64], 1, Kernel::Dot, 1.0).unwrap().validate(), Ok(()));
    let other = FacilityLocation::new(&table, 4).unwrap();
    let sum = WeightedSum::new(facilities, other, [1.0, 1.0]);
    assert_eq!(sum.err(), Some(Error::Dimension { expected: 2, got: 1 }));
    assert_eq!(WeightedSum::new(other, other, [1.0, nan]).err(), parameter(&"weights", Rule::NOT_NEGATIVE));
    assert_eq!(Truncated::new(other, -1.0).err(), parameter(&"cap", Rule::NOT_NEGATIVE));
    assert_eq!(Restricted::new(other, &[0, 1]).err(), Some(Error::NotFound { index: 1 }));
}

#[test]
fn searches_in_one_pass_count_as_many_gains_as_step_by_step() {
    let (offsets, members) = ([0, 3, 4, 6, 8], [0, 1, 2, 0, 1, 3, 2, 3]);
    let coverage = Counted::new(Coverage::new(&offsets, &members, 4).unwrap());
    let mut state = State::<f64>::new(&coverage, 4);
    (0..4).for_each(|z| coverage.push(&mut state.prefix(), z, 3 - z));
    for (bounds, gains) in [((0, 0), 0), ((0, 1), 0), ((0, 2), 1), ((0, 3), 2), ((0, 4), 2), ((1, 3), 1), ((2, 4), 1)] {
        let before = coverage.gains();
        coverage.first_below(&mut state.prefix(), 0, 1.0, bounds);
        assert_eq!(coverage.gains() - before, gains, "{bounds:?}");
    }
}

#[test]
fn a_gamma_at_the_end_of_the_scale_is_that_gamma() {
    fn gains<E: Real>(rows: &[E], gamma: f64) -> Vec<f64> {
        let oracle = LogDet::new(rows, 2, Kernel::Rbf(gamma), 0.5).unwrap();
        let len = oracle.prefix_len(1);
        let (mut scalars, mut scratch) = (vec![0.0f64; len.scalars], vec![0.0; len.scratch]);
        let mut indices = vec![0u8; len.indices];
        let mut prefix = Prefix { size: 1, scalars: &mut scalars, indices: &mut indices, scratch: &mut scratch };
        oracle.truncate(&mut prefix, 0);
        oracle.push(&mut prefix, 0, 0);
        (0..oracle.elements()).map(|id| oracle.gain(&mut prefix, 1, id)).collect()
    }
    let rows = [1.0, 0.25, -0.5, 0.75, 1.0, 0.5];
    let scaled = |e: i32| rows.map(|x: f64| x.times_power_of_two(e));
    let narrow = |e: i32| rows.map(|x: f64| x.times_power_of_two(e) as f32);
    let plain = gains(&rows, 1.0);
    assert!(plain[1] > plain[2] && plain[2] > plain[0]);
    assert_eq!(plain, gains(&scaled(530), f64::from_bits(1 << 14)));
    assert_eq!(plain, gains(&scaled(-511), 1f64.times_power_of_two(1022)));
    assert_eq!(gains(&narrow(0), 1.0), gains(&narrow(125), 1f64.times_power_of_two(-250)));
    assert_eq!(gains(&narrow(0), 1.0), gains(&narrow(-140), 1f64.times_power_of_two(280)));
}
