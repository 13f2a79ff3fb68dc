//! `sketchlet firmware-import`: the bytes of a summary that a device printed, as a `.sketch` file.

use super::args::FirmwareImportArguments;
use super::failure::Failure;
use super::family;
use super::files::{Loaded, show};
use super::places::{self, Place};
use super::saved::Import;
use crate::sketch_file::SketchFile;
use crate::{Error, Header};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a dump: no device has as many.
const LONGEST: u64 = 1 << 26;

pub(super) fn run(arguments: &FirmwareImportArguments) -> Result<String, Failure> {
    places::check(&[Place::save(&arguments.save)], &[&arguments.file])?;
    let piped = arguments.file == Path::new("-");
    let name = if piped { "standard input".to_owned() } else { arguments.file.display().to_string() };
    let read = || {
        let mut dump = Vec::new();
        let input: Box<dyn Read> =
            if piped { Box::new(std::io::stdin()) } else { Box::new(File::open(&arguments.file)?) };
        if input.take(LONGEST + 1).read_to_end(&mut dump)? as u64 > LONGEST {
            return Err(Error::data("more than 64 MiB: leave only the lines with the bytes of the summary"));
        }
        let bytes = encoding(dump)?;
        let wire = Header::read(&bytes)?;
        let (columns, seed) = (arguments.columns.as_deref(), arguments.seed);
        let header =
            family::of_kind(wire.kind)?.import(&Import { bytes: &bytes, wire, input: &name, columns, seed })?;
        let file = SketchFile { header, summaries: vec![bytes] };
        Ok((Loaded::new(&file)?.description("firmware-import")?, file))
    };
    let (description, file) = read().map_err(|error: Error| error.in_file(&name))?;
    file.write(&arguments.save)?;
    Ok(show(&description, arguments.json))
}

/// The bytes that a dump stands for. An encoding is never text: the upper bytes of its length are zero.
fn encoding(dump: Vec<u8>) -> Result<Vec<u8>, Error> {
    if dump.contains(&0) {
        return Ok(dump);
    }
    let mut digits = Vec::new();
    for (number, line) in (1..).zip(dump.split(|&byte| byte == b'\n')) {
        for &byte in line.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            let digit = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            digits.push(digit.ok_or_else(|| {
                let text = String::from_utf8_lossy(line.trim_ascii()).chars().take(40).collect::<String>();
                Error::data(format!("\"{text}\" is not hex: leave only the lines with the bytes of the summary"))
                    .at_row(number)
            })?);
        }
    }
    let (pairs, rest) = digits.as_chunks();
    if !rest.is_empty() {
        return Err(Error::data("an odd number of hex digits: the dump is cut, print it again"));
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
