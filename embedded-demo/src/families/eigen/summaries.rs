//! The summaries that the images run: every type, each on the tables that its memory allows.

use super::tiny;
use crate::data::Table;
use sketchlet_core::Error;
use sketchlet_core::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, Shrink, TopEigen,
};

/// Scalars that the largest case needs, answer included: 10 KiB, so that a part with 16 KiB of RAM runs all of them.
pub(super) const ARENA: usize = {
    let params = ExactEigenParams::new(Table::Digits.dim());
    params.storage_len() + params.answer_len()
};

/// An empty summary and what to feed it.
#[derive(Debug)]
#[allow(dead_code, reason = "the sizes are for the bench of a board")]
pub(super) struct Case<'a, M> {
    /// `family/type/data`, as in golden names.
    pub(super) name: &'static str,
    /// The summary.
    pub(super) summary: M,
    /// Bytes of storage that it was given.
    pub(super) storage_bytes: usize,
    /// Bytes of its own fields: counters, parameters.
    pub(super) state_bytes: usize,
    /// Its rows.
    pub(super) table: Table,
    /// Buffer for its answer.
    pub(super) answer: &'a mut [f32],
}

/// Does something with every case.
pub(super) trait Visitor {
    /// Does it with one.
    ///
    /// # Errors
    /// What the summary could not do; ends the tour.
    fn visit<M: TopEigen<Scalar = f32>>(&mut self, case: Case<'_, M>) -> Result<(), Error>;
}

/// Shows every case to the visitor; each gets the whole arena.
///
/// # Errors
/// The first one of the visitor.
pub(super) fn each<V: Visitor>(arena: &mut [f32; ARENA], visitor: &mut V) -> Result<(), Error> {
    macro_rules! case {
        ($name:literal, $table:ident, $summary:ident, $params:expr) => {{
            // A function of its own: in one frame, the cases would need the stack of all of them.
            #[inline(never)]
            fn case<V: Visitor>(arena: &mut [f32; ARENA], visitor: &mut V) -> Result<(), Error> {
                let params = $params;
                let (storage, rest) = arena.split_at_mut(params.storage_len());
                let storage_bytes = size_of_val(storage);
                let summary = $summary::new_in(params, storage)?;
                visitor.visit(Case {
                    name: $name,
                    state_bytes: size_of_val(&summary),
                    summary,
                    storage_bytes,
                    table: Table::$table,
                    answer: &mut rest[..params.answer_len()],
                })
            }
            case(arena, visitor)?;
        }};
    }
    case!("eigen/exact/imu", Imu, ExactEigen, ExactEigenParams::new(9));
    case!("eigen/exact-two-level/imu", Imu, ExactEigen, ExactEigenParams::new(9).two_level());
    case!("eigen/random-order/imu", Imu, RandomOrderEigen, RandomOrderEigenParams::new(9).heavy_capacity(8));
    case!("eigen/frequent-directions/imu", Imu, FrequentDirections, FrequentDirectionsParams::new(9));
    case!("eigen/incremental/imu", Imu, FrequentDirections, FrequentDirectionsParams::new(9).shrink(Shrink::None));
    case!("eigen/nystrom/imu", Imu, NystromSketch, NystromSketchParams::new(9).sketch_rows(8));
    case!("eigen/block-power/imu", Imu, BlockPower, BlockPowerParams::new(9).heavy_capacity(8));
    case!("eigen/candid/imu", Imu, CandidIncremental, CandidIncrementalParams::new(9));
    case!("eigen/oja/imu", Imu, Oja, OjaParams::new(9));
    case!("eigen/adaptive-oja/imu", Imu, AdaptiveOja, AdaptiveOjaParams::new(9));
    case!("eigen/history/imu", Imu, HistoryPca, HistoryPcaParams::new(9));

    case!("eigen/exact/digits", Digits, ExactEigen, ExactEigenParams::new(64));
    case!("eigen/random-order/digits", Digits, RandomOrderEigen, RandomOrderEigenParams::new(64).heavy_capacity(8));
    case!("eigen/random-order-tiny/digits", Digits, RandomOrderEigen, tiny());
    case!("eigen/frequent-directions/digits", Digits, FrequentDirections, FrequentDirectionsParams::new(64));
    case!(
        "eigen/incremental/digits",
        Digits,
        FrequentDirections,
        FrequentDirectionsParams::new(64).shrink(Shrink::None)
    );
    case!("eigen/nystrom/digits", Digits, NystromSketch, NystromSketchParams::new(64).sketch_rows(8));
    case!("eigen/block-power/digits", Digits, BlockPower, BlockPowerParams::new(64).heavy_capacity(8));
    case!("eigen/candid/digits", Digits, CandidIncremental, CandidIncrementalParams::new(64));
    case!("eigen/oja/digits", Digits, Oja, OjaParams::new(64));
    case!("eigen/adaptive-oja/digits", Digits, AdaptiveOja, AdaptiveOjaParams::new(64));
    case!("eigen/history/digits", Digits, HistoryPca, HistoryPcaParams::new(64));
    Ok(())
}
