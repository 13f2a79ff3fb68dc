//! Residuals and gradients, `b - A x` and `A'(b - A x)`, in one pass over the rows.

use super::data::Data;
use super::source::{Layout, RowBlock};
use super::{Scalar, dense};
use crate::linalg::vector;
use crate::{Error, Real};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// Rows that are worked on while they are in the second cache.
const PANEL_BYTES: usize = 1 << 18;

/// What a pass adds up: gradients, coefficients x targets, and squares of the residuals.
#[derive(Clone)]
pub(super) struct Sums<T> {
    pub(super) gradient: Mat<T>,
    pub(super) squares: Vec<T>,
    /// Rows with a weight that is not 0.
    pub(super) rows: u64,
}

impl<T: Scalar> Sums<T> {
    pub(super) fn zero(layout: Layout) -> Self {
        let squares = vec![T::ZERO; layout.targets];
        Self { gradient: Mat::zeros(layout.coefficients(), layout.targets), squares, rows: 0 }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.gradient += &other.gradient;
        self.squares.iter_mut().zip(&other.squares).for_each(|(sum, &x)| *sum += x);
        self.rows += other.rows;
    }
}

/// What is multiplied with the rows: `scale[u] b_u - A x_u`, or `- A x_u` if the targets don't take part.
pub(super) struct Operand<T> {
    /// Coefficients x targets.
    pub(super) x: Mat<T>,
    /// Powers of two for the targets; 0 leaves them out.
    pub(super) scales: Vec<T>,
}

/// The sum over all rows.
pub(super) fn gradient<T: Scalar>(
    data: &mut Data<'_, T>,
    layout: Layout,
    operand: &Operand<T>,
    threads: usize,
) -> Result<Sums<T>, Error> {
    let whole = data.pass(
        threads,
        |&mut (), _, chunk| {
            let mut part = Sums::zero(layout);
            for panel in panels(&chunk) {
                add_panel(&mut part, &panel, layout, operand);
            }
            Ok(part)
        },
        |sum, part| {
            sum.add(&part);
            Ok(())
        },
    )?;
    Ok(whole.unwrap_or_else(|| Sums::zero(layout)))
}

/// Pieces of a chunk that fit in the second cache.
pub(super) fn panels<'a, T: Real>(chunk: &RowBlock<'a, T>) -> impl Iterator<Item = RowBlock<'a, T>> + use<'a, T> {
    let width = (chunk.features.cols() + chunk.targets.cols()).max(1) * T::BYTES;
    let rows = (PANEL_BYTES / width).next_multiple_of(8).clamp(32, 512);
    let chunk = *chunk;
    (0..chunk.rows()).step_by(rows).map(move |first| chunk.rows_from(first, rows))
}

/// Adds the rows of a panel.
pub(super) fn add_panel<T: Scalar>(sum: &mut Sums<T>, panel: &RowBlock<'_, T>, layout: Layout, operand: &Operand<T>) {
    sum.rows += panel.rows_that_count();
    if layout.targets > 1 {
        return add_by_products(sum, panel, layout, operand);
    }
    let x: Vec<T> = operand.x.col(0).iter().copied().collect();
    let mut gradient: Vec<T> = sum.gradient.col(0).iter().copied().collect();
    let kernel = AddPanel { panel, layout, x: &x, scale: operand.scales[0], gradient: &mut gradient };
    sum.squares[0] += pulp::Arch::new().dispatch(kernel);
    sum.gradient.col_mut(0).iter_mut().zip(&gradient).for_each(|(to, &from)| *to = from);
}

fn add_by_products<T: Scalar>(sum: &mut Sums<T>, panel: &RowBlock<'_, T>, layout: Layout, operand: &Operand<T>) {
    let (rows, constants) = (panel.rows(), layout.constants);
    let a = MatRef::from_row_major_slice(panel.features.as_slice(), rows, layout.features);
    let mut residual = Mat::from_fn(rows, layout.targets, |i, u| {
        let constant = if constants == 1 { operand.x[(0, u)] } else { T::ZERO };
        let target = panel.targets.as_slice()[i * layout.targets + u];
        let scaled = if operand.scales[u] == T::ZERO { T::ZERO } else { target * operand.scales[u] };
        scaled - constant
    });
    let x = operand.x.submatrix(constants, 0, layout.features, layout.targets);
    matmul(residual.as_mut(), Accum::Add, a, x, -T::ONE, Par::Seq);
    for u in 0..layout.targets {
        for i in 0..rows {
            let r = residual[(i, u)];
            let weighted = panel.weights.map_or(r, |weights| r * weights[i]);
            sum.squares[u] += r * weighted;
            residual[(i, u)] = weighted;
            if constants == 1 {
                sum.gradient[(0, u)] += weighted;
            }
        }
    }
    let gradient = sum.gradient.as_mut().subrows_mut(constants, layout.features);
    matmul(gradient, Accum::Add, a.transpose(), residual.as_ref(), T::ONE, Par::Seq);
}

/// One target: products and sums of four rows at a time while they are in the first cache.
struct AddPanel<'a, 'b, T> {
    panel: &'a RowBlock<'b, T>,
    layout: Layout,
    x: &'a [T],
    scale: T,
    gradient: &'a mut [T],
}

/// Lanes of a sum.
const LANES: usize = 8;

impl<T: Real> pulp::NullaryFnOnce for AddPanel<'_, '_, T> {
    type Output = T;

    #[inline(always)]
    fn call(self) -> T {
        let Self { panel, layout, x, scale, gradient } = self;
        let (constant, x) = x.split_at(layout.constants);
        let constant = constant.first().copied().unwrap_or(T::ZERO);
        let (first, gradient) = gradient.split_at_mut(layout.constants);
        let (width, rows) = (layout.features, panel.rows());
        let (a, b) = (panel.features.as_slice(), panel.targets.as_slice());
        let is_zero = x.iter().all(|&x| x == T::ZERO);
        let mut square = T::ZERO;
        let mut total = T::ZERO;
        for from in (0..rows).step_by(4) {
            let count = (rows - from).min(4);
            // Rows behind the last one are the last one again, and count for nothing.
            let row = |r: usize| {
                let row = from + r.min(count - 1);
                &a[row * width..row * width + width]
            };
            let tile = [row(0), row(1), row(2), row(3)];
            let products = if is_zero { [T::ZERO; 4] } else { dots(tile, x) };
            let mut weighted = [T::ZERO; 4];
            for r in 0..count {
                let target = if scale == T::ZERO { T::ZERO } else { b[from + r] * scale };
                let residual = (target - constant) - products[r];
                weighted[r] = panel.weights.map_or(residual, |weights| residual * weights[from + r]);
                square += residual * weighted[r];
                total += weighted[r];
            }
            add_rows(gradient, tile, weighted);
        }
        first.iter_mut().for_each(|first| *first += total);
        square
    }
}

#[inline(always)]
fn dots<T: Real>(rows: [&[T]; 4], x: &[T]) -> [T; 4] {
    let [a, b, c, d] = rows;
    let (x, x_tail) = x.as_chunks::<LANES>();
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let ((c, c_tail), (d, d_tail)) = (c.as_chunks::<LANES>(), d.as_chunks::<LANES>());
    let mut sums = [[T::ZERO; LANES]; 4];
    for ((((x, a), b), c), d) in x.iter().zip(a).zip(b).zip(c).zip(d) {
        for i in 0..LANES {
            sums[0][i] += a[i] * x[i];
        }
        for i in 0..LANES {
            sums[1][i] += b[i] * x[i];
        }
        for i in 0..LANES {
            sums[2][i] += c[i] * x[i];
        }
        for i in 0..LANES {
            sums[3][i] += d[i] * x[i];
        }
    }
    // The sums of the lanes must not reach back into the loop.
    let mut sums = core::hint::black_box(sums);
    for (sums, tail) in sums.iter_mut().zip([a_tail, b_tail, c_tail, d_tail]) {
        for ((sum, &a), &x) in sums.iter_mut().zip(tail).zip(x_tail) {
            *sum += a * x;
        }
    }
    sums.map(|s| ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])))
}

#[inline(always)]
fn add_rows<T: Real>(gradient: &mut [T], rows: [&[T]; 4], factors: [T; 4]) {
    let [a, b, c, d] = rows;
    for ((((g, &a), &b), &c), &d) in gradient.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *g += (a * factors[0] + b * factors[1]) + (c * factors[2] + d * factors[3]);
    }
}

/// Karlson and Walden's estimate of the smallest relative change of `A` that makes `x` exact: with `R` a triangle of `A`,
/// `|(R'R + phi^2)^(-1/2) g| / (|x| |R|)`, `phi = |r| / |x|`.
pub(super) fn backward_error<T: Scalar>(r: &Mat<T>, largest: T, x: &[T], gradient: &[T], square: T) -> T {
    let dim = r.ncols();
    let norm = vector::norm(x);
    if dim == 0 || norm == T::ZERO {
        return T::ZERO;
    }
    let phi = Real::sqrt(square) / norm;
    let factor = dense::triangle_of_two(dim, |i, j| r[(i, j)], |i, j| if i == j { phi } else { T::ZERO });
    let mut solved = Mat::from_fn(dim, 1, |i, _| gradient[i]);
    dense::solve_lower(factor.transpose(), solved.as_mut());
    dense::norm(solved.col(0)) / (norm * largest)
}
