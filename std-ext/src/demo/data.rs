//! Real data that come with the library; sources and licences are in `data/README.md`.

pub(super) const GAIT: &str = include_str!("../../data/gait_imu.csv");
pub(super) const SHUTTLE: &str = include_str!("../../data/shuttle.csv");
pub(super) const DIGITS: &str = include_str!("../../data/digits.csv");
pub(super) const RANDHIE: &str = include_str!("../../data/randhie.csv");

/// The rows of a bundled CSV file: numbers only, one header line, the last column (a label) dropped.
pub(super) fn rows(text: &str) -> Vec<Vec<f64>> {
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
