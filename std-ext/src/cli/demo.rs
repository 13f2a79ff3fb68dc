//! `sketchlet demo`.

use super::args::DemoArguments;
use super::failure::Failure;
use super::output::write_files;
use super::places::{self, Place};
use crate::{Error, demo};
use serde_json::json;
use std::fmt::Write;
use std::time::Instant;

pub(super) fn run(arguments: &DemoArguments) -> Result<String, Failure> {
    let start = Instant::now();
    places::check(&[Place::new("--report", &arguments.report, &["html"])], &[])?;
    let page = demo::run(arguments.seed).map_err(|error| Error::data(error.to_string()))?;
    write_files([(arguments.report.clone(), page.to_html().into_bytes())])?;
    if arguments.json {
        let tables = page.sections.iter().filter_map(|section| {
            let table = section.table.as_ref()?;
            Some(json!({"heading": section.heading, "header": table.header, "rows": table.rows}))
        });
        let object = json!({
            "command": "demo",
            "version": env!("CARGO_PKG_VERSION"),
            "seed": arguments.seed,
            "tables": tables.collect::<Vec<_>>(),
            "report": arguments.report.display().to_string(),
            "seconds_total": start.elapsed().as_secs_f64(),
        });
        return Ok(format!("{object}\n"));
    }
    let mut text = String::new();
    for section in &page.sections {
        if let Some(table) = &section.table {
            let _ = write!(text, "{}\n\n{}\n", section.heading, table.to_text());
        }
    }
    let _ = writeln!(text, "report: {}", arguments.report.display());
    Ok(text)
}
