//! The README's example, and what it prints.

use super::fs;
use std::cell::RefCell;

thread_local! {
    static PRINTED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Prints to a string.
macro_rules! println {
    ($($what:tt)*) => {
        PRINTED.with_borrow_mut(|text| *text += &(format!($($what)*) + "\n"))
    };
}

// The example begins here.
use sketchlet::eigen::{ExactEigen, ExactEigenParams, TopEigen};
use sketchlet::{CoreError, Merge, RowSummary, Wire};

// Rows of 4 numbers. The parameters tell the length of the storage: an array, so no heap and no std.
const PARAMS: ExactEigenParams = ExactEigenParams::new(4);
type Summary = ExactEigen<f32, [f32; PARAMS.storage_len()]>;

// On each sensor: see every row once, then send a few bytes.
fn sensor(first: u16) -> Result<Vec<u8>, CoreError> {
    let mut summary = Summary::new_in(PARAMS, [0.0; PARAMS.storage_len()])?;
    for i in first..first + 1000 {
        let x = f32::from(i * 37 % 101) - 50.0;
        summary.update(&[3.0 * x, -x, f32::from(i % 7) - 3.0, 1.0])?;
    }
    Ok(summary.encode())
}

// Upstream: merge the summaries, and ask.
fn main() -> Result<(), CoreError> {
    let (left, right) = (sensor(0)?, sensor(500)?);
    let mut all = Summary::decode_in(&left, [0.0; PARAMS.storage_len()])?;
    all.merge(&Summary::decode_in(&right, [0.0; PARAMS.storage_len()])?)?;
    let mut answer = [0.0; PARAMS.answer_len()];
    let top = all.estimate(&mut answer)?;
    println!("{} rows, sent in {} bytes", all.rows_seen(), left.len() + right.len());
    println!("first principal direction {:.3?}", top.vector(0));
    println!("squared error at most {:.1e}, {}", top.confidence.error_bound.unwrap_or(1.0), top.confidence.status);
    Ok(())
}
// The example ends here.

#[test]
fn example_of_the_readme_prints_what_it_says() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let (_, rest) = include_str!("first.rs").split_once("// The example begins here.\n").unwrap();
    let (example, _) = rest.split_once("// The example ends here.\n").unwrap();
    assert!(readme.contains(&format!("```rust\n{example}```")), "the example stands in the README and here");
    main().unwrap();
    let printed = PRINTED.with_borrow(Clone::clone);
    assert!(readme.contains(&format!("```text\n{printed}```")), "{printed}");
}
