//! Rows on their way into the sums: gathered into blocks, and blocks worked off at once or step by step.

use super::SketchedLeastSquares;
use crate::sketch::{Piece, SketchOperator};
use crate::{Error, Lane, Rule, Storage};

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

    /// Adds the rows gathered for a block that is not yet full to the sums: answers then take less time. Later rows of that
    /// block start it anew, which changes sums by rounding at most.
    pub fn flush(&mut self) {
        self.settle();
        if let Some(number) = self.state.block.take() {
            let (operator, shape, stages) = (self.operator, self.params.shape(), self.stages());
            let parts = self.split();
            for stage in 0..stages {
                operator.transform_block(parts.window, shape.cols, stage);
            }
            operator.add_block(shape, parts.table, number, parts.window, 0..shape.rows, parts.sums);
            parts.window.fill(L::default());
        }
    }

    const fn stages(&self) -> u32 {
        self.params.block_len.trailing_zeros()
    }

    pub(super) fn check_settled(&self) -> Result<(), Error> {
        match self.state.deferred {
            None => Ok(()),
            Some(_) => Err(Error::Parameter { name: "pending", rule: Rule::Settled }),
        }
    }

    /// A row of a block before the current one goes straight to the sums, after whatever waits.
    pub(super) fn check_order(&self, index: u64) -> Result<(), Error> {
        match self.state.block {
            Some(current) if self.block_of(index) < current => self.check_settled(),
            _ => Ok(()),
        }
    }

    const fn block_of(&self, index: u64) -> u64 {
        index >> self.stages()
    }

    /// Adds a piece of a row, by the window of its block or straight to the sums: which one depends on the numbers only.
    pub(super) fn add(&mut self, piece: Piece<'_, L>) {
        self.state.is_written = true;
        let block = self.block_of(piece.index);
        match self.state.block {
            _ if self.params.block_len == 1 => self.add_directly(piece),
            Some(current) if block < current => self.add_directly(piece),
            Some(current) if block == current => self.gather(piece),
            _ => {
                self.close_block();
                self.state.block = Some(block);
                self.gather(piece);
            }
        }
    }

    pub(super) fn add_directly(&mut self, piece: Piece<'_, L>) {
        let (operator, shape) = (self.operator, self.params.shape());
        let parts = self.split();
        // Shape and piece were checked on the way in.
        let _ = operator.accumulate(shape, parts.table, piece, parts.sums);
    }

    fn gather(&mut self, piece: Piece<'_, L>) {
        let (cols, len) = (self.params.columns, self.params.block_len as u64);
        let negated = self.operator.is_negated(self.params.seed, piece.index) != piece.subtract;
        #[allow(clippy::cast_possible_truncation, reason = "below the length of a block")]
        let from = (piece.index & (len - 1)) as usize * cols + piece.column;
        for (to, &x) in self.split().window[from..].iter_mut().zip(piece.entries) {
            *to = to.plus(x.negate_if(negated));
        }
    }

    /// The current block is complete: works it off, or puts it off.
    fn close_block(&mut self) {
        if !self.params.deferred {
            return self.flush();
        }
        self.settle();
        if let Some(block) = self.state.block.take() {
            let parts = self.split();
            parts.waiting.copy_from_slice(parts.window);
            parts.window.fill(L::default());
            self.state.deferred = Some(Deferred { block, stage: 0, rows: 0 });
        }
    }
}
