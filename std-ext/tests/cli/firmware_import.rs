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
    for method in &methods() {
        let merging = ["random-order", "exact", "frequent-directions", "incremental", "nystrom"];
        let merges = merging.contains(&method.as_str());
        for extra in [&["--rank", "2"][..], &["--center"]] {
            let flags = ["--method", method, "--seed", "5"];
            let (sketch, bytes) = saved(&folder, &[&flags[..], extra].concat());
            let import = ["firmware-import", &dump_name, "--columns", &header, "--seed", "5", "--save", &imported];
            fs::write(&dump, hex(&bytes).to_uppercase()).unwrap();
            let told = json(&run(&[&import[..], &["--json"]].concat()));
            assert_eq!((&told["command"], &told["type"]), (&"firmware-import".into(), &method.as_str().into()));
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

/// Three nodes of a fleet, as they print themselves: integers, blocks half full, no names.
#[test]
#[allow(clippy::cast_possible_truncation, reason = "the data are whole numbers")]
fn nodes_are_imported_joined_and_asked() {
    use sketchlet::RowSummary;
    use sketchlet::regression::{SketchedLeastSquares, SketchedLeastSquaresParams};
    use sketchlet::sketch::Srht;
    use sketchlet::stream::DeferredRows;
    let folder = folder();
    let values = gait();
    let mut files = Vec::new();
    for (node, names) in ["a,b,c", "d,e,f", "g,h,i"].iter().enumerate() {
        let params = SketchedLeastSquaresParams::new(3, 128).seed(5).block_len(16).ranges(1).deferred();
        let mut summary = SketchedLeastSquares::<i32, _, _, _>::new(params, Srht).unwrap();
        for (i, row) in values.chunks_exact(9).enumerate() {
            let row: Vec<i32> = row[3 * node..3 * node + 3].iter().map(|&x| x as i32).collect();
            // The last block waits to be worked off.
            if i == 7039 { summary.update_deferred(&row).unwrap() } else { summary.update(&row).unwrap() }
        }
        let (file, dump) = path(&folder, &format!("{node}.txt"));
        fs::write(file, hex(&sketchlet::Wire::encode(&summary))).unwrap();
        let (_, sketch) = path(&folder, &format!("{node}.sketch"));
        let flags = ["firmware-import", &dump, "--columns", names, "--save", &sketch, "--json"];
        let told = json(&run(&flags));
        assert_eq!((&told["rows"], &told["precision"]), (&7040.into(), &"i32".into()));
        refused(&run(&["firmware-import", &dump, "--columns", "a,b", "--save", &sketch]), 1, &["3 columns"]);
        files.push(sketch);
    }
    let (_, all) = path(&folder, "all.sketch");
    json(&run(&["merge", "--join", &files[0], &files[1], &files[2], "--save", &all, "--json"]));
    refused(&run(&["query", &all]), 2, &["--target"]);
    let asked = json(&run(&["query", &all, "--target", "h", "--json"]));
    assert_eq!(asked["names"], serde_json::json!(["a", "b", "c", "d", "e", "f", "g", "i"]));
    let flags = ["--target", "7", "--columns", "0,1,2,3,4,5,6,8", "--streaming", "--rows", "128", "--seed", "5"];
    let direct = json(&run(&[&["regress", &data("gait_imu.csv"), "--json"], &flags[..]].concat()));
    for field in ["coefficients", "residual_norm"] {
        assert_eq!(asked[field], direct[field], "{field}");
    }
    // Sums of whole numbers are exact; half-widths from floats have the share of rounding too, about 4 sqrt(n) eps of the columns.
    for (exact, rounded) in
        asked["half_widths"].as_array().unwrap().iter().zip(direct["half_widths"].as_array().unwrap())
    {
        let (exact, rounded) = (exact.as_f64().unwrap(), rounded.as_f64().unwrap());
        assert!(exact <= rounded && rounded <= exact * (1.0 + 1e-9), "{exact} {rounded}");
    }
}
