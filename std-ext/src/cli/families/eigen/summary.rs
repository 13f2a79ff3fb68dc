//! One interface over the summaries of `eigen`, whatever their type and scalar.

use super::answer::{Answer, rank_deficient};
#[cfg(feature = "faer")]
use crate::CoreError;
use crate::eigen::{
    AdaptiveOja, BlockPower, CandidIncremental, ExactEigen, FrequentDirections, HistoryPca, NystromSketch, Oja,
    RandomOrderEigen, TopEigen,
};
use crate::stream::Centered;
use crate::{Error, Real, RowSummary, Wire};

/// Columns up to which the core's own Jacobi rotations solve for exact eigenvectors.
#[cfg(feature = "faer")]
pub(super) const JACOBI: usize = 64;

/// A summary of the command: feeds, answers, is saved.
pub(super) trait Summary<T: Real>: RowSummary<Scalar = T> {
    /// The answer, by the best solver at hand.
    fn answer(&mut self) -> Result<Answer, Error>;
    /// Vectors wanted.
    fn rank(&self) -> usize;
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

/// The answer of the core's own method.
fn estimate<T: Real>(summary: &mut impl TopEigen<Scalar = T>) -> Result<Answer, Error> {
    let mut buffer = vec![T::ZERO; summary.answer_len()];
    let (dim, rank) = (summary.dim(), summary.rank());
    let top = summary.estimate_available(&mut buffer)?;
    if top.rank() < rank { Err(rank_deficient::<T>(top.rank(), dim)) } else { Ok(Answer::new(&top)) }
}

/// The answer of an exact covariance.
fn solve<T: Real>(summary: &mut ExactEigen<T, Vec<T>>) -> Result<Answer, Error> {
    let dim = summary.dim();
    #[cfg(feature = "faer")]
    if dim > JACOBI {
        return super::answer::solve_wide(summary);
    }
    let (mut scratch, mut buffer) = (vec![T::ZERO; dim * dim], vec![T::ZERO; summary.answer_len()]);
    let top = summary.estimate_dense(&mut scratch, &mut buffer)?;
    if top.rank() < TopEigen::rank(summary) {
        return Err(rank_deficient::<T>(top.rank(), dim));
    }
    Ok(Answer::new(&top))
}

macro_rules! summaries {
    ($($type:ident by $answer:ident { $($own:item)* })*) => {$(
        impl<T: Real> Summary<T> for $type<T, Vec<T>> {
            fn answer(&mut self) -> Result<Answer, Error> {
                $answer(self)
            }
            fn rank(&self) -> usize {
                TopEigen::rank(self)
            }
            fn state_bytes(&self) -> usize {
                self.params().storage_len() * T::BYTES + size_of::<Self>()
            }
            fn to_wire(&self) -> Vec<u8> {
                Wire::encode(self)
            }
            $($own)*
        }
    )*};
}

summaries! {
    RandomOrderEigen by estimate {
        fn kept_heavy_rows(&self) -> usize {
            self.heavy_len()
        }
        fn block_width(&self) -> Option<usize> {
            Some(self.params().block_width())
        }
    }
    ExactEigen by solve {
        #[cfg(feature = "faer")]
        fn take_covariance(&mut self, gram: &[T], rows: u64) -> Result<bool, CoreError> {
            self.add_covariance(gram, rows).map(|()| true)
        }
    }
    FrequentDirections by estimate {}
    NystromSketch by estimate {}
    BlockPower by estimate {
        fn kept_heavy_rows(&self) -> usize {
            self.heavy_len()
        }
        fn block_width(&self) -> Option<usize> {
            Some(self.params().block_width())
        }
    }
    Oja by estimate {}
    AdaptiveOja by estimate {}
    CandidIncremental by estimate {}
    HistoryPca by estimate {}
}

impl<T: Real, M: Summary<T> + Wire> Summary<T> for Centered<M, Vec<T>> {
    fn answer(&mut self) -> Result<Answer, Error> {
        self.inner_mut().answer()
    }
    fn rank(&self) -> usize {
        self.inner().rank()
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
        self.inner().block_width()
    }
}
