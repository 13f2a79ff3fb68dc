//! Where a summary keeps its numbers: any slice-like thing the caller owns or borrows.

/// Memory for a summary: arrays, `&mut [T]`, `heapless::Vec`, `Box<[T]>` and `Vec` all qualify.
///
/// The summary checks the length once, at construction, and never grows it. A `heapless::Vec` counts with its length,
/// not its capacity: resize it first.
///
/// # Example
/// ```
/// use sketchlet_core::Storage;
/// fn scalars<S: Storage<f32>>(storage: &S) -> usize {
///     storage.as_ref().len()
/// }
/// assert_eq!(scalars(&[0.0; 4]), 4);
/// assert_eq!(scalars(&vec![0.0; 4]), 4);
/// ```
pub trait Storage<T>: AsRef<[T]> + AsMut<[T]> {}

impl<T, S: AsRef<[T]> + AsMut<[T]> + ?Sized> Storage<T> for S {}

/// Storage that the library can allocate by itself: scalars, or scalars and indices. Sealed.
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub trait Allocated: sealed::Sealed + Sized {
    /// Zeros; an error, not an abort, if there is no room for so many.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) if the memory is not there.
    fn allocate(scalars: usize, indices: usize) -> Result<Self, crate::Error>;
}

#[cfg(feature = "alloc")]
mod sealed {
    use alloc::vec::Vec;
    pub trait Sealed {}
    impl<L> Sealed for Vec<L> {}
    impl<L> Sealed for (Vec<L>, Vec<u32>) {}
}

#[cfg(feature = "alloc")]
impl<L: crate::Lane> Allocated for alloc::vec::Vec<L> {
    fn allocate(scalars: usize, _: usize) -> Result<Self, crate::Error> {
        allocate(scalars)
    }
}

#[cfg(feature = "alloc")]
impl<L: crate::Lane> Allocated for (alloc::vec::Vec<L>, alloc::vec::Vec<u32>) {
    fn allocate(scalars: usize, indices: usize) -> Result<Self, crate::Error> {
        Ok((allocate(scalars)?, allocate(indices)?))
    }
}

/// Zeros in storage of their own; an error, not an abort, if there is no room for so many.
#[cfg(feature = "alloc")]
pub(crate) fn allocate<T: Copy + Default>(len: usize) -> Result<alloc::vec::Vec<T>, crate::Error> {
    let mut storage = alloc::vec::Vec::new();
    if storage.try_reserve_exact(len).is_err() {
        return Err(crate::Error::Storage { needed: len, got: 0 });
    }
    storage.resize(len, T::default());
    Ok(storage)
}

/// Bytes of a scalar times the saturated length must stay addressable on every target.
pub(crate) const fn is_addressable(len: usize) -> bool {
    len < isize::MAX as usize / 8
}
