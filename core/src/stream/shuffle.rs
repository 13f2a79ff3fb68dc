//! A buffer that mixes neighbouring rows before a method sees them.

use super::{Deferred, DeferredRows, Progress, RowSummary, add_rows};
use crate::base::matrix::{check_batch, check_row};
use crate::random::keyed::{Domain, below, word};
use crate::{Error, MatRef, Rule, Storage};

/// What does a method answer if the rows are first shuffled as far as memory allows?
///
/// The first `capacity` rows fill the buffer; each later row takes the place of a random one, which is passed on.
/// [`drain`](Self::drain) passes on the rest, in random order.
///
/// # Guarantee
/// None: a buffer mixes over about its own length. On 10,000 rows sorted along the answer, 1,024 rows of buffer improve the
/// random-order method from an error of 0.9 to 0.2, 4,096 to 1e-2; the order check of the method still applies.
/// # Cost
/// `capacity * dim` scalars; a copy of two rows each update.
/// # Numerics
/// Rows are passed on as they are.
/// # Randomness
/// Keyed: the slot of a row is a function of the seed and the row's number.
/// # Merging
/// None, and no byte form: what is buffered has not been summarised.
/// # When to use another
/// [`ExactEigen`](crate::eigen::ExactEigen) or [`FrequentDirections`](crate::eigen::FrequentDirections) need no order; a shuffle of the
/// whole file is better than any buffer.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, stream::ShuffleBuffer, eigen::{ExactEigen, ExactEigenParams}};
/// const PARAMS: ExactEigenParams = ExactEigenParams::new(1);
/// let inner = ExactEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// let mut shuffled = ShuffleBuffer::new_in(inner, 0, [0.0; 8])?;
/// (0..20u8).try_for_each(|i| shuffled.update(&[f32::from(i)]))?;
/// assert_eq!(shuffled.inner().rows_seen(), 12);
/// shuffled.drain()?;
/// assert_eq!(shuffled.inner().rows_seen(), 20);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ShuffleBuffer<M, S> {
    inner: M,
    seed: u64,
    rows: u64,
    held: usize,
    storage: S,
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<M: RowSummary> ShuffleBuffer<M, alloc::vec::Vec<M::Scalar>> {
    /// Puts a buffer of `capacity` rows before a summary.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the capacity is 0 or can't be addressed.
    pub fn new(inner: M, seed: u64, capacity: usize) -> Result<Self, Error> {
        let len = capacity.saturating_mul(inner.dim());
        if !crate::base::storage::is_addressable(len) {
            return Err(Error::Parameter { name: &"capacity", rule: Rule::ADDRESSABLE });
        }
        Self::new_in(inner, seed, crate::base::storage::allocate(len)?)
    }
}

impl<M: RowSummary, S: Storage<M::Scalar>> ShuffleBuffer<M, S> {
    /// Puts a buffer before a summary: as many rows as the storage holds.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the storage holds no row, [`Error::Storage`] if it ends inside one.
    pub fn new_in(inner: M, seed: u64, storage: S) -> Result<Self, Error> {
        let (dim, got) = (inner.dim(), storage.as_ref().len());
        if got < dim || dim == 0 {
            return Err(Error::Parameter { name: &"capacity", rule: Rule::POSITIVE });
        }
        if !got.is_multiple_of(dim) {
            return Err(Error::Storage { needed: got / dim * dim, got });
        }
        Ok(Self { inner, seed, rows: 0, held: 0, storage })
    }

    /// The summary behind the buffer.
    pub const fn inner(&self) -> &M {
        &self.inner
    }

    /// The summary behind the buffer, to ask it what only its own type answers. Rows belong in this one.
    pub const fn inner_mut(&mut self) -> &mut M {
        &mut self.inner
    }

    /// The summary behind the buffer; rows still held are dropped.
    pub fn into_inner(self) -> M {
        self.inner
    }

    /// Passes on the rows still held, in random order.
    ///
    /// # Errors
    /// Those of the inner summary; the row refused and those behind it stay.
    pub fn drain(&mut self) -> Result<(), Error> {
        let dim = self.inner.dim();
        while self.held > 0 {
            let slot = self.slot(self.rows + self.held as u64, self.held);
            let storage = self.storage.as_mut();
            self.inner.update(&storage[slot * dim..][..dim])?;
            self.held -= 1;
            storage.copy_within(self.held * dim..(self.held + 1) * dim, slot * dim);
        }
        Ok(())
    }

    /// Holds a row, and feeds the one in whose place it comes to the inner summary.
    fn feed(
        &mut self,
        row: &[M::Scalar],
        feed: impl Fn(&mut M, &[M::Scalar]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let dim = self.inner.dim();
        check_row(dim, row)?;
        let capacity = self.storage.as_ref().len() / dim;
        let slot = if self.held < capacity {
            self.held += 1;
            self.held - 1
        } else {
            let slot = self.slot(self.rows, capacity);
            feed(&mut self.inner, &self.storage.as_ref()[slot * dim..][..dim])?;
            slot
        };
        self.storage.as_mut()[slot * dim..][..dim].copy_from_slice(row);
        self.rows = add_rows(self.rows, 1);
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation, reason = "an index below a length")]
    fn slot(&self, number: u64, bound: usize) -> usize {
        below(word(self.seed, Domain::Shuffle, number), bound as u64) as usize
    }
}

impl<M: RowSummary, S: Storage<M::Scalar>> RowSummary for ShuffleBuffer<M, S> {
    type Scalar = M::Scalar;

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    /// Rows passed on and rows held.
    fn rows_seen(&self) -> u64 {
        add_rows(self.inner.rows_seen(), self.held as u64)
    }

    fn update(&mut self, row: &[M::Scalar]) -> Result<(), Error> {
        self.feed(row, M::update)
    }

    /// See the trait; also [`Error::Capacity`] if the inner summary has not the room for the rows that would be passed on.
    fn update_batch(&mut self, rows: MatRef<'_, M::Scalar>) -> Result<(), Error> {
        check_batch(self.inner.dim(), rows)?;
        self.check_room(rows.rows())?;
        rows.iter_rows().try_for_each(|row| self.update(row))
    }

    fn check_room(&self, rows: usize) -> Result<(), Error> {
        let free = self.storage.as_ref().len() / self.inner.dim() - self.held;
        self.inner.check_room(rows.saturating_sub(free))
    }

    fn clear(&mut self) {
        self.inner.clear();
        (self.rows, self.held) = (0, 0);
    }
}

/// The work is that of the inner summary; rows that are held are no work.
impl<C: ?Sized, M: Deferred<C>, S> Deferred<C> for ShuffleBuffer<M, S> {
    fn poll(&mut self, context: &C, budget: u64) -> Result<Progress, Error> {
        self.inner.poll(context, budget)
    }

    fn is_idle(&self) -> bool {
        self.inner.is_idle()
    }
}

impl<M: DeferredRows, S: Storage<M::Scalar>> DeferredRows for ShuffleBuffer<M, S> {
    fn update_deferred(&mut self, row: &[M::Scalar]) -> Result<(), Error> {
        self.feed(row, M::update_deferred)
    }
}
