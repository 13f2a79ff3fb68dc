//! Where answers go: standard output, standard error and files.

use super::failure::Failure;
use crate::Error;
use crate::error::OneLine;
use crate::io::Target;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Prints an answer.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other.map_err(Error::from)?),
    }
}

/// Prints a warning, on a line of standard error.
pub(super) fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "warning: {}", OneLine(text));
}

/// Writes files, each whole or not at all, and none before all of them are ready.
pub(super) fn write_files(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Result<(), Error> {
    let mut targets = Vec::new();
    for (path, bytes) in files {
        let mut target = Target::new(&path)?;
        target.write_all(&bytes).map_err(|error| Error::from(error).in_file(path.display()))?;
        targets.push(target);
    }
    targets.into_iter().try_for_each(Target::commit)
}

/// The form that a file's extension asks for.
pub(super) fn extension(path: &Path) -> String {
    path.extension().and_then(|x| x.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// A matrix as bytes of the form that the extension asks for.
pub(super) fn matrix_bytes(path: &Path, columns: &[String], rows: &[Vec<f64>]) -> Result<Vec<u8>, Failure> {
    match extension(path).as_str() {
        "csv" => {
            let quoted = |name: &String| {
                if name.contains(['"', ',', '\n', '\r']) {
                    format!("\"{}\"", name.replace('"', "\"\""))
                } else {
                    name.clone()
                }
            };
            let mut text = columns.iter().map(quoted).collect::<Vec<_>>().join(",");
            for row in rows {
                text.push('\n');
                text.push_str(&row.iter().map(f64::to_string).collect::<Vec<_>>().join(","));
            }
            text.push('\n');
            Ok(text.into_bytes())
        }
        "npy" => {
            let mut bytes = Vec::new();
            let shape = [rows.len() as u64, columns.len() as u64];
            npy(&mut bytes, &shape, rows).map_err(Error::from)?;
            Ok(bytes)
        }
        _ => Err(Failure::Usage(format!("--out {}: give a name that ends in .npy or .csv", path.display()))),
    }
}

fn npy(bytes: &mut Vec<u8>, shape: &[u64], rows: &[Vec<f64>]) -> std::io::Result<()> {
    use npyz::WriterBuilder;
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(shape).writer(bytes).begin_nd()?;
    writer.extend(rows.iter().flatten().copied())?;
    writer.finish()
}
