//! Any method on centred rows, in one pass.

use super::{Deferred, DeferredRows, Merge, Progress, RowSummary, add_rows};
use crate::base::matrix::{check_batch, check_finite, check_row};
use crate::linalg::vector;
use crate::wire::{self, Kind, Reader, Wire, Writer};
use crate::{Difference, Error, Lane, MatRef, Real, Storage};

/// What does a method answer for the rows minus their mean, without a second pass?
///
/// The first row sets the mean. Every later row is fed to the inner summary as its difference from the mean of the rows
/// before, times `sqrt((t - 1) / t)` for row number `t`; then the mean moves.
///
/// # Guarantee
/// The sum of the outer products of the rows fed is exactly the centred scatter matrix (Welford 1962), so every guarantee
/// of the inner method holds for the centred data.
/// # Cost
/// `11 dim` flops a row and `3 dim` scalars, beside the inner method.
/// # Numerics
/// Nothing is subtracted from a finished sum, and the mean is kept in two parts, as its rounding would be felt far from
/// zero: an offset of 1,000 standard deviations in `f32` costs no accuracy worth speaking of, where a covariance from raw
/// moments loses all of it. A centred entry is off by a few `EPSILON` of itself, whatever the offset, and the scatter matrix by some
/// `sqrt(n) EPSILON` of its trace: brackets of the inner method have room for that.
/// # Randomness
/// None of its own.
/// # Merging
/// If the inner summary merges: the two means differ by one more row, which is fed after the merge.
/// # When to use another
/// The inner summary alone if the rows have mean zero, or if their mean is part of the answer.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, stream::Centered, eigen::{ExactEigen, ExactEigenParams, TopEigen}};
/// const PARAMS: ExactEigenParams = ExactEigenParams::new(2);
/// let inner = ExactEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// let mut summary = Centered::new_in(inner, [0.0; 6])?;
/// for row in [[1000.0, 0.0], [1000.0, 1.0], [1000.0, 3.0]] {
///     summary.update(&row)?;
/// }
/// let mut answer = [0.0; PARAMS.answer_len()];
/// assert!((summary.estimate(&mut answer)?.vector(0)[1] - 1.0).abs() < 1e-6);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Centered<M, S> {
    inner: M,
    rows_seen: u64,
    /// The mean, what it lacks to be exact, then room for a row.
    storage: S,
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<M: RowSummary<Scalar: Real>> Centered<M, alloc::vec::Vec<M::Scalar>> {
    /// Wraps an empty summary, with storage of its own.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if rows were already seen.
    pub fn new(inner: M) -> Result<Self, Error> {
        let len = Self::storage_len(inner.dim());
        Self::new_in(inner, crate::base::storage::allocate(len)?)
    }
}

impl<M, S> Centered<M, S> {
    /// Scalars of storage for rows of `dim` entries: `3 dim`, beside that of the inner summary. Saturates.
    pub const fn storage_len(dim: usize) -> usize {
        dim.saturating_mul(3)
    }

    /// The summary of the centred rows.
    pub const fn inner(&self) -> &M {
        &self.inner
    }

    /// The summary of the centred rows, to ask it what only its own type answers. Rows belong in this one.
    pub const fn inner_mut(&mut self) -> &mut M {
        &mut self.inner
    }
}

impl<M: RowSummary<Scalar: Real>, S: Storage<M::Scalar>> Centered<M, S> {
    /// Wraps an empty summary.
    ///
    /// # Errors
    /// [`Error::Storage`] if the storage has not `3 dim` scalars, [`Error::Incompatible`] if the summary has seen rows.
    pub fn new_in(inner: M, storage: S) -> Result<Self, Error> {
        let (needed, got) = (Self::storage_len(inner.dim()), storage.as_ref().len());
        if needed != got {
            return Err(Error::Storage { needed, got });
        }
        Difference::RowsSeen.check(0u64, inner.rows_seen())?;
        let mut summary = Self { inner, rows_seen: 0, storage };
        summary.storage.as_mut().fill(M::Scalar::ZERO);
        Ok(summary)
    }

    /// Mean of the rows seen; zero before the first.
    pub fn mean(&self) -> &[M::Scalar] {
        &self.storage.as_ref()[..self.inner.dim()]
    }
}

/// The storage, cut into its parts.
struct Parts<'a, T> {
    mean: &'a mut [T],
    rest: &'a mut [T],
    row: &'a mut [T],
}

fn split<T>(storage: &mut [T], dim: usize) -> Parts<'_, T> {
    let (mean, others) = storage.split_at_mut(dim);
    let (rest, row) = others.split_at_mut(dim);
    Parts { mean, rest, row }
}

/// Adds to a number in two parts; the first stays the nearest scalar to their sum (Knuth's exact addition).
fn shift<T: Real>(number: &mut T, rest: &mut T, by: T) {
    let by = *rest + by;
    let sum = *number + by;
    let added = sum - *number;
    *rest = (*number - (sum - added)) + (by - added);
    *number = sum;
}

/// The first entry of a batch whose distance from the mean of the rows before is out of range.
///
/// The mean of a column depends on that column alone, so it can be followed without room for a second mean.
fn first_overflow<T: Real>(mean: &[T], rest: &[T], rows_seen: u64, rows: MatRef<'_, T>) -> Option<usize> {
    // The mean lies among the entries seen: no distance exceeds twice the largest by more than its rounding.
    let largest = vector::max_abs(rows.as_slice()).max(vector::max_abs(mean));
    if (T::constant(4.0) * largest).is_finite() {
        return None;
    }
    let columns = mean.iter().zip(rest).enumerate();
    let overflows = columns.filter_map(|(column, (&mean, &rest))| {
        let (mut mean, mut rest) = (mean, rest);
        let row = (rows_seen + 1..).zip(rows.iter_rows()).position(|(t, row)| {
            let distance = (row[column] - mean) - rest;
            shift(&mut mean, &mut rest, distance / T::count(t));
            !distance.is_finite()
        });
        row.map(|row| row * rows.cols() + column)
    });
    overflows.min()
}

impl<M: RowSummary<Scalar: Real>, S: Storage<M::Scalar>> Centered<M, S> {
    /// Consumes a row, and feeds the centred one to the inner summary.
    fn feed(
        &mut self,
        row: &[M::Scalar],
        feed: impl Fn(&mut M, &[M::Scalar]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let dim = self.inner.dim();
        check_row(dim, row)?;
        let Parts { mean, rest, row: centered } = split(self.storage.as_mut(), dim);
        let t = M::Scalar::count(self.rows_seen + 1);
        if self.rows_seen > 0 {
            // sqrt((t - 1) / t) without losing it to rounding for large t.
            let weight = (M::Scalar::count(self.rows_seen) / t).sqrt();
            for (((to, &x), &mean), &rest) in centered.iter_mut().zip(row).zip(&*mean).zip(&*rest) {
                *to = ((x - mean) - rest) * weight;
            }
            feed(&mut self.inner, centered)?;
        }
        for ((mean, rest), &x) in mean.iter_mut().zip(rest).zip(row) {
            shift(mean, rest, ((x - *mean) - *rest) / t);
        }
        self.rows_seen = add_rows(self.rows_seen, 1);
        Ok(())
    }
}

impl<M: RowSummary<Scalar: Real>, S: Storage<M::Scalar>> RowSummary for Centered<M, S> {
    type Scalar = M::Scalar;

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn rows_seen(&self) -> u64 {
        self.rows_seen
    }

    /// See the trait; an entry whose distance from the mean overflows is refused as [`Error::NonFinite`].
    fn update(&mut self, row: &[M::Scalar]) -> Result<(), Error> {
        self.feed(row, M::update)
    }

    /// See the trait; also [`Error::NonFinite`] for an entry whose distance from the mean of the rows before overflows, and
    /// [`Error::Capacity`] if the inner summary has not the room for all rows.
    fn update_batch(&mut self, rows: MatRef<'_, M::Scalar>) -> Result<(), Error> {
        let dim = self.inner.dim();
        check_batch(dim, rows)?;
        self.check_room(rows.rows())?;
        let rest = &self.storage.as_ref()[dim..2 * dim];
        if let Some(index) = first_overflow(self.mean(), rest, self.rows_seen, rows) {
            return Err(Error::NonFinite { index });
        }
        rows.iter_rows().try_for_each(|row| self.update(row))
    }

    fn check_room(&self, rows: usize) -> Result<(), Error> {
        // The first row of all goes into the mean alone.
        let fed = if self.rows_seen == 0 { rows.saturating_sub(1) } else { rows };
        self.inner.check_room(fed)
    }

    fn clear(&mut self) {
        self.inner.clear();
        self.rows_seen = 0;
        self.storage.as_mut().fill(M::Scalar::ZERO);
    }
}

/// The work is that of the inner summary.
impl<C: ?Sized, M: Deferred<C>, S> Deferred<C> for Centered<M, S> {
    fn poll(&mut self, context: &C, budget: u64) -> Result<Progress, Error> {
        self.inner.poll(context, budget)
    }

    fn is_idle(&self) -> bool {
        self.inner.is_idle()
    }
}

impl<M: DeferredRows<Scalar: Real>, S: Storage<M::Scalar>> DeferredRows for Centered<M, S> {
    fn update_deferred(&mut self, row: &[M::Scalar]) -> Result<(), Error> {
        self.feed(row, M::update_deferred)
    }
}

impl<M: RowSummary<Scalar: Real> + Merge, S: Storage<M::Scalar>> Merge for Centered<M, S> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let dim = self.inner.dim();
        Difference::Dim.check(dim, other.inner.dim())?;
        let (mine, theirs) = (self.rows_seen, other.rows_seen);
        let Parts { mean, rest, row: difference } = split(self.storage.as_mut(), dim);
        let (other_mean, other_rest) = (other.mean(), &other.storage.as_ref()[dim..2 * dim]);
        for (i, to) in difference.iter_mut().enumerate() {
            *to = (other_mean[i] - mean[i]) + (other_rest[i] - rest[i]);
        }
        // Everything that can fail comes before the first change.
        check_finite(difference)?;
        if mine == 0 || theirs == 0 {
            self.inner.merge(&other.inner)?;
            if mine == 0 {
                mean.copy_from_slice(other_mean);
                rest.copy_from_slice(other_rest);
            }
        } else {
            let share = M::Scalar::count(theirs) / M::Scalar::count(mine + theirs);
            let weight = (M::Scalar::count(mine) * share).sqrt();
            vector::scale(difference, weight);
            self.inner.merge_with_row(&other.inner, difference)?;
            // The difference anew: what was fed has lost its last bit to the weight.
            let columns = mean.iter_mut().zip(rest).zip(other_mean.iter().zip(other_rest));
            for ((mean, rest), (&other_mean, &other_rest)) in columns {
                shift(mean, rest, ((other_mean - *mean) + (other_rest - *rest)) * share);
            }
        }
        self.rows_seen = add_rows(self.rows_seen, theirs);
        Ok(())
    }
}

impl<M: RowSummary<Scalar: Real> + Wire, S: Storage<M::Scalar>> Centered<M, S> {
    fn write(&self, w: &mut Writer<'_>) {
        w.u64(self.rows_seen);
        w.nested(&self.inner);
        w.reals(&self.storage.as_ref()[..2 * self.inner.dim()]);
    }

    /// Rows seen, the inner encoding, and a reader at the mean; the dimension is what the length of its two parts says.
    fn read(bytes: &[u8]) -> Result<(u64, &[u8], usize, Reader<'_>), Error> {
        let mut r = wire::open::<M::Scalar>(Kind::Centered, bytes)?;
        let rows_seen = r.count()?;
        let len = r.len()?;
        let inner = r.bytes(len)?;
        let dim = r.remaining() / (2 * M::Scalar::BYTES);
        let mean = r.skip_reals::<M::Scalar>(2 * dim)?;
        r.end()?;
        Ok((rows_seen, inner, dim, mean))
    }

    /// The encoding of the inner summary, inside one of this type.
    ///
    /// # Errors
    /// See [`Wire`].
    pub fn inner_encoding(bytes: &[u8]) -> Result<&[u8], Error> {
        Ok(Self::read(bytes)?.1)
    }
}

/// The storage is a pair, the inner summary's first; [`storage_needed`](Wire::storage_needed) counts the second,
/// [`inner_encoding`](Centered::inner_encoding) leads to the first.
impl<M: RowSummary<Scalar: Real> + Wire, S: Storage<M::Scalar>> Wire for Centered<M, S> {
    type Storage = (M::Storage, S);

    fn encoded_len(&self) -> usize {
        wire::len(|w| self.write(w))
    }

    fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        wire::encode::<M::Scalar>(Kind::Centered, out, |w| self.write(w))
    }

    fn decode_in(bytes: &[u8], (inner_storage, mut storage): (M::Storage, S)) -> Result<Self, Error> {
        let (rows_seen, inner, dim, mut mean) = Self::read(bytes)?;
        let inner = M::decode_in(inner, inner_storage)?;
        if inner.dim() != dim {
            return Err(Error::Corrupt);
        }
        let (needed, got) = (Self::storage_len(dim), storage.as_ref().len());
        if needed != got {
            return Err(Error::Storage { needed, got });
        }
        mean.fill(&mut storage.as_mut()[..2 * dim]);
        Ok(Self { inner, rows_seen, storage })
    }

    fn storage_needed(bytes: &[u8]) -> Result<usize, Error> {
        Ok(Self::storage_len(Self::read(bytes)?.2))
    }
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T: Real, M> Centered<M, alloc::vec::Vec<T>>
where
    M: RowSummary<Scalar = T> + Wire<Storage = alloc::vec::Vec<T>>,
{
    /// Reads an encoding into storage of its own.
    ///
    /// # Errors
    /// See [`Wire::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (rows_seen, inner, dim, mut mean) = Self::read(bytes)?;
        let inner = M::decode(inner)?;
        if inner.dim() != dim {
            return Err(Error::Corrupt);
        }
        let mut storage = crate::base::storage::allocate(Self::storage_len(dim))?;
        mean.fill(&mut storage[..2 * dim]);
        Ok(Self { inner, rows_seen, storage })
    }
}

#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl<M: RowSummary<Scalar: Real> + Wire, S: Storage<M::Scalar>> serde_core::Serialize for Centered<M, S> {
    fn serialize<Z: serde_core::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        crate::wire::serde::serialize(self, serializer)
    }
}

#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl<'de, T: Real, M> serde_core::Deserialize<'de> for Centered<M, alloc::vec::Vec<T>>
where
    M: RowSummary<Scalar = T> + Wire<Storage = alloc::vec::Vec<T>>,
{
    fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::wire::serde::deserialize(deserializer, Self::decode)
    }
}
