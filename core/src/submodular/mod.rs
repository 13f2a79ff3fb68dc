//! Which elements of a set are worth most together, while the set grows and shrinks?
//!
//! The value of a set is a submodular function: the gain of an element never grows with the elements chosen before. The algorithms
//! ask a [`PrefixOracle`] for gains, a light view of data that the caller owns: [`FacilityLocation`], [`Coverage`], [`FeatureBased`], [`LogDet`],
//! [`GraphCut`], a [`WeightedSum`] or [`Truncated`] form of these, or one of your own.
//!
//! | you have | take | at least, of the best value | gains | state |
//! |---|---|---|---|---|
//! | elements that are inserted and deleted, answers now and then or after every update | [`LazyDynamic`] | `1 / (1 + R)` at every moment, with an upper bound | about `8 k` an update, with an answer each time | all elements, in guesses |
//! | the same, with the work done at every change, so that an answer is there at once | [`Dynamic`] | the same | about `20 k` an update, an answer none | the same |
//! | the same, to compare with other methods: baselines, with a heap | `BucketDynamic`, `LevelDynamic` | `1 / (1 + R) - O(epsilon)` in expectation | polylogarithmic in `k` too | all elements, in guesses |
//! | the last `W` elements | [`SlidingWindow`] around one of the first two | the same | the same | `W` elements |
//! | elements that stay, or more than a twentieth of them changed between two answers | [`LazyGreedy`] | `1 - 1 / e`, with an upper bound on request | about three an element, for each answer | the elements |
//! | the same, for one or two gains an element | [`StochasticGreedy`], [`ThresholdGreedy`] | `1 - 1 / e - epsilon` | `ln(1 / epsilon)` an element; `ln(k / epsilon) / epsilon` at most | the elements |
//! | the same, in random order: a baseline | [`Salsa`] | a little above `1 / (2 R)` | a few an element and guess | the elements |
//! | an insert-only single pass | [`SieveStreaming`], [`SievePlusPlus`] | `1 / (2 R)` | `log_R(2 k) + 1` an element at most | the elements chosen, in each sieve |
//! | the same, elements drawn from one distribution, the largest value known | [`ThreeSieves`] | `(1 - epsilon)(1 - 1 / e)` with high probability | one an element | the elements chosen |
//! | the same, and up to `r` elements are deleted in the end | [`RobustCascade`] of `r + 1` sieves | `1 / (2 R)` of what is left | those of up to `r + 1` sieves | those of `r + 1` sieves |
//! | groups with a cap each, or another [`Matroid`] constraint | [`PartitionDynamic`]; [`PartitionGreedy`] | `(1 - epsilon R) / 4`; a half | `k log2(k / epsilon)` a guess at most; about three an element | all elements, in guesses; the elements |
//! | a non-monotone objective, such as a cut | [`NonMonotoneDynamic`]; [`RandomGreedy`] | `1 / (5.83 + epsilon)` in expectation; `1 / e` in expectation | `k log(k / epsilon)` a guess; `k` an element | all elements, in guesses; the elements |
//!
//! `k` elements are chosen. `R` is the ratio of neighbouring guesses of the best value, `2^(1/4)` by default, so that `1 / (1 + R)`
//! is .457. All lines but the last are for [`Monotone`] functions; other functions don't compile there. Measured and polished, the
//! dynamic methods keep .95 and more of what greedy finds. **Where answers are rare, greedy over all elements is simpler and better.**
//!
//! [`LazyDynamic`], [`Dynamic`], [`PartitionDynamic`] and [`NonMonotoneDynamic`] are one [`SlotEngine`] with different strategies and
//! constraints: constructors and readers stand on its page.
//!
//! # Example
//! A window chooses the two of the last four samples that best represent three exemplars, without a heap:
//! ```
//! use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
//! use sketchlet_core::submodular::{FacilityLocation, LazyDynamic, LazyDynamicParams};
//! const PARAMS: LazyDynamicParams =
//!     LazyDynamicParams::new(4, 2).prefix(FacilityLocation::<u8>::prefix_len_of(3, 2)).slots(4);
//! let mut best = LazyDynamic::new_in(PARAMS, [0f32; PARAMS.storage_len()], [0u8; PARAMS.index_len::<u8>()])?;
//! let (mut table, mut rng) = ([0u8; 4 * 3], Xoshiro256PlusPlus::seed_from_u64(1));
//! for (tick, similarities) in [[250, 9, 0], [9, 240, 8], [200, 30, 30], [0, 7, 230], [3, 3, 250], [9, 9, 9]].iter().enumerate() {
//!     let slot = tick % 4;
//!     if tick >= 4 {
//!         best.delete(&FacilityLocation::new(&table, 3)?, slot as u32, &mut rng)?;
//!     }
//!     table[3 * slot..3 * slot + 3].copy_from_slice(similarities);
//!     let oracle = FacilityLocation::new(&table, 3)?;
//!     best.insert(&oracle, slot as u32, &mut rng)?;
//!     let answer = best.query(&oracle, &mut rng)?;
//!     assert!(answer.value >= 0.4 * answer.upper_bound.unwrap());
//! }
//! assert_eq!(best.selected().len(), 2);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

#[cfg(feature = "alloc")]
mod baselines;
mod constraint;
mod dynamic;
mod functions;
mod greedy;
mod heap;
mod ladder;
mod matroid;
mod meter;
mod oracle;
mod partition;
mod selection;
mod sieve;
mod slots;

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use baselines::{BaselineParams, BucketDynamic, BucketDynamicParams, GuessList, LevelDynamic, LevelDynamicParams};
pub use dynamic::{
    CertifiedParams, Dynamic, DynamicParams, DynamicSelection, FreeParams, LazyDynamic, LazyDynamicParams,
    NonMonotoneDynamic, NonMonotoneDynamicParams, Objective, PartitionDynamic, PartitionDynamicParams, SlidingWindow,
    SlotEngine, SlotParams,
};
pub use functions::{
    Concave, Coverage, FacilityLocation, FeatureBased, GraphCut, Kernel, LogDet, Restricted, Similarity, Truncated,
    WeightedSum,
};
pub use greedy::{
    Greedy, GreedyParams, LazyGreedy, PartitionGreedy, RandomGreedy, Salsa, StochasticGreedy, ThresholdGreedy,
};
pub use matroid::{Chosen, Exchange, Matroid};
pub use oracle::{Counted, GroundSet, Monotone, Prefix, PrefixLen, PrefixOracle};
pub use partition::Partition;
pub use selection::{Guess, Selection};
pub use sieve::{RobustCascade, SieveParams, SievePlusPlus, SieveStreaming, ThreeSieves, ThreeSievesParams};
