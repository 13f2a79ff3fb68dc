//! The blocked Hadamard sketch of rows in memory, at the speed of reading them.
//!
//! The additions are those of [`Srht`] in blocks, in the same tree, so the bits are the same. Columns are kept in strips of one cache
//! line. A block is transformed in two rounds: over 64 neighbouring rows while they are in the nearest cache, then over the
//! 64 groups, one strip at a time, straight into the sketch, whose rows are kept in the order in which they are met.

use super::data::{CHUNK, Data};
use super::source::{Layout, RowBlock};
use crate::linalg::hadamard::{LINES, transform_lines};
use crate::parallel::shares;
use crate::sketch::{BlockRow, SketchShape, Srht};
use crate::{Error, Real};

/// The state of [`Srht`] over all rows, row-major, and how many rows have a weight that is not 0. Threads share the columns, so their number changes no bit.
pub(super) fn sketch<T: Real>(
    data: &mut Data<'_, T>,
    layout: Layout,
    shape: SketchShape,
    threads: usize,
) -> Result<(Vec<T>, u64), Error> {
    if T::BYTES == 4 {
        sketch_by::<T, 16>(data, layout, shape, threads)
    } else {
        sketch_by::<T, 8>(data, layout, shape, threads)
    }
}

fn sketch_by<T: Real, const L: usize>(
    data: &mut Data<'_, T>,
    layout: Layout,
    shape: SketchShape,
    threads: usize,
) -> Result<(Vec<T>, u64), Error> {
    let plan = Plan::new(shape);
    let mut parts: Vec<Strips<T, L>> =
        shares(shape.cols.div_ceil(L), threads).map(|strips| Strips::new(&plan, strips)).collect();
    data.pass_by_parts(&mut parts, |part, first, chunk| {
        part.add_chunk(&plan, layout, first, chunk);
        Ok(())
    })?;
    let mut state = vec![T::ZERO; shape.len()];
    for part in &parts {
        part.copy_state(&plan, shape.cols, &mut state);
    }
    Ok((state, parts.first().map_or(0, |part| part.seen)))
}

/// Which rows of a transformed block go where.
struct Plan {
    shape: SketchShape,
    block_len: usize,
    /// Rows of a group, and groups of a block.
    group: usize,
    groups: usize,
    /// Rows of the sketch in the order of the place in a group, then of the group, with that group before and their number behind.
    visits: Vec<(usize, BlockRow, usize)>,
    /// Where the visits of each place begin.
    starts: Vec<usize>,
}

impl Plan {
    fn new(shape: SketchShape) -> Self {
        let block_len = shape.rows.next_power_of_two().min(CHUNK);
        let group = block_len.min(LINES);
        let mut visits: Vec<(usize, BlockRow, usize)> = Srht::block_rows(shape, &[], block_len)
            .enumerate()
            .map(|(number, row)| (row.place / group, row, number))
            .collect();
        visits.sort_by_key(|&(line, row, _)| (row.place % group, line));
        let starts = (0..=group).map(|place| visits.partition_point(|visit| visit.1.place % group < place)).collect();
        Self { shape, block_len, group, groups: block_len / group, visits, starts }
    }
}

/// Some neighbouring columns of the sketch, in strips of `L`.
struct Strips<T, const L: usize> {
    first: usize,
    count: usize,
    /// A block, strip after strip.
    block: Vec<[T; L]>,
    /// The sketch, strip after strip, rows in the order of the visits.
    state: Vec<[T; L]>,
    /// A group of rows, row after row.
    rows: Vec<[T; L]>,
    signs: Vec<T>,
    seen: u64,
}

impl<T: Real, const L: usize> Strips<T, L> {
    fn new(plan: &Plan, strips: core::ops::Range<usize>) -> Self {
        let count = strips.len();
        let lines = |n: usize| vec![[T::ZERO; L]; n * count];
        let (block, state, rows) = (lines(plan.block_len), lines(plan.visits.len()), lines(plan.group));
        Self { first: strips.start, count, block, state, rows, signs: vec![T::ONE; plan.visits.len()], seen: 0 }
    }

    /// Adds rows, of which the first one begins a block.
    fn add_chunk(&mut self, plan: &Plan, layout: Layout, first: usize, chunk: &RowBlock<'_, T>) {
        self.seen += chunk.rows_that_count();
        pulp::Arch::new().dispatch(AddChunk { strips: self, plan, layout, first, chunk });
    }

    /// The first stages, of one group of rows.
    #[inline(always)]
    fn transform_group(&mut self, plan: &Plan, layout: Layout, index: u64, group: usize, block: &RowBlock<'_, T>) {
        let first = group * plan.group;
        let present = plan.group.min(block.rows().saturating_sub(first));
        for (row, line) in self.rows.chunks_exact_mut(self.count).take(present).enumerate() {
            let factor = block.signed_root_weight(first + row, plan.shape.seed, index + (first + row) as u64);
            layout.copy_row(block, first + row, factor, self.first * L, line.as_flattened_mut());
        }
        self.rows[present * self.count..].fill([T::ZERO; L]);
        for (strip, block) in self.block.chunks_exact_mut(plan.block_len).enumerate() {
            let block = &mut block[first..first + plan.group];
            if present == 0 {
                block.fill([T::ZERO; L]);
                continue;
            }
            let (rows, count) = (&self.rows, self.count);
            transform_lines(block, |i| &rows[i * count + strip]);
        }
    }

    /// The other stages, and the rows that the sketch takes.
    #[inline(always)]
    fn scatter(&mut self, plan: &Plan, number: u64) {
        let position = Srht::block_position(plan.shape, plan.block_len, number);
        for (sign, (_, row, _)) in self.signs.iter_mut().zip(&plan.visits) {
            *sign = T::ONE.negate_if(row.is_negated(position));
        }
        let strips = self.block.chunks_exact(plan.block_len).zip(self.state.chunks_exact_mut(plan.visits.len()));
        let mut lines = [[T::ZERO; L]; LINES];
        for (block, state) in strips {
            for (place, range) in plan.starts.windows(2).enumerate() {
                let lines = &mut lines[..plan.groups];
                transform_lines(lines, |i| &block[i * plan.group + place]);
                let range = range[0]..range[1];
                let visits = plan.visits[range.clone()].iter().zip(&self.signs[range.clone()]);
                for (to, (visit, &sign)) in state[range].iter_mut().zip(visits) {
                    let (mut sum, line) = (*to, lines[visit.0]);
                    for i in 0..L {
                        sum[i] += line[i] * sign;
                    }
                    *to = sum;
                }
            }
        }
    }

    fn copy_state(&self, plan: &Plan, cols: usize, state: &mut [T]) {
        for (strip, lines) in self.state.chunks_exact(plan.visits.len()).enumerate() {
            let from = (self.first + strip) * L;
            let width = L.min(cols - from);
            for (line, visit) in lines.iter().zip(&plan.visits) {
                state[visit.2 * cols + from..][..width].copy_from_slice(&line[..width]);
            }
        }
    }
}

/// Rows on their way into strips. A type, because the shim through which a closure is called would not be inlined, and what is not
/// inlined is compiled without wide instructions.
struct AddChunk<'a, 'b, T, const L: usize> {
    strips: &'a mut Strips<T, L>,
    plan: &'a Plan,
    layout: Layout,
    first: usize,
    chunk: &'a RowBlock<'b, T>,
}

impl<T: Real, const L: usize> pulp::NullaryFnOnce for AddChunk<'_, '_, T, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { strips, plan, layout, first, chunk } = self;
        for from in (0..chunk.rows()).step_by(plan.block_len) {
            let block = chunk.rows_from(from, plan.block_len);
            let index = (first + from) as u64;
            for group in 0..plan.groups {
                strips.transform_group(plan, layout, index, group, &block);
            }
            strips.scatter(plan, index / plan.block_len as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MatRef;
    use crate::random::keyed::{Domain, symmetric, word};
    use crate::sketch::SketchOperator;

    /// The same by the core's operator, block after block.
    fn by_definition<T: Real>(rows: &RowBlock<'_, T>, layout: Layout, shape: SketchShape) -> Vec<T> {
        let block_len = shape.rows.next_power_of_two().min(CHUNK);
        let mut state = vec![T::ZERO; shape.len()];
        for (number, first) in (0..rows.rows()).step_by(block_len).enumerate() {
            let mut block = vec![T::ZERO; block_len * shape.cols];
            for (i, out) in block.chunks_exact_mut(shape.cols).enumerate().take(rows.rows() - first) {
                let negated = <Srht as SketchOperator<T>>::is_negated(&Srht, shape.seed, (first + i) as u64);
                layout.copy_row(rows, first + i, rows.root_weight(first + i).negate_if(negated), 0, out);
            }
            for stage in 0..block_len.trailing_zeros() {
                <Srht as SketchOperator<T>>::transform_block(&Srht, &mut block, shape.cols, stage);
            }
            Srht.add_block(shape, &[], number as u64, &block, 0..shape.rows, &mut state);
        }
        state
    }

    fn bits_are_those_of_the_core_in<T: Real>() {
        for (n, features, targets, m) in
            [(1, 1, 1, 1), (70, 3, 1, 2), (300, 9, 2, 48), (5000, 17, 1, 200), (9000, 5, 1, 700), (4096, 8, 8, 5000)]
        {
            let numbers = |n: usize, salt| -> Vec<T> {
                (0..n as u64).map(|i| symmetric(word(salt, Domain::Normal, i))).collect()
            };
            let (a, b) = (numbers(n * features, 1), numbers(n * targets, 2));
            let weights: Vec<T> = numbers(n, 3).into_iter().map(Real::abs).collect();
            for (constants, weights) in [(0, None), (1, Some(&weights[..]))] {
                let layout = Layout { constants, features, targets };
                let rows = RowBlock {
                    features: MatRef::new(&a, n, features).unwrap(),
                    targets: MatRef::new(&b, n, targets).unwrap(),
                    weights,
                };
                let shape = SketchShape { rows: m, cols: layout.columns(), seed: 5 };
                let expected = by_definition(&rows, layout, shape);
                for threads in [1, 2, 7] {
                    let (state, seen) = sketch(&mut Data::Memory(rows), layout, shape, threads).unwrap();
                    assert!(state == expected && seen == n as u64, "{n} {features} {m} {threads}");
                }
            }
        }
    }

    #[test]
    fn bits_are_those_of_the_core() {
        bits_are_those_of_the_core_in::<f64>();
        bits_are_those_of_the_core_in::<f32>();
    }
}
