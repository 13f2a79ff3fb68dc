//! Pending rows: they are gathered into blocks, and blocks are worked off at once or in slices.

use super::SketchedLeastSquares;
use crate::base::matrix::check_row;
use crate::sketch::{Piece, SketchOperator};
use crate::stream::{Deferred, DeferredRows, Progress};
use crate::{Error, Lane, Storage};

/// A block that waits to be added: how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its number.
    pub(super) block: u64,
    /// Stages of its transform that are done.
    pub(super) stage: u32,
    /// Rows of the sums that it was added to.
    pub(super) rows: usize,
}

/// What becomes of a full block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    WorkOff,
    PutOff,
}

/// The block that rows are gathered for. Rows of blocks before it go straight to the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Its number.
    pub(super) block: u64,
    /// Nothing is gathered yet.
    pub(super) is_empty: bool,
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    /// Adds the rows gathered for a block that is not yet full to the sums: answers and merges then take less time. Later rows
    /// of that block start it anew, which changes sums by rounding at most.
    pub fn close_block(&mut self) {
        self.finish();
        if let Some(Window { block, is_empty: false }) = self.state.window.take() {
            let (operator, shape, numbering) = (self.operator, self.params.shape(), self.state.numbering);
            let stages = operator.stages(numbering, shape, self.params.block_len);
            let parts = self.split();
            for stage in 0..stages {
                operator.transform_block(parts.window, shape.cols, stage);
            }
            let (all, gathered) = (0..shape.rows, (block, &*parts.window));
            operator.add_block_by(numbering, shape, parts.table, gathered, all, parts.sums);
            parts.window.fill(L::default());
        }
    }

    /// Works the block off that waits.
    pub(super) fn finish(&mut self) {
        while self.state.deferred.is_some() {
            self.work(u64::MAX);
        }
    }

    /// Does a stage of the transform of the block that waits, or adds it to as many rows of the sketch: the units of a budget that
    /// are spent.
    fn work(&mut self, budget: u64) -> u64 {
        let Some(mut waiting) = self.state.deferred else { return budget };
        let (operator, shape, numbering) = (self.operator, self.params.shape(), self.state.numbering);
        let stages = operator.stages(numbering, shape, self.params.block_len);
        let block_len = self.params.block_len as u64;
        let parts = self.split();
        let spent = if waiting.stage < stages {
            operator.transform_block(parts.waiting, shape.cols, waiting.stage);
            waiting.stage += 1;
            block_len
        } else {
            let rows = usize::try_from(budget).unwrap_or(usize::MAX).min(shape.rows - waiting.rows);
            let to = waiting.rows + rows;
            let block = (waiting.block, &*parts.waiting);
            operator.add_block_by(numbering, shape, parts.table, block, waiting.rows..to, parts.sums);
            waiting.rows = to;
            rows as u64
        };
        self.state.deferred = (waiting.rows < shape.rows).then_some(waiting);
        spent
    }

    pub(super) fn check_settled(&self) -> Result<(), Error> {
        match self.state.deferred {
            None => Ok(()),
            Some(_) => Err(Error::Pending),
        }
    }

    /// Whether a row may be consumed with its work put off: one of a block before the current one goes straight to the sums, after
    /// whatever waits, and only one block can wait.
    pub(super) fn check_deferred(&self, index: u64) -> Result<(), Error> {
        let len = self.params.block_len;
        if len == 1 {
            return Ok(());
        }
        if !self.params.deferred {
            return Err(Error::Capacity { limit: 0 });
        }
        let block = self.block_of(index);
        if self.state.window.is_some_and(|window| block < window.block) {
            return self.check_settled();
        }
        let moves_on = self.state.window.is_some_and(|window| !window.is_empty && window.block < block);
        let has_room = self.state.deferred.is_none() || !(moves_on || self.is_last(index));
        if has_room { Ok(()) } else { Err(Error::Capacity { limit: len }) }
    }

    const fn block_of(&self, index: u64) -> u64 {
        index >> self.params.block_len.trailing_zeros()
    }

    const fn is_last(&self, index: u64) -> bool {
        let last = self.params.block_len as u64 - 1;
        index & last == last
    }

    /// Adds a piece of a row, and works the block off, or puts it off, if the row is its last.
    pub(super) fn add(&mut self, piece: Piece<'_, L>, full: Full) {
        self.place(piece, full);
        self.close_full(piece.index, full);
    }

    /// Adds a piece of a row by the window of its block or straight to the sums: which one depends on the numbers of rows only,
    /// and on their order.
    pub(super) fn place(&mut self, piece: Piece<'_, L>, full: Full) {
        if full == Full::WorkOff {
            self.finish();
        }
        self.state.is_written = true;
        let block = self.block_of(piece.index);
        match self.state.window {
            _ if self.params.block_len == 1 => self.add_directly(piece),
            Some(window) if block < window.block => self.add_directly(piece),
            Some(window) if block == window.block => self.gather(block, piece),
            _ => {
                self.close(full);
                self.gather(block, piece);
            }
        }
    }

    pub(super) fn close_full(&mut self, index: u64, full: Full) {
        let block = self.block_of(index);
        if self.is_last(index) && self.state.window.is_some_and(|window| window.block == block) {
            self.close(full);
            self.state.window = (index < u64::MAX).then_some(Window { block: block + 1, is_empty: true });
        }
    }

    pub(super) fn add_directly(&mut self, piece: Piece<'_, L>) {
        let (operator, shape, numbering) = (self.operator, self.params.shape(), self.state.numbering);
        let parts = self.split();
        // Shape and piece were checked on the way in.
        let _ = operator.accumulate_by(numbering, shape, parts.table, piece, parts.sums);
    }

    fn gather(&mut self, block: u64, piece: Piece<'_, L>) {
        self.state.window = Some(Window { block, is_empty: false });
        let (cols, len) = (self.params.columns, self.params.block_len as u64);
        let negated = self.operator.is_negated(self.params.seed, piece.index) != piece.subtract;
        #[allow(clippy::cast_possible_truncation, reason = "below the length of a block")]
        let from = (piece.index & (len - 1)) as usize * cols + piece.column;
        for (to, &x) in self.split().window[from..].iter_mut().zip(piece.entries) {
            *to = to.plus(x.negate_if(negated));
        }
    }

    /// Works the current block off, or puts it off.
    fn close(&mut self, full: Full) {
        if full == Full::WorkOff {
            return self.close_block();
        }
        if let Some(Window { block, is_empty: false }) = self.state.window.take() {
            // One row can close two blocks, where numbers leave a gap: the first can't wait.
            self.finish();
            let parts = self.split();
            parts.waiting.copy_from_slice(parts.window);
            parts.window.fill(L::default());
            self.state.deferred = Some(Waiting { block, stage: 0, rows: 0 });
        }
    }
}

/// A unit of the budget is a row of the sketch to which the block that waits is added. A stage of the block's transform can't be
/// split; it costs as many units as the block has rows.
impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> Deferred for SketchedLeastSquares<L, O, S, I> {
    fn poll(&mut self, (): &(), budget: u64) -> Result<Progress, Error> {
        let mut left = budget.max(1);
        while left > 0 && !self.is_idle() {
            left = left.saturating_sub(self.work(left));
        }
        Ok(if self.is_idle() { Progress::Done } else { Progress::Pending })
    }

    fn is_idle(&self) -> bool {
        self.state.deferred.is_none()
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> DeferredRows for SketchedLeastSquares<L, O, S, I> {
    /// See the trait; the spare area is that of [`deferred`](super::SketchedLeastSquaresParams::deferred), for one block.
    fn update_deferred(&mut self, row: &[L]) -> Result<(), Error> {
        check_row(self.params.columns, row)?;
        let index = self.next_index()?;
        self.update_at_deferred(index, row)
    }
}
