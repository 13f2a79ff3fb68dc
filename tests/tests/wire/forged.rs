//! Bytes that no summary could have written, under a right checksum: files of `forged/` that were once read and then answered what
//! can't be, or panicked, and the same kinds of forgery by hand.

use sketchlet_core::eigen::*;
use sketchlet_core::regression::*;
use sketchlet_core::sketch::{Osnap, Srht};
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Header, Kind, Lane, Merge, Real, RowSummary, ScalarType, Wire};
use sketchlet_laws::wire::seal;
use std::path::PathBuf;

fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/forged");
    std::fs::read(folder.join(format!("{name}.bin"))).unwrap()
}

fn refusal<T: Real>(kind: Kind, bytes: &[u8]) -> Option<Error> {
    match kind {
        Kind::RandomOrderEigen => RandomOrderEigen::<T, Vec<T>>::decode(bytes).err(),
        Kind::ExactEigen => ExactEigen::<T, Vec<T>>::decode(bytes).err(),
        Kind::NystromSketch => NystromSketch::<T, Vec<T>>::decode(bytes).err(),
        Kind::BlockPower => BlockPower::<T, Vec<T>>::decode(bytes).err(),
        Kind::HistoryPca => HistoryPca::<T, Vec<T>>::decode(bytes).err(),
        Kind::LazyDynamic => LazyDynamic::<T, u16, Vec<T>, Vec<u16>>::decode(bytes).err(),
        Kind::Dynamic => Dynamic::<T, u16, Vec<T>, Vec<u16>>::decode(bytes).err(),
        kind => panic!("no file of {kind:?}"),
    }
}

#[test]
fn states_that_no_rows_leave_are_refused() {
    for name in [
        "block-power-vector-not-finite",
        "eager-upper-bound-below-value",
        "exact-count",
        "history-vector-not-finite",
        "lazy-selection-value-negative",
        "lazy-upper-bound-below-value",
        "nystrom-count",
        "nystrom-vector-not-finite",
        "random-order-count",
        "random-order-estimate-negative",
        "random-order-vector-not-finite",
    ] {
        let bytes = file(name);
        let Header { kind, scalar, .. } = Header::read(&bytes).unwrap();
        let refusal =
            if scalar == ScalarType::F32 { refusal::<f32>(kind, &bytes) } else { refusal::<f64>(kind, &bytes) };
        assert_eq!(refusal, Some(Error::Corrupt), "{name}");
    }
}

/// So many rows of zeros: a state that can be. It was merged to more rows than can be counted, in a panic.
#[test]
fn a_huge_count_of_empty_rows_merges() {
    let mut summary = FrequentDirections::<f32, Vec<f32>>::decode(&file("fd-count")).unwrap();
    let copy = summary.clone();
    (0..3).for_each(|_| summary.merge(&copy).unwrap());
    assert_eq!(summary.rows_seen(), u64::MAX / 2);
}

/// Each place of a scalar in turn, replaced by `-x` and by something huge: what is read still answers with numbers, and no
/// estimate or value below zero.
#[test]
fn replaced_scalars_give_no_impossible_answer() {
    fn check<M: TopEigen + Wire<Storage = Vec<f64>>>(summary: &M) {
        let bytes = summary.encode();
        for at in 16..bytes.len() - 12 {
            for x in [-1e6, -1e-6, 1e300] {
                let mut forged = bytes.clone();
                forged[at..at + 8].copy_from_slice(&f64::to_le_bytes(x));
                seal(&mut forged);
                let Ok(mut read) = M::decode(&forged) else { continue };
                if read.dim() != summary.dim() || read.answer_len() > 1000 {
                    continue;
                }
                let mut answer = vec![M::Scalar::ZERO; read.answer_len()];
                let Ok(top) = read.estimate(&mut answer) else { continue };
                let estimate = top.confidence.error_estimate.map_or(0.0, Real::as_f64);
                assert!(estimate >= 0.0, "byte {at}: {x} gives an estimate of {estimate}");
                let value = top.value(0).mantissa.as_f64();
                assert!(value >= 0.0, "byte {at}: {x} gives a value of {value}");
                assert!(M::Scalar::all_finite(top.vector(0)), "byte {at}: {x} gives {:?}", top.vector(0));
            }
        }
    }
    let rows = || (0..400).map(|i| [f64::from(i % 13) - 6.0, f64::from(i % 7) - 3.0, f64::from(i % 5 - 2)]);
    let mut random = RandomOrderEigen::new(RandomOrderEigenParams::new(3).heavy_capacity(2)).unwrap();
    let mut power = BlockPower::new(BlockPowerParams::new(3).rank(2)).unwrap();
    let mut history = HistoryPca::new(HistoryPcaParams::new(3).rank(2)).unwrap();
    let mut adaptive = AdaptiveOja::new(AdaptiveOjaParams::new(3).rank(2)).unwrap();
    for row in rows() {
        random.update(&row).unwrap();
        power.update(&row).unwrap();
        history.update(&row).unwrap();
        adaptive.update(&row).unwrap();
    }
    check(&random);
    check(&power);
    check(&history);
    check(&adaptive);
}

/// A selection in storage that never grew keeps its parameters, in storage of its own too.
#[test]
fn decoded_selections_have_the_parameters_they_had() {
    let params = DynamicParams::new(4, 2).prefix(FacilityLocation::<u8>::prefix_len_of(3, 2));
    let (storage, ids) = (vec![0.0; params.storage_len()], vec![0u8; params.index_len::<u8>()]);
    let fixed = Dynamic::<f32, u8, _, _>::new_in(params, storage, ids).unwrap();
    let bytes = fixed.encode();
    let read = Dynamic::<f32, u8, Vec<f32>, Vec<u8>>::decode(&bytes).unwrap();
    assert_eq!((read.params(), read.encode()), (fixed.params(), bytes));
    let params = LazyDynamicParams::new(4, 2).prefix(FacilityLocation::<u8>::prefix_len_of(3, 2)).slots(9);
    let (storage, ids) = (vec![0.0; params.storage_len()], vec![0u8; params.index_len::<u8>()]);
    let fixed = LazyDynamic::<f32, u8, _, _>::new_in(params, storage, ids).unwrap();
    let bytes = fixed.encode();
    let read = LazyDynamic::<f32, u8, Vec<f32>, Vec<u8>>::decode(&bytes).unwrap();
    assert_eq!((read.params(), read.encode()), (fixed.params(), bytes));
}

/// A node has room for its own rows; its file is read, widened, and absorbs another.
#[test]
fn a_decoded_node_is_widened_and_merges() {
    type Node = SketchedLeastSquares<f64, Srht, Vec<f64>, Vec<u32>>;
    let node = |stream: u64, params: SketchedLeastSquaresParams| {
        let mut node = Node::new(params.block_len(4).ranges(1).first_index(stream << 40), Srht).unwrap();
        (0..10u8).for_each(|i| node.update(&[f64::from(i), f64::from(i * i), 1.0]).unwrap());
        node
    };
    for params in [SketchedLeastSquaresParams::new(3, 8), SketchedLeastSquaresParams::new(3, 8).row_table()] {
        let mut first = Node::decode(&node(0, params).encode()).unwrap();
        let second = Node::decode(&node(1, params).encode()).unwrap();
        assert_eq!(first.merge(&second), Err(Error::Capacity { limit: 1 }));
        let mut wide = first.widen(2).unwrap();
        let mut expected = Node::new(params.block_len(4).ranges(2), Srht).unwrap();
        expected.merge(&node(0, params)).unwrap();
        expected.merge(&second).unwrap();
        wide.merge(&second).unwrap();
        wide.close_block();
        assert_eq!(wide.ranges().collect::<Vec<_>>(), expected.ranges().collect::<Vec<_>>());
        assert_eq!(wide.sums(), expected.sums());
        assert_eq!(wide.widen(1).err(), Some(Error::Capacity { limit: 1 }));
    }
}

/// Whoever decodes says how much memory a summary may claim: scalars and indices together.
#[test]
fn decoding_claims_no_more_than_the_limit() {
    let sums = NormalEquations::<f64, _>::new(NormalEquationsParams::new(9)).unwrap();
    let needed = sums.params().storage_len();
    let read = |limit| NormalEquations::<f64, Vec<f64>>::decode_within(&sums.encode(), limit).map(drop);
    assert_eq!((read(needed), read(needed - 1)), (Ok(()), Err(Error::Storage { needed, got: needed - 1 })));
    type Node = SketchedLeastSquares<f64, Srht, Vec<f64>, Vec<u32>>;
    let params = SketchedLeastSquaresParams::new(3, 8);
    let (bytes, needed) = (Node::new(params, Srht).unwrap().encode(), params.storage_len() + params.index_len());
    assert!(Node::decode_within(&bytes, needed).is_ok());
    let refused = Node::decode_within(&bytes, needed - 1).map(drop);
    assert_eq!(refused, Err(Error::Storage { needed, got: needed - 1 }));
    let params = DynamicParams::new(4, 2).prefix(FacilityLocation::<u8>::prefix_len_of(3, 2));
    let grown = Dynamic::<f32, u8, Vec<f32>, Vec<u8>>::new(params).unwrap();
    assert!(Dynamic::<f32, u8, Vec<f32>, Vec<u8>>::decode_within(&grown.encode(), 2).is_err());
    assert!(Dynamic::<f32, u8, Vec<f32>, Vec<u8>>::decode_within(&grown.encode(), 1000).is_ok());
}

/// One look at the bytes tells the type that can read them.
#[test]
fn the_operator_of_a_sketch_is_told() {
    let params = SketchedLeastSquaresParams::new(3, 8);
    let osnap = SketchedLeastSquares::<f32, _, _, _>::new(params, Osnap { nonzeros: 4 }).unwrap();
    assert_eq!(operator_of(&osnap.encode()), Ok((6, 4)));
    let srht = SketchedLeastSquares::<i64, _, _, _>::new(params, Srht).unwrap();
    assert_eq!(operator_of(&srht.encode()), Ok((1, 0)));
    let other = NormalEquations::<f64, _>::new(NormalEquationsParams::new(3)).unwrap();
    assert!(matches!(operator_of(&other.encode()), Err(Error::Incompatible { .. })));
}
