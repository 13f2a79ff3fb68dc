//! Borrowed views of row-major matrices.

use crate::{Error, Lane};

/// A borrowed row-major matrix: `rows x cols` numbers, row after row, with no gaps.
///
/// # Example
/// ```
/// use sketchlet_core::MatRef;
/// let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let matrix = MatRef::new(&numbers, 2, 3)?;
/// assert_eq!(matrix.row(1), Some(&[4.0, 5.0, 6.0][..]));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    known_finite: bool,
}

/// Equal shape and entries, whatever is known of them.
impl<T: PartialEq> PartialEq for MatRef<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        (self.rows, self.cols, self.data) == (other.rows, other.cols, other.data)
    }
}

impl<'a, T> MatRef<'a, T> {
    /// Views `data` as `rows` rows of `cols` entries.
    ///
    /// # Errors
    /// [`Error::Dimension`] if `data` is not exactly that long.
    pub const fn new(data: &'a [T], rows: usize, cols: usize) -> Result<Self, Error> {
        let expected = rows.saturating_mul(cols);
        if data.len() == expected {
            Ok(Self { data, rows, cols, known_finite: false })
        } else {
            Err(Error::Dimension { expected, got: data.len() })
        }
    }

    /// Says that every entry is known to be finite, because a reader has checked: a batch update then need not look before
    /// it begins. If one is not finite after all, the update stops there with an error, but the rows before are consumed.
    #[must_use]
    pub const fn known_finite(mut self) -> Self {
        self.known_finite = true;
        self
    }

    /// The matrix without rows or columns.
    pub const fn empty() -> Self {
        Self { data: &[], rows: 0, cols: 0, known_finite: true }
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// All entries, row after row.
    pub const fn as_slice(&self) -> &'a [T] {
        self.data
    }

    /// Row `index`, or `None` past the end.
    pub fn row(&self, index: usize) -> Option<&'a [T]> {
        let start = index.checked_mul(self.cols)?;
        if index < self.rows { self.data.get(start..start + self.cols) } else { None }
    }

    /// The rows, first to last; none if there are no columns.
    pub fn iter_rows(&self) -> core::slice::ChunksExact<'a, T> {
        self.data.chunks_exact(self.cols.max(1))
    }

    /// Rows `first..first + count`, cut at the end of the matrix.
    #[must_use]
    pub fn rows_from(&self, first: usize, count: usize) -> Self {
        let first = first.min(self.rows);
        let rows = count.min(self.rows - first);
        Self { data: &self.data[first * self.cols..(first + rows) * self.cols], rows, ..*self }
    }
}

/// A mutable row-major matrix, as the dense kernels take it.
#[derive(Debug, PartialEq)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
}

impl<'a, T> MatMut<'a, T> {
    /// Views `data` as `rows` rows of `cols` entries.
    ///
    /// # Errors
    /// [`Error::Dimension`] if `data` is not exactly that long.
    pub const fn new(data: &'a mut [T], rows: usize, cols: usize) -> Result<Self, Error> {
        let expected = rows.saturating_mul(cols);
        if data.len() == expected {
            Ok(Self { data, rows, cols })
        } else {
            Err(Error::Dimension { expected, got: data.len() })
        }
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// The same numbers, read only.
    pub const fn as_ref(&self) -> MatRef<'_, T> {
        MatRef { data: self.data, rows: self.rows, cols: self.cols, known_finite: false }
    }

    /// The same view for a shorter time, to hand on.
    pub const fn reborrow(&mut self) -> MatMut<'_, T> {
        MatMut { data: self.data, rows: self.rows, cols: self.cols }
    }

    /// All entries, row after row.
    pub const fn as_slice(&self) -> &[T] {
        self.data
    }

    /// All entries, row after row.
    pub const fn as_mut_slice(&mut self) -> &mut [T] {
        self.data
    }

    /// Row `index`; empty past the end.
    pub fn row_mut(&mut self, index: usize) -> &mut [T] {
        if index < self.rows { &mut self.data[index * self.cols..(index + 1) * self.cols] } else { &mut [] }
    }

    /// Two different rows at once, the lower index first; empty slices unless `first < second < rows`.
    pub fn two_rows_mut(&mut self, first: usize, second: usize) -> (&mut [T], &mut [T]) {
        if first >= second || second >= self.rows {
            return (&mut [], &mut []);
        }
        let (head, tail) = self.data.split_at_mut(second * self.cols);
        (&mut head[first * self.cols..(first + 1) * self.cols], &mut tail[..self.cols])
    }
}

/// The check of a whole batch before its first row is consumed: width and finite entries.
pub(crate) fn check_batch<L: Lane>(dim: usize, rows: MatRef<'_, L>) -> Result<(), Error> {
    if rows.cols != dim && rows.rows > 0 {
        return Err(Error::Dimension { expected: dim, got: rows.cols });
    }
    if rows.known_finite { Ok(()) } else { check_finite(rows.data) }
}

/// The check of a row before it is consumed: width and finite entries.
pub(crate) fn check_row<L: Lane>(dim: usize, row: &[L]) -> Result<(), Error> {
    if row.len() == dim { check_finite(row) } else { Err(Error::Dimension { expected: dim, got: row.len() }) }
}

/// [`check_row`], and whether no sum of such rows can overflow ([`Lane::all_modest`]).
pub(crate) fn check_row_modest<L: Lane>(dim: usize, row: &[L]) -> Result<bool, Error> {
    if row.len() == dim && L::all_modest(row) { Ok(true) } else { check_row(dim, row).map(|()| false) }
}

/// [`check_batch`], and whether no sum of such rows can overflow.
pub(crate) fn check_batch_modest<L: Lane>(dim: usize, rows: MatRef<'_, L>) -> Result<bool, Error> {
    if rows.cols == dim && L::all_modest(rows.data) { Ok(true) } else { check_batch(dim, rows).map(|()| false) }
}

/// Names the first entry that is NaN or infinite.
pub(crate) fn check_finite<L: Lane>(entries: &[L]) -> Result<(), Error> {
    // Zero times anything finite is zero: one cheap sum finds out whether the slow search is needed.
    if L::all_finite(entries) {
        return Ok(());
    }
    entries.iter().position(|x| !x.is_finite()).map_or(Ok(()), |index| Err(Error::NonFinite { index }))
}
