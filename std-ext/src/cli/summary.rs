//! The summaries of the command behind one face, whatever their type and scalar.

use super::Failure;
use super::args::{EigenArguments, Method};
use crate::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, Rate, Shrink, Status,
    TopEigen, TopEigenvector,
};
use crate::stream::{Centered, OrderReport};
use crate::{CoreError, Error, Header, Kind, Merge, Real, RowSummary, Scaled, Wire};

/// Columns up to which the core's own Jacobi rotations solve for exact eigenvectors.
#[cfg(feature = "faer")]
const JACOBI: usize = 64;

/// An answer in `f64`, whatever the summary computes in.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) vectors: Vec<Vec<f64>>,
    pub(super) values: Vec<f64>,
    pub(super) bounds: Vec<Option<(f64, f64)>>,
    pub(super) status: Status,
    pub(super) gap_estimate: Option<f64>,
    pub(super) error_estimate: Option<f64>,
    pub(super) error_bound: Option<f64>,
    pub(super) order: Option<OrderReport<f64>>,
}

impl Answer {
    fn new<T: Real>(top: &TopEigenvector<'_, T>) -> Self {
        let wide = |x: T| x.as_f64();
        let bound = |i| Some((top.value_lower(i).map(Scaled::as_f64)?, top.value_upper(i).map(Scaled::as_f64)?));
        let confidence = top.confidence;
        Self {
            vectors: (0..top.rank()).map(|i| top.vector(i).iter().map(|&x| wide(x)).collect()).collect(),
            values: (0..top.rank()).map(|i| top.value(i).as_f64()).collect(),
            bounds: (0..top.rank()).map(bound).collect(),
            status: confidence.status,
            gap_estimate: confidence.gap_estimate.map(wide),
            error_estimate: confidence.error_estimate.map(wide),
            error_bound: confidence.error_bound.map(wide),
            order: confidence.order.map(|order| OrderReport {
                drift: wide(order.drift),
                runs: wide(order.runs),
                level: wide(order.level),
            }),
        }
    }
}

/// A summary of the command: feeds, answers, is saved.
pub(super) trait Summary<T: Real>: TopEigen<Scalar = T> {
    /// The answer, by the best solver at hand.
    fn answer(&mut self) -> Result<Answer, Error>;
    /// Bytes held: storage and the value itself.
    fn state_bytes(&self) -> usize;
    fn to_wire(&self) -> Vec<u8>;
    fn kept_heavy_rows(&self) -> usize {
        0
    }
    fn block_width(&self) -> Option<usize> {
        None
    }
    /// Feeds a covariance computed elsewhere; false if this summary takes none.
    #[cfg(feature = "faer")]
    fn take_covariance(&mut self, _gram: &[T], _rows: u64) -> Result<bool, CoreError> {
        Ok(false)
    }
}

fn by_estimate<T: Real>(summary: &mut impl TopEigen<Scalar = T>) -> Result<Answer, Error> {
    let mut buffer = vec![T::ZERO; summary.answer_len()];
    let top = summary.estimate(&mut buffer)?;
    Ok(Answer::new(&top))
}

macro_rules! summaries {
    ($($type:ident { $($extra:item)* })*) => {$(
        impl<T: Real> Summary<T> for $type<T, Vec<T>> {
            fn answer(&mut self) -> Result<Answer, Error> {
                Solve::solve(self)
            }
            fn state_bytes(&self) -> usize {
                self.params().storage_len() * T::BYTES + size_of::<Self>()
            }
            fn to_wire(&self) -> Vec<u8> {
                Wire::encode(self)
            }
            $($extra)*
        }
        impl<T: Real> Summary<T> for Centered<$type<T, Vec<T>>, Vec<T>> {
            fn answer(&mut self) -> Result<Answer, Error> {
                Summary::answer(self.inner_mut())
            }
            fn state_bytes(&self) -> usize {
                self.inner().state_bytes() + Self::storage_len(self.dim()) * T::BYTES
            }
            fn to_wire(&self) -> Vec<u8> {
                Wire::encode(self)
            }
            fn kept_heavy_rows(&self) -> usize {
                self.inner().kept_heavy_rows()
            }
            fn block_width(&self) -> Option<usize> {
                Summary::block_width(self.inner())
            }
        }
    )*};
}

/// How an answer is found; all but the exact covariance know one way.
trait Solve<T: Real>: TopEigen<Scalar = T> + Sized {
    fn solve(&mut self) -> Result<Answer, Error> {
        by_estimate(self)
    }
}

impl<T: Real> Solve<T> for RandomOrderEigen<T, Vec<T>> {}
impl<T: Real> Solve<T> for FrequentDirections<T, Vec<T>> {}
impl<T: Real> Solve<T> for NystromSketch<T, Vec<T>> {}
impl<T: Real> Solve<T> for BlockPower<T, Vec<T>> {}
impl<T: Real> Solve<T> for Oja<T, Vec<T>> {}
impl<T: Real> Solve<T> for AdaptiveOja<T, Vec<T>> {}
impl<T: Real> Solve<T> for CandidIncremental<T, Vec<T>> {}
impl<T: Real> Solve<T> for HistoryPca<T, Vec<T>> {}
impl<T: Real> Solve<T> for ExactEigen<T, Vec<T>> {
    fn solve(&mut self) -> Result<Answer, Error> {
        let dim = self.dim();
        #[cfg(feature = "faer")]
        if dim > JACOBI {
            return solve_wide(self);
        }
        let (mut scratch, mut buffer) = (vec![T::ZERO; dim * dim], vec![T::ZERO; self.answer_len()]);
        let top = self.estimate_dense(&mut scratch, &mut buffer)?;
        if top.rank() < self.rank() {
            return Err(CoreError::RankDeficient { rank: top.rank() }.into());
        }
        Ok(Answer::new(&top))
    }
}

/// The dense solver for wide covariances.
#[cfg(feature = "faer")]
fn solve_wide<T: Real>(summary: &mut ExactEigen<T, Vec<T>>) -> Result<Answer, Error> {
    use crate::linalg::{packed, vector};
    let (dim, rank) = (summary.dim(), summary.rank());
    let mut covariance = vec![T::ZERO; packed::len(dim)];
    let exponent = summary.covariance(&mut covariance)?;
    let covariance: Vec<f64> = covariance.into_iter().map(T::as_f64).collect();
    if packed::trace(&covariance, dim) <= 0.0 {
        return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
    }
    let (values, mut vectors) = crate::wide::eigen(&covariance, dim)?;
    let noise = dim as f64 * T::EPSILON.as_f64() * values[0];
    let available = values.iter().take(rank).take_while(|&&x| x > noise).count();
    if available < rank {
        return Err(CoreError::RankDeficient { rank: available }.into());
    }
    vectors.truncate(rank);
    vectors.iter_mut().for_each(|v| vector::fix_sign(v));
    let (last, next) = (values[rank - 1], values.get(rank).copied().unwrap_or(0.0));
    let low_gap = last - next.max(0.0) <= 1e-6 * values[0];
    let values: Vec<f64> = values[..rank].iter().map(|&mantissa| Scaled { mantissa, exponent }.as_f64()).collect();
    Ok(Answer {
        vectors,
        bounds: values.iter().map(|&x| Some((x, x))).collect(),
        values,
        status: if low_gap { Status::LowGap } else { Status::Ok },
        gap_estimate: Some(if next > noise { last / next } else { f64::INFINITY }),
        error_estimate: None,
        error_bound: (!low_gap).then_some(0.0),
        order: None,
    })
}

summaries! {
    RandomOrderEigen {
        fn kept_heavy_rows(&self) -> usize {
            self.heavy_len()
        }
        fn block_width(&self) -> Option<usize> {
            Some(self.params().block_width())
        }
    }
    ExactEigen {
        #[cfg(feature = "faer")]
        fn take_covariance(&mut self, gram: &[T], rows: u64) -> Result<bool, CoreError> {
            self.add_covariance(gram, rows).map(|()| true)
        }
    }
    FrequentDirections {}
    NystromSketch {}
    BlockPower {
        fn kept_heavy_rows(&self) -> usize {
            self.heavy_len()
        }
        fn block_width(&self) -> Option<usize> {
            Some(self.params().block_width())
        }
    }
    Oja {}
    AdaptiveOja {}
    CandidIncremental {}
    HistoryPca {}
}

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

/// Storage of the command's own is never of the wrong length: there is not enough memory for it.
pub(super) fn allocated<T: Real>(error: CoreError) -> Error {
    match error {
        CoreError::Storage { needed, .. } => Error::data(format!(
            "the summary needs {} bytes, more than this machine gives: ask for fewer rows or columns in it",
            needed.saturating_mul(T::BYTES)
        )),
        other => other.into(),
    }
}

/// An empty summary as the flags ask for it.
pub(super) fn build<T: Real>(
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
        Method::Exact | Method::Auto => {
            let params = ExactEigenParams::new(dim).rank(rank).seed(seed);
            boxed!(ExactEigen, if T::BYTES == 4 { params.two_level() } else { params })
        }
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
        Method::Nystrom => {
            let params = NystromSketchParams::new(dim).rank(rank).sketch_rows(sketch_rows).seed(seed);
            boxed!(NystromSketch, params)
        }
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

/// Runs a generic piece of code with the type that an encoding holds.
macro_rules! with_type {
    ($kind:expr, $type:ident => $do:expr) => {
        match $kind {
            Kind::RandomOrderEigen => {
                type $type<T> = RandomOrderEigen<T, Vec<T>>;
                $do
            }
            Kind::ExactEigen => {
                type $type<T> = ExactEigen<T, Vec<T>>;
                $do
            }
            Kind::FrequentDirections => {
                type $type<T> = FrequentDirections<T, Vec<T>>;
                $do
            }
            Kind::NystromSketch => {
                type $type<T> = NystromSketch<T, Vec<T>>;
                $do
            }
            Kind::BlockPower => {
                type $type<T> = BlockPower<T, Vec<T>>;
                $do
            }
            Kind::Oja => {
                type $type<T> = Oja<T, Vec<T>>;
                $do
            }
            Kind::AdaptiveOja => {
                type $type<T> = AdaptiveOja<T, Vec<T>>;
                $do
            }
            Kind::CandidIncremental => {
                type $type<T> = CandidIncremental<T, Vec<T>>;
                $do
            }
            Kind::HistoryPca => {
                type $type<T> = HistoryPca<T, Vec<T>>;
                $do
            }
            _ => Err(Error::from(CoreError::Incompatible)),
        }
    };
}

/// Kind of the summary inside, and whether it is centred.
fn kinds<T: Real>(bytes: &[u8]) -> Result<(Kind, bool), Error> {
    let kind = Header::read(bytes)?.kind;
    if kind != Kind::Centered {
        return Ok((kind, false));
    }
    // The inner encoding stands at the same place whatever its type.
    let inner = Centered::<ExactEigen<T, Vec<T>>, Vec<T>>::inner_encoding(bytes)?;
    Ok((Header::read(inner)?.kind, true))
}

/// Which method fills the summary of an encoding, and whether it is centred.
pub(super) fn identify<T: Real>(bytes: &[u8]) -> Result<(Method, bool), Error> {
    let (kind, centered) = kinds::<T>(bytes)?;
    let method = match kind {
        Kind::RandomOrderEigen => Method::RandomOrder,
        Kind::ExactEigen => Method::Exact,
        Kind::FrequentDirections => {
            type Type<T> = FrequentDirections<T, Vec<T>>;
            let shrinking = if centered {
                Centered::<Type<T>, Vec<T>>::decode(bytes)?.inner().params().shrinking()
            } else {
                <Type<T> as Wire>::decode(bytes)?.params().shrinking()
            };
            if shrinking == Shrink::None { Method::Incremental } else { Method::FrequentDirections }
        }
        Kind::NystromSketch => Method::Nystrom,
        Kind::BlockPower => Method::BlockPower,
        Kind::Oja => Method::Oja,
        Kind::AdaptiveOja => Method::AdaptiveOja,
        Kind::CandidIncremental => Method::Ccipca,
        Kind::HistoryPca => Method::History,
        other => return Err(Error::data(format!("a summary of type {other:?}: only those of eigen can be imported"))),
    };
    Ok((method, centered))
}

/// Reads a summary from its wire bytes.
pub(super) fn decode<T: Real>(bytes: &[u8]) -> Result<Box<dyn Summary<T>>, Error> {
    let (kind, centered) = kinds::<T>(bytes)?;
    with_type!(kind, Type => Ok(if centered {
        Box::new(Centered::<Type<T>, Vec<T>>::decode(bytes)?) as Box<dyn Summary<T>>
    } else {
        Box::new(<Type<T> as Wire>::decode(bytes)?)
    }))
}

/// Merges two summaries given by their wire bytes.
pub(super) fn merge<T: Real>(first: &[u8], second: &[u8]) -> Result<Vec<u8>, Error> {
    fn merged<M: Merge + Wire>(mut first: M, second: &M) -> Result<Vec<u8>, Error> {
        first.merge(second)?;
        Ok(first.encode())
    }
    if kinds::<T>(first)? != kinds::<T>(second)? {
        return Err(CoreError::Incompatible.into());
    }
    let (kind, centered) = kinds::<T>(first)?;
    macro_rules! merge_as {
        ($type:ident) => {
            if centered {
                type Type<T> = Centered<$type<T, Vec<T>>, Vec<T>>;
                merged(Type::<T>::decode(first)?, &Type::<T>::decode(second)?)
            } else {
                type Type<T> = $type<T, Vec<T>>;
                merged(<Type<T> as Wire>::decode(first)?, &<Type<T> as Wire>::decode(second)?)
            }
        };
    }
    match kind {
        Kind::RandomOrderEigen => merge_as!(RandomOrderEigen),
        Kind::ExactEigen => merge_as!(ExactEigen),
        Kind::FrequentDirections => merge_as!(FrequentDirections),
        Kind::NystromSketch => merge_as!(NystromSketch),
        _ => Err(Error::data("this method does not merge: save random-order, exact, frequent-directions or nystrom")),
    }
}
