//! Forms of input, good and bad.

use super::tables::{self, Cells};
use super::*;
use parquet::basic::Compression;

/// The walk as a table: whole numbers in one kind of column, others in another, some of them nullable.
fn write_table(file: &Path, values: &[f64], rows: usize) {
    let columns: Vec<Vec<f64>> = (0..9).map(|j| values.chunks(9).map(|row| row[j]).collect()).collect();
    let short: Vec<i32> = columns[0].iter().map(|x| x.to_string().parse().unwrap()).collect();
    let some: Vec<Option<f64>> = columns[1].iter().map(|&x| Some(x)).collect();
    let names: Vec<String> = (2..9).map(|j| format!("required double c{j}")).collect();
    let mut cells = vec![("required int32 c0", Cells::I32(&short)), ("optional double c1", Cells::Sparse(&some))];
    cells.extend(names.iter().zip(&columns[2..]).map(|(name, column)| (name.as_str(), Cells::F64(column))));
    tables::write(file, &cells, rows, 2500, Compression::SNAPPY);
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
            let lines = values.chunks(9).map(|row| format!("{row:?}")).collect::<Vec<_>>().join("\n");
            fs::write(file, lines).unwrap();
            let ndjson = from(&name);
            let (file, name) = path(&folder, "rows.parquet");
            write_table(&file, &values, rows);
            let table = from(&name);
            for other in [&c_order, &fortran, &piped, &ndjson, &table] {
                for field in ["vectors", "values", "error_bound", "confidence", "order", "rows"] {
                    assert_eq!(csv[field], other[field], "{method} {precision} {field}");
                }
            }
        }
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
