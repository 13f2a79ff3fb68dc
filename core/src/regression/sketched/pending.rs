//! Pending rows: they are gathered into blocks, and blocks are worked off at once or step by step.

use super::SketchedLeastSquares;
use crate::sketch::{Piece, SketchOperator};
use crate::{Error, Lane, Storage};

/// A block that waits to be added: how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deferred {
    /// Its number.
    pub(super) block: u64,
    /// Stages of its transform that are done.
    pub(super) stage: u32,
    /// Rows of the sums that it was added to.
    pub(super) rows: usize,
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
    /// Works on a block that a [`deferred`](super::SketchedLeastSquaresParams::deferred) summary has put off: one stage of
    /// its transform, or `rows` rows of the sketch. True while work is left.
    ///
    /// If the next block fills first, an update finishes the old one. The bits are those without deferring.
    pub fn poll(&mut self, rows: usize) -> bool {
        let Some(mut deferred) = self.state.deferred else { return false };
        let (operator, shape, stages) = (self.operator, self.params.shape(), self.stages());
        let parts = self.split();
        if deferred.stage < stages {
            operator.transform_block(parts.waiting, shape.cols, deferred.stage);
            deferred.stage += 1;
        } else {
            let to = deferred.rows.saturating_add(rows.max(1)).min(shape.rows);
            operator.add_block(shape, parts.table, deferred.block, parts.waiting, deferred.rows..to, parts.sums);
            deferred.rows = to;
        }
        let is_left = deferred.rows < shape.rows;
        self.state.deferred = is_left.then_some(deferred);
        is_left
    }

    /// Finishes what [`poll`](Self::poll) has left to do.
    pub fn settle(&mut self) {
        while self.poll(usize::MAX) {}
    }

    /// Adds the rows gathered for a block that is not yet full to the sums: answers and merges then take less time. Later rows
    /// of that block start it anew, which changes sums by rounding at most.
    pub fn flush(&mut self) {
        self.settle();
        if let Some(Window { block, is_empty: false }) = self.state.window.take() {
            let (operator, shape, stages) = (self.operator, self.params.shape(), self.stages());
            let parts = self.split();
            for stage in 0..stages {
                operator.transform_block(parts.window, shape.cols, stage);
            }
            operator.add_block(shape, parts.table, block, parts.window, 0..shape.rows, parts.sums);
            parts.window.fill(L::default());
        }
    }

    const fn stages(&self) -> u32 {
        self.params.block_len.trailing_zeros()
    }

    pub(super) fn check_settled(&self) -> Result<(), Error> {
        match self.state.deferred {
            None => Ok(()),
            Some(_) => Err(Error::Pending),
        }
    }

    /// A row of a block before the current one goes straight to the sums, after whatever waits.
    pub(super) fn check_order(&self, index: u64) -> Result<(), Error> {
        match self.state.window {
            Some(window) if self.block_of(index) < window.block => self.check_settled(),
            _ => Ok(()),
        }
    }

    const fn block_of(&self, index: u64) -> u64 {
        index >> self.stages()
    }

    /// Adds a piece of a row, and works the block off, or puts it off, if the row is its last.
    pub(super) fn add(&mut self, piece: Piece<'_, L>) {
        self.place(piece);
        self.close_full(piece.index);
    }

    /// Adds a piece of a row by the window of its block or straight to the sums: which one depends on the numbers of rows only,
    /// and on their order.
    pub(super) fn place(&mut self, piece: Piece<'_, L>) {
        self.state.is_written = true;
        let block = self.block_of(piece.index);
        match self.state.window {
            _ if self.params.block_len == 1 => self.add_directly(piece),
            Some(window) if block < window.block => self.add_directly(piece),
            Some(window) if block == window.block => self.gather(block, piece),
            _ => {
                self.close_block();
                self.gather(block, piece);
            }
        }
    }

    pub(super) fn close_full(&mut self, index: u64) {
        let is_last = index & (self.params.block_len as u64 - 1) == self.params.block_len as u64 - 1;
        let block = self.block_of(index);
        if is_last && self.state.window.is_some_and(|window| window.block == block) {
            self.close_block();
            self.state.window = (index < u64::MAX).then_some(Window { block: block + 1, is_empty: true });
        }
    }

    pub(super) fn add_directly(&mut self, piece: Piece<'_, L>) {
        let (operator, shape) = (self.operator, self.params.shape());
        let parts = self.split();
        // Shape and piece were checked on the way in.
        let _ = operator.accumulate(shape, parts.table, piece, parts.sums);
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
    fn close_block(&mut self) {
        if !self.params.deferred {
            return self.flush();
        }
        if let Some(Window { block, is_empty: false }) = self.state.window.take() {
            self.settle();
            let parts = self.split();
            parts.waiting.copy_from_slice(parts.window);
            parts.window.fill(L::default());
            self.state.deferred = Some(Deferred { block, stage: 0, rows: 0 });
        }
    }
}
