//! Storage of every kind, for summaries that are read into it.

/// Storage that a law can make: scalars, or scalars and indices as a pair. What is in it is junk.
pub trait Allocate: Sized {
    /// Storage of that length; `None` if this kind has not so much room.
    fn allocate(scalars: usize, indices: usize) -> Option<Self>;
}

/// A slice somewhere else; the memory is never given back.
pub type Borrowed<T> = &'static mut [T];

/// An array with room for a few thousand numbers, which holds as many as are needed.
pub type Fixed<T> = heapless::Vec<T, 4096>;

/// Numbers that a law will refuse to allocate: forged parameters may ask for any amount.
const LIMIT: usize = 1 << 22;

fn junk<T: From<u8> + Copy>(len: usize) -> Option<Vec<T>> {
    (len <= LIMIT).then(|| vec![T::from(77); len])
}

impl<T: From<u8> + Copy> Allocate for Vec<T> {
    fn allocate(scalars: usize, _: usize) -> Option<Self> {
        junk(scalars)
    }
}

impl<T: From<u8> + Copy> Allocate for Box<[T]> {
    fn allocate(scalars: usize, _: usize) -> Option<Self> {
        junk(scalars).map(Vec::into_boxed_slice)
    }
}

impl<T: From<u8> + Copy> Allocate for Borrowed<T> {
    fn allocate(scalars: usize, _: usize) -> Option<Self> {
        junk(scalars).map(Vec::leak)
    }
}

impl<T: From<u8> + Copy, const N: usize> Allocate for heapless::Vec<T, N> {
    fn allocate(scalars: usize, _: usize) -> Option<Self> {
        if scalars > N { None } else { Self::from_slice(&junk::<T>(scalars)?).ok() }
    }
}

impl<S: Allocate, I: Allocate> Allocate for (S, I) {
    fn allocate(scalars: usize, indices: usize) -> Option<Self> {
        Some((S::allocate(scalars, 0)?, I::allocate(indices, 0)?))
    }
}
