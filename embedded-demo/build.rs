//! What an image is made of: the memory of its board, rows of bundled data, golden values.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Target, board, flash and RAM. QEMU's mps2-an386 has 4 MiB of each; an image that would not fit a real part of its
/// class must fail to link.
const MEMORY: [(&str, &str, &str, &str); 2] =
    [("thumbv7em-none-eabihf", "mps2-an386", "512K", "128K"), ("thumbv6m-none-eabi", "microbit", "256K", "16K")];

/// Where golden values live; the host tests of the core read them there too.
const GOLDEN: &str = "../core/tests/golden";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let board = MEMORY.iter().find(|(name, ..)| *name == target);
    if let Some((_, _, flash, ram)) = board {
        let memory = format!(
            "MEMORY {{ FLASH : ORIGIN = 0x00000000, LENGTH = {flash} RAM : ORIGIN = 0x20000000, LENGTH = {ram} }}\n"
        );
        fs::write(out.join("memory.x"), memory).expect("memory.x");
        println!("cargo:rustc-link-search={}", out.display());
        println!("cargo:rustc-link-arg-bins=--nmagic");
        println!("cargo:rustc-link-arg-bins=-Tlink.x");
    } else {
        assert!(!target.contains("-none-"), "no board for {target}: add its flash and RAM to MEMORY in build.rs");
    }
    println!("cargo:rustc-env=SKETCHLET_BOARD={}", board.map_or("host", |(_, name, ..)| name));

    let data = Path::new("../std-ext/data");
    let source = table::<i16>("IMU", &data.join("gait_imu.csv"), 1000, 9)
        + &table::<u8>("DIGITS", &data.join("digits.csv"), 200, 64);
    fs::write(out.join("data.rs"), source).expect("data.rs");
    fs::write(out.join("golden.rs"), golden()).expect("golden.rs");
}

/// The first rows of a CSV file of integers, without its last column, as an array.
fn table<T: std::str::FromStr>(name: &str, path: &Path, rows: usize, cols: usize) -> String {
    println!("cargo:rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines: Vec<&str> = text.lines().skip(1).take(rows).collect();
    assert_eq!(lines.len(), rows, "{}: too few rows", path.display());
    let mut source = format!("pub(crate) static {name}: [[{}; {cols}]; {rows}] = [\n", std::any::type_name::<T>());
    for (i, line) in lines.iter().enumerate() {
        let entries: Vec<&str> = line.split(',').collect();
        assert_eq!(entries.len(), cols + 1, "{} line {}: wrong number of columns", path.display(), i + 2);
        for entry in &entries[..cols] {
            assert!(entry.parse::<T>().is_ok(), "{} line {}: {entry} does not fit", path.display(), i + 2);
        }
        writeln!(source, "    [{}],", entries[..cols].join(", ")).expect("strings grow");
    }
    source + "];\n"
}

/// Lines `name scalar hexbits` of all golden files, sorted by name, without the cases in `f64` that only hosts compute.
fn golden() -> String {
    println!("cargo:rerun-if-changed={GOLDEN}");
    let entries = fs::read_dir(GOLDEN).unwrap_or_else(|error| panic!("{GOLDEN}: {error}"));
    let mut values = BTreeMap::new();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "txt"))
    {
        println!("cargo:rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let place = format!("{} line {}", path.display(), i + 1);
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [name, scalar, hex] = fields[..] else { panic!("{place}: expected name, scalar, hexbits") };
            let digits = match scalar {
                "f32" | "u32" => 8,
                "f64" | "u64" => 16,
                _ => panic!("{place}: scalar {scalar} is none of f32, f64, u32, u64"),
            };
            assert_eq!(hex.len(), digits, "{place}: {scalar} has {digits} hex digits");
            let bits = u64::from_str_radix(hex, 16).unwrap_or_else(|error| panic!("{place}: {error}"));
            if name.contains("-f64/") {
                continue;
            }
            assert!(
                values.insert(name.to_owned(), (scalar.to_owned(), bits)).is_none(),
                "{place}: {name} was given before"
            );
        }
    }
    let mut table = BTreeMap::new();
    for (name, (scalar, bits)) in &values {
        let entry = (name, scalar.to_uppercase(), bits >> 32, bits & 0xffff_ffff);
        if let Some((other, ..)) = table.insert(name_hash(name.as_bytes()), entry) {
            panic!("{name} and {other} have one hash: rename one");
        }
    }
    let mut source =
        String::from("/// All golden values, sorted by the hash of their names.\npub static GOLDEN: &[Golden] = &[\n");
    for (key, (_, scalar, high, low)) in table {
        writeln!(
            source,
            "    Golden {{ key: 0x{key:x}, high: 0x{high:x}, low: 0x{low:x}, scalar: Scalar::{scalar} }},"
        )
        .expect("strings grow");
    }
    let mut cases = BTreeMap::new();
    for name in values.keys() {
        let case = name.rsplit_once('/').unwrap_or_else(|| panic!("{name}: expected case/entry")).0;
        *cases.entry(case).or_insert(0) += 1;
    }
    writeln!(
        source,
        "];\n/// Golden values of each case.\npub static CASES: &[(&str, usize)] = &{:?};",
        Vec::from_iter(cases)
    )
    .expect("strings grow");
    source
}

include!("src/name_hash.rs");
