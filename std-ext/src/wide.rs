//! Wide matrices in memory, through faer's products and eigensolver.
//!
//! # Numerics
//! These answers are **not** bit-identical between families of machines: faer chooses its kernels for the machine and fuses
//! products with sums. They agree with the core's to rounding, and between runs on one machine to the bit (one thread is
//! used). The core's own kernel is as fast up to some hundred columns.

use crate::linalg::packed;
use crate::{CoreError, Error, MatRef};
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef as Faer, Par, Spec};

/// The upper triangle of `A'A`, packed, by a blocked product: to be added to an
/// [`ExactEigen`](crate::eigen::ExactEigen) with its `add_covariance`.
///
/// # Example
/// ```
/// use sketchlet::{MatRef, wide};
/// let rows = MatRef::new(&[1.0, 2.0, 3.0, 4.0], 2, 2)?;
/// assert_eq!(wide::gram(rows), [10.0, 14.0, 20.0]);
/// # Ok::<(), sketchlet::CoreError>(())
/// ```
pub fn gram(rows: MatRef<'_, f64>) -> Vec<f64> {
    let dim = rows.cols();
    let a = Faer::from_row_major_slice(rows.as_slice(), rows.rows(), dim);
    let mut gram = Mat::zeros(dim, dim);
    matmul(
        gram.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Replace,
        a.transpose(),
        BlockStructure::Rectangular,
        a,
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    let mut packed = Vec::with_capacity(packed::len(dim));
    for i in 0..dim {
        packed.extend((i..dim).map(|j| gram[(j, i)]));
    }
    packed
}

/// Eigenvalues, descending, and eigenvectors, one a row, of a packed symmetric matrix.
///
/// # Errors
/// [`CoreError::Storage`] if the matrix has not `dim (dim + 1) / 2` entries, [`CoreError::NonFinite`] if one of them is not
/// finite, [`CoreError::NotConverged`] if the solver gives up.
///
/// # Example
/// ```
/// use sketchlet::wide;
/// let (values, vectors) = wide::eigen(&[2.0, 0.0, 5.0], 2)?;
/// assert!((values[0] - 5.0).abs() < 1e-14 && (vectors[0][1].abs() - 1.0).abs() < 1e-14);
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub fn eigen(matrix: &[f64], dim: usize) -> Result<(Vec<f64>, Vec<Vec<f64>>), Error> {
    let (needed, got) = (packed::len(dim), matrix.len());
    if needed != got {
        return Err(CoreError::Storage { needed, got }.into());
    }
    if let Some(index) = matrix.iter().position(|x| !x.is_finite()) {
        return Err(CoreError::NonFinite { index }.into());
    }
    if dim == 0 {
        // faer subtracts from the dimension.
        return Ok((Vec::new(), Vec::new()));
    }
    let lower = Mat::from_fn(dim, dim, |i, j| if j <= i { matrix[packed::index(dim, j, i)] } else { 0.0 });
    let (mut vectors, mut values) = (Mat::zeros(dim, dim), Diag::zeros(dim));
    let scratch = self_adjoint_evd_scratch::<f64>(dim, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
    self_adjoint_evd(
        lower.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    )
    .map_err(|_| CoreError::NotConverged { residual: f64::INFINITY })?;
    let order = (0..dim).rev();
    let values = order.clone().map(|i| values.column_vector()[i]).collect();
    let vectors = order.map(|k| (0..dim).map(|i| vectors[(i, k)]).collect()).collect();
    Ok((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::{Domain, symmetric, word};

    #[test]
    fn gram_and_eigen_agree_with_the_core() {
        let dim = 37;
        let rows: Vec<f64> = (0..50 * 37).map(|i| symmetric(word(1, Domain::Normal, i))).collect();
        let by_faer = gram(MatRef::new(&rows, 50, dim).unwrap());
        let mut own = vec![0.0; packed::len(dim)];
        packed::add_rows(&mut own, &rows, dim);
        assert!(own.iter().zip(&by_faer).all(|(x, y)| (x - y).abs() < 1e-12));
        let (values, vectors) = eigen(&own, dim).unwrap();
        assert!(values.is_sorted_by(|x, y| x >= y));
        let mut product = vec![0.0; dim];
        packed::multiply(&own, &vectors[0], &mut product);
        assert!(product.iter().zip(&vectors[0]).all(|(y, x)| (y - values[0] * x).abs() < 1e-11 * values[0]));
    }

    #[test]
    fn eigen_refuses_what_is_no_matrix() {
        let error = |matrix: &[f64], dim| eigen(matrix, dim).map(drop).unwrap_err().core();
        assert_eq!(error(&[1.0, 2.0], 2), Some(CoreError::Storage { needed: 3, got: 2 }));
        assert_eq!(error(&[1.0, 2.0, 3.0, 4.0], 2), Some(CoreError::Storage { needed: 3, got: 4 }));
        assert_eq!(error(&[], usize::MAX), Some(CoreError::Storage { needed: packed::len(usize::MAX), got: 0 }));
        assert_eq!(error(&[1.0, f64::NAN, 3.0], 2), Some(CoreError::NonFinite { index: 1 }));
        assert_eq!(eigen(&[], 0).unwrap(), (vec![], vec![]));
    }
}
