//! What a family is handed from a file: a summary that was saved, or one that a device printed.

use crate::sketch_file::SketchFile;
use crate::{Error, Header, Merge, Wire};
use serde_json::Value;

/// A `.sketch` file of one summary, checked as far as its headers go.
#[derive(Clone)]
pub(super) struct Saved {
    /// What the saving command said of it.
    pub(super) header: Value,
    /// What the encoding says of itself.
    pub(super) wire: Header,
    /// The encoding.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the whole file.
    pub(super) file_bytes: usize,
}

impl Saved {
    pub(super) fn new(file: &SketchFile) -> Result<Self, Error> {
        let [bytes] = &file.summaries[..] else { return Err(Error::data("holds more than one summary")) };
        let wire = Header::read(bytes)?;
        Ok(Self { header: file.header.clone(), wire, bytes: bytes.clone(), file_bytes: file.to_bytes().len() })
    }

    /// A text of the header.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.header.get(key)?.as_str()
    }

    /// A list of texts of the header.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        self.header.get(key)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    }
}

/// The encoding of two summaries as one.
pub(super) fn merged<M: Merge + Wire>(mut first: M, second: &M) -> Result<Vec<u8>, Error> {
    first.merge(second)?;
    Ok(first.encode())
}

/// The encoding of a summary that a device printed, and what its user says of it.
pub(super) struct Import<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) wire: Header,
    /// Name of the file.
    pub(super) input: &'a str,
    pub(super) columns: Option<&'a [String]>,
    pub(super) seed: u64,
}

impl Import<'_> {
    /// Names of the columns: those given, one for each, or their positions.
    pub(super) fn names(&self, dim: usize) -> Result<Vec<String>, Error> {
        match self.columns {
            None => Ok((0..dim).map(|i| i.to_string()).collect()),
            Some(names) if names.len() == dim => Ok(names.to_vec()),
            Some(names) => {
                let got = names.len();
                Err(Error::data(format!("{dim} columns in the summary, {got} names in --columns: name each of them")))
            }
        }
    }
}
