//! Builds the empty summary that the flags ask for.

use super::feed::{ByShards, Feed};
use super::summary::Summary;
use crate::cli::args::{EigenArguments, Method, Spelled};
use crate::cli::failure::{Failure, allocated};
use crate::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, Rate, Shrink,
};
use crate::stream::{Centered, ShuffleBuffer};
use crate::{CoreError, Merge, Real};
use std::num::NonZero;

/// Which method `auto` means.
pub(super) fn resolve<T: Real>(arguments: &EigenArguments, dim: usize) -> Method {
    match arguments.method {
        Method::Auto => {
            let bytes = (crate::linalg::packed::len(dim) as u64).saturating_mul(T::BYTES as u64);
            if bytes <= arguments.memory { Method::Exact } else { Method::RandomOrder }
        }
        method => method,
    }
}

/// Empty summaries as the flags ask for them, so many with seeds of their own, ready to be filled: on several threads where
/// summaries of shards merge into that of all rows.
pub(super) fn feed<T: Real>(
    arguments: &EigenArguments,
    method: Method,
    dim: usize,
    replicas: u32,
) -> Result<Feed<T>, Failure> {
    let seed = arguments.input.seed;
    let in_order = || {
        (0..replicas)
            .map(|replica| build(arguments, method, dim, seed.wrapping_add(replica.into())))
            .collect::<Result<Vec<_>, _>>()
    };
    if let Some(rows) = arguments.shuffle_buffer {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let shuffled = in_order()?.into_iter().map(|summary| ShuffleBuffer::new(summary, seed, rows));
        return Ok(Feed::Shuffled(shuffled.collect::<Result<_, _>>().map_err(allocated::<T>)?));
    }
    let fast = arguments.fast && method == Method::Exact && !arguments.center;
    let threads = arguments.input.threads();
    match method {
        Method::Exact => {
            let params = exact::<T>(arguments, dim, seed);
            if arguments.center {
                sharded(threads, fast, move || Centered::new(ExactEigen::<T, _>::new(params)?))
            } else {
                sharded(threads, fast, move || ExactEigen::<T, _>::new(params))
            }
        }
        Method::Nystrom => {
            let params = nystrom(arguments, dim, seed);
            if arguments.center {
                sharded(threads, fast, move || Centered::new(NystromSketch::<T, _>::new(params)?))
            } else {
                sharded(threads, fast, move || NystromSketch::<T, _>::new(params))
            }
        }
        _ => Ok(Feed::InOrder(in_order()?)),
    }
}

/// Shards whose summaries `make` makes.
fn sharded<T: Real, M: Summary<T> + Merge + Send + 'static>(
    threads: NonZero<usize>,
    fast: bool,
    make: impl Fn() -> Result<M, CoreError> + Sync + 'static,
) -> Result<Feed<T>, Failure> {
    // What can't be made is told of before rows are read.
    make().map_err(allocated::<T>)?;
    Ok(Feed::Sharded(Box::new(ByShards { threads, fast, make })))
}

pub(super) fn exact<T: Real>(arguments: &EigenArguments, dim: usize, seed: u64) -> ExactEigenParams {
    let params = ExactEigenParams::new(dim).rank(arguments.rank).seed(seed);
    if T::BYTES == 4 { params.two_level() } else { params }
}

fn nystrom(arguments: &EigenArguments, dim: usize, seed: u64) -> NystromSketchParams {
    let rows = arguments.sketch_rows.map_or(0, |rows| usize::try_from(rows).unwrap_or(usize::MAX));
    NystromSketchParams::new(dim).rank(arguments.rank).sketch_rows(rows).seed(seed)
}

/// An empty summary as the flags ask for it.
fn build<T: Real>(
    arguments: &EigenArguments,
    method: Method,
    dim: usize,
    seed: u64,
) -> Result<Box<dyn Summary<T>>, Failure> {
    let (rank, center) = (arguments.rank, arguments.center);
    let size = |n| usize::try_from(n).unwrap_or(usize::MAX);
    let (width, sketch_rows) = (arguments.width.map(size), arguments.sketch_rows.map_or(0, size));
    macro_rules! boxed {
        ($type:ident, $params:expr) => {{
            let summary = $type::<T, _>::new($params).map_err(allocated::<T>)?;
            if center {
                Box::new(Centered::new(summary).map_err(allocated::<T>)?) as Box<dyn Summary<T>>
            } else {
                Box::new(summary)
            }
        }};
    }
    Ok(match method {
        Method::Exact | Method::Auto => boxed!(ExactEigen, exact::<T>(arguments, dim, seed)),
        Method::RandomOrder => {
            let mut params = RandomOrderEigenParams::new(dim).rank(rank).seed(seed);
            params = width.map_or(params, |w| params.width(w));
            params = arguments.heavy_capacity.map_or(params, |c| params.heavy_capacity(c));
            boxed!(RandomOrderEigen, arguments.block_len.map_or(params, |b| params.first_block(b)))
        }
        Method::FrequentDirections | Method::Incremental => {
            let shrink = if method == Method::Incremental { Shrink::None } else { Shrink::Fast };
            let params = FrequentDirectionsParams::new(dim).rank(rank).sketch_rows(sketch_rows).shrink(shrink);
            boxed!(FrequentDirections, params)
        }
        Method::Nystrom => boxed!(NystromSketch, nystrom(arguments, dim, seed)),
        Method::BlockPower => {
            let mut params = BlockPowerParams::new(dim).rank(rank).seed(seed);
            params = width.map_or(params, |w| params.width(w));
            params = arguments.heavy_capacity.map_or(params, |c| params.heavy_capacity(c));
            boxed!(BlockPower, arguments.block_len.map_or(params, |b| params.block_len(b)))
        }
        Method::Oja => {
            let params = OjaParams::new(dim).rank(rank).seed(seed);
            boxed!(Oja, arguments.rate.as_deref().map_or(Ok(params), |text| rate(text).map(|rate| params.rate(rate)))?)
        }
        Method::AdaptiveOja => boxed!(AdaptiveOja, AdaptiveOjaParams::new(dim).rank(rank).seed(seed)),
        Method::Ccipca => {
            let params = CandidIncrementalParams::new(dim).rank(rank);
            boxed!(CandidIncremental, arguments.amnesic.map_or(params, |a| params.amnesic(a)))
        }
        Method::History => {
            let params = HistoryPcaParams::new(dim).rank(rank).seed(seed);
            boxed!(HistoryPca, arguments.block_len.map_or(params, |b| params.block_len(b)))
        }
    })
}

fn rate(text: &str) -> Result<Rate, Failure> {
    let wrong = || Failure::Usage(format!("--rate {text}: give fixed:ETA, decay:C or ladder"));
    match text.split_once(':') {
        None if text == "ladder" => Ok(Rate::Ladder),
        Some(("fixed", eta)) => eta.parse().map(Rate::Fixed).map_err(|_| wrong()),
        Some(("decay", c)) => c.parse().map(|c| Rate::Decay { c, t0: 100.0 }).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// Flags that the method does not look at.
pub(super) fn unused_flags(arguments: &EigenArguments, method: Method) -> Vec<String> {
    use Method::{BlockPower, Ccipca, Exact, FrequentDirections, History, Incremental, Nystrom, Oja, RandomOrder};
    let used: [(&str, bool, &[Method]); 7] = [
        ("--width", arguments.width.is_some(), &[RandomOrder, BlockPower]),
        ("--block-len", arguments.block_len.is_some(), &[RandomOrder, BlockPower, History]),
        ("--heavy-capacity", arguments.heavy_capacity.is_some(), &[RandomOrder, BlockPower]),
        ("--sketch-rows", arguments.sketch_rows.is_some(), &[FrequentDirections, Incremental, Nystrom]),
        ("--rate", arguments.rate.is_some(), &[Oja]),
        ("--amnesic", arguments.amnesic.is_some(), &[Ccipca]),
        ("--fast", arguments.fast, if cfg!(feature = "faer") { &[Exact] } else { &[] }),
    ];
    let unused = used.into_iter().filter(|(_, given, methods)| *given && !methods.contains(&method));
    unused.map(|(flag, ..)| format!("{flag} does not apply to {} and was not used", method.name())).collect()
}
