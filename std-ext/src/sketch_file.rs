//! The `.sketch` file: a JSON header for people and queries, and the wire bytes of one or more summaries.
//!
//! Layout, little-endian: magic `SKFILE` and two bytes of version (1); length (8 bytes) and text of the header; number of
//! summaries (8 bytes), each with its length (8 bytes); CRC-32 (ISO-HDLC) of everything before. Any byte changed, cut or
//! added is refused.
//!
//! # Example
//! ```
//! use sketchlet::sketch_file::SketchFile;
//! let file = SketchFile { header: serde_json::json!({"command": "eigen"}), summaries: vec![vec![1, 2, 3]] };
//! let bytes = file.to_bytes();
//! assert_eq!(SketchFile::from_bytes(&bytes)?, file);
//! assert!(SketchFile::from_bytes(&bytes[1..]).is_err());
//! # Ok::<(), sketchlet::Error>(())
//! ```

use crate::Error;
use crate::io::Target;
use serde_json::Value;
use std::io::Write;
use std::path::Path;

const MAGIC: [u8; 8] = *b"SKFILE\x01\x00";
static CRC: crc::Crc<u32, crc::Table<16>> = crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISO_HDLC);

/// Contents of a `.sketch` file.
#[derive(Clone, Debug, PartialEq)]
pub struct SketchFile {
    /// Command, column names, and the flags that matter to a query.
    pub header: Value,
    /// Wire bytes of the summaries.
    pub summaries: Vec<Vec<u8>>,
}

impl SketchFile {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = self.header.to_string();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend((self.summaries.len() as u64).to_le_bytes());
        for summary in &self.summaries {
            bytes.extend((summary.len() as u64).to_le_bytes());
            bytes.extend(summary);
        }
        bytes.extend(CRC.checksum(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the bytes of a file; nothing is believed before the checksum agrees.
    ///
    /// # Errors
    /// If they are not those of an undamaged `.sketch` file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse(bytes).ok_or_else(|| Error::data("not a .sketch file, or a damaged one: save it again"))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk::<4>()?;
        if CRC.checksum(content) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let mut rest = content.strip_prefix(&MAGIC)?;
        let header = serde_json::from_slice(take(&mut rest)?).ok()?;
        let count = number(&mut rest)?;
        let mut summaries = Vec::new();
        for _ in 0..count {
            summaries.push(take(&mut rest)?.to_vec());
        }
        rest.is_empty().then_some(Self { header, summaries })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read or is damaged.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let read = || Self::from_bytes(&std::fs::read(path)?);
        read().map_err(|error: Error| error.in_file(path.display()))
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut target = Target::new(path)?;
        target.write_all(&self.to_bytes()).map_err(|error| Error::from(error).in_file(path.display()))?;
        target.commit()
    }
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    usize::try_from(u64::from_le_bytes(*head)).ok()
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = number(rest)?;
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damaged_byte_is_noticed() {
        let file = SketchFile { header: serde_json::json!({"a": [1, "x"]}), summaries: vec![vec![7; 5], vec![]] };
        let bytes = file.to_bytes();
        assert_eq!(SketchFile::from_bytes(&bytes).unwrap(), file);
        for i in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[i] ^= 0x10;
            assert!(SketchFile::from_bytes(&damaged).is_err(), "byte {i}");
            assert!(SketchFile::from_bytes(&bytes[..i]).is_err(), "cut at {i}");
        }
        assert!(SketchFile::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    }
}
