//! `sketchlet firmware-import`: the bytes of a summary that a device printed, as a `.sketch` file.

use super::Failure;
use super::args::FirmwareImportArguments;
use super::eigen::About;
use super::files::{Loaded, show};
use super::output::{SKETCH, check_place};
use super::{regress, summarize, summary};
use crate::sketch_file::SketchFile;
use crate::{Error, Header, Kind, Real, ScalarType};
use serde_json::json;
use std::io::Read;
use std::path::Path;

pub(super) fn run(arguments: &FirmwareImportArguments) -> Result<String, Failure> {
    check_place("--save", &arguments.save, SKETCH)?;
    let piped = arguments.file == Path::new("-");
    let name = if piped { "standard input".to_owned() } else { arguments.file.display().to_string() };
    let read = || {
        let mut dump = Vec::new();
        if piped {
            std::io::stdin().read_to_end(&mut dump)?;
        } else {
            dump = std::fs::read(&arguments.file)?;
        }
        let bytes = encoding(dump)?;
        let header = Header::read(&bytes)?;
        let columns = arguments.columns.as_deref();
        let file = match header.scalar {
            _ if matches!(header.kind, Kind::SketchedLeastSquares | Kind::StreamingQr) => {
                regress::import(bytes, &name, columns)?
            }
            _ if matches!(header.kind, Kind::LazyDynamic | Kind::Dynamic) => {
                if columns.is_some() {
                    return Err(Error::request("--columns names columns of rows: a selection has none"));
                }
                summarize::import(bytes, &name)?
            }
            ScalarType::F32 => sketch_file::<f32>(bytes, &name, arguments)?,
            ScalarType::F64 => sketch_file::<f64>(bytes, &name, arguments)?,
            other => return Err(Error::data(format!("a summary of {}: only floats can be imported", other.name()))),
        };
        Ok((Loaded::new(&file)?.description()?, file))
    };
    let (mut description, file) = read().map_err(|error: Error| error.in_file(&name))?;
    if let Some(object) = description.as_object_mut() {
        object.insert("command".into(), json!("firmware-import"));
    }
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

/// Names of the columns: those given, one for each, or their positions.
pub(super) fn names(dim: usize, given: Option<&[String]>) -> Result<Vec<String>, Error> {
    match given {
        None => Ok((0..dim).map(|i| i.to_string()).collect()),
        Some(names) if names.len() == dim => Ok(names.to_vec()),
        Some(names) => {
            let got = names.len();
            Err(Error::data(format!("{dim} columns in the summary, {got} names in --columns: name each of them")))
        }
    }
}

/// What `eigen --save` would have written, as far as the encoding tells.
fn sketch_file<T: Real>(bytes: Vec<u8>, name: &str, arguments: &FirmwareImportArguments) -> Result<SketchFile, Error> {
    let (method, center) = summary::identify::<T>(&bytes)?;
    let summary = summary::decode::<T>(&bytes)?;
    let columns = names(summary.dim(), arguments.columns.as_deref())?;
    let about = About {
        columns,
        method: method.name().into(),
        seed: arguments.seed,
        center,
        input: name.to_owned(),
        warnings: if method.certifies_nothing() {
            vec![format!("{} carries no figure for its error: compare with another method", method.name())]
        } else {
            Vec::new()
        },
        disagreement: None,
    };
    let params = json!({
        "rank": summary.rank(),
        "width": summary.block_width(),
        "center": center,
        "seed": arguments.seed,
    });
    Ok(SketchFile { header: about.to_header(&params), summaries: vec![bytes] })
}
