//! Matrices of ndarray and faer as rows of this library, without a copy.
//!
//! A [`MatRef`] has its rows one after another without gaps. A matrix of another crate that is laid out so becomes one
//! without a copy; any other is refused with its strides, and the copy, which takes as much memory again, is left to you.
//!
//! | feature | crate | laid out by rows | what to do with columns |
//! |---|---|---|---|
//! | `ndarray` | ndarray 0.17 | the default; not after `t()` or a slice of columns | `as_standard_layout()` |
//! | `faer` | faer 0.24 | never a `Mat`, which goes by columns; a view by `from_row_major_slice` | keep rows as columns, without padding, and pass `transpose()` |
//!
//! A matrix by columns without padding, such as nalgebra's, is the transpose of one by rows: keep the observations as its
//! columns, and [`MatRef::new`] takes its slice as it is.

use crate::MatRef;
use std::fmt;

/// The strides of a matrix that is not laid out row after row: entries from one row to the next, and from one column to
/// the next.
///
/// # Example
/// ```
/// # #[cfg(feature = "ndarray")] {
/// use ndarray::{array, s};
/// use sketchlet::views::from_ndarray;
/// let numbers = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let error = from_ndarray(numbers.slice(s![.., 1..])).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "2 x 2 matrix has strides (3, 1), rows without gaps have (2, 1): copy it to row-major order",
/// );
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRowMajor {
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Entries from one row to the next, and from one column to the next.
    pub strides: (isize, isize),
}

impl fmt::Display for NotRowMajor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((rows, cols), (row, col)) = (self.shape, self.strides);
        write!(
            f,
            "{rows} x {cols} matrix has strides ({row}, {col}), rows without gaps have ({cols}, 1): copy it to row-major order"
        )
    }
}

impl std::error::Error for NotRowMajor {}

impl From<NotRowMajor> for crate::Error {
    fn from(error: NotRowMajor) -> Self {
        Self::data(error.to_string())
    }
}

/// The rows of an `&Array2` or an `ArrayView2`.
///
/// # Errors
/// [`NotRowMajor`] unless the array is in standard layout.
///
/// # Example
/// ```
/// use ndarray::Array2;
/// use sketchlet::views::from_ndarray;
/// use sketchlet::{RowSummary, eigen::{ExactEigen, ExactEigenParams}};
/// let numbers = Array2::from_shape_fn((100, 3), |(i, j)| (i % 7 + j) as f64);
/// let mut summary = ExactEigen::new(ExactEigenParams::new(3))?;
/// summary.update_batch(from_ndarray(&numbers)?)?;
/// assert_eq!(summary.rows_seen(), 100);
/// assert!(from_ndarray(numbers.t()).is_err());
/// # Ok::<(), sketchlet::Error>(())
/// ```
#[cfg(feature = "ndarray")]
#[cfg_attr(docsrs, doc(cfg(feature = "ndarray")))]
pub fn from_ndarray<'a, T: 'a>(array: impl Into<ndarray::ArrayView2<'a, T>>) -> Result<MatRef<'a, T>, NotRowMajor> {
    let array = array.into();
    let (shape, strides) = (array.dim(), array.strides());
    let refused = NotRowMajor { shape, strides: (strides[0], strides[1]) };
    let numbers = array.to_slice().ok_or(refused)?;
    MatRef::new(numbers, shape.0, shape.1).map_err(|_| refused)
}

/// The rows of a view that goes by rows.
///
/// # Errors
/// [`NotRowMajor`] unless columns are one entry apart, and rows as many as there are columns. A `Mat` goes by columns;
/// only where one of the two numbers is 1 is that the same.
///
/// # Example
/// ```
/// use faer::{MatRef, mat};
/// use sketchlet::views::from_faer;
/// let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let rows = from_faer(MatRef::from_row_major_slice(&numbers, 2, 3))?;
/// assert_eq!(rows.row(1), Some(&[4.0, 5.0, 6.0][..]));
/// // The observations as columns.
/// let rows = from_faer(MatRef::from_column_major_slice(&numbers, 3, 2).transpose())?;
/// assert_eq!(rows.row(1), Some(&[4.0, 5.0, 6.0][..]));
/// assert!(from_faer(mat![[1.0, 2.0], [3.0, 4.0]].as_ref()).is_err());
/// # Ok::<(), sketchlet::Error>(())
/// ```
#[cfg(feature = "faer")]
#[cfg_attr(docsrs, doc(cfg(feature = "faer")))]
pub fn from_faer<T>(matrix: faer::MatRef<'_, T>) -> Result<MatRef<'_, T>, NotRowMajor> {
    let (rows, cols) = matrix.shape();
    let strides = (matrix.row_stride(), matrix.col_stride());
    let refused = NotRowMajor { shape: (rows, cols), strides };
    // Strides count where there is something to step to.
    let in_row = cols <= 1 || strides.1 == 1;
    let row_after_row = rows <= 1 || usize::try_from(strides.0) == Ok(cols);
    if rows == 0 || cols == 0 {
        return MatRef::new(&[], rows, cols).map_err(|_| refused);
    }
    if !(in_row && row_after_row) {
        return Err(refused);
    }
    // SAFETY: faer's view promises that entry (i, j) lies `i * row_stride + j * col_stride` behind the pointer, within one
    // allocation that is borrowed for the view's lifetime. With these strides those are the `rows * cols` entries from the
    // pointer on, each exactly once.
    #[allow(unsafe_code, reason = "faer hands out slices of single rows and columns only")]
    let numbers = unsafe { std::slice::from_raw_parts(matrix.as_ptr(), rows * cols) };
    MatRef::new(numbers, rows, cols).map_err(|_| refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "ndarray")]
    #[test]
    fn ndarray_by_rows_is_viewed_in_place() {
        use ndarray::{Array2, Axis, ShapeBuilder, s};
        let array = Array2::from_shape_fn((4, 3), |(i, j)| [i, j]);
        let view = from_ndarray(&array).unwrap();
        assert_eq!((view.rows(), view.cols()), (4, 3));
        assert_eq!(view.as_slice().as_ptr(), array.as_ptr());
        assert_eq!(view.row(2), Some(&[[2, 0], [2, 1], [2, 2]][..]));
        assert_eq!(from_ndarray(array.slice(s![1..3, ..])).unwrap().row(0), view.row(1));
        assert_eq!(from_ndarray(array.slice(s![1..2, 1..])).unwrap().as_slice(), [[1, 1], [1, 2]]);

        let strides = |view| from_ndarray::<[usize; 2]>(view).unwrap_err().strides;
        assert_eq!(strides(array.t()), (1, 3));
        assert_eq!(strides(array.slice(s![.., ..2])), (3, 1));
        assert_eq!(strides(array.slice(s![..;2, ..])), (6, 1));
        assert_eq!(strides(array.slice(s![..;-1, ..])), (-3, 1));
        assert_eq!(strides(array.slice(s![.., ..;-1])), (3, -1));
        assert!(from_ndarray(&Array2::<f64>::zeros((4, 3).f())).is_err());
        let one = ndarray::arr1(&[1.0, 2.0]);
        assert!(from_ndarray(one.view().insert_axis(Axis(0)).broadcast((3, 2)).unwrap()).is_err());
        let none = Array2::<f64>::zeros((0, 3));
        assert_eq!((from_ndarray(&none).unwrap().rows(), from_ndarray(&none).unwrap().cols()), (0, 3));
    }

    #[cfg(feature = "faer")]
    #[test]
    fn faer_by_rows_is_viewed_in_place() {
        use faer::{Mat, MatRef as Faer};
        let numbers: Vec<usize> = (0..12).collect();
        let by_rows = Faer::from_row_major_slice(&numbers, 4, 3);
        let view = from_faer(by_rows).unwrap();
        assert_eq!((view.rows(), view.cols()), (4, 3));
        assert_eq!(view.as_slice().as_ptr_range(), numbers.as_ptr_range());
        assert_eq!(from_faer(by_rows.subrows(1, 2)).unwrap().as_slice(), &numbers[3..9]);
        assert_eq!(from_faer(by_rows.submatrix(1, 1, 1, 2)).unwrap().as_slice(), &numbers[4..6]);
        assert_eq!(from_faer(Faer::from_column_major_slice(&numbers, 12, 1)).unwrap().as_slice(), numbers);
        assert_eq!(from_faer(Faer::from_column_major_slice(&numbers, 1, 12)).unwrap().as_slice(), numbers);

        let strides = |view| from_faer::<usize>(view).unwrap_err().strides;
        assert_eq!(strides(by_rows.transpose()), (1, 3));
        assert_eq!(strides(by_rows.subcols(0, 2)), (3, 1));
        assert_eq!(strides(by_rows.subcols(1, 1)), (3, 1));
        assert_eq!(strides(by_rows.reverse_rows()), (-3, 1));
        assert_eq!(strides(by_rows.reverse_cols()), (3, -1));
        assert_eq!(strides(Faer::from_column_major_slice(&numbers, 4, 3)), (1, 4));
        let none = Mat::<f64>::zeros(0, 3);
        assert_eq!((from_faer(none.as_ref()).unwrap().rows(), from_faer(none.as_ref()).unwrap().cols()), (0, 3));
    }
}
