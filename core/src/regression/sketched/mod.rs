//! Least squares from a linear sketch of the rows.

mod combine;
mod params;
mod pending;
mod ranges;
mod reach;
mod refine;
mod wire;

pub use params::SketchedLeastSquaresParams;
pub use wire::operator_of;

use super::removed::{drift, remember, rounding};
use super::solve::{Evidence, Meaning, solve};
use super::weight::{check_forgetting, root_of_weight};
use super::{Fit, Query};
use crate::base::matrix::{check_batch, check_batch_modest, check_row, check_row_modest};
use crate::linalg::vector;
use crate::sketch::{Numbering, Piece, SketchOperator};
use crate::stream::add_rows;
use crate::{Error, Lane, MatRef, Merge, Real, RowSummary, Storage};
use core::marker::PhantomData;
use pending::{Full, Waiting, Window};
use ranges::{LAST_TICK, Ranges, WORDS, stream};

/// What is the linear regression of a column on others, if rows may be corrected or removed and columns lie on several devices?
///
/// Keeps `S A`, a random combination of the rows `A` seen, with as many rows as the answer is to be precise. It is linear, so
/// rows can come in any order and in pieces, be corrected cell by cell and taken away again; a row is known by its number, and
/// two summaries of other columns of the same rows can be put side by side. Columns have no roles until
/// [`solve_in`](Self::solve_in) names features and targets. `L` is the type of the data, integers included; `O` the operator,
/// [`Srht`](crate::sketch::Srht) unless there is a reason; `S` and `I` hold scalars and indices.
///
/// # Guarantee
/// Coefficient `j` is within its half-width `t sqrt(c_j rss / (m - rank))` of the exact one, all of a target together with
/// probability `1 - failure`, whatever the rows: exactly so under [`GaussianSketch`](crate::sketch::GaussianSketch) (the law of
/// `(S A)^+ S r` given `S A`), calibrated under the other dense operators (coverage 94 to 98 % at a nominal 95 %). Those are
/// signs, which have no Student tail: for them `t` is the quantile at `failure / D`, `D` the largest of 1 (2 where the rank is 1)
/// and, below a failure of 0.05, `min(8, (0.05 / failure)^0.9)` and `exp(1.75 (ln^2(2 / failure) - ln^2(40)) / (m - rank))`; and
/// there are no half-widths where `failure < 8 * 2^-(m - rank)` ([`half_width_level`](super::half_width_level)). Sparse operators get none, nor a failure so small that no quantile belongs to
/// it; [`no_half_widths`](Fit::no_half_widths) says why. Rounding of the sums has its share: a column is off by `u = 4 sqrt(n) eps` of
/// its norm after `n` rows (Higham and Mary, SIAM J. Sci. Comput. 2019, for random signs, to a probability of `2e-14`), and as much
/// of what was taken away; half-widths are wider by what that does to the solution. Where rows or cells that were taken away have
/// left nothing certain, answers fail with [`Error::PrecisionLost`]: fill a sketch anew. The bound that Song, Ye, Yin and Zhang
/// (ICML 2023) claim for SRHT with
/// `eps^-2 d log^3(n / delta)` rows has a gap in its proof, which two of the authors named in August 2026; see
/// [`Srht`](crate::sketch::Srht). The half-widths hold for each answer by itself: of `q` answers together, ask each for
/// `failure / q`. They do not hold against someone who knows the seed or sees answers and chooses rows.
/// # Cost
/// An update: see the operators; [`Srht`](crate::sketch::Srht) in blocks of `B` about `(log2 B + m / B) p` additions for `p`
/// columns. An answer: `3 m q^2` flops for `q` features and targets. State: see
/// [`storage_len`](SketchedLeastSquaresParams::storage_len) and [`index_len`](SketchedLeastSquaresParams::index_len).
/// The last row of a block brings the work of the whole block, unless it is [put off](SketchedLeastSquaresParams::deferred).
/// # Numerics
/// Under operators of signs, integers and integer-valued floats (while sums stay exact) add up to the same bits in any order,
/// with any block length, and removing undoes adding. Other floats agree to rounding. Integer lanes wrap: the answer is right
/// if the final sums fit. Units of columns are powers of two times anything: they are taken out when solving.
/// # Randomness
/// Keyed by (seed, row number).
/// # Merging
/// Sums of sketches of disjoint rows, with equal parameters and seed; numbers that overlap are refused.
/// Under [`Srht`](crate::sketch::Srht) and [`TensorSrht`](crate::sketch::TensorSrht), which number rows otherwise since version
/// 0.1, a summary that was read from bytes of version 1 goes on as it was, and merges with others of that version only.
/// [`join_in`](Self::join_in) puts columns side by side.
/// # When to use another
/// [`StreamingQr`](super::StreamingQr) for one stream of whole rows: exact, and `p^2 / 2` scalars.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, sketch::Srht};
/// use sketchlet_core::regression::{Query, SketchedLeastSquares, SketchedLeastSquaresParams};
/// const PARAMS: SketchedLeastSquaresParams = SketchedLeastSquaresParams::new(3, 32).block_len(16).ranges(1);
/// let storage = ([0; PARAMS.storage_len()], [0; PARAMS.index_len()]);
/// let mut summary = SketchedLeastSquares::<i32, _, _, _>::new_in(PARAMS, Srht, storage.0, storage.1)?;
/// for i in 0..1000 {
///     let (x, y) = (i * 37 % 101 - 50, i * 53 % 89 - 44);
///     summary.update(&[x, y, 3 * x - 2 * y + i % 3 - 1])?;
/// }
/// let query = Query::new(&[0, 1], &[2]);
/// let (mut scratch, mut answer) = ([0.0f32; 15], [0.0; 5]);
/// let fit = summary.solve_in(&query, &mut scratch, &mut answer)?;
/// let half_widths = fit.half_widths.unwrap();
/// assert!((fit.coefficients[0] - 3.0).abs() < half_widths[0] && half_widths[0] < 0.05);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SketchedLeastSquares<L, O, S, I> {
    params: SketchedLeastSquaresParams,
    operator: O,
    state: State,
    storage: S,
    indices: I,
    lane: PhantomData<L>,
}

/// Everything of the state that is not in storage.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    rows_seen: u64,
    rows_removed: u64,
    /// Rows and cells that may have taken something away.
    taken: u64,
    /// Whether anything was written at all, cells included.
    is_written: bool,
    /// Ranges of row numbers in use.
    ranges: usize,
    window: Option<Window>,
    deferred: Option<Waiting>,
    /// That of version 0.1 in a summary that was read from its bytes.
    numbering: Numbering,
    /// Calls of `forget`, and the product of their factors.
    forgotten: u32,
    forgetting: f64,
}

impl State {
    const fn new() -> Self {
        Self {
            rows_seen: 0,
            rows_removed: 0,
            taken: 0,
            is_written: false,
            ranges: 0,
            window: None,
            deferred: None,
            numbering: Numbering::Scrambled,
            forgotten: 0,
            forgetting: 1.0,
        }
    }
}

struct Parts<'a, L> {
    /// `S A` without its factor.
    sums: &'a mut [L],
    /// Rows gathered for a block.
    window: &'a mut [L],
    /// The block that waits to be added.
    waiting: &'a mut [L],
    /// The largest entry of each column that may have been taken away.
    removed: &'a mut [L],
    /// Words of the row table, or none.
    table: &'a [u32],
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<L: Lane, O: SketchOperator<L>> SketchedLeastSquares<L, O, alloc::vec::Vec<L>, alloc::vec::Vec<u32>> {
    /// An empty summary in storage of its own.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range.
    pub fn new(params: SketchedLeastSquaresParams, operator: O) -> Result<Self, Error> {
        params.check_for::<L, O>(operator)?;
        let (scalars, indices) = (params.storage_len(), params.index_len());
        Self::new_in(
            params,
            operator,
            crate::base::storage::allocate(scalars)?,
            crate::base::storage::allocate(indices)?,
        )
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    /// An empty summary in the storage given, whatever is in it.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of range; [`Error::Storage`] if the storage has not as many scalars as
    /// [`storage_len`](SketchedLeastSquaresParams::storage_len) says, or the indices not as many words as
    /// [`index_len`](SketchedLeastSquaresParams::index_len).
    pub fn new_in(params: SketchedLeastSquaresParams, operator: O, storage: S, indices: I) -> Result<Self, Error> {
        params.check_for::<L, O>(operator)?;
        let lens = [(params.storage_len(), storage.as_ref().len()), (params.index_len(), indices.as_ref().len())];
        if let Some(&(needed, got)) = lens.iter().find(|(needed, got)| needed != got) {
            return Err(Error::Storage { needed, got });
        }
        let mut summary = Self { params, operator, state: State::new(), storage, indices, lane: PhantomData };
        summary.clear();
        let table = params.ranges * WORDS;
        operator.fill_table(params.shape(), &mut summary.indices.as_mut()[table..]);
        Ok(summary)
    }

    /// The parameters.
    pub const fn params(&self) -> &SketchedLeastSquaresParams {
        &self.params
    }

    /// The operator.
    pub const fn operator(&self) -> O {
        self.operator
    }

    /// Consumes row `index`, or a part of it whose other entries are zero: what is already there under this number is added
    /// to.
    ///
    /// # Errors
    /// Those of [`update`](RowSummary::update).
    pub fn update_at(&mut self, index: u64, row: &[L]) -> Result<(), Error> {
        self.check(row)?;
        self.claim(index)?;
        self.add(Piece { index, column: 0, entries: row, subtract: false }, Full::WorkOff);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        Ok(())
    }

    /// [`update_at`](Self::update_at), with the work of a full block left to [`poll`](crate::stream::Deferred::poll).
    ///
    /// # Errors
    /// Those of [`update_deferred`](crate::stream::DeferredRows::update_deferred); [`Error::Pending`] if the row belongs to a block
    /// before one that waits.
    pub fn update_at_deferred(&mut self, index: u64, row: &[L]) -> Result<(), Error> {
        self.check(row)?;
        self.check_deferred(index)?;
        self.claim(index)?;
        self.add(Piece { index, column: 0, entries: row, subtract: false }, Full::PutOff);
        self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        Ok(())
    }

    /// Adds `delta` to one entry of row `index`. Not counted as a row.
    ///
    /// # Errors
    /// As [`update_at`](Self::update_at); [`Error::NotFound`] if there is no such column.
    pub fn update_cell(&mut self, index: u64, column: usize, delta: L) -> Result<(), Error> {
        if column >= self.params.columns {
            return Err(Error::NotFound { index: column });
        }
        if !delta.is_finite() {
            return Err(Error::NonFinite { index: column });
        }
        self.check_reach(column, &[delta], 1, 1.0)?;
        self.claim(index)?;
        self.take(column, &[delta]);
        self.add(Piece { index, column, entries: &[delta], subtract: false }, Full::WorkOff);
        Ok(())
    }

    /// Takes row `index` away again. That it was there can't be checked; [`rows_removed`](Self::rows_removed) beside
    /// [`rows_seen`](RowSummary::rows_seen) may show it.
    ///
    /// # Errors
    /// As [`update_at`](Self::update_at).
    pub fn remove_at(&mut self, index: u64, row: &[L]) -> Result<(), Error> {
        self.check(row)?;
        self.take(0, row);
        self.add(Piece { index, column: 0, entries: row, subtract: true }, Full::WorkOff);
        self.state.rows_removed = add_rows(self.state.rows_removed, 1);
        Ok(())
    }

    /// Consumes the rows of a matrix, numbered from `first` on.
    ///
    /// # Errors
    /// As [`update_at`](Self::update_at), before the first row is consumed; [`Error::NonFinite`] counts entries through the
    /// whole batch.
    pub fn update_batch_at(&mut self, first: u64, rows: MatRef<'_, L>) -> Result<(), Error> {
        if !check_batch_modest(self.params.columns, rows)? {
            self.check_reach(0, rows.as_slice(), self.params.columns, 1.0)?;
        }
        let Some(more) = (rows.rows() as u64).checked_sub(1) else { return Ok(()) };
        let last = first.checked_add(more).filter(|&last| stream(last) == stream(first));
        let last = last.ok_or_else(capacity)?;
        // Only the first can need a range of its own.
        self.claim(first)?;
        for (index, row) in (first..=last).zip(rows.iter_rows()) {
            self.claim(index)?;
            self.add(Piece { index, column: 0, entries: row, subtract: false }, Full::WorkOff);
            self.state.rows_seen = add_rows(self.state.rows_seen, 1);
        }
        Ok(())
    }

    /// The sketch without its isometry factor, row after row; rows that are still gathered for a block are not in it
    /// ([`close_block`](Self::close_block)).
    pub fn sums(&self) -> &[L] {
        &self.storage.as_ref()[..self.params.shape().len()]
    }

    /// Rows taken away.
    pub const fn rows_removed(&self) -> u64 {
        self.state.rows_removed
    }

    /// The ranges of row numbers written, first and last of each, ascending.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let (words, len) = (self.indices.as_ref(), self.state.ranges);
        (0..len).map(move |i| Ranges { words, len }.get(i))
    }

    /// Solves the query over all rows so far, in scratch and answer of the caller's, whose lengths
    /// [`scratch_len`](Query::scratch_len) and [`answer_len`](Query::answer_len) give. The state is not touched: later rows
    /// go on from it, and `R` may be any float.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] if nothing was written, or the sketch has fewer rows than there are features;
    /// [`Error::Parameter`] for roles that make no sense; [`Error::Pending`] if a block waits for
    /// [`poll`](crate::stream::Deferred::poll);
    /// [`Error::RankDeficient`] only for a [`strict`](Query::strict) query; [`Error::NonFinite`] if sums of finite numbers have
    /// overflowed in that column; [`Error::PrecisionLost`] if rounding of what was taken away decides; [`Error::Storage`] for scratch or answer of another length.
    pub fn solve_in<'a, R: Real>(
        &self,
        query: &Query<'_>,
        scratch: &mut [R],
        answer: &'a mut [R],
    ) -> Result<Fit<'a, R>, Error> {
        let meaning = self.meaning(query)?;
        solve(self, self.params.columns, meaning, query, scratch, answer)
    }

    /// What the rows of the sketch stand for, if the query can be asked now.
    fn meaning(&self, query: &Query<'_>) -> Result<Meaning, Error> {
        self.check_settled()?;
        query.check(self.params.columns)?;
        if !self.state.is_written {
            return Err(Error::TooFewRows { needed: 1, got: 0 });
        }
        let operations = self.state.rows_seen.saturating_add(self.state.taken);
        Ok(Meaning {
            rows_seen: self.state.rows_seen,
            rows_kept: None,
            drift: drift(operations, rounding::<L>()),
            factor: Some(self.operator.factor(self.params.rows)),
            is_dense: O::DENSE,
            is_gaussian: O::GAUSSIAN,
        })
    }

    /// Entries may be taken away, from this column on. Sums of integers lose nothing.
    fn take(&mut self, column: usize, entries: &[L]) {
        if rounding::<L>() > 0.0 {
            self.state.taken = self.state.taken.saturating_add(1);
            remember(&mut self.split().removed[column..], entries);
        }
    }

    /// The checks of a row before it is added or taken away.
    fn check(&self, row: &[L]) -> Result<(), Error> {
        let is_modest = check_row_modest(self.params.columns, row)?;
        if is_modest { Ok(()) } else { self.check_reach(0, row, row.len(), 1.0) }
    }

    fn split(&mut self) -> Parts<'_, L> {
        let (shape, block, columns) = (self.params.shape().len(), self.params.block_size(), self.params.columns);
        let (sums, rest) = self.storage.as_mut().split_at_mut(shape);
        let (window, rest) = rest.split_at_mut(block);
        let (waiting, removed) = rest.split_at_mut(rest.len() - columns);
        Parts { sums, window, waiting, removed, table: &self.indices.as_ref()[self.params.ranges * WORDS..] }
    }

    fn list(&self) -> Ranges<'_> {
        Ranges { words: &self.indices.as_ref()[..self.params.ranges * WORDS], len: self.state.ranges }
    }

    fn claim(&mut self, index: u64) -> Result<(), Error> {
        let words = &mut self.indices.as_mut()[..self.params.ranges * WORDS];
        self.state.ranges = ranges::claim(words, self.state.ranges, index)?;
        Ok(())
    }

    /// Number of the row that `update` takes next.
    fn next_index(&self) -> Result<u64, Error> {
        let first = self.params.first_index;
        match self.list().last_of(stream(first)) {
            None => Ok(first),
            Some(last) if last & LAST_TICK == LAST_TICK => Err(capacity()),
            Some(last) => Ok(last + 1),
        }
    }
}

/// Row numbers of a stream are used up.
fn capacity() -> Error {
    Error::Capacity { limit: usize::try_from(LAST_TICK).unwrap_or(usize::MAX) }
}

impl<T: Real, O: SketchOperator<T>, S: Storage<T>, I: Storage<u32>> SketchedLeastSquares<T, O, S, I> {
    /// Consumes row `index` with a weight: its square counts `weight` times. A weight of 0 only takes the number.
    ///
    /// # Errors
    /// As [`update_at`](Self::update_at), also for a row that overflows with its weight; [`Error::Parameter`] for a weight
    /// that is negative; [`Error::NonFinite`] with the place behind the last column for one that is not finite.
    pub fn update_weighted(&mut self, index: u64, row: &[T], weight: T) -> Result<(), Error> {
        let root = self.check_weighted(row, weight)?;
        self.claim(index)?;
        self.add_scaled(index, row, root, false);
        self.state.rows_seen = add_rows(self.state.rows_seen, u64::from(weight > T::ZERO));
        Ok(())
    }

    /// Takes a row away that [`update_weighted`](Self::update_weighted) has consumed.
    ///
    /// # Errors
    /// As [`update_weighted`](Self::update_weighted).
    pub fn remove_weighted(&mut self, index: u64, row: &[T], weight: T) -> Result<(), Error> {
        let root = self.check_weighted(row, weight)?;
        self.add_scaled(index, row, root, true);
        self.state.rows_removed = add_rows(self.state.rows_removed, u64::from(weight > T::ZERO));
        Ok(())
    }

    /// Multiplies the weight of all rows so far by `factor`: called at regular times, this is exponential forgetting. Works off whatever is pending.
    /// Rows from before can't be removed any more; summaries merge and join if they have forgotten alike.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a factor outside (0, 1].
    pub fn forget(&mut self, factor: T) -> Result<(), Error> {
        check_forgetting(factor)?;
        self.close_block();
        vector::scale(self.split().sums, factor.sqrt());
        self.state.forgotten = self.state.forgotten.saturating_add(1);
        // Never zero: a past that has faded from all numbers still counts as faded.
        self.state.forgetting = (self.state.forgetting * factor.as_f64()).max(f64::MIN_POSITIVE);
        Ok(())
    }

    /// The square root of the weight, if the row may come with it.
    fn check_weighted(&self, row: &[T], weight: T) -> Result<T, Error> {
        check_row(self.params.columns, row)?;
        let root = root_of_weight(row, weight)?;
        if !T::all_modest(&[root * vector::max_abs(row)]) {
            self.check_reach(0, row, row.len(), root.as_f64())?;
        }
        Ok(root)
    }

    fn add_scaled(&mut self, index: u64, row: &[T], root: T, subtract: bool) {
        if root == T::ZERO {
            return;
        }
        // Pieces, so that the scaled row needs no storage.
        let mut scaled = [T::ZERO; 16];
        for (at, entries) in row.chunks(scaled.len()).enumerate() {
            let column = at * scaled.len();
            let scaled = &mut scaled[..entries.len()];
            scaled.iter_mut().zip(entries).for_each(|(to, &x)| *to = x * root);
            if subtract {
                self.take(column, scaled);
            }
            self.place(Piece { index, column, entries: scaled, subtract }, Full::WorkOff);
        }
        self.close_full(index, Full::WorkOff);
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> RowSummary for SketchedLeastSquares<L, O, S, I> {
    type Scalar = L;

    /// Number of columns, roles not yet given.
    fn dim(&self) -> usize {
        self.params.columns
    }

    /// Updates of whole rows; pieces of one row count each time, single cells not at all.
    fn rows_seen(&self) -> u64 {
        self.state.rows_seen
    }

    /// Consumes a row under the number after the largest of its own stream, or
    /// [`first_index`](SketchedLeastSquaresParams::first_index).
    ///
    /// # Errors
    /// Those of the trait; [`Error::NonFinite`] also for an entry with which a sum of its column could overflow;
    /// [`Error::Capacity`] if there is no room for another range of numbers.
    fn update(&mut self, row: &[L]) -> Result<(), Error> {
        check_row(self.params.columns, row)?;
        let index = self.next_index()?;
        self.update_at(index, row)
    }

    fn update_batch(&mut self, rows: MatRef<'_, L>) -> Result<(), Error> {
        check_batch(self.params.columns, rows)?;
        self.update_batch_at(self.next_index()?, rows)
    }

    fn merge_with_row(&mut self, other: &Self, row: &[L]) -> Result<(), Error> {
        check_row(self.params.columns, row)?;
        let own = stream(self.params.first_index);
        let last = self.list().last_of(own).max(other.list().last_of(own));
        let ranges = self.list().union_len(&other.list()) + usize::from(last.is_none());
        if ranges > self.params.ranges {
            return Err(Error::Capacity { limit: self.params.ranges });
        }
        if last.is_some_and(|last| last & LAST_TICK == LAST_TICK) {
            return Err(capacity());
        }
        if self.params.columns == other.params.columns {
            self.check_reach_with(other, row)?;
        }
        self.merge(other)?;
        self.update(row)
    }

    fn clear(&mut self) {
        self.state = State::new();
        self.storage.as_mut().fill(L::default());
        self.indices.as_mut()[..self.params.ranges * WORDS].fill(0);
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>, R: Real> Evidence<R>
    for SketchedLeastSquares<L, O, S, I>
{
    fn rows(&self) -> usize {
        self.params.rows
    }

    /// The norm that what was taken away may have had in the column, by the mean over sketches.
    fn taken(&self, column: usize) -> R {
        let largest: R = self.storage.as_ref()[self.params.sums_len() + column].to_real();
        (R::count(self.params.rows as u64) * R::count(self.state.taken)).sqrt() * largest
    }

    fn copy_row(&self, row: usize, columns: impl Iterator<Item = usize> + Clone, out: &mut [R]) {
        let (shape, cols) = (self.params.shape(), self.params.columns);
        let (sums, rest) = self.storage.as_ref().split_at(shape.len());
        let window = &rest[..self.params.block_size()];
        let table = &self.indices.as_ref()[self.params.ranges * WORDS..];
        for (to, column) in out.iter_mut().zip(columns) {
            let mut sum = sums[row * cols + column];
            if let Some(Window { block, is_empty: false }) = self.state.window {
                let first = block * self.params.block_len as u64;
                for (index, line) in (first..=u64::MAX).zip(window.chunks_exact(cols)) {
                    let numbering = self.state.numbering;
                    let negated = self.operator.is_negated_at(numbering, shape, table, row, index);
                    sum = sum.plus(line[column].negate_if(negated));
                }
            }
            *to = sum.to_real();
        }
    }
}
