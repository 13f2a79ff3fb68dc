//! Where a summary keeps its numbers: any slice-like thing the caller owns or borrows.

use core::fmt::Debug;

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

/// The sum of lengths. Saturates.
pub(crate) const fn sum<const N: usize>(lens: [usize; N]) -> usize {
    let (mut sum, mut i) = (0usize, 0);
    while i < N {
        sum = sum.saturating_add(lens[i]);
        i += 1;
    }
    sum
}

/// The product of lengths. Saturates.
pub(crate) const fn product<const N: usize>(lens: [usize; N]) -> usize {
    let (mut product, mut i) = (1usize, 0);
    while i < N {
        product = product.saturating_mul(lens[i]);
        i += 1;
    }
    product
}

/// The larger of two lengths.
pub(crate) const fn max(x: usize, y: usize) -> usize {
    if x > y { x } else { y }
}

/// The smaller of two lengths.
pub(crate) const fn min(x: usize, y: usize) -> usize {
    if x < y { x } else { y }
}

/// The number of an element in storage: `u8`, `u16` or `u32`, sealed. The smaller, the less memory; it must be able to hold
/// the number of elements.
///
/// # Example
/// ```
/// use sketchlet_core::Id;
/// assert_eq!((u8::from_usize(200), u16::LARGEST, 7u32.to_usize()), (200, 65535, 7));
/// ```
pub trait Id: id::Sealed + Copy + Default + Eq + Ord + Debug + Send + Sync + 'static {
    /// Bits of one.
    const BITS: usize;
    /// The largest one.
    const LARGEST: usize;
    /// The id as a place in a slice.
    fn to_usize(self) -> usize;
    /// The id of a place, which must be at most [`LARGEST`](Self::LARGEST).
    fn from_usize(place: usize) -> Self;
}

mod id {
    pub trait Sealed {}
}

macro_rules! id {
    ($t:ident) => {
        impl id::Sealed for $t {}

        impl Id for $t {
            const BITS: usize = $t::BITS as usize;
            const LARGEST: usize = $t::MAX as usize;

            #[inline(always)]
            fn to_usize(self) -> usize {
                self as usize
            }
            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "the caller's promise")]
            fn from_usize(place: usize) -> Self {
                place as Self
            }
        }
    };
}

id!(u8);
id!(u16);
id!(u32);

/// Storage that the library can allocate by itself: scalars, or scalars and indices. Sealed.
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub trait Allocated: sealed::Sealed + Sized {
    /// Zeros; an error, not an abort, if there is no room for so many.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) if the memory is not there.
    fn allocate(scalars: usize, indices: usize) -> Result<Self, crate::Error>;

    /// Zeros behind what is there, up to so many; an error, not an abort, if there is no room for them.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) if the memory is not there.
    fn extend(&mut self, scalars: usize, indices: usize) -> Result<(), crate::Error>;
}

#[cfg(feature = "alloc")]
mod sealed {
    use alloc::vec::Vec;
    pub trait Sealed {}
    impl<L> Sealed for Vec<L> {}
    impl<L, D> Sealed for (Vec<L>, Vec<D>) {}
}

#[cfg(feature = "alloc")]
impl<L: crate::Lane> Allocated for alloc::vec::Vec<L> {
    fn allocate(scalars: usize, _: usize) -> Result<Self, crate::Error> {
        allocate(scalars)
    }

    fn extend(&mut self, scalars: usize, _: usize) -> Result<(), crate::Error> {
        extend(self, scalars)
    }
}

#[cfg(feature = "alloc")]
impl<L: crate::Lane, D: Id> Allocated for (alloc::vec::Vec<L>, alloc::vec::Vec<D>) {
    fn allocate(scalars: usize, indices: usize) -> Result<Self, crate::Error> {
        Ok((allocate(scalars)?, allocate(indices)?))
    }

    fn extend(&mut self, scalars: usize, indices: usize) -> Result<(), crate::Error> {
        extend(&mut self.0, scalars)?;
        extend(&mut self.1, indices)
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

/// Zeros behind what is there, up to a length; an error, not an abort, if there is no room for so many.
#[cfg(feature = "alloc")]
fn extend<T: Copy + Default>(storage: &mut alloc::vec::Vec<T>, len: usize) -> Result<(), crate::Error> {
    let (more, got) = (len.saturating_sub(storage.len()), storage.len());
    if storage.try_reserve(more).is_err() {
        return Err(crate::Error::Storage { needed: len, got });
    }
    storage.resize(len, T::default());
    Ok(())
}

/// Bytes of a scalar times the saturated length must stay addressable on every target.
pub(crate) const fn is_addressable(len: usize) -> bool {
    len < isize::MAX as usize / 8
}
