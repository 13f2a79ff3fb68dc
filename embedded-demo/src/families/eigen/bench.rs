//! Instructions of rows and of answers.

use super::summaries::{ARENA, Case, Visitor, each};
use crate::board::{Counter, Milli, Stack};
use crate::data::MAX_DIM;
use core::hint::black_box;
use cortex_m_semihosting::hprintln;
use sketchlet_core::Error;
use sketchlet_core::eigen::TopEigen;
use static_cell::ConstStaticCell;

static STORAGE: ConstStaticCell<[f32; ARENA]> = ConstStaticCell::new([0.0; ARENA]);

/// Counts those of every summary.
pub(super) fn all(counter: &mut Counter) -> Result<(), Error> {
    each(STORAGE.take(), &mut Bench { counter })
}

struct Bench<'a> {
    counter: &'a mut Counter,
}

/// Rows after which the cost of a row is looked at. Digits are all about equally long: for the first 256 of them, each is
/// at least 1/256 of the energy so far and thereby heavy.
const SETTLED: usize = 400;

/// Rows that are timed together: as many as Frequent Directions of 8 rows takes from one shrink to the next, and few enough
/// for the 24 bits of the timer on a part without floating-point unit.
const GROUP: usize = 9;

/// Groups, an odd number: those in which a block ends don't move their median.
const GROUPS: usize = 25;

/// The verbs as functions of their own, so that their stack is not part of the bench's frame.
#[inline(never)]
fn update<M: TopEigen<Scalar = f32>>(summary: &mut M, row: &[f32]) -> Result<(), Error> {
    summary.update(row)
}

#[inline(never)]
fn estimate<M: TopEigen<Scalar = f32>>(summary: &mut M, answer: &mut [f32]) -> Result<(), Error> {
    summary.estimate(answer).map(|top| {
        black_box(top.confidence.status);
    })
}

impl Visitor for Bench<'_> {
    /// From an empty summary through the whole table, every update timed; then, once rows are ordinary and blocks are long,
    /// groups of rows, whose median is the cost of a row.
    fn visit<M: TopEigen<Scalar = f32>>(&mut self, case: Case<'_, M>) -> Result<(), Error> {
        let Case { name, mut summary, storage_bytes, state_bytes, table, answer } = case;
        let counter = &mut *self.counter;
        let (mut row, mut outcome) = ([0.0; MAX_DIM], Ok(()));
        let (mut sum, mut longest) = (0, Milli(0));
        Stack::repaint();
        let floor = Stack::in_use();
        for i in 0..table.rows() {
            let row = table.load(i, &mut row);
            let once = counter.count(|| outcome = update(&mut summary, row));
            outcome?;
            sum += once.0;
            longest = longest.max(once);
        }
        let update_stack = Stack::high_water().saturating_sub(floor);
        let mean = sum / table.rows() as u64;
        for i in table.rows()..SETTLED {
            update(&mut summary, table.load(i, &mut row))?;
        }
        let mut groups = [Milli(0); GROUPS];
        for (first, group) in (0..).step_by(GROUP).zip(&mut groups) {
            let rows = first..first + GROUP;
            let converting = || {
                rows.clone().for_each(|i| {
                    black_box(table.load(i, &mut row));
                });
            };
            let feed = counter.count(converting);
            let updating =
                || outcome = rows.clone().try_for_each(|i| update(&mut summary, black_box(table.load(i, &mut row))));
            let whole = counter.count(updating);
            outcome?;
            *group = Milli(whole.0.saturating_sub(feed.0) / GROUP as u64);
        }
        groups.sort_unstable();
        Stack::repaint();
        let answering = counter.count(|| outcome = estimate(&mut summary, answer));
        outcome?;
        let estimate_stack = Stack::high_water().saturating_sub(floor);
        hprintln!(
            "bench {} row {} mean {} longest {} estimate {} bytes {} stack {} {}",
            name,
            groups[GROUPS / 2].0 / 1000,
            mean / 1000,
            longest.0 / 1000,
            answering.0 / 1000,
            storage_bytes + state_bytes,
            update_stack,
            estimate_stack
        );
        Ok(())
    }
}
