//! Eigen summaries and their wrappers, joined to their laws: one line a type.

use super::own::{self, top};
use sketchlet_core::eigen::*;
use sketchlet_core::linalg::packed;
use sketchlet_core::stream::{Centered, ShuffleBuffer, WarmUp};
use sketchlet_core::{Error, Real, RowSummary};
use sketchlet_laws::{Answer, Choices, Shape, Subject, laws};

/// A summary whose deferred rows make work.
fn deferring<T: Real>(s: &Shape) -> Result<RandomOrderEigen<T, Vec<T>>, Error> {
    RandomOrderEigen::new(RandomOrderEigenParams::new(s.dim).rank(s.rank).heavy_capacity(4).deferred(3).seed(s.seed))
}

/// Adds a triangle with the entries of a row in some places, of any number of rows.
fn add_covariance<T: Real>(summary: &mut ExactEigen<T, Vec<T>>, row: &[T], choices: &mut Choices) -> Result<(), Error> {
    let mut gram = vec![T::ZERO; packed::len(summary.dim()) + choices.below(20) / 19];
    let len = gram.len();
    row.iter().for_each(|&x| gram[choices.below(len)] = x);
    summary.add_covariance(&gram, choices.word() >> choices.below(64))
}

/// The answer to all rows: those held are part of it, and draining is not for ever.
fn drained<M: TopEigen + Clone>(buffer: &mut ShuffleBuffer<M, Vec<M::Scalar>>) -> Result<Answer, Error> {
    let mut drained = buffer.clone();
    drained.drain()?;
    let seen = drained.inner().rows_seen();
    Ok(top(drained.inner_mut())?.with("rows", [seen as f64]))
}

laws! {
    exact<T: f32, f64>: ExactEigen<T, S>,
    Subject::new(|s| ExactEigen::new(ExactEigenParams::new(s.dim).rank(s.rank).seed(s.seed)))
        .answer(top).removing(|m, _, row| m.remove(row)).verb("remove", |m, row, _| m.remove(row))
        .verb("add_covariance", add_covariance).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity, merge_refuses_other_parameters, merge_equals_concatenation,
        rotation_rotates_the_answer, remove_undoes_update]
}

laws! {
    exact_two_level<T: f32, f64>: ExactEigen<T, S>,
    Subject::new(|s| ExactEigen::new(ExactEigenParams::new(s.dim).rank(s.rank).two_level().seed(s.seed))).answer(top)
        .verb("remove", |m, row, _| m.remove(row)).verb("add_covariance", add_covariance).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity, merge_refuses_other_parameters, merge_equals_concatenation]
}

laws! {
    random_order<T: f32, f64>: RandomOrderEigen<T, S>,
    Subject::new(|s| {
        RandomOrderEigen::new(RandomOrderEigenParams::new(s.dim).rank(s.rank).heavy_capacity(4).seed(s.seed))
    })
    .answer(top).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity, merge_refuses_other_parameters]
}

laws! {
    random_order_running<T: f32, f64>: RandomOrderEigen<T, S>,
    Subject::new(|s| {
        let params = RandomOrderEigenParams::new(s.dim).rank(s.rank).width(s.dim).heavy_capacity(0);
        RandomOrderEigen::new(params.warm_up(WarmUp::Running).seed(s.seed))
    })
    .answer(top).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity]
}

laws! {
    random_order_deferred<T: f32, f64>: RandomOrderEigen<T, S>,
    Subject::new(deferring).answer(top).wire(),
    // A merge takes in the rows that wait: it is not refused while work is left.
    [deferred, deferred_wire]
}

laws! {
    frequent_directions<T: f32, f64>: FrequentDirections<T, S>,
    Subject::new(|s| FrequentDirections::new(FrequentDirectionsParams::new(s.dim).rank(s.rank).sketch_rows(s.rank + 2)))
        .answer(top).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity, merge_refuses_other_parameters, rotation_rotates_the_answer]
}

laws! {
    incremental<T: f32, f64>: FrequentDirections<T, S>,
    Subject::new(|s| FrequentDirections::new(FrequentDirectionsParams::new(s.dim).rank(s.rank).shrink(Shrink::None)))
        .answer(top).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity, merge_refuses_other_parameters]
}

laws! {
    nystrom<T: f32, f64>: NystromSketch<T, S>,
    Subject::new(|s| {
        NystromSketch::new(NystromSketchParams::new(s.dim).rank(s.rank).sketch_rows(s.dim.min(s.rank + 3)).seed(s.seed))
    })
    .answer(top).verb("remove", |m, row, _| m.remove(row)).wire(),
    [rows, wire, storage, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
        merge_with_empty_is_identity, merge_refuses_other_parameters, merge_equals_concatenation]
}

laws! {
    block_power<T: f32, f64>: BlockPower<T, S>,
    Subject::new(|s| BlockPower::new(BlockPowerParams::new(s.dim).rank(s.rank).heavy_capacity(3).seed(s.seed)))
        .answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits]
}

laws! {
    oja<T: f32, f64>: Oja<T, S>,
    Subject::new(|s| Oja::new(OjaParams::new(s.dim).rank(s.rank).seed(s.seed))).answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits]
}

laws! {
    oja_ladder<T: f32, f64>: Oja<T, S>,
    Subject::new(|s| Oja::new(OjaParams::new(s.dim).rate(Rate::Ladder).seed(s.seed))).answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits]
}

laws! {
    oja_fixed<T: f32, f64>: Oja<T, S>,
    Subject::new(|s| Oja::new(OjaParams::new(s.dim).rank(s.rank).rate(Rate::Fixed(1e-4)).seed(s.seed))).answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows]
}

laws! {
    adaptive_oja<T: f32, f64>: AdaptiveOja<T, S>,
    Subject::new(|s| AdaptiveOja::new(AdaptiveOjaParams::new(s.dim).rank(s.rank).seed(s.seed))).answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits]
}

laws! {
    candid<T: f32, f64>: CandidIncremental<T, S>,
    Subject::new(|s| CandidIncremental::new(CandidIncrementalParams::new(s.dim).rank(s.rank))).answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits]
}

laws! {
    history<T: f32, f64>: HistoryPca<T, S>,
    Subject::new(|s| HistoryPca::new(HistoryPcaParams::new(s.dim).rank(s.rank).seed(s.seed))).answer(top).wire(),
    [rows, wire, storage],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, no_energy_is_too_few_rows,
        scaling_by_powers_of_two_keeps_bits]
}

// Wrappers. Their storage is a pair of two kinds, which the group `storage` cannot make, and the mean rounds: `linear` and `order`
// hold to rounding only.
laws! {
    centered_exact<T: f32, f64>: Centered<ExactEigen<T, S>, S>,
    Subject::new(|s| Centered::new(ExactEigen::new(ExactEigenParams::new(s.dim).rank(s.rank).seed(s.seed))?))
        .answer(top).wire_by(Centered::decode),
    [rows, wire, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, scaling_by_powers_of_two_keeps_bits,
        merge_with_empty_is_identity, merge_refuses_other_parameters]
}

laws! {
    centered_random_order<T: f32, f64>: Centered<RandomOrderEigen<T, S>, S>,
    Subject::new(|s| {
        Centered::new(RandomOrderEigen::new(RandomOrderEigenParams::new(s.dim).rank(s.rank).seed(s.seed))?)
    })
    .answer(top).wire_by(Centered::decode),
    [rows, wire, merge],
    own: [answers_are_orthonormal_and_signed, short_buffers_change_nothing, scaling_by_powers_of_two_keeps_bits,
        merge_with_empty_is_identity, merge_refuses_other_parameters]
}

laws! {
    shuffled_exact<T: f32, f64>: ShuffleBuffer<ExactEigen<T, S>, S>,
    Subject::new(|s| ShuffleBuffer::new(ExactEigen::new(ExactEigenParams::new(s.dim).rank(s.rank))?, s.seed, 40))
        .answer(drained),
    // It has no byte form and no merge: rows that are held have not been summarised.
    [rows]
}

laws! {
    centered_deferred<T: f32, f64>: Centered<RandomOrderEigen<T, S>, S>,
    Subject::new(|s| Centered::new(deferring(s)?)).answer(top).wire_by(Centered::decode),
    [deferred, deferred_wire]
}

laws! {
    shuffled_deferred<T: f32, f64>: ShuffleBuffer<RandomOrderEigen<T, S>, S>,
    Subject::new(|s| ShuffleBuffer::new(deferring(s)?, s.seed, 7)).answer(drained),
    [deferred]
}
