//! Summaries in formats of serde: the byte form, as it is.

use rand_core::SeedableRng;
use sketchlet_core::eigen::*;
use sketchlet_core::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
use sketchlet_core::sketch::Srht;
use sketchlet_core::stream::Centered;
use sketchlet_core::{RowSummary, Wire};

fn filled() -> ExactEigen<f32, Vec<f32>> {
    let mut summary = ExactEigen::new(ExactEigenParams::new(3)).unwrap();
    (0..20u8).for_each(|i| summary.update(&[f32::from(i), 1.0, -2.0]).unwrap());
    summary
}

#[test]
fn summaries_travel_as_their_byte_form() {
    let summary = filled();
    let text = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<Vec<u8>>(&text).unwrap(), summary.encode());
    let back: ExactEigen<f32, Vec<f32>> = serde_json::from_str(&text).unwrap();
    assert_eq!(back.encode(), summary.encode());
    let bytes = postcard::to_allocvec(&summary).unwrap();
    let back: ExactEigen<f32, Vec<f32>> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(back.encode(), summary.encode());
}

#[test]
fn centred_summaries_travel_too() {
    let mut summary = Centered::new(NystromSketch::<f64, _>::new(NystromSketchParams::new(3)).unwrap()).unwrap();
    (0..20u8).for_each(|i| summary.update(&[f64::from(i), 1.0, -2.0]).unwrap());
    let bytes = postcard::to_allocvec(&summary).unwrap();
    let back: Centered<NystromSketch<f64, Vec<f64>>, Vec<f64>> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(back.encode(), summary.encode());
}

#[test]
fn summaries_with_indices_travel_too() {
    type Sketched = SketchedLeastSquares<i32, Srht, Vec<i32>, Vec<u32>>;
    let params = SketchedLeastSquaresParams::new(2, 8).block_len(4);
    let mut summary = Sketched::new(params, Srht).unwrap();
    (0..21).for_each(|i| summary.update(&[i, 1]).unwrap());
    let bytes = postcard::to_allocvec(&summary).unwrap();
    let back: Sketched = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(back.encode(), summary.encode());
}

#[test]
fn selections_travel_too() {
    use sketchlet_core::submodular::{FacilityLocation, GroundSet, LazyDynamic, LazyDynamicParams};
    let table = [1.0, 3.0, 2.0];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let params = LazyDynamicParams::new(3, 1).prefix(oracle.prefix_len(1));
    let mut best = LazyDynamic::<f64, u8, Vec<f64>, Vec<u8>>::new(params).unwrap();
    let mut rng = rand_xoshiro::Xoshiro256PlusPlus::from_seed([7; 32]);
    (0..3).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
    best.query(&oracle, &mut rng).unwrap();
    let bytes = postcard::to_allocvec(&best).unwrap();
    let back: LazyDynamic<f64, u32, Vec<f64>, Vec<u32>> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!((back.encode(), back.selected()), (best.encode(), &[1][..]));
}

#[test]
fn damaged_and_foreign_bytes_are_refused() {
    let mut bytes = postcard::to_allocvec(&filled()).unwrap();
    assert!(postcard::from_bytes::<ExactEigen<f64, Vec<f64>>>(&bytes).is_err(), "another scalar");
    assert!(postcard::from_bytes::<NystromSketch<f32, Vec<f32>>>(&bytes).is_err(), "another type");
    *bytes.last_mut().unwrap() ^= 1;
    assert!(postcard::from_bytes::<ExactEigen<f32, Vec<f32>>>(&bytes).is_err(), "a damaged byte");
    let error = serde_json::from_str::<ExactEigen<f32, Vec<f32>>>("[1, 2, 3]").unwrap_err();
    assert!(error.to_string().contains("not a valid summary"), "{error}");
}
