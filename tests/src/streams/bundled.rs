//! The data files of the repository.

use super::Rows;
use std::path::Path;

/// The first `columns` columns of a bundled file.
///
/// # Panics
/// If the file is not where the repository has it.
pub fn bundled(name: &str, columns: usize) -> Rows {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../std-ext/data").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows = text.lines().skip(1).map(|line| {
        let row: Vec<f64> = line.split(',').take(columns).map(|cell| cell.trim().parse().unwrap()).collect();
        assert_eq!(row.len(), columns, "{name}: {line}");
        row
    });
    Rows::collect(columns, rows)
}

/// Three accelerometers on a walking person: 7040 x 9.
pub fn imu() -> Rows {
    bundled("gait_imu.csv", 9)
}

/// Grey images of handwritten digits: 1797 x 64, rank 61.
pub fn digits() -> Rows {
    bundled("digits.csv", 64)
}

/// Health insurance experiment: 20190 x 10.
pub fn randhie() -> Rows {
    bundled("randhie.csv", 10)
}

/// Radiator sensors of the space shuttle, the first 20,000 rows: x 9, one row heavier than the rest together.
pub fn shuttle() -> Rows {
    bundled("shuttle.csv", 9).first(20_000)
}
