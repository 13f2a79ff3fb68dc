//! `--threads`: who uses them, and that they change nothing else.

use super::*;
use std::fmt::Write as _;

/// Some shards of rows, and a little more.
const ROWS: usize = 65_536 + 77;
const COLUMNS: usize = 16;

fn table(folder: &tempfile::TempDir) -> String {
    let numbers: Vec<f64> = (0..(ROWS * COLUMNS) as u64)
        .map(|i| f64::from(u32::try_from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap()) / 1e7 - 0.8)
        .collect();
    let (file, name) = path(folder, "table.npy");
    fs::write(file, npy(&numbers, ROWS, COLUMNS, false)).unwrap();
    name
}

/// The answer without what it cost, and the threads that it names.
fn answer(arguments: &[&str], threads: usize) -> (Value, u64) {
    let threads = threads.to_string();
    let mut answer = json(&run(&[arguments, &["--json", "--threads", &threads]].concat()));
    let object = answer.as_object_mut().unwrap();
    for cost in ["seconds", "seconds_total", "cpu_seconds"] {
        object.remove(cost).unwrap();
    }
    let used = object.remove("threads").unwrap().as_u64().unwrap();
    (answer, used)
}

#[test]
fn work_that_can_be_split_is_and_gives_the_same_bits() {
    let folder = folder();
    let input = table(&folder);
    for arguments in [
        &["eigen", &input, "--method", "exact", "--rank", "2"][..],
        &["eigen", &input, "--method", "exact", "--precision", "f32", "--center"],
        &["eigen", &input, "--method", "exact", "--fast"],
        &["eigen", &input, "--method", "nystrom"],
        &["regress", &input, "--target", "3"],
        &["regress", &input, "--target", "3", "--streaming"],
        &["regress", &input, "--target", "3", "--streaming", "--sketch", "srht", "--intercept", "--first-row", "5"],
        &["regress", &input, "--target", "3", "--streaming", "--sketch", "rademacher", "--rows", "40"],
        &["summarize", &input, "--size", "3", "--method", "lazy", "--objective", "facility", "--exemplars", "8"],
    ] {
        let (expected, used) = answer(arguments, 1);
        assert_eq!(used, 1, "{arguments:?}");
        for threads in [2, 3, 7] {
            let (found, used) = answer(arguments, threads);
            assert_eq!(found, expected, "{arguments:?} {threads}");
            assert!(used > 1 && used <= threads as u64, "{arguments:?} {threads}: {used}");
        }
    }
}

#[test]
fn what_can_not_be_split_runs_on_one_thread() {
    let folder = folder();
    let input = table(&folder);
    for method in ["random-order", "oja", "frequent-directions"] {
        assert_eq!(answer(&["eigen", &input, "--method", method], 3).1, 1, "{method}");
    }
    let shuffled = ["eigen", &input, "--method", "exact", "--shuffle-buffer", "100"];
    assert_eq!(answer(&shuffled, 3).1, 1);
    // A table of one shard is not worth a second thread.
    assert_eq!(answer(&["eigen", &data("gait_imu.csv"), "--method", "exact", "--columns", GAIT_COLUMNS], 3).1, 1);
}

#[test]
fn the_first_row_at_fault_is_named() {
    let folder = folder();
    // A negative weight, then text: a few rows later, or in another piece of the same shard.
    for other in [9, 30_000] {
        let mut text = String::from("x,w,y\n");
        for i in 0..other + 3 {
            let (weight, y) = (if i == 4 { "-1" } else { "1" }, if i == other { "abc" } else { "2" });
            writeln!(text, "{},{weight},{y}", i % 7).unwrap();
        }
        let (file, input) = path(&folder, "weights.csv");
        fs::write(file, text).unwrap();
        for flags in [&["--streaming", "--sketch", "none"][..], &["--streaming", "--sketch", "srht"], &[]] {
            for threads in ["1", "2", "7"] {
                let command = ["regress", &input, "--target", "y", "--weights", "w", "--threads", threads];
                refused(&run(&[&command[..], flags].concat()), 1, &["row 6", "negative weight"]);
            }
        }
    }
}

#[test]
fn numbers_of_rows_end_with_their_stream_on_any_threads() {
    let folder = folder();
    let (rows, (file, input)) = (65_538, path(&folder, "long.npy"));
    fs::write(file, npy(&(0..2 * rows).map(|i| (i % 5) as f64).collect::<Vec<_>>(), rows, 2, false)).unwrap();
    let first = ((1u64 << 40) - 65_536).to_string();
    for threads in ["1", "2"] {
        let stream = ["--stream-id", "16777215", "--first-row", &first, "--threads", threads];
        let output =
            run(&[&["regress", &input, "--target", "0", "--streaming", "--sketch", "srht"][..], &stream].concat());
        refused(&output, 1, &["row 65537", "no row numbers left"]);
    }
}

#[test]
fn shards_of_a_sketch_are_the_same_for_any_columns() {
    let folder = folder();
    let (input, (_, saved)) = (table(&folder), path(&folder, "all.sketch"));
    let command = ["regress", &input, "--streaming", "--sketch", "srht", "--rows", "64", "--target", "3"];
    run(&[&command[..], &["--save", &saved]].concat());
    let some = json(&run(&["query", &saved, "--json", "--target", "3", "--columns", "1,7"]));
    let direct = json(&run(&[&command[..], &["--columns", "1,7", "--json"]].concat()));
    assert_eq!(some["coefficients"], direct["coefficients"]);
    assert_eq!(some["half_widths"], direct["half_widths"]);
}
