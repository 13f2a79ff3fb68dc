//! What one type adds to an image: a summary of the digits, in static storage, fed and asked. Nothing is printed, so that
//! nothing but the summary is measured.

#![allow(unused, reason = "an image has one of the types, or none")]

use super::tiny;
use crate::data::{MAX_DIM, Table};
use sketchlet_core::RowSummary;
use sketchlet_core::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, TopEigen,
};
use static_cell::ConstStaticCell;

/// Runs the types whose features are on; whether they gave directions.
pub fn run() -> bool {
    let mut good = true;
    macro_rules! size {
        ($feature:literal, $summary:ident, $params:expr) => {
            #[cfg(feature = $feature)]
            {
                const STORAGE_LEN: usize = $params.storage_len();
                static STORAGE: ConstStaticCell<[f32; STORAGE_LEN]> = ConstStaticCell::new([0.0; STORAGE_LEN]);
                good &= $summary::new_in($params, STORAGE.take())
                    .is_ok_and(|summary| gives_a_direction(summary, &mut [0.0; $params.answer_len()]));
            }
        };
    }
    size!("size-random-order", RandomOrderEigen, RandomOrderEigenParams::new(64).heavy_capacity(8));
    size!("size-random-order-tiny", RandomOrderEigen, tiny());
    size!("size-exact", ExactEigen, ExactEigenParams::new(64));
    size!("size-frequent-directions", FrequentDirections, FrequentDirectionsParams::new(64));
    size!("size-nystrom", NystromSketch, NystromSketchParams::new(64).sketch_rows(8));
    size!("size-block-power", BlockPower, BlockPowerParams::new(64).heavy_capacity(8));
    size!("size-history", HistoryPca, HistoryPcaParams::new(64));
    size!("size-adaptive-oja", AdaptiveOja, AdaptiveOjaParams::new(64));
    size!("size-oja", Oja, OjaParams::new(64));
    size!("size-candid", CandidIncremental, CandidIncrementalParams::new(64));
    good
}

fn gives_a_direction<M: TopEigen<Scalar = f32>>(mut summary: M, answer: &mut [f32]) -> bool {
    let mut row = [0.0; MAX_DIM];
    let fed = (0..Table::Digits.rows()).try_for_each(|i| summary.update(Table::Digits.load(i, &mut row)));
    fed.is_ok() && summary.estimate(answer).is_ok_and(|top| top.vector(0)[0] <= 1.0)
}
