//! The demonstration: every method of every family on bundled real data, against the exact answer.

mod data;
mod eigen;
mod regression;
mod submodular;

use crate::report::{Page, PlotError, Section};

/// What a family shows, with a seed.
type Show = fn(u64) -> Result<Vec<Section>, PlotError>;

/// The families in the order of the page; the first section of each has the name as its id.
const FAMILIES: &[(&str, Show)] =
    &[("eigen", eigen::sections), ("regression", regression::sections), ("submodular", submodular::sections)];

/// Runs the demonstration; the page holds all tables and pictures.
///
/// # Errors
/// [`PlotError`] if a picture could not be drawn.
pub fn run(seed: u64) -> Result<Page, PlotError> {
    let mut sections = vec![Section {
        heading: "What this is".into(),
        text: vec![
            "Each method below read the rows of a data set once, one after the other, and kept only the bytes stated. Its \
             answer is compared with the exact one, which needs all data at once. The bound beside an error is what the \
             method itself can prove about it without knowing the truth."
                .into(),
        ],
        ..Section::default()
    }];
    for &(name, show) in FAMILIES {
        let mut shown = show(seed)?;
        if let Some(first) = shown.first_mut() {
            first.id = name.into();
        }
        sections.extend(shown);
    }
    Ok(Page { title: "sketchlet: answers about data you can't keep".into(), sections })
}
