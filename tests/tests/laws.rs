//! The laws of every summary: one line a type.

#![allow(missing_docs)]

use sketchlet_core::Wire;
use sketchlet_core::eigen::*;
use sketchlet_core::stream::{Centered, WarmUp};
use sketchlet_tests::laws;

laws!(exact: ExactEigen<T, Vec<T>>,
    |dim, rank, seed| ExactEigen::new(ExactEigenParams::new(dim).rank(rank).seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity, merge_refuses_other_parameters, merge_equals_concatenation,
     rotation_rotates_the_answer]);

laws!(exact_two_level: ExactEigen<T, Vec<T>>,
    |dim, rank, seed| ExactEigen::new(ExactEigenParams::new(dim).rank(rank).two_level().seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity, merge_refuses_other_parameters, merge_equals_concatenation]);

laws!(random_order: RandomOrderEigen<T, Vec<T>>,
    |dim, rank, seed| RandomOrderEigen::new(RandomOrderEigenParams::new(dim).rank(rank).heavy_capacity(4).seed(seed)),
    |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity, merge_refuses_other_parameters]);

laws!(random_order_running: RandomOrderEigen<T, Vec<T>>,
    |dim, rank, seed| RandomOrderEigen::new(
        RandomOrderEigenParams::new(dim).rank(rank).width(dim).heavy_capacity(0).warm_up(WarmUp::Running).seed(seed)),
    |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity]);

laws!(frequent_directions: FrequentDirections<T, Vec<T>>,
    |dim, rank, _| FrequentDirections::new(FrequentDirectionsParams::new(dim).rank(rank).sketch_rows(rank + 2)),
    |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity, merge_refuses_other_parameters, rotation_rotates_the_answer]);

laws!(incremental: FrequentDirections<T, Vec<T>>,
    |dim, rank, _| FrequentDirections::new(FrequentDirectionsParams::new(dim).rank(rank).shrink(Shrink::None)),
    |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity, merge_refuses_other_parameters]);

laws!(nystrom: NystromSketch<T, Vec<T>>,
    |dim, rank, seed| NystromSketch::new(
        NystromSketchParams::new(dim).rank(rank).sketch_rows(dim.min(rank + 3)).seed(seed)),
    |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits, values_are_sandwiched, error_bound_holds, merged_answers_are_certified,
     merge_with_empty_is_identity, merge_refuses_other_parameters, merge_equals_concatenation]);

laws!(block_power: BlockPower<T, Vec<T>>,
    |dim, rank, seed| BlockPower::new(BlockPowerParams::new(dim).rank(rank).heavy_capacity(3).seed(seed)),
    |b| Wire::decode(b), [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits]);

laws!(oja: Oja<T, Vec<T>>, |dim, rank, seed| Oja::new(OjaParams::new(dim).rank(rank).seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits]);

laws!(oja_ladder: Oja<T, Vec<T>>,
    |dim, _, seed| Oja::new(OjaParams::new(dim).rate(Rate::Ladder).seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits]);

laws!(oja_fixed: Oja<T, Vec<T>>,
    |dim, rank, seed| Oja::new(OjaParams::new(dim).rank(rank).rate(Rate::Fixed(1e-4)).seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows]);

laws!(adaptive_oja: AdaptiveOja<T, Vec<T>>,
    |dim, rank, seed| AdaptiveOja::new(AdaptiveOjaParams::new(dim).rank(rank).seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits]);

laws!(candid: CandidIncremental<T, Vec<T>>,
    |dim, rank, _| CandidIncremental::new(CandidIncrementalParams::new(dim).rank(rank)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits]);

laws!(history: HistoryPca<T, Vec<T>>,
    |dim, rank, seed| HistoryPca::new(HistoryPcaParams::new(dim).rank(rank).seed(seed)), |b| Wire::decode(b),
    [no_energy_is_too_few_rows, scaling_by_powers_of_two_keeps_bits]);

laws!(centered_exact: Centered<ExactEigen<T, Vec<T>>, Vec<T>>,
    |dim, rank, seed| Centered::new(ExactEigen::new(ExactEigenParams::new(dim).rank(rank).seed(seed))?),
    |b| Centered::decode(b), [scaling_by_powers_of_two_keeps_bits]);

laws!(centered_random_order: Centered<RandomOrderEigen<T, Vec<T>>, Vec<T>>,
    |dim, rank, seed| Centered::new(RandomOrderEigen::new(RandomOrderEigenParams::new(dim).rank(rank).seed(seed))?),
    |b| Centered::decode(b), [scaling_by_powers_of_two_keeps_bits, merge_refuses_other_parameters]);
