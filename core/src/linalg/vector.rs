//! Sums over vectors with 16 fixed lanes and one fixed reduction tree.
//!
//! # Numerics
//! Entry `i` goes to lane `i mod 16`; each lane adds in index order, starting from zero; then lane `i` takes lane `i + 8`,
//! `i + 4`, `i + 2`, `i + 1` in turn. Products are rounded before they are added. Vector units of any width up to 16 lanes
//! run this order as it stands, and so does a machine without any: the bits are the same. The number of lanes is part of
//! every answer of the library and will not change.
//!
//! # Example
//! ```
//! use sketchlet_core::linalg::vector;
//! assert_eq!(vector::dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
//! ```

use crate::Real;
use crate::base::wide;

/// Lanes of every sum.
pub const LANES: usize = 16;

/// Adds lane `i + 8`, `+ 4`, `+ 2`, `+ 1` to lane `i`: the fixed tree.
#[inline(always)]
pub(crate) fn tree<T: Real>(lanes: &[T; LANES]) -> T {
    // The first two levels of the tree, four columns wide; then the last two.
    let four: [T; 4] = core::array::from_fn(|i| (lanes[i] + lanes[i + 8]) + (lanes[i + 4] + lanes[i + 12]));
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Adds the last entries, too few for all lanes. A call of its own keeps the lanes in vector registers before it.
#[inline(never)]
pub(crate) fn add_tail<T: Real>(lanes: &mut [T; LANES], x: &[T], y: &[T]) {
    for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
        *lane += x * y;
    }
}

/// Lanes of a half, for machines on which two sums over all lanes do not fit in the registers.
pub(crate) const HALF: usize = LANES / 2;

/// Lane `i` of a half: the first four of every eight, or the last four. The fixed tree begins within the halves.
#[inline(always)]
pub(crate) const fn lane_of_half(half: usize, i: usize) -> usize {
    8 * (i / 4) + 4 * half + i % 4
}

/// The first level of the fixed tree, within a half.
#[inline(always)]
pub(crate) fn half_tree<T: Real>(lanes: &[T; HALF]) -> [T; HALF / 2] {
    core::array::from_fn(|i| lanes[i] + lanes[i + 4])
}

/// The fixed tree from its second level on.
#[inline(always)]
pub(crate) fn join_halves<T: Real>(halves: [[T; HALF / 2]; 2]) -> T {
    let four: [T; 4] = core::array::from_fn(|i| halves[0][i] + halves[1][i]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Inner product of the common length of two vectors. `2 n` flops.
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    wide::run(
        #[inline(always)]
        || dot_kernel(x, y),
    )
}

#[inline(always)]
fn dot_kernel<T: Real>(x: &[T], y: &[T]) -> T {
    let len = x.len().min(y.len());
    let (x, y) = (&x[..len], &y[..len]);
    let (x, x_tail) = x.as_chunks::<LANES>();
    let (y, y_tail) = y.as_chunks::<LANES>();
    let mut lanes = [T::ZERO; LANES];
    for (x, y) in x.iter().zip(y) {
        for i in 0..LANES {
            lanes[i] += x[i] * y[i];
        }
    }
    let mut sums = lanes;
    wide::settle(&mut sums);
    if !x_tail.is_empty() {
        add_tail(&mut sums, x_tail, y_tail);
    }
    tree(&sums)
}

/// Sum of a term of every pair of entries, over the common length, in the order of [`dot`].
#[inline(always)]
pub(crate) fn sum_of_pairs<A: Copy, T: Real>(x: &[A], y: &[T], term: impl Fn(A, T) -> T) -> T {
    wide::run(
        #[inline(always)]
        || {
            let len = x.len().min(y.len());
            let ((x, x_tail), (y, y_tail)) = (x[..len].as_chunks::<LANES>(), y[..len].as_chunks::<LANES>());
            let mut lanes = [T::ZERO; LANES];
            for (x, y) in x.iter().zip(y) {
                for i in 0..LANES {
                    lanes[i] += term(x[i], y[i]);
                }
            }
            let mut sums = lanes;
            wide::settle(&mut sums);
            for ((sum, &x), &y) in sums.iter_mut().zip(x_tail).zip(y_tail) {
                *sum += term(x, y);
            }
            tree(&sums)
        },
    )
}

/// The same with a weight for every term.
#[inline(always)]
pub(crate) fn sum_of_weighted_pairs<A: Copy, W: Copy, T: Real>(
    weights: &[W],
    x: &[A],
    y: &[T],
    term: impl Fn(W, A, T) -> T,
) -> T {
    wide::run(
        #[inline(always)]
        || {
            let len = x.len().min(y.len()).min(weights.len());
            let (x, x_tail) = x[..len].as_chunks::<LANES>();
            let (y, y_tail) = y[..len].as_chunks::<LANES>();
            let (w, w_tail) = weights[..len].as_chunks::<LANES>();
            let mut lanes = [T::ZERO; LANES];
            for ((x, y), w) in x.iter().zip(y).zip(w) {
                for i in 0..LANES {
                    lanes[i] += term(w[i], x[i], y[i]);
                }
            }
            let mut sums = lanes;
            wide::settle(&mut sums);
            for (((sum, &x), &y), &w) in sums.iter_mut().zip(x_tail).zip(y_tail).zip(w_tail) {
                *sum += term(w, x, y);
            }
            tree(&sums)
        },
    )
}

/// Inner products of `x` with the rows of `matrix`, as [`dot`] gives them. `2 n` flops a row.
pub fn project<T: Real>(matrix: &[T], x: &[T], out: &mut [T]) {
    wide::run(
        #[inline(always)]
        || project_kernel(matrix, x, out),
    );
}

#[inline(always)]
pub(crate) fn project_kernel<T: Real>(matrix: &[T], x: &[T], out: &mut [T]) {
    // Two rows at a time share the loads of x and hide each other's latency. Slices are cut by hand: an iterator over
    // chunks would divide, which costs as much as a short row.
    let dim = x.len();
    let mut done = 0;
    while let Some(pair) = matrix.get(done * dim..(done + 2) * dim)
        && let Some(out) = out.get_mut(done..done + 2)
    {
        let (first, second) = pair.split_at(dim);
        out.copy_from_slice(&dots_kernel(first, second, x));
        done += 2;
    }
    if let (Some(row), Some(out)) = (matrix.get(done * dim..(done + 1) * dim), out.get_mut(done)) {
        *out = dot_kernel(row, x);
    }
}

#[inline(always)]
fn dots_kernel<T: Real>(first: &[T], second: &[T], x: &[T]) -> [T; 2] {
    if wide::HOLDS_TWO_SUMS { dots_at_once(first, second, x) } else { dots_by_halves(first, second, x) }
}

#[inline(always)]
fn dots_by_halves<T: Real>(first: &[T], second: &[T], x: &[T]) -> [T; 2] {
    let (first_chunks, _) = first.as_chunks::<LANES>();
    let (second_chunks, _) = second.as_chunks::<LANES>();
    let (x_chunks, x_tail) = x.as_chunks::<LANES>();
    if !x_tail.is_empty() {
        return [dot_kernel(first, x), dot_kernel(second, x)];
    }
    let [a0, b0] = half_dots::<0, T>(first_chunks, second_chunks, x_chunks);
    let [a1, b1] = half_dots::<1, T>(first_chunks, second_chunks, x_chunks);
    [join_halves([a0, a1]), join_halves([b0, b1])]
}

#[inline(always)]
fn half_dots<const HALF_NUMBER: usize, T: Real>(
    first: &[[T; LANES]],
    second: &[[T; LANES]],
    x: &[[T; LANES]],
) -> [[T; HALF / 2]; 2] {
    let (mut a, mut b) = ([T::ZERO; HALF], [T::ZERO; HALF]);
    for ((x, first), second) in x.iter().zip(first).zip(second) {
        for i in 0..HALF {
            let lane = lane_of_half(HALF_NUMBER, i);
            a[i] += first[lane] * x[lane];
            b[i] += second[lane] * x[lane];
        }
    }
    [half_tree(&a), half_tree(&b)]
}

#[inline(always)]
fn dots_at_once<T: Real>(first: &[T], second: &[T], x: &[T]) -> [T; 2] {
    let (first, first_tail) = first.as_chunks::<LANES>();
    let (second, second_tail) = second.as_chunks::<LANES>();
    let (x, x_tail) = x.as_chunks::<LANES>();
    let (mut a, mut b) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    for ((x, first), second) in x.iter().zip(first).zip(second) {
        for i in 0..LANES {
            a[i] += first[i] * x[i];
            b[i] += second[i] * x[i];
        }
    }
    let mut sums = [a, b];
    wide::settle(&mut sums);
    let [a, b] = &mut sums;
    if !x_tail.is_empty() {
        add_tail(a, first_tail, x_tail);
        add_tail(b, second_tail, x_tail);
    }
    [tree(a), tree(b)]
}

/// Adds `z[i] * x` to row `i` of `matrix`. `2 n` flops a row.
#[inline(always)]
pub(crate) fn accumulate_kernel<T: Real>(matrix: &mut [T], z: &[T], x: &[T]) {
    let dim = x.len();
    let mut done = 0;
    // Three rows at a time, the default width, share the loads of x.
    while let Some(rows) = matrix.get_mut(done * dim..(done + 3) * dim)
        && let Some(&[z0, z1, z2]) = z.get(done..done + 3)
    {
        let (first, rest) = rows.split_at_mut(dim);
        let (second, third) = rest.split_at_mut(dim);
        for (((y0, y1), y2), &x) in first.iter_mut().zip(second).zip(third).zip(x) {
            *y0 += z0 * x;
            *y1 += z1 * x;
            *y2 += z2 * x;
        }
        done += 3;
    }
    if let Some(rows) = matrix.get_mut(done * dim..(done + 2) * dim)
        && let Some(&[z0, z1]) = z.get(done..done + 2)
    {
        let (first, second) = rows.split_at_mut(dim);
        for ((y0, y1), &x) in first.iter_mut().zip(second).zip(x) {
            *y0 += z0 * x;
            *y1 += z1 * x;
        }
        done += 2;
    }
    if let (Some(y), Some(&z)) = (matrix.get_mut(done * dim..(done + 1) * dim), z.get(done)) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y += z * x;
        }
    }
}

/// Adds two outer products, the first one first.
#[inline(always)]
pub(crate) fn accumulate_two_kernel<T: Real>(matrix: &mut [T], first: (&[T], &[T]), second: (&[T], &[T])) {
    let ((z0, x0), (z1, x1)) = (first, second);
    for (i, (&z0, &z1)) in z0.iter().zip(z1).enumerate() {
        let Some(y) = matrix.get_mut(i * x0.len()..(i + 1) * x0.len()) else { return };
        for ((y, &x0), &x1) in y.iter_mut().zip(x0).zip(x1) {
            *y = (*y + z0 * x0) + z1 * x1;
        }
    }
}

/// Projects `x` on the rows of `basis`, stretches the result and adds the outer product of it and `x` to `matrix`: one
/// power step of one row. `z` is scratch.
pub(crate) fn project_and_accumulate<T: Real>(basis: &[T], matrix: &mut [T], x: &[T], f: T, stretch: T, z: &mut [T]) {
    if f == T::ONE && stretch == T::ONE {
        wide::run(
            #[inline(always)]
            || {
                project_kernel(basis, x, z);
                accumulate_kernel(matrix, z, x);
            },
        );
        return;
    }
    for ((v, y), z) in basis.chunks_exact(x.len()).zip(matrix.chunks_exact_mut(x.len())).zip(z) {
        *z = dot_times(x, f, v) * stretch;
        add_scaled_times(y, *z, x, f);
    }
}

/// Sum of the squares. May overflow or vanish: scale first where that matters. `2 n` flops.
pub fn sum_of_squares<T: Real>(x: &[T]) -> T {
    dot(x, x)
}

/// Whether all entries are finite.
pub fn all_finite<T: Real>(x: &[T]) -> bool {
    T::all_finite(x)
}

/// Largest magnitude; zero for an empty vector. The entries must not be NaN.
pub fn max_abs<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |max, x| max.max(x.abs()))
}

/// `y += a x` over the common length. `2 n` flops.
pub fn add_scaled<T: Real>(y: &mut [T], a: T, x: &[T]) {
    wide::run(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += a * x;
            }
        },
    );
}

/// `x *= a`. `n` flops.
pub fn scale<T: Real>(x: &mut [T], a: T) {
    wide::run(
        #[inline(always)]
        || {
            for x in x {
                *x *= a;
            }
        },
    );
}

/// Multiplies by a power of two: exact unless an entry overflows or becomes subnormal.
#[cfg_attr(not(feature = "std"), inline(never))]
pub fn rescale<T: Real>(x: &mut [T], e: i32) {
    let factor = T::ONE.times_power_of_two(e);
    if factor > T::ZERO && factor.is_finite() {
        scale(x, factor);
    } else {
        x.iter_mut().for_each(|x| *x = x.times_power_of_two(e));
    }
}

/// Euclidean norm, safe against overflow and underflow for any finite entries. `2 n` flops for entries of ordinary size.
#[cfg_attr(not(feature = "std"), inline(never))]
pub fn norm<T: Real>(x: &[T]) -> T {
    let square = sum_of_squares(x);
    if T::is_comfortable_square(square) {
        return square.sqrt();
    }
    let largest = max_abs(x);
    if largest == T::ZERO {
        return T::ZERO;
    }
    // The same lanes on scaled entries: no bit depends on which way was taken.
    let e = largest.exponent();
    let mut lanes = [T::ZERO; LANES];
    for (i, &x) in x.iter().enumerate() {
        let x = x.times_power_of_two(-e);
        lanes[i % LANES] += x * x;
    }
    tree(&lanes).sqrt().times_power_of_two(e)
}

/// Inner product of `f x` and `y`, `f` a power of two that brings `x` into range. `3 n` flops.
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn dot_times<T: Real>(x: &[T], f: T, y: &[T]) -> T {
    if f == T::ONE {
        return dot(x, y);
    }
    let mut lanes = [T::ZERO; LANES];
    for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
        lanes[i % LANES] += (x * f) * y;
    }
    tree(&lanes)
}

/// Inner product of `f x` and `g y`, both factors powers of two that bring the vectors into range. `4 n` flops.
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn dot_times_both<T: Real>(x: &[T], f: T, y: &[T], g: T) -> T {
    if f == T::ONE && g == T::ONE {
        return dot(x, y);
    }
    let mut lanes = [T::ZERO; LANES];
    for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
        lanes[i % LANES] += (x * f) * (y * g);
    }
    tree(&lanes)
}

/// Sum of the squares of `f x`. `3 n` flops.
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn dot_times_self<T: Real>(x: &[T], f: T) -> T {
    let mut lanes = [T::ZERO; LANES];
    for (i, &x) in x.iter().enumerate() {
        let x = x * f;
        lanes[i % LANES] += x * x;
    }
    tree(&lanes)
}

/// `y += a (f x)`, `f` a power of two that brings `x` into range. `3 n` flops.
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn add_scaled_times<T: Real>(y: &mut [T], a: T, x: &[T], f: T) {
    if f == T::ONE {
        return add_scaled(y, a, x);
    }
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * (x * f);
    }
}

/// Replaces the `inputs` vectors of length `len` at the front of `vectors` (vector `i` at `i * len`) by
/// `coefficients.len() / inputs` combinations of them, in place: new vector `o` is the sum of old `i` times
/// `coefficients[o * inputs + i]`. There may not be more new vectors than old ones. `scratch` holds at least `inputs`
/// scalars; with 16 times as many the work is done at full speed.
pub(crate) fn combine_in_place<T: Real>(
    vectors: &mut [T],
    len: usize,
    inputs: usize,
    coefficients: &[T],
    scratch: &mut [T],
) {
    wide::run(
        #[inline(always)]
        || {
            // A strip of columns is copied out, so that its place is free; within it, some columns share a register.
            let strip = (scratch.len() / inputs).min(len);
            let mut from = 0;
            while from < len {
                let width = strip.min(len - from);
                for (i, copy) in scratch.chunks_exact_mut(width).take(inputs).enumerate() {
                    copy.copy_from_slice(&vectors[i * len + from..][..width]);
                }
                for (o, weights) in coefficients.chunks_exact(inputs).enumerate() {
                    let (wide, narrow) = vectors[o * len + from..][..width].as_chunks_mut::<LANES>();
                    let mut at = 0;
                    for out in wide {
                        *out = combined(weights, scratch, width, at);
                        at += LANES;
                    }
                    for out in narrow {
                        [*out] = combined(weights, scratch, width, at);
                        at += 1;
                    }
                }
                from += width;
            }
        },
    );
}

/// Columns `at..at + N` of the combination of the rows of `rows`, `width` entries each.
#[inline(always)]
fn combined<T: Real, const N: usize>(weights: &[T], rows: &[T], width: usize, at: usize) -> [T; N] {
    let mut sums = [T::ZERO; N];
    for (&weight, row) in weights.iter().zip(rows.chunks_exact(width)) {
        if let Some(row) = row[at..].first_chunk::<N>() {
            for i in 0..N {
                sums[i] += weight * row[i];
            }
        }
    }
    sums
}

/// Scales to unit length and returns the length before; a zero vector stays as it is.
#[cfg_attr(not(feature = "std"), inline(never))]
pub fn normalize<T: Real>(x: &mut [T]) -> T {
    let square = sum_of_squares(x);
    if T::is_comfortable_square(square) {
        let length = square.sqrt();
        scale(x, T::ONE / length);
        return length;
    }
    let largest = max_abs(x);
    if largest == T::ZERO {
        return T::ZERO;
    }
    // Into [1, 2) by an exact power of two first: the sum of squares can then neither overflow nor vanish.
    let e = largest.exponent();
    rescale(x, -e);
    let length = sum_of_squares(x).sqrt();
    scale(x, T::ONE / length);
    length.times_power_of_two(e)
}

/// Takes the components along the orthonormal rows `basis` out of `x`, twice, so that what is left is orthogonal to
/// working precision (modified Gram-Schmidt with reorthogonalisation). `8 n` flops a basis row.
pub fn orthogonalize<T: Real>(x: &mut [T], basis: &[T]) {
    if x.is_empty() {
        return;
    }
    for _ in 0..2 {
        for row in basis.chunks_exact(x.len()) {
            let along = dot(row, x);
            add_scaled(x, -along, row);
        }
    }
}

/// Turns `x` so that its first nonzero entry is positive; "nonzero" means above `8 eps max|x|`.
pub fn fix_sign<T: Real>(x: &mut [T]) {
    let noise = T::constant(8.0) * T::EPSILON * max_abs(x);
    if x.iter().find(|x| x.abs() > noise).is_some_and(|&x| x < T::ZERO) {
        // A difference: zeros keep their sign.
        x.iter_mut().for_each(|x| *x = T::ZERO - *x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers<T: Real>(n: u64, salt: u64) -> std::vec::Vec<T> {
        use crate::random::keyed::{Domain, symmetric, word};
        (0..n).map(|i| symmetric(word(salt, Domain::Normal, i))).collect()
    }

    /// The documented order, written out naively.
    fn dot_by_definition<T: Real>(x: &[T], y: &[T]) -> T {
        let mut lanes = [T::ZERO; 16];
        for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
            lanes[i % 16] += x * y;
        }
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        lanes[0]
    }

    #[test]
    fn dot_follows_the_documented_order_to_the_bit() {
        for n in (0..70).chain([255, 256, 1000]) {
            let (x, y) = (numbers::<f32>(n, 1), numbers::<f32>(n, 2));
            assert_eq!(dot(&x, &y).to_bits(), dot_by_definition(&x, &y).to_bits(), "{n}");
            let (x, y) = (numbers::<f64>(n, 1), numbers::<f64>(n, 2));
            assert_eq!(dot(&x, &y).to_bits(), dot_by_definition(&x, &y).to_bits(), "{n}");
        }
    }

    #[test]
    fn sums_by_halves_have_the_bits_of_dot() {
        for len in [0, 5, 16, 48, 64, 67] {
            let (x, y, z) = (numbers::<f32>(len, 1), numbers::<f32>(len, 2), numbers::<f32>(len, 3));
            let expected = [dot_by_definition(&x, &z), dot_by_definition(&y, &z)];
            assert_eq!(dots_by_halves(&x, &y, &z), expected);
            assert_eq!(dots_at_once(&x, &y, &z), expected);
        }
    }

    #[test]
    fn fused_kernels_have_the_bits_of_dot_and_add_scaled() {
        for (rows, len) in [(1, 5), (2, 16), (3, 9), (4, 64), (5, 67)] {
            let n = len as u64;
            let basis = numbers::<f32>(rows as u64 * n, 3);
            let (x0, x1) = (numbers::<f32>(n, 4), numbers::<f32>(n, 5));
            let mut z = std::vec![0.0; rows];
            project(&basis, &x0, &mut z);
            let mut separate = numbers::<f32>(n * rows as u64, 6);
            let (mut one, mut two) = (separate.clone(), separate.clone());
            for (i, row) in basis.chunks_exact(len).enumerate() {
                assert_eq!(z[i], dot(row, &x0));
                add_scaled(&mut separate[i * len..(i + 1) * len], z[i], &x0);
                add_scaled(&mut separate[i * len..(i + 1) * len], z[i], &x1);
            }
            accumulate_two_kernel(&mut two, (&z, &x0), (&z, &x1));
            project_and_accumulate(&basis, &mut one, &x0, 1.0, 1.0, &mut z);
            accumulate_kernel(&mut one, &z, &x1);
            assert_eq!(two, separate);
            assert_eq!(one, separate);
        }
    }

    #[test]
    fn norm_has_the_bits_of_any_scale() {
        let x = numbers::<f32>(37, 8);
        let scaled = |e: i32| x.iter().map(|x| x.times_power_of_two(e)).collect::<std::vec::Vec<f32>>();
        let unit = |e| {
            let mut x = scaled(e);
            (normalize(&mut x).times_power_of_two(-e), x)
        };
        for e in [-100, -60, -1, 30, 100] {
            assert_eq!(norm(&scaled(e)), norm(&x).times_power_of_two(e), "{e}");
            assert_eq!(unit(e), unit(0), "{e}");
        }
        let mut tiny = [f64::from_bits(3), -0.0, f64::from_bits(4)];
        assert_eq!(normalize(&mut tiny), f64::from_bits(5));
        assert!((tiny[0] - 0.6).abs() < 1e-15);
    }

    #[test]
    fn normalize_is_safe_at_both_ends_of_the_range() {
        for e in [-140, -60, 0, 60, 120] {
            let mut x = [3.0f32.times_power_of_two(e), 4.0f32.times_power_of_two(e)];
            assert_eq!(norm(&x), 5.0f32.times_power_of_two(e));
            let length = normalize(&mut x);
            assert_eq!(length, 5.0f32.times_power_of_two(e));
            assert!((x[0] - 0.6).abs() <= 1e-7 && (x[1] - 0.8).abs() <= 1e-7);
        }
    }

    #[test]
    fn fix_sign_ignores_noise() {
        let mut x = [-1e-18, -0.5, 0.2];
        fix_sign(&mut x);
        assert_eq!(x, [1e-18, 0.5, -0.2]);
    }
}
