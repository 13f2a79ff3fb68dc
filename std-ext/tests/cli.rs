//! The command, end to end: exit codes, streams, files, JSON.

#![cfg(feature = "cli")]

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/");
const GAIT_COLUMNS: &str = "0,1,2,3,4,5,6,7,8";

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sketchlet"))
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn pipe(arguments: &[&str], input: &[u8]) -> Output {
    let mut child =
        command().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that refuses early closes its end: that is its right.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "warnings are for terminals only");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Exit status, nothing on standard output, one line on standard error that holds all of `parts`.
fn refused(output: &Output, status: i32, parts: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} missing in {text:?}");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn data(name: &str) -> String {
    format!("{DATA}{name}")
}

fn path(folder: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    let text = path.display().to_string();
    (path, text)
}

/// Numbers as a `.npy` file of f64.
fn npy(values: &[f64], rows: usize, cols: usize, fortran: bool) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': ({rows}, {cols}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    let at = |i: usize| if fortran { values[(i % rows) * cols + i / rows] } else { values[i] };
    bytes.extend((0..rows * cols).flat_map(|i| at(i).to_le_bytes()));
    bytes
}

fn gait() -> Vec<f64> {
    let text = fs::read_to_string(data("gait_imu.csv")).unwrap();
    text.lines()
        .skip(1)
        .flat_map(|line| line.split(',').take(9).map(|x| x.parse::<f64>().unwrap()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn one_answer_for_every_form_of_input() {
    let folder = folder();
    let values = gait();
    let rows = values.len() / 9;
    for precision in ["f64", "f32"] {
        for method in ["exact", "random-order"] {
            let flags = ["--method", method, "--precision", precision, "--json"];
            let from = |input: &str| json(&run(&[&["eigen", input], &flags[..]].concat()));
            let csv = json(&run(&[&["eigen", &data("gait_imu.csv"), "--columns", GAIT_COLUMNS], &flags[..]].concat()));
            let (file, name) = path(&folder, "c.npy");
            fs::write(file, npy(&values, rows, 9, false)).unwrap();
            let c_order = from(&name);
            let (file, name) = path(&folder, "f.npy");
            fs::write(file, npy(&values, rows, 9, true)).unwrap();
            let fortran = from(&name);
            let text = fs::read(data("gait_imu.csv")).unwrap();
            let piped = json(&pipe(&[&["eigen", "-", "--columns", GAIT_COLUMNS], &flags[..]].concat(), &text));
            let (file, name) = path(&folder, "rows.ndjson");
            let lines: String = values.chunks(9).map(|row| format!("{row:?}\n")).collect();
            fs::write(file, lines).unwrap();
            let ndjson = from(&name);
            for other in [&c_order, &fortran, &piped, &ndjson] {
                for field in ["vectors", "values", "error_bound", "confidence", "order", "rows"] {
                    assert_eq!(csv[field], other[field], "{method} {precision} {field}");
                }
            }
        }
    }
}

#[test]
fn json_has_the_fields_of_the_contract() {
    let answer = json(&run(&["eigen", &data("digits.csv"), "--method", "random-order", "--rank", "2", "--json"]));
    for field in [
        "command",
        "version",
        "rows",
        "dim",
        "seed",
        "precision",
        "state_bytes",
        "seconds",
        "seconds_total",
        "cpu_seconds",
        "threads",
        "warnings",
        "method",
        "vectors",
        "values",
        "value_lower",
        "value_upper",
        "error_bound",
        "confidence",
        "order",
        "heavy_rows",
        "width",
    ] {
        assert!(answer.get(field).is_some(), "{field}");
    }
    assert_eq!(answer["rows"], 1797);
    assert_eq!(answer["dim"], 65);
    assert_eq!(answer["width"], 4);
    assert_eq!(answer["vectors"].as_array().unwrap().len(), 2);
    for field in ["drift", "runs", "level"] {
        assert!(answer["order"][field].is_f64(), "{field}");
    }
    let exact = json(&run(&["eigen", &data("digits.csv"), "--json"]));
    assert_eq!(exact["method"], "exact");
    assert_eq!(exact["order"], Value::Null);
    assert_eq!(exact["error_bound"], 0.0);
    assert_eq!(json(&run(&["eigen", &data("digits.csv"), "--memory", "100", "--json"]))["method"], "random-order");
}

#[test]
fn every_method_answers_and_its_file_answers_the_same() {
    let folder = folder();
    let (_, sketch) = path(&folder, "a.sketch");
    for method in [
        "random-order",
        "exact",
        "frequent-directions",
        "incremental",
        "nystrom",
        "block-power",
        "oja",
        "adaptive-oja",
        "ccipca",
        "history",
    ] {
        for extra in [&[][..], &["--center", "--precision", "f32"], &["--shuffle-buffer", "500"]] {
            let flags = ["eigen", &data("randhie.csv"), "--method", method, "--save", &sketch, "--json"];
            let saved = json(&run(&[&flags[..], extra].concat()));
            let mut queried = json(&run(&["query", &sketch, "--json"]));
            for field in ["seconds", "seconds_total", "cpu_seconds", "state_bytes", "threads"] {
                queried[field] = saved[field].clone();
            }
            assert_eq!(saved, queried, "{method} {extra:?}");
            let inspected = json(&run(&["inspect", &sketch, "--json"]));
            for field in ["type", "format_version", "precision", "params", "rows", "dim", "bytes"] {
                assert!(inspected.get(field).is_some(), "{field}");
            }
            assert_eq!(inspected["type"], method);
            assert_eq!(inspected["rows"], 20190);
            assert_eq!(inspected["bytes"].as_u64().unwrap(), fs::metadata(&sketch).unwrap().len());
        }
    }
}

#[test]
fn merged_shards_are_the_whole() {
    let folder = folder();
    let text = fs::read_to_string(data("randhie.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut files = Vec::new();
    for shard in 0..3 {
        let (file, csv) = path(&folder, &format!("{shard}.csv"));
        let lines: Vec<&str> = rows.lines().skip(shard).step_by(3).collect();
        fs::write(file, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
        let (_, sketch) = path(&folder, &format!("{shard}.sketch"));
        json(&run(&["eigen", &csv, "--method", "exact", "--save", &sketch, "--json"]));
        files.push(sketch);
    }
    let (_, merged) = path(&folder, "all.sketch");
    let flags = ["merge", &files[0], &files[1], &files[2], "--save", &merged, "--json"];
    assert_eq!(json(&run(&flags))["rows"], 20190);
    let bytes = fs::read(&merged).unwrap();
    json(&run(&flags));
    assert_eq!(bytes, fs::read(&merged).unwrap(), "the same files give the same bytes");
    let whole = json(&run(&["eigen", &data("randhie.csv"), "--method", "exact", "--json"]));
    let from_shards = json(&run(&["query", &merged, "--json"]));
    for (x, y) in whole["vectors"][0].as_array().unwrap().iter().zip(from_shards["vectors"][0].as_array().unwrap()) {
        assert!((x.as_f64().unwrap() - y.as_f64().unwrap()).abs() < 1e-12);
    }
    let (_, other) = path(&folder, "other.sketch");
    json(&run(&["eigen", &data("randhie.csv"), "--method", "nystrom", "--save", &other, "--json"]));
    refused(&run(&["merge", &files[0], &other, "--save", &merged]), 1, &["other.sketch", "methods differ"]);
    assert_eq!(bytes, fs::read(&merged).unwrap(), "a refused merge writes nothing");
    refused(&run(&["merge", &files[0], &files[1]]), 2, &["--save"]);
}

#[test]
fn damaged_sketch_files_are_refused() {
    let folder = folder();
    let (file, sketch) = path(&folder, "a.sketch");
    json(&pipe(&["eigen", "-", "--method", "exact", "--save", &sketch, "--json"], b"a,b\n1,2\n3,5\n"));
    let bytes = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..bytes.len())
        .step_by(7)
        .map(|i| {
            let mut copy = bytes.clone();
            copy[i] ^= 1;
            copy
        })
        .collect();
    damaged.push(bytes[..bytes.len() - 1].to_vec());
    damaged.push([&bytes[..], b"x"].concat());
    damaged.push(Vec::new());
    for copy in damaged {
        fs::write(&file, copy).unwrap();
        refused(&run(&["query", &sketch, "--json"]), 1, &["a.sketch", "damaged"]);
    }
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let folder = folder();
    let (_, out) = path(&folder, "out.csv");
    let cases: &[(&str, &[&str], i32, &[&str])] = &[
        ("a,b\n1,2\n3,x\n", &[], 1, &["row 3", "column b", "not a number"]),
        ("a,b\n1,2\n\n3,NaN\n", &[], 1, &["row 4", "column b", "NaN"]),
        ("a,b\n1,\n", &[], 1, &["row 2", "column b", "empty cell"]),
        ("a,b\n1,inf\n", &["--missing", "zero"], 1, &["row 2", "column b", "infinite"]),
        ("a,b\n1,2,3\n", &[], 1, &["row 2", "3 cells, 2 expected"]),
        ("a,b\n1\n", &[], 1, &["row 2", "column b"]),
        ("a,b\n1,1e39\n", &["--precision", "f32"], 1, &["row 2", "column b", "too large for f32"]),
        ("", &[], 1, &["nothing in it"]),
        ("a,b\n", &[], 1, &["0 usable rows"]),
        ("a,b\n0,0\n0,0\n", &["--method", "random-order"], 1, &["0 usable rows"]),
        ("a,b\n1,2\n2,4\n", &["--rank", "2"], 1, &["rank 1"]),
        ("a,b\n1,2\n", &["--rank", "3"], 1, &["rank"]),
        ("a,b\n1,2\n", &["--columns", "c"], 1, &["column c", "no such column"]),
        ("a,b\n1,2\n", &["--method", "frequent-directions", "--sketch-rows", "1"], 1, &["sketch_rows"]),
        ("a,b\n1,2\n", &["--method", "random-order", "--width", "9"], 1, &["width"]),
        ("a,b\n1,2\n", &["--method", "oja", "--rate", "fast"], 2, &["--rate"]),
        ("a,b\n1,2\n", &["--method", "magic"], 2, &["magic"]),
        ("a,b\n1,2\n", &["--threads", "0"], 2, &["--threads"]),
        ("a,b\n1,2\n", &["--plot", "x.bmp"], 2, &["--plot"]),
    ];
    for (text, flags, status, parts) in cases {
        let arguments = [&["eigen", "-", "--json", "--out", &out], *flags].concat();
        refused(&pipe(&arguments, text.as_bytes()), *status, parts);
        assert!(!Path::new(&out).exists(), "{text:?} left a file");
    }
    refused(&run(&["eigen", "no-such-file.csv"]), 1, &["no-such-file.csv"]);
    refused(&run(&["eigen", &data("README.md")]), 1, &["README.md", "form"]);
    let (file, name) = path(&folder, "cut.npy");
    let whole = npy(&[1.0, 2.0, 3.0, 4.0], 2, 2, false);
    fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    refused(&run(&["eigen", &name]), 1, &["cut.npy", "damaged"]);
    fs::write(&file, npy(&[1.0, 2.0, f64::NAN, 4.0], 2, 2, false)).unwrap();
    refused(&run(&["eigen", &name]), 1, &["cut.npy", "row 2", "column 0", "NaN"]);
    refused(&run(&["eigen", &data("digits.csv"), "--save", "/no/such/folder/a.sketch"]), 1, &["directory"]);
}

#[test]
fn missing_cells_and_text_columns_can_be_dealt_with() {
    let text = b"name,a,b\nx,1,2\ny,,4\nz,3,NaN\nw,2,4\n";
    let flags = ["eigen", "-", "--skip-non-numeric", "--json"];
    let dropped = json(&pipe(&[&flags[..], &["--missing", "drop"]].concat(), text));
    assert_eq!((&dropped["rows"], &dropped["dim"]), (&2.into(), &2.into()));
    let zeroed = json(&pipe(&[&flags[..], &["--missing", "zero"]].concat(), text));
    assert_eq!(zeroed["rows"], 4);
    let no_header = json(&pipe(&["eigen", "-", "--no-header", "--json"], b"1,2\r\n\"3\",4\r\n"));
    assert_eq!(no_header["rows"], 2);
    let picked = json(&pipe(&["eigen", "-", "--columns", "b,0", "--json"], b"a,b\n3,4\n"));
    assert_eq!(picked["columns"], serde_json::json!(["b", "a"]));
    assert!((picked["vectors"][0][0].as_f64().unwrap() - 0.8).abs() < 1e-15);
}

#[test]
fn result_files_hold_the_answer() {
    let folder = folder();
    let paths: Vec<(PathBuf, String)> =
        ["v.csv", "v.npy", "v.svg", "v.html"].iter().map(|name| path(&folder, name)).collect();
    let flags = ["eigen", &data("digits.csv"), "--json", "--plot", &paths[2].1, "--report", &paths[3].1];
    let answer = json(&run(&[&flags[..], &["--out", &paths[0].1]].concat()));
    json(&run(&[&flags[..], &["--out", &paths[1].1]].concat()));
    let csv = fs::read_to_string(&paths[0].0).unwrap();
    let row: Vec<f64> = csv.lines().nth(1).unwrap().split(',').map(|x| x.parse().unwrap()).collect();
    let vector: Vec<f64> = answer["vectors"][0].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(row, vector);
    let npy = fs::read(&paths[1].0).unwrap();
    let last = f64::from_le_bytes(npy[npy.len() - 8..].try_into().unwrap());
    assert_eq!(Some(&last), vector.last());
    assert!(fs::read_to_string(&paths[2].0).unwrap().starts_with("<svg"));
    let page = fs::read_to_string(&paths[3].0).unwrap();
    assert!(page.contains("<svg") && !page.contains("src=") && !page.contains("href="));
}

#[test]
fn order_of_rows_is_told() {
    let text = fs::read_to_string(data("gait_imu.csv")).unwrap();
    let answer =
        json(&pipe(&["eigen", "-", "--columns", GAIT_COLUMNS, "--method", "random-order", "--json"], text.as_bytes()));
    assert_eq!(answer["confidence"]["status"], "not-random-order");
    assert!(answer["warnings"][0].as_str().unwrap().contains("random order"));
}

#[test]
fn replicas_measure_methods_that_certify_nothing() {
    let flags = ["eigen", &data("randhie.csv"), "--method", "block-power", "--json"];
    let one = json(&run(&flags));
    assert_eq!(one["confidence"]["error_estimate"], Value::Null);
    assert!(one["warnings"][0].as_str().unwrap().contains("no figure"));
    let two = json(&run(&[&flags[..], &["--replicas", "2"]].concat()));
    assert!(two["confidence"]["error_estimate"].as_f64().unwrap() < 0.1);
}

#[test]
fn fast_agrees_to_rounding() {
    let slow = json(&run(&["eigen", &data("digits.csv"), "--json"]));
    let fast = json(&run(&["eigen", &data("digits.csv"), "--fast", "--json"]));
    for (x, y) in slow["vectors"][0].as_array().unwrap().iter().zip(fast["vectors"][0].as_array().unwrap()) {
        assert!((x.as_f64().unwrap() - y.as_f64().unwrap()).abs() < 1e-12);
    }
}

#[test]
fn memory_stays_bounded_for_a_long_pipe() {
    let block = "0.5,-1.25,3.75,2.0\n1.5,0.25,-0.75,4.0\n".repeat(5_000);
    let mut child = command()
        .args(["eigen", "-", "--no-header", "--method", "random-order", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    for _ in 0..50 {
        stdin.write_all(block.as_bytes()).unwrap();
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: 0 kB");
        peak = peak.max(line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap());
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(json(&output)["rows"], 500_000);
    assert!(peak < 64 * 1024, "{peak} KiB");
}

#[test]
fn help_and_version_are_answers() {
    let help = run(&[]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("eigen"));
    assert!(run(&["--version"]).status.success());
}
