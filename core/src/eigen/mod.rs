//! First principal directions of a stream of rows, in one pass: the top right singular vectors, or PCA of centred rows.
//!
//! For rows `a_1, a_2, ...` of `d` numbers, every type here estimates the first `rank` right singular vectors of the
//! matrix of all rows seen, the eigenvectors of `A'A`. **Directions are those of the rows as they come. For PCA, subtract the
//! mean in the same pass: wrap the summary in [`stream::Centered`](crate::stream::Centered), or give `--center` to the command.**
//!
//! | you have | take | guarantee | merges | state (scalars) |
//! |---|---|---|---|---|
//! | `d (d + 1) / 2` scalars to spare (often: small `d`) | [`ExactEigen`] | exact, any order | yes, removes too | `d (d + 1) / 2` + scratch |
//! | large `d` or few flops, rows in random order | [`RandomOrderEigen`] | certificate for any order; error estimate for random order | random shards | `(3 width + heavy_capacity) d` + scratch |
//! | any order, energy in few directions | [`FrequentDirections`] | deterministic | yes | `2 l d` + scratch |
//! | rows that are removed again, or split over devices in any way | [`NystromSketch`] | linear; certificate | yes, removes too | `2 r d` + scratch |
//! | the paper's own algorithm, to compare with | [`BlockPower`] | Kacham and Woodruff 2024, random order | no | `(2 rank + heavy_capacity) d` + scratch |
//! | `d` scalars, random order, no heavy rows | [`CandidIncremental`] | none | no | `rank d` |
//! | the textbook methods, to compare with | [`Oja`], [`AdaptiveOja`], [`HistoryPca`] | see their docs | no | `rank d` and up |
//!
//! The command `sketchlet eigen` has them all: `--method exact`, `random-order`, `frequent-directions` (`incremental` with
//! [`Shrink::None`]), `nystrom`, `block-power`, `ccipca`, and `oja`, `adaptive-oja`, `history`, in the order of the table.
//!
//! Without `--method` the command takes `exact` while the covariance fits in 1 MiB, and `random-order` above, which has no
//! guarantee for rows in arbitrary order (it checks the order): give `--method frequent-directions` for a bound in any order.
//!
//! [`recommend`] chooses by a budget of memory. A rule of thumb: for `d` up to about 64 on a part with 16 KiB to spare, and
//! on servers for `d` up to some hundreds, the exact covariance is the better choice; the sketches pay where `d^2` words
//! or `d^2` flops a row hurt.
//!
//! Every answer is a [`TopEigenvector`] with a [`Confidence`]: what is known about its error, and a [`Status`] that says
//! whether to trust it. [`Status::Ok`] means that the method looked and found nothing wrong. The types of the last three lines
//! of the table check nothing, so they say [`Status::Unverified`].

mod adaptive_oja;
mod answer;
mod block_power;
mod candid;
mod exact;
mod frequent_directions;
mod heavy;
mod history;
mod iterate;
mod nystrom;
mod oja;
mod params;
mod pool;
mod random_order;
mod recommend;

pub use adaptive_oja::{AdaptiveOja, AdaptiveOjaParams};
pub use answer::{Confidence, Status, TopEigen, TopEigenvector};
pub use block_power::{BlockPower, BlockPowerParams};
pub use candid::{CandidIncremental, CandidIncrementalParams};
pub use exact::{ExactEigen, ExactEigenParams};
pub use frequent_directions::{FrequentDirections, FrequentDirectionsParams, Shrink};
pub use history::{HistoryPca, HistoryPcaParams};
pub use nystrom::{NystromSketch, NystromSketchParams};
pub use oja::{Oja, OjaParams, Rate};
pub use random_order::{RandomOrderEigen, RandomOrderEigenParams};
pub use recommend::{Method, recommend};
