//! The sketch of `--sketch pooled`: a Walsh-Hadamard transform of the signed rows, permuted, whose entries are summed in groups
//! with normal weights, `S = B D_gamma Pi F D_sigma J`.

use super::data::Data;
use super::sketch::Sketch;
use super::source::Layout;
use crate::linalg::hadamard;
use crate::parallel::{each, shares};
use crate::random::keyed::{Domain, below, normal_pair, word};
use crate::sketch::SketchShape;
use crate::{CoreError, Error, Real};
use core::ops::Range;

/// `S A`, whole. The rows are padded to `N` (`J`), get random signs (`D_sigma`), the Hadamard transform over `sqrt N` (`F`), a uniform
/// permutation (`Pi`), normal weights (`D_gamma`), and are summed in as many blocks as the sketch has rows (`B`).
pub(super) fn sketch<T: Real>(
    data: &mut Data<'_, T>,
    layout: Layout,
    shape: SketchShape,
    threads: usize,
) -> Result<(Vec<T>, u64), Error> {
    let Data::Memory(rows) = data else {
        return Err(CoreError::Parameter { name: &"sketch", rule: Sketch::STREAMABLE }.into());
    };
    let (n, m, seed) = (rows.rows(), shape.rows, shape.seed);
    let pool = n.div_ceil(m).max(4 * layout.coefficients()).next_power_of_two();
    let padded = m * pool;
    let mut places: Vec<usize> = (0..padded).collect();
    for i in (1..padded).rev() {
        #[allow(clippy::cast_possible_truncation, reason = "below a length")]
        places.swap(i, below(word(seed, Domain::Shuffle, i as u64), i as u64 + 1) as usize);
    }
    let mut weights = Vec::with_capacity(padded);
    for pair in 0..padded.div_ceil(2) {
        let (first, second) = normal_pair::<T>(word(seed, Domain::Normal, pair as u64));
        weights.extend([first, second]);
    }
    let scale = T::ONE / Real::sqrt(T::count(padded as u64));
    // A part is some columns of the sketch, column after column.
    let mut parts: Vec<(Range<usize>, Vec<T>)> =
        shares(shape.cols, threads).map(|columns| (columns.clone(), vec![T::ZERO; columns.len() * m])).collect();
    each(&mut parts, |(columns, sums)| {
        let mut column = vec![T::ZERO; padded];
        for (j, sums) in columns.clone().zip(sums.chunks_exact_mut(m)) {
            column.fill(T::ZERO);
            for (i, to) in column.iter_mut().take(n).enumerate() {
                let factor = rows.signed_root_weight(i, seed, i as u64);
                layout.copy_row(rows, i, factor * scale, j, core::slice::from_mut(to));
            }
            hadamard::transform(&mut column)?;
            let pools = places.chunks_exact(pool).zip(weights.chunks_exact(pool));
            for (sum, (places, weights)) in sums.iter_mut().zip(pools) {
                *sum = places.iter().zip(weights).fold(T::ZERO, |sum, (&place, &weight)| sum + weight * column[place]);
            }
        }
        Ok::<(), Error>(())
    })?;
    let mut state = vec![T::ZERO; shape.len()];
    for (columns, sums) in parts {
        for (j, sums) in columns.zip(sums.chunks_exact(m)) {
            state.chunks_exact_mut(shape.cols).zip(sums).for_each(|(row, &sum)| row[j] = sum);
        }
    }
    Ok((state, rows.rows_that_count()))
}
