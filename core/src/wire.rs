//! The byte form of summaries: small, checked, the same on every machine.
//!
//! Layout, little-endian throughout:
//!
//! | bytes | content |
//! |---|---|
//! | 0..4 | magic `SKLT` |
//! | 4 | format version, 1 |
//! | 5, 6 | family and type, see [`Kind`] |
//! | 7 | scalar: 4 for `f32`, 8 for `f64`, 20 for `i32`, 24 for `i64` |
//! | 8..16 | length of the body |
//! | .. | body: parameters, then state, in the order that the type's source lists them |
//! | last 4 | CRC-32 (ISO-HDLC) of everything before |
//!
//! The order of fields in a Rust struct is not the format: each type writes and reads its body by hand. Files of every
//! released version are kept with the tests and stay readable. Wrapping types (centring) nest the whole encoding of what
//! they wrap in their body.
//!
//! # Example
//! ```
//! use sketchlet_core::{RowSummary, Wire, eigen::{ExactEigen, ExactEigenParams}};
//! const PARAMS: ExactEigenParams = ExactEigenParams::new(2);
//! let mut summary = ExactEigen::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
//! summary.update(&[3.0, 4.0])?;
//! let mut bytes = [0; 256];
//! let len = summary.encode_into(&mut bytes)?;
//! let copy = ExactEigen::<f32, _>::decode_in(&bytes[..len], [0.0; PARAMS.storage_len()])?;
//! assert_eq!(copy.rows_seen(), 1);
//! # Ok::<(), sketchlet_core::Error>(())
//! ```

#[cfg(feature = "alloc")]
use crate::storage::Allocated;
use crate::{Error, Lane, Real, ScalarType};

const MAGIC: [u8; 4] = *b"SKLT";
const VERSION: u8 = 1;
const HEADER: usize = 16;
const CHECKSUM: usize = 4;
const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// Which summary an encoding holds. The numbers of the byte form are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `eigen::RandomOrderEigen`.
    RandomOrderEigen,
    /// `eigen::ExactEigen`.
    ExactEigen,
    /// `eigen::FrequentDirections`.
    FrequentDirections,
    /// `eigen::NystromSketch`.
    NystromSketch,
    /// `eigen::BlockPower`.
    BlockPower,
    /// `eigen::Oja`.
    Oja,
    /// `eigen::AdaptiveOja`.
    AdaptiveOja,
    /// `eigen::CandidIncremental`.
    CandidIncremental,
    /// `eigen::HistoryPca`.
    HistoryPca,
    /// `eigen::Centered` around another summary.
    Centered,
    /// `eigen::OrderMonitor`, alone.
    OrderMonitor,
    /// `regression::SketchedLeastSquares`, with any operator.
    SketchedLeastSquares,
    /// `regression::StreamingQr`.
    StreamingQr,
    /// `regression::NormalEquations`.
    NormalEquations,
    /// `regression::RecursiveLeastSquares`.
    RecursiveLeastSquares,
    /// `regression::Gradient`.
    Gradient,
    /// `submodular::LazyDynamic`.
    LazyDynamic,
    /// `submodular::Dynamic`.
    Dynamic,
}

/// Family, type and kind: the one table.
const KINDS: [(u8, u8, Kind); 18] = [
    (1, 1, Kind::RandomOrderEigen),
    (1, 2, Kind::ExactEigen),
    (1, 3, Kind::FrequentDirections),
    (1, 4, Kind::NystromSketch),
    (1, 5, Kind::BlockPower),
    (1, 6, Kind::Oja),
    (1, 7, Kind::AdaptiveOja),
    (1, 8, Kind::CandidIncremental),
    (1, 9, Kind::HistoryPca),
    (1, 10, Kind::Centered),
    (1, 11, Kind::OrderMonitor),
    (2, 1, Kind::SketchedLeastSquares),
    (2, 2, Kind::StreamingQr),
    (2, 3, Kind::NormalEquations),
    (2, 4, Kind::RecursiveLeastSquares),
    (2, 5, Kind::Gradient),
    (5, 1, Kind::LazyDynamic),
    (5, 2, Kind::Dynamic),
];

impl Kind {
    fn numbers(self) -> [u8; 2] {
        KINDS.iter().find(|entry| entry.2 == self).map_or([0, 0], |entry| [entry.0, entry.1])
    }

    fn of(numbers: [u8; 2]) -> Option<Self> {
        KINDS.iter().find(|entry| [entry.0, entry.1] == numbers).map(|entry| entry.2)
    }
}

/// What the first bytes of an encoding say, after its checksum was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Format version.
    pub version: u8,
    /// Which summary.
    pub kind: Kind,
    /// Of which numbers.
    pub scalar: ScalarType,
}

impl Header {
    /// Checks length, magic, version, type and checksum of a whole encoding.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything but an undamaged encoding, [`Error::Incompatible`] for one of a type or version that
    /// this one does not know.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let (body, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Error::Corrupt)?;
        let [m0, m1, m2, m3, version, family, number, scalar, l0, l1, l2, l3, l4, l5, l6, l7] =
            *body.first_chunk::<HEADER>().ok_or(Error::Corrupt)?;
        let body_len = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]);
        let sound = [m0, m1, m2, m3] == MAGIC
            && (body.len() - HEADER) as u64 == body_len
            && CRC.checksum(body) == u32::from_le_bytes(*checksum);
        if !sound {
            return Err(Error::Corrupt);
        }
        // Undamaged, but perhaps of a later version.
        match (Kind::of([family, number]), ScalarType::of(scalar)) {
            (Some(kind), Some(scalar)) if version == VERSION => Ok(Self { version, kind, scalar }),
            _ => Err(Error::Incompatible),
        }
    }
}

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
    /// forged bytes must not be able to claim all memory. [`decode_in`](Self::decode_in) has no such limit.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    fn decode(bytes: &[u8]) -> Result<Self, Error>
    where
        Self::Storage: Allocated,
    {
        let (scalars, indices) = (Self::storage_needed(bytes)?, Self::indices_needed(bytes)?);
        Self::decode_in(bytes, allocate(scalars, indices, bytes)?)
    }
}

/// Scalars that are allocated for an encoding beyond as many as it has bytes: what it carries was checked against its
/// parameters, but those alone may ask for any amount of scratch and empty room.
#[cfg(feature = "alloc")]
const SPARE: usize = 1 << 24;

/// Storage for a summary to be decoded.
#[cfg(feature = "alloc")]
pub(crate) fn allocate<A: Allocated>(scalars: usize, indices: usize, bytes: &[u8]) -> Result<A, Error> {
    let (needed, limit) = (scalars.saturating_add(indices), bytes.len().saturating_add(SPARE));
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
}

impl<'a> Reader<'a> {
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
        if count <= u64::MAX / 2 { Ok(count) } else { Err(Error::Corrupt) }
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

    /// Bytes not yet read.
    pub(crate) const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Nothing may be left over.
    pub(crate) fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Corrupt) }
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
    writer.bytes(&[VERSION, family, number, L::TYPE.number()]);
    writer.len(needed - HEADER - CHECKSUM);
    body(&mut writer);
    let (content, checksum) = out.split_at_mut(needed - CHECKSUM);
    checksum.copy_from_slice(&CRC.checksum(content).to_le_bytes());
    Ok(needed)
}

/// Checks an encoding as far as its header goes, and opens its body.
pub(crate) fn open<L: Lane>(kind: Kind, bytes: &[u8]) -> Result<Reader<'_>, Error> {
    let header = Header::read(bytes)?;
    if header.kind != kind || header.scalar != L::TYPE {
        return Err(Error::Incompatible);
    }
    Ok(Reader { rest: bytes.get(HEADER..bytes.len() - CHECKSUM).ok_or(Error::Corrupt)? })
}
