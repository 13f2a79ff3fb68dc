//! `sketchlet demo`.

use super::Failure;
use super::args::DemoArguments;
use super::output::write_files;
use crate::{Error, demo};
use std::fmt::Write;

pub(super) fn run(arguments: &DemoArguments) -> Result<String, Failure> {
    let page = demo::run(arguments.seed).map_err(|error| Error::data(error.to_string()))?;
    write_files([(arguments.report.as_path(), page.to_html().into_bytes())])?;
    let mut text = String::new();
    for section in &page.sections {
        if let Some(table) = &section.table {
            let _ = write!(text, "{}\n\n{}\n", section.heading, table.to_text());
        }
    }
    let _ = writeln!(text, "report: {}", arguments.report.display());
    Ok(text)
}
