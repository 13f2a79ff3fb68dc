//! What a file is by its first bytes, for whoever has it under another name.

use crate::Error;

/// Bytes that tell.
pub(super) const LEN: usize = 64;
#[cfg(feature = "cli")]
pub(crate) const SIGNATURE_LEN: u64 = LEN as u64;

/// A kind of file: what it is, and what to do with it.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    begins: &'static [u8],
    what: &'static str,
    advice: &'static str,
}

const fn kind(begins: &'static [u8], what: &'static str, advice: &'static str) -> Kind {
    Kind { begins, what, advice }
}

const NUMPY: &[u8] = b"\x93NUMPY";
const PARQUET: &[u8] = b"PAR1";
const UTF_16: Kind = kind(b"\xff\xfe", "text in UTF-16", "save it in UTF-8, as `iconv -f UTF-16 -t UTF-8` does");

const KINDS: &[Kind] = &[
    kind(b"\x1f\x8b", "compressed by gzip", "pipe it, as in `zcat FILE | sketchlet eigen -`"),
    kind(b"\x28\xb5\x2f\xfd", "compressed by Zstandard", "pipe it, as in `zstdcat FILE | sketchlet eigen -`"),
    kind(b"\xfd7zXZ\0", "compressed by xz", "pipe it, as in `xzcat FILE | sketchlet eigen -`"),
    kind(b"PK\x03\x04", "a zip archive, such as .npz and .xlsx are", "take the table out of it, as .npy or .csv"),
    kind(NUMPY, "a NumPy array", "give it as a file that ends in .npy"),
    kind(PARQUET, "a Parquet file", "give it as a file that ends in .parquet"),
    kind(b"ARROW1\0", "an Arrow file", "save the table as .parquet or .csv"),
    kind(b"SKFILE\x01", "a saved summary", "ask it by `sketchlet query`"),
    kind(b"\x89HDF", "an HDF5 file", "save the table as .npy, .parquet or .csv"),
    kind(b"\xd0\xcf\x11\xe0", "an Excel workbook", "save the table as .csv"),
    kind(b"\xff\xfe\0\0", "text in UTF-32", "save it in UTF-8, as `iconv -f UTF-32 -t UTF-8` does"),
    UTF_16,
    kind(b"\xfe\xff", UTF_16.what, UTF_16.advice),
];

/// Bzip2, which begins with letters that text may begin with too.
const BZIP2: Kind = kind(b"BZh", "compressed by bzip2", "pipe it, as in `bzcat FILE | sketchlet eigen -`");

fn kind_of(head: &[u8]) -> Option<&'static Kind> {
    if head.starts_with(BZIP2.begins) && head.get(4..10) == Some(b"1AY&SY") {
        return Some(&BZIP2);
    }
    // A column may be called PAR1.
    let is_text = |kind: &Kind| kind.begins == PARQUET && head.get(4).is_none_or(|byte| *byte > 31 || *byte == b'\n');
    if let Some(kind) = KINDS.iter().find(|kind| head.starts_with(kind.begins) && !is_text(kind)) {
        return Some(kind);
    }
    // Latin letters in two bytes each: every second byte is zero.
    let (pairs, _) = head.as_chunks::<2>();
    let is_wide = |zero: usize| pairs.len() > 2 && pairs.iter().all(|pair| pair[zero] == 0 && pair[1 - zero] != 0);
    (is_wide(0) || is_wide(1)).then_some(&UTF_16)
}

fn refuse(kind: Option<&Kind>, expected: &str) -> Result<(), Error> {
    match kind {
        None => Ok(()),
        Some(Kind { what, advice, .. }) => Err(Error::data(format!("this is {what}, not {expected}: {advice}"))),
    }
}

/// Refuses what is no text.
#[cfg(any(feature = "csv", feature = "ndjson"))]
pub(super) fn check_text(head: &[u8]) -> Result<(), Error> {
    refuse(kind_of(head), "a table of text")
}

/// Refuses what is something other than a NumPy array.
#[cfg(feature = "npy")]
pub(super) fn check_npy(head: &[u8]) -> Result<(), Error> {
    refuse(kind_of(head).filter(|kind| kind.begins != NUMPY), "a NumPy array")
}

/// Refuses what is something other than a Parquet file.
#[cfg(feature = "parquet")]
pub(super) fn check_parquet(head: &[u8]) -> Result<(), Error> {
    refuse(kind_of(head).filter(|kind| kind.begins != PARQUET), "a Parquet file")
}

/// The form that some bytes are the beginning of, by its usual ending, where that is not a table of text.
#[cfg(feature = "cli")]
pub(crate) fn form_of(head: &[u8]) -> Option<&'static str> {
    match kind_of(head) {
        Some(kind) if kind.begins == NUMPY => Some("npy"),
        Some(kind) if kind.begins == PARQUET => Some("parquet"),
        Some(_) => None,
        None => {
            let text = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head).trim_ascii();
            let is_json =
                text.split_first().is_some_and(|(first, rest)| match (first, rest.trim_ascii_start().first()) {
                    (b'{', next) => matches!(next, Some(b'"' | b'}')),
                    // A name of a column may stand in brackets, but is hardly a number.
                    (b'[', next) => next.is_some_and(|next| next.is_ascii_digit() || b"-\"".contains(next)),
                    _ => false,
                });
            is_json.then_some("ndjson")
        }
    }
}

/// What is said of a file whose ending is of no form that is read.
pub(super) fn unknown(extension: &str) -> String {
    let begins: &[u8] = match extension {
        "gz" => b"\x1f\x8b",
        "zst" => b"\x28\xb5\x2f\xfd",
        "xz" => b"\xfd7zXZ\0",
        "bz2" => BZIP2.begins,
        "npz" | "zip" | "xlsx" => b"PK\x03\x04",
        "arrow" | "arrows" | "feather" => b"ARROW1\0",
        "sketch" => b"SKFILE\x01",
        "h5" | "hdf5" | "mat" => b"\x89HDF",
        "xls" => b"\xd0\xcf\x11\xe0",
        _ => b"",
    };
    match KINDS.iter().chain([&BZIP2]).find(|kind| kind.begins == begins) {
        Some(Kind { what, advice, .. }) => format!("{what}, a form of file that is not read: {advice}"),
        None => {
            "unknown form of file: give .csv, .tsv, .npy, .ndjson, .jsonl or .parquet, or - for standard input".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes_and_text_is_not_taken_for_one() {
        for (head, what) in [
            (&b"\x1f\x8b\x08\0"[..], Some("gzip")),
            (b"PAR1\x15\x04", Some("Parquet")),
            (b"BZh91AY&SY", Some("bzip2")),
            (b"\xff\xfea\0", Some("UTF-16")),
            (b"\xff\xfe\0\0a\0\0\0", Some("UTF-32")),
            (b"\xfe\xff\0a", Some("UTF-16")),
            (b"a\0,\0b\0\n\0", Some("UTF-16")),
            (b"\0a\0,\0b\0\n", Some("UTF-16")),
            (b"PAR1", None),
            (b"PAR1,PAR2\n", None),
            (b"PAR1\n1\n", None),
            (b"BZh9,x\n1,2\n", None),
            (b"a,b\n1,2\n", None),
            ("\u{feff}a,b\n".as_bytes(), None),
            (b"", None),
        ] {
            let found = kind_of(head).map(|kind| kind.what);
            assert_eq!(found.is_some(), what.is_some(), "{head:?} {found:?}");
            assert!(what.is_none_or(|what| found.is_some_and(|found| found.contains(what))), "{head:?} {found:?}");
        }
        assert!(unknown("gz").contains("zcat") && unknown("txt").contains(".csv"));
    }
}
