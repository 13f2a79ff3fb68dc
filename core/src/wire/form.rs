//! The trait `Wire`, and the writer and the reader of bodies.

use super::Kind;
use super::header::{CHECKSUM, CRC, HEADER, Header, MAGIC};
use crate::base::params::{Params, Visitor};
#[cfg(feature = "alloc")]
use crate::base::storage::Allocated;
use crate::{Difference, Error, Lane, Real};

/// A summary with a byte form.
///
/// # Errors
/// Decoding gives [`Error::Corrupt`] for bytes that are damaged, cut or extended, [`Error::Incompatible`] for an
/// undamaged encoding of another type or scalar, [`Error::Storage`] if the storage doesn't fit the parameters found. It
/// never panics and checks everything before it writes to the storage, but for dynamic selections: those check in it.
pub trait Wire: Sized {
    /// Storage of the decoded summary: of scalars, or of scalars and indices, as a pair.
    type Storage;

    /// Bytes that [`encode_into`](Self::encode_into) writes.
    fn encoded_len(&self) -> usize;

    /// Writes the encoding to the front of `out` and returns its length.
    ///
    /// # Errors
    /// [`Error::Storage`] if `out` is too short.
    fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error>;

    /// Reads an encoding into the storage given, whose length must be that of [`storage_needed`](Self::storage_needed), and of
    /// [`indices_needed`](Self::indices_needed) for its indices.
    ///
    /// # Errors
    /// See the trait.
    fn decode_in(bytes: &[u8], storage: Self::Storage) -> Result<Self, Error>;

    /// Scalars of storage that the encoding asks for, after all checks.
    ///
    /// # Errors
    /// See the trait.
    fn storage_needed(bytes: &[u8]) -> Result<usize, Error>;

    /// Indices of storage that the encoding asks for, after all checks; 0 for most types.
    ///
    /// # Errors
    /// See the trait.
    fn indices_needed(bytes: &[u8]) -> Result<usize, Error> {
        Self::storage_needed(bytes).map(|_| 0)
    }

    /// The encoding in a vector of its own.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    fn encode(&self) -> alloc::vec::Vec<u8> {
        let mut bytes = alloc::vec![0; self.encoded_len()];
        let written = self.encode_into(&mut bytes);
        debug_assert_eq!(written, Ok(bytes.len()));
        bytes
    }

    /// Reads an encoding into storage of its own.
    ///
    /// # Errors
    /// See the trait. [`Error::Storage`] if the parameters ask for 2^24 scalars more than the encoding has bytes: a few
    /// forged bytes must not be able to claim all memory. [`decode_within`](Self::decode_within) takes another limit, and
    /// [`decode_in`](Self::decode_in) has none.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    fn decode(bytes: &[u8]) -> Result<Self, Error>
    where
        Self::Storage: Allocated,
    {
        Self::decode_within(bytes, bytes.len().saturating_add(SPARE))
    }

    /// Reads an encoding into storage of its own, of at most `limit` scalars and indices together.
    ///
    /// # Errors
    /// See the trait. [`Error::Storage`], before anything is claimed, if the parameters ask for more than the limit.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    fn decode_within(bytes: &[u8], limit: usize) -> Result<Self, Error>
    where
        Self::Storage: Allocated,
    {
        let (scalars, indices) = (Self::storage_needed(bytes)?, Self::indices_needed(bytes)?);
        Self::decode_in(bytes, allocate(scalars, indices, limit)?)
    }
}

/// Scalars that are allocated for an encoding beyond as many as it has bytes: what it carries was checked against its
/// parameters, but those alone may ask for any amount of scratch and empty room.
#[cfg(feature = "alloc")]
const SPARE: usize = 1 << 24;

/// Storage for a summary to be decoded.
#[cfg(feature = "alloc")]
pub(crate) fn allocate<A: Allocated>(scalars: usize, indices: usize, limit: usize) -> Result<A, Error> {
    let needed = scalars.saturating_add(indices);
    if needed > limit { Err(Error::Storage { needed, got: limit }) } else { A::allocate(scalars, indices) }
}

/// Writes a body, or only counts its bytes.
pub(crate) struct Writer<'a> {
    out: Option<&'a mut [u8]>,
    at: usize,
}

impl Writer<'_> {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if let Some(to) = self.out.as_deref_mut().and_then(|out| out.get_mut(self.at..self.at + bytes.len())) {
            to.copy_from_slice(bytes);
        }
        self.at += bytes.len();
    }

    pub(crate) fn u8(&mut self, x: u8) {
        self.bytes(&[x]);
    }

    pub(crate) fn u32(&mut self, x: u32) {
        self.bytes(&x.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, x: u64) {
        self.bytes(&x.to_le_bytes());
    }

    pub(crate) fn i32(&mut self, x: i32) {
        self.bytes(&x.to_le_bytes());
    }

    /// Sizes travel as 64-bit numbers.
    pub(crate) fn len(&mut self, x: usize) {
        self.u64(x as u64);
    }

    pub(crate) fn real<L: Lane>(&mut self, x: L) {
        let mut bytes = [0; 8];
        x.write_le(&mut bytes);
        self.bytes(bytes.get(..L::BYTES).unwrap_or_default());
    }

    pub(crate) fn reals<L: Lane>(&mut self, xs: &[L]) {
        xs.iter().for_each(|&x| self.real(x));
    }

    pub(crate) fn option<T: Real>(&mut self, x: Option<T>) {
        self.u8(u8::from(x.is_some()));
        self.real(x.unwrap_or(T::ZERO));
    }

    /// The fields of parameters, in the order of their declaration.
    pub(crate) fn params(&mut self, params: &impl Params) {
        // Values that are there can be written: only a reader fails.
        let _ = { *params }.visit(self);
    }

    /// Nests the whole encoding of another summary.
    pub(crate) fn nested(&mut self, inner: &impl Wire) {
        let len = inner.encoded_len();
        self.len(len);
        if let Some(to) = self.out.as_deref_mut().and_then(|out| out.get_mut(self.at..self.at + len)) {
            // The slice has the length that the summary asked for.
            let _ = inner.encode_into(to);
        }
        self.at += len;
    }
}

/// Reads a body; every read fails softly at the end of the bytes.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    version: u8,
}

impl<'a> Reader<'a> {
    /// The largest count that is read.
    pub(crate) const LARGEST_COUNT: u64 = u64::MAX / 2;

    /// Version of the form that is read.
    pub(crate) const fn version(&self) -> u8 {
        self.version
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Error::Corrupt)?;
        self.rest = rest;
        Ok(head)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Error::Corrupt)?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.chunk()?))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Corrupt),
        }
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.chunk()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.chunk()?))
    }

    /// A count of rows or steps: no stream is so long that counting on from here could overflow.
    pub(crate) fn count(&mut self) -> Result<u64, Error> {
        let count = self.u64()?;
        if count <= Self::LARGEST_COUNT { Ok(count) } else { Err(Error::Corrupt) }
    }

    /// Parameters that break no rule of theirs.
    pub(crate) fn params<P: Params>(&mut self) -> Result<P, Error> {
        let mut params = P::blank();
        params.visit(self)?;
        params.check().map_err(|_| Error::Corrupt)?;
        Ok(params)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Error> {
        Ok(i32::from_le_bytes(self.chunk()?))
    }

    pub(crate) fn len(&mut self) -> Result<usize, Error> {
        usize::try_from(self.u64()?).map_err(|_| Error::Corrupt)
    }

    /// A finite scalar: no summary holds any other.
    pub(crate) fn real<L: Lane>(&mut self) -> Result<L, Error> {
        let x = L::read_le(self.bytes(L::BYTES)?).ok_or(Error::Corrupt)?;
        if x.is_finite() { Ok(x) } else { Err(Error::Corrupt) }
    }

    pub(crate) fn option<T: Real>(&mut self) -> Result<Option<T>, Error> {
        let present = self.flag()?;
        let x = self.real()?;
        Ok(present.then_some(x))
    }

    /// Checks that `count` finite scalars follow, and skips them.
    pub(crate) fn skip_reals<L: Lane>(&mut self, count: usize) -> Result<Self, Error> {
        let start = self.clone();
        let bytes = self.bytes(count.checked_mul(L::BYTES).ok_or(Error::Corrupt)?)?;
        if bytes.chunks_exact(L::BYTES).all(|x| L::read_le(x).is_some_and(L::is_finite)) {
            Ok(start)
        } else {
            Err(Error::Corrupt)
        }
    }

    /// Fills `out` from a reader that [`skip_reals`](Self::skip_reals) returned.
    pub(crate) fn fill<L: Lane>(&mut self, out: &mut [L]) {
        for x in out {
            *x = self.real().unwrap_or_default();
        }
    }

    /// A scalar that is not negative.
    pub(crate) fn amount<T: Real>(&mut self) -> Result<T, Error> {
        let x = self.real::<T>()?;
        if x >= T::ZERO { Ok(x) } else { Err(Error::Corrupt) }
    }

    /// Skips scalars, none of which may be beyond `bound` in magnitude.
    pub(crate) fn skip_bounded<T: Real>(&mut self, count: usize, bound: T) -> Result<(), Error> {
        (0..count).try_for_each(|_| if self.real::<T>()?.abs() <= bound { Ok(()) } else { Err(Error::Corrupt) })
    }

    /// Skips scalars, none of which may be negative.
    pub(crate) fn skip_amounts<T: Real>(&mut self, count: usize) -> Result<(), Error> {
        (0..count).try_for_each(|_| self.amount::<T>().map(|_| ()))
    }

    /// Skips vectors whose squared lengths must lie within a range.
    pub(crate) fn skip_vectors<T: Real>(&mut self, count: usize, dim: usize, squares: (f64, f64)) -> Result<(), Error> {
        for _ in 0..count {
            let mut square = T::ZERO;
            for _ in 0..dim {
                let x = self.real::<T>()?;
                square += x * x;
            }
            if !(T::constant(squares.0)..=T::constant(squares.1)).contains(&square) {
                return Err(Error::Corrupt);
            }
        }
        Ok(())
    }

    /// Skips directions: vectors of unit length, but for rounding.
    pub(crate) fn skip_directions<T: Real>(&mut self, count: usize, dim: usize) -> Result<(), Error> {
        self.skip_vectors::<T>(count, dim, (0.97, 1.03))
    }

    /// Bytes not yet read.
    pub(crate) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Nothing may be left over.
    pub(crate) fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Corrupt) }
    }
}

impl Visitor for Writer<'_> {
    fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        Writer::bytes(self, bytes);
        Ok(())
    }
}

impl Visitor for Reader<'_> {
    fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        bytes.copy_from_slice(Reader::bytes(self, bytes.len())?);
        Ok(())
    }
}

/// Encoded length of a body.
pub(crate) fn len(body: impl FnOnce(&mut Writer<'_>)) -> usize {
    let mut writer = Writer { out: None, at: HEADER };
    body(&mut writer);
    writer.at + CHECKSUM
}

/// Writes header, body and checksum.
pub(crate) fn encode<L: Lane>(kind: Kind, out: &mut [u8], body: impl Fn(&mut Writer<'_>)) -> Result<usize, Error> {
    let (needed, got) = (len(&body), out.len());
    let Some(out) = out.get_mut(..needed) else { return Err(Error::Storage { needed, got }) };
    let [family, number] = kind.numbers();
    let mut writer = Writer { out: Some(&mut *out), at: 0 };
    writer.bytes(&MAGIC);
    writer.bytes(&[kind.version(), family, number, L::TYPE.number()]);
    writer.len(needed - HEADER - CHECKSUM);
    body(&mut writer);
    let (content, checksum) = out.split_at_mut(needed - CHECKSUM);
    checksum.copy_from_slice(&CRC.checksum(content).to_le_bytes());
    Ok(needed)
}

/// Checks an encoding as far as its header goes, and opens its body.
pub(crate) fn open<L: Lane>(kind: Kind, bytes: &[u8]) -> Result<Reader<'_>, Error> {
    let header = Header::read(bytes)?;
    Difference::Kind.check(u64::from(kind.number()), u64::from(header.kind.number()))?;
    Difference::Scalar.check(L::TYPE.number(), header.scalar.number())?;
    let rest = bytes.get(HEADER..bytes.len() - CHECKSUM).ok_or(Error::Corrupt)?;
    Ok(Reader { rest, version: header.version })
}
