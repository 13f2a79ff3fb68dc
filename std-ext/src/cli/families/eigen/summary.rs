//! One interface over the summaries of `eigen`, whatever their type and scalar.

use super::answer::{Answer, rank_deficient};
use crate::eigen::{
    AdaptiveOja, BlockPower, CandidIncremental, ExactEigen, FrequentDirections, HistoryPca, NystromSketch, Oja,
    RandomOrderEigen, TopEigen,
};
use crate::stream::Centered;
use crate::{CoreError, Error, Real, RowSummary, Wire};

/// Columns up to which the core's own Jacobi rotations solve for exact eigenvectors.
#[cfg(feature = "faer")]
const JACOBI: usize = 64;

/// A summary of the command: feeds, answers, is saved.
pub(super) trait Summary<T: Real>: TopEigen<Scalar = T> {
    /// The answer, by the best solver at hand.
    fn answer(&mut self) -> Result<Answer, Error> {
        let mut buffer = vec![T::ZERO; self.answer_len()];
        let (dim, rank) = (self.dim(), self.rank());
        let top = self.estimate_available(&mut buffer)?;
        if top.rank() < rank { Err(rank_deficient::<T>(top.rank(), dim)) } else { Ok(Answer::new(&top)) }
    }
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

macro_rules! summaries {
    ($($type:ident { $($own:item)* })*) => {$(
        impl<T: Real> Summary<T> for $type<T, Vec<T>> {
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
    RandomOrderEigen {
        fn kept_heavy_rows(&self) -> usize {
            self.heavy_len()
        }
        fn block_width(&self) -> Option<usize> {
            Some(self.params().block_width())
        }
    }
    ExactEigen {
        fn answer(&mut self) -> Result<Answer, Error> {
            let dim = self.dim();
            #[cfg(feature = "faer")]
            if dim > JACOBI {
                return super::answer::solve_wide(self);
            }
            let (mut scratch, mut buffer) = (vec![T::ZERO; dim * dim], vec![T::ZERO; self.answer_len()]);
            let top = self.estimate_dense(&mut scratch, &mut buffer)?;
            if top.rank() < self.rank() {
                return Err(rank_deficient::<T>(top.rank(), dim));
            }
            Ok(Answer::new(&top))
        }
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

impl<T: Real, M: Summary<T> + Wire> Summary<T> for Centered<M, Vec<T>> {
    fn answer(&mut self) -> Result<Answer, Error> {
        self.inner_mut().answer()
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
