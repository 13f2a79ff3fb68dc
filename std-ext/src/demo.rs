//! The demonstration: every method of every family on bundled real data, against the exact answer.

mod eigen;
mod regression;
mod submodular;

use crate::report::{Page, PlotError, Section};

/// Real data that come with the library; sources and licences are in `data/README.md`.
const GAIT: &str = include_str!("../data/gait_imu.csv");
const SHUTTLE: &str = include_str!("../data/shuttle.csv");
const DIGITS: &str = include_str!("../data/digits.csv");
const RANDHIE: &str = include_str!("../data/randhie.csv");

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
    sections.extend(eigen::sections(seed)?);
    sections.extend(regression::sections(seed)?);
    sections.extend(submodular::sections(seed)?);
    Ok(Page { title: "sketchlet: answers about data you can't keep".into(), sections })
}

/// The rows of a bundled CSV file: numbers only, one header line, the last column (a label) dropped.
fn rows(text: &str) -> Vec<Vec<f64>> {
    let parse = |line: &str| {
        let mut row: Vec<f64> = line.split(',').filter_map(|cell| cell.trim().parse().ok()).collect();
        row.pop();
        row
    };
    text.lines().skip(1).filter(|line| !line.is_empty()).map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_data_are_whole() {
        for (text, count, dim) in [(GAIT, 7040, 9), (SHUTTLE, 49097, 9), (DIGITS, 1797, 64)] {
            let rows = rows(text);
            assert_eq!(rows.len(), count);
            assert!(rows.iter().all(|row| row.len() == dim));
        }
    }
}
