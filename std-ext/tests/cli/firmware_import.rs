//! `firmware-import`: what a device printed becomes a file like any other.

use super::*;
use sketchlet::sketch_file::SketchFile;

/// As the firmware prints an encoding: 32 bytes a line.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    bytes.chunks(32).map(|line| digits(line) + "\n").collect()
}

/// A saved summary, and its encoding alone.
fn saved(folder: &tempfile::TempDir, flags: &[&str]) -> (String, Vec<u8>) {
    let (file, sketch) = path(folder, "saved.sketch");
    let arguments = ["eigen", &data("randhie.csv"), "--precision", "f32", "--save", &sketch, "--json"];
    json(&run(&[&arguments[..], flags].concat()));
    let mut summaries = SketchFile::read(&file).unwrap().summaries;
    (sketch, summaries.pop().unwrap())
}

#[test]
fn imported_summary_answers_as_the_saved_one_and_merges_with_it() {
    let folder = folder();
    let (dump, dump_name) = path(&folder, "dump.txt");
    let (_, imported) = path(&folder, "imported.sketch");
    let (_, merged) = path(&folder, "merged.sketch");
    let header = fs::read_to_string(data("randhie.csv")).unwrap().lines().next().unwrap().to_owned();
    for (method, merges) in [
        ("random-order", true),
        ("exact", true),
        ("frequent-directions", true),
        ("incremental", true),
        ("nystrom", true),
        ("block-power", false),
        ("oja", false),
        ("adaptive-oja", false),
        ("ccipca", false),
        ("history", false),
    ] {
        for extra in [&["--rank", "2"][..], &["--center"]] {
            let flags = ["--method", method, "--seed", "5"];
            let (sketch, bytes) = saved(&folder, &[&flags[..], extra].concat());
            let import = ["firmware-import", &dump_name, "--columns", &header, "--seed", "5", "--save", &imported];
            fs::write(&dump, hex(&bytes).to_uppercase()).unwrap();
            let told = json(&run(&[&import[..], &["--json"]].concat()));
            assert_eq!((&told["command"], &told["type"]), (&"firmware-import".into(), &method.into()));
            let from_hex = fs::read(&imported).unwrap();
            fs::write(&dump, &bytes).unwrap();
            json(&run(&[&import[..], &["--json"]].concat()));
            assert_eq!(from_hex, fs::read(&imported).unwrap(), "{method}: hex and bytes");
            let [one, other] = [&sketch, &imported].map(|name| json(&run(&["query", name, "--json"])));
            for field in ["vectors", "values", "confidence", "columns", "rows", "seed", "method", "center", "width"] {
                assert_eq!(one[field], other[field], "{method} {field}");
            }
            let output = run(&["merge", &sketch, &imported, "--save", &merged, "--json"]);
            if merges {
                assert_eq!(json(&output)["rows"], 2 * 20190);
            } else {
                refused(&output, 1, &["does not merge"]);
            }
        }
    }
}

#[test]
fn dumps_that_are_not_whole_are_refused() {
    let folder = folder();
    let (_, bytes) = saved(&folder, &["--method", "exact"]);
    let (dump, dump_name) = path(&folder, "dump.txt");
    let (out, imported) = path(&folder, "imported.sketch");
    let whole = hex(&bytes);
    let import = ["firmware-import", &dump_name, "--save", &imported];
    let check = |text: &[u8], parts: &[&str]| {
        fs::write(&dump, text).unwrap();
        refused(&run(&import), 1, &[&["dump.txt"], parts].concat());
        assert!(!out.exists());
    };
    check(b"", &["not a valid summary"]);
    check(&whole.as_bytes()[..whole.len() - 3], &["not a valid summary"]);
    check(&whole.as_bytes()[..whole.len() - 2], &["odd number"]);
    check(format!("{whole}boot ok\n").as_bytes(), &[&format!("row {}", whole.lines().count() + 1), "boot ok"]);
    for i in (0..bytes.len()).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[i] ^= 4;
        check(&damaged, &[]);
        check(hex(&damaged).as_bytes(), &["not a valid summary"]);
    }
    fs::write(&dump, &whole).unwrap();
    refused(&run(&[&import[..], &["--columns", "a,b"]].concat()), 1, &["2 names", "--columns"]);
    refused(&run(&["firmware-import", &dump_name]), 2, &["--save"]);
    refused(&run(&["firmware-import", &dump_name, "--save", &dump_name]), 2, &["--save", ".sketch"]);
    refused(&run(&["firmware-import", "no-such-dump.txt", "--save", &imported]), 1, &["no-such-dump.txt"]);
    assert_eq!(json(&pipe(&["firmware-import", "-", "--save", &imported, "--json"], whole.as_bytes()))["rows"], 20190);
}
