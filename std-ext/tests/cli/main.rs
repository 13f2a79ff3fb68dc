//! The command, end to end: exit codes, streams, files, JSON.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

mod columns;
mod eigen;
mod firmware_import;
mod first;
mod forms;
mod input;
#[cfg(target_os = "linux")]
mod memory;
mod output;
#[cfg(unix)]
mod places;
mod readme;
mod regress;
mod sketch_files;
mod summarize;
mod tables;
mod threads;
mod usage;
mod warnings;

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
    assert!(output.stderr.is_empty(), "warnings are in the object");
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

/// The methods of `eigen`, as its help lists them, but for `auto`, which is one of the others.
fn methods() -> Vec<String> {
    let help = String::from_utf8(run(&["eigen", "--help"]).stdout).unwrap();
    let (_, flag) = help.split_once("--method").unwrap();
    let values = flag.lines().skip(1).take_while(|line| !line.trim_start().starts_with("--"));
    let names = values.filter_map(|line| Some(line.trim_start().strip_prefix("- ")?.split_once(':')?.0.to_owned()));
    let methods: Vec<String> = names.filter(|name| name != "auto").collect();
    assert!(methods.len() >= 10, "{methods:?} of {help}");
    methods
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
