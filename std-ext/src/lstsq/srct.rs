//! The circulant sketch of rows, by fast Fourier transforms.
//!
//! Entry `(j, i)` of the sketch depends on `j - i` but for a sign of the row, so the rows of a chunk are convolved with a piece of the
//! sequence of signs. Spectra are added up over the chunks; each column is transformed back once. Sums round otherwise than
//! row by row: these are bits of an answer, not of a summary.

use super::Scalar;
use super::data::{CHUNK, Data};
use super::source::{Layout, RowBlock};
use crate::Error;
use crate::parallel::shares;
use crate::sketch::{Piece, SketchOperator, SketchShape, Srct, Srht};
use core::ops::Range;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// `S A` without its factor, row-major, and how many rows have a weight that is not 0. Threads share the columns, so their
/// number changes no bit.
pub(super) fn sketch<T: Scalar>(
    data: &mut Data<'_, T>,
    layout: Layout,
    shape: SketchShape,
    threads: usize,
) -> Result<(Vec<T>, u64), Error> {
    <Srct as SketchOperator<T>>::check(&Srct, shape)?;
    // What wraps around must not meet the rows of the sketch.
    let length = (shape.rows + CHUNK - 1).next_power_of_two();
    let mut planner = RealFftPlanner::new();
    let forward = planner.plan_fft_forward(length);
    let mut parts: Vec<Share<T>> =
        shares(shape.cols, threads).map(|columns| Share::new(&forward, shape, columns)).collect();
    data.pass_by_parts(&mut parts, |part, first, chunk| part.add_chunk(layout, first, chunk))?;
    let backward = planner.plan_fft_inverse(length);
    let mut state = vec![T::ZERO; shape.len()];
    let mut column = vec![T::ZERO; length];
    let inverse = T::ONE / T::count(length as u64);
    for part in &mut parts {
        for (j, spectrum) in part.columns.clone().zip(part.sums.chunks_exact_mut(length / 2 + 1)) {
            // The ends of a real signal's spectrum are real; rounding may not have left them so. Lengths fit, as planned.
            spectrum[0].im = T::ZERO;
            spectrum[length / 2].im = T::ZERO;
            let _ = backward.process(spectrum, &mut column);
            for (row, &x) in state.chunks_exact_mut(shape.cols).zip(&column) {
                row[j] = x * inverse;
            }
        }
    }
    Ok((state, parts.first().map_or(0, |part| part.seen)))
}

/// Some columns of the sketch, as spectra.
struct Share<T: Scalar> {
    transform: Arc<dyn RealToComplex<T>>,
    shape: SketchShape,
    columns: Range<usize>,
    sums: Vec<Complex<T>>,
    seen: u64,
    signs: Vec<T>,
    rows: Vec<T>,
    signal: Vec<T>,
    kernel: Vec<Complex<T>>,
    spectrum: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

impl<T: Scalar> Share<T> {
    fn new(transform: &Arc<dyn RealToComplex<T>>, shape: SketchShape, columns: Range<usize>) -> Self {
        let bins = transform.complex_len();
        Self {
            sums: vec![Complex::new(T::ZERO, T::ZERO); columns.len() * bins],
            seen: 0,
            signs: vec![T::ZERO; shape.rows + CHUNK - 1],
            rows: vec![T::ZERO; columns.len() * CHUNK],
            signal: transform.make_input_vec(),
            kernel: transform.make_output_vec(),
            spectrum: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform: Arc::clone(transform),
            shape,
            columns,
        }
    }

    fn add_chunk(&mut self, layout: Layout, first: usize, chunk: &RowBlock<'_, T>) -> Result<(), Error> {
        self.seen += chunk.rows_that_count();
        self.transform_signs(first, chunk.rows())?;
        let width = self.columns.len();
        for (row, entries) in self.rows.chunks_exact_mut(width).enumerate().take(chunk.rows()) {
            let factor = chunk.signed_root_weight(row, self.shape.seed, (first + row) as u64);
            layout.copy_row(chunk, row, factor, self.columns.start, entries);
        }
        let bins = self.kernel.len();
        for (j, sums) in self.sums.chunks_exact_mut(bins).enumerate() {
            let column = self.rows.iter().skip(j).step_by(width).take(chunk.rows());
            self.signal.fill(T::ZERO);
            self.signal.iter_mut().zip(column).for_each(|(to, &x)| *to = x);
            let _ = self.transform.process_with_scratch(&mut self.signal, &mut self.spectrum, &mut self.scratch);
            for ((sum, &x), &k) in sums.iter_mut().zip(&self.spectrum).zip(&self.kernel) {
                *sum += x * k;
            }
        }
        Ok(())
    }

    /// The spectrum of the signs that these rows meet: those of the differences from `1 - rows` to that of the last row of the
    /// sketch, the negative ones at the end.
    fn transform_signs(&mut self, first: usize, rows: usize) -> Result<(), Error> {
        let Self { shape, signs, signal, .. } = self;
        // The operator's column of the last row of the chunk, so long that the first row of the sketch meets them all.
        let last = (first + rows - 1) as u64;
        let column = SketchShape { rows: shape.rows + rows - 1, cols: 1, seed: shape.seed };
        let signs = &mut signs[..column.rows];
        signs.fill(T::ZERO);
        let entry = T::ONE.negate_if(<Srht as SketchOperator<T>>::is_negated(&Srht, shape.seed, last));
        Srct.accumulate(column, &[], Piece { index: last, column: 0, entries: &[entry], subtract: false }, signs)?;
        let (negative, others) = signs.split_at(rows - 1);
        signal.fill(T::ZERO);
        signal[..others.len()].copy_from_slice(others);
        let end = signal.len() - negative.len();
        signal[end..].copy_from_slice(negative);
        let _ = self.transform.process_with_scratch(signal, &mut self.kernel, &mut self.scratch);
        Ok(())
    }
}
