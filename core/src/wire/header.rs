//! The header of an encoding, and its checksum.

use super::Kind;
use crate::{Difference, Error, ScalarType};

pub(super) const MAGIC: [u8; 4] = *b"SKLT";
pub(super) const HEADER: usize = 16;
pub(super) const CHECKSUM: usize = 4;

/// CRC-32 (ISO-HDLC): sixteen bytes at a time by tables of 16 KiB where there is room for them, else bit by bit.
#[cfg(feature = "std")]
pub(super) static CRC: crc::Crc<u32, crc::Table<16>> = crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);
#[cfg(not(feature = "std"))]
pub(super) static CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// What the first bytes of an encoding say, after its checksum was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Format version of the type: later ones can be newer than this library knows.
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
        let kind = Kind::of([family, number]);
        let newest = kind.map_or(Kind::NEWEST_VERSION, Kind::version);
        if version == 0 || version > newest {
            let (expected, got) = (newest.into(), version.into());
            return Err(Error::Incompatible { what: Difference::Version, expected, got });
        }
        // No number is 0: nothing would fit what is not known here.
        let unknown = |what, got| Error::Incompatible { what, expected: 0, got };
        let kind = kind.ok_or(unknown(Difference::Kind, u64::from(u16::from_be_bytes([family, number]))))?;
        let scalar = ScalarType::of(scalar).ok_or(unknown(Difference::Scalar, scalar.into()))?;
        Ok(Self { version, kind, scalar })
    }
}
