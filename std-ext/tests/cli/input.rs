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
        ("a,b\n1,2,3\n", &[], 1, &["row 2", "column b", "3 cells, 2 expected"]),
        ("a,b\n1\n", &[], 1, &["row 2", "column b"]),
        (",b\n1,2\nx,3\n", &[], 1, &["row 3", "column 0", "not a number"]),
        ("a,b\r1,2\r3,x\r", &[], 1, &["row 3", "column b"]),
        ("a,b\r\n1,2\r3,4\n\r\n\r5,x\n", &[], 1, &["row 6", "column b"]),
        ("t,b\n\"1\n2\",2\n", &["--columns", "b,t"], 1, &["row 2", "column t", "not a number"]),
        ("t,b\n1,2\n\"3\",x\n", &[], 1, &["row 3", "column b"]),
        ("a,b\n1,1e400\n", &[], 1, &["row 2", "column b", "infinite"]),
        ("a,b\n1,-nan\n", &[], 1, &["row 2", "column b", "NaN"]),
        ("a,b\n1,0x10\n", &[], 1, &["row 2", "column b", "not a number"]),
        ("a,b\n1,\n,2\n", &["--missing", "drop"], 1, &["standard input", "all 2 rows were dropped"]),
        ("a,b\n1,1e39\n", &["--precision", "f32"], 1, &["row 2", "column b", "too large for f32"]),
        ("", &[], 1, &["nothing in it"]),
        ("a,b\n", &[], 1, &["standard input", "names of columns but no rows"]),
        ("a,b\n0,0\n0,0\n", &["--method", "random-order"], 1, &["0 usable rows"]),
        ("a,b\n1,2\n2,4\n", &["--rank", "2"], 1, &["rank 1"]),
        ("a,b\n1,2\n", &["--rank", "3"], 2, &["--rank 3", "2 columns", "from 1 to 2"]),
        ("a,b\n1,2\n", &["--rank", "0"], 2, &["--rank 0", "2 columns", "from 1 to 2"]),
        ("a,salary\n1,2\n", &["--columns", "salry"], 2, &["column salry", "did you mean salary?", "a, salary"]),
        ("a,b\n1,2\n", &["--columns", "c"], 2, &["column c", "no such column"]),
        ("a,b\n1,2\n", &["--columns", "b,1"], 2, &["column b", "twice"]),
        ("a,b\n1,2\n", &["--columns", "2"], 2, &["column 2", "no such column"]),
        ("a,b\n1,2\n", &["--columns=-1"], 2, &["column -1", "no such column"]),
        ("t,u\nx,y\n", &["--skip-non-numeric"], 1, &["no column of numbers"]),
        ("a,b\n1,2\n", &["--shuffle-buffer", "1000000000000"], 1, &["16000000000000 bytes"]),
        ("a,b\n1,2\n", &["--method", "block-power", "--heavy-capacity", "1000000000000"], 1, &["bytes"]),
        ("a,b\n1,2\n", &["--method", "oja", "--rate", "fixed:nan"], 2, &["rate"]),
        ("a,b\n1,2\n", &["--method", "frequent-directions", "--sketch-rows", "1"], 2, &["sketch_rows"]),
        ("a,b\n1,2\n", &["--method", "random-order", "--width", "9"], 2, &["width"]),
        ("a,b\n1,2\n", &["--method", "random-order", "--width", "0"], 2, &["--width"]),
        ("a,b\n1,2\n", &["--method", "oja", "--rate", "fast"], 2, &["--rate"]),
        ("a,b\n1,2\n", &["--method", "magic"], 2, &["magic"]),
        ("a,b\n1,2\n", &["--threads", "0"], 2, &["--threads"]),
        ("a,b\n1,2\n", &["--plot", "x.bmp"], 2, &["--plot"]),
        ("a,b\n1,2\n", &["--plot", "x\ny"], 2, &["--plot x?y"]),
        ("a,b\n1,2\n", &["--save", &out], 2, &["--save"]),
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

#[test]
fn lines_of_json_are_read_or_refused_with_their_place() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.ndjson");
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("[1,2]\n\n[3,\"x\"]\n", &[], &["row 3", "column 1", "not a number"]),
        ("[1,2]\n[1]\n", &[], &["row 2", "column 1", "1 entry, 2 expected"]),
        ("[1,2]\n[1,2,3]\n", &[], &["row 2", "column 1", "3 entries, 2 expected"]),
        ("[1,[2]]\n", &[], &["row 1", "column 1", "not a number"]),
        ("[1,2]\n[1,NaN]\n", &[], &["row 2", "column 1", "NaN"]),
        ("{\"a\":1}\n{\"a\": -Infinity}\n", &["--missing", "zero"], &["row 2", "column a", "infinite"]),
        ("[1,2]\n[1,1e400]\n", &[], &["row 2", "column 1", "infinite"]),
        ("[1,2]\n[3,", &[], &["row 2", "not JSON", "character 3"]),
        ("[1,2]\n{\"a\":1}\n", &[], &["row 2", "like the first row"]),
        ("{\"a\":1,\"b\":2}\n{\"a\":3}\n", &[], &["row 2", "column b", "empty cell"]),
        ("{\"a\":1,\"b\":2}\n{\"a\":3,\"c\":4}\n", &["--missing", "zero"], &["row 2", "column c", "no such key"]),
        ("3\n", &[], &["row 1"]),
        ("", &[], &["no rows"]),
    ];
    for (text, flags, parts) in cases {
        fs::write(&file, text).unwrap();
        let output = run(&[&["eigen", &name, "--json"], *flags].concat());
        refused(&output, 1, &[&["rows.ndjson"], *parts].concat());
    }
    let from = |text: &str, flags: &[&str]| {
        fs::write(&file, text).unwrap();
        json(&run(&[&["eigen", &name, "--json"], flags].concat()))
    };
    let plain = from("[1,2]\n[3,4]\n", &[]);
    let others = [
        from("\u{feff}[1,2]\r\n\r\n[3, 4]", &[]),
        from("{\"a\":1,\"b\":2}\n{\"b\":4,\"a\":3}\n", &[]),
        from("{\"a\":1,\"b\":2,\"t\":\"x\"}\n{\"b\":4,\"a\":3,\"u\":null}\n", &["--columns", "a,b"]),
        from("[1,2]\n[null,7]\n[7,NaN]\n[3,4]\n", &["--missing", "drop"]),
        from("{\"a\":1,\"b\":2}\n{\"a\":9}\n{\"a\":3,\"b\":4}\n", &["--missing", "drop"]),
    ];
    for other in others {
        assert_eq!((&plain["vectors"], &plain["values"]), (&other["vectors"], &other["values"]));
    }
}

/// A `.npy` file with a header of one's own.
fn npy_with(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn arrays_of_other_shapes_and_types_are_refused() {
    let folder = folder();
    let (file, name) = path(&folder, "a.npy");
    let header = |kind: &str, order: &str, shape: &str| {
        format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n")
    };
    let cases = [
        (header("<f16", "False", "(2, 2)"), 64, "<f16"),
        (header("<c16", "False", "(2, 2)"), 64, "<c16"),
        (header("<M8[s]", "False", "(2, 2)"), 32, "<M8"),
        (header("|O", "False", "(2, 2)"), 32, "|O"),
        (header("<U4", "False", "(2, 2)"), 64, "<U4"),
        (header("<f8", "False", "(1, 1000000)"), 0, "1000000 columns"),
        (header("<f8", "False", "()"), 8, "0 dimensions"),
        (header("<f8", "False", "(1, 2, 2)"), 32, "3 dimensions"),
        (header("<f8", "False", "(0, 3)"), 0, "0 rows"),
        (header("<f8", "False", "(3, 0)"), 0, "0 columns"),
        (header("<f8", "False", "(0, 1152921504606846976)"), 0, "0 rows"),
        (header("<f8", "True", "(0, 100000000000)"), 0, "0 rows"),
        (header("<f8", "False", "(1152921504606846976, 16)"), 0, "impossible"),
        (header("<f8", "False", "(2, 3)"), 40, "48 expected"),
        (header("<f8", "False", "(2, 3)"), 56, "48 expected"),
        (header("<f8", "False", "(2, -3)"), 48, "not a sound .npy"),
        ("no dictionary\n".to_owned(), 0, "not a sound .npy"),
    ];
    for (header, len, part) in cases {
        fs::write(&file, npy_with(&header, &vec![0; len])).unwrap();
        refused(&run(&["eigen", &name, "--json"]), 1, &["a.npy", part]);
    }
    // A header that says to have 4 GiB.
    fs::write(&file, b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}").unwrap();
    refused(&run(&["eigen", &name, "--json"]), 1, &["a.npy", "impossibly long"]);
    let whole = npy(&[1.0, 2.0, 3.0, 4.0], 2, 2, true);
    for i in 0..whole.len() - 32 {
        let mut copy = whole.clone();
        copy[i] ^= 0x15;
        fs::write(&file, &copy).unwrap();
        let output = run(&["eigen", &name, "--json"]);
        // Blanks of the header may change without harm.
        if output.status.code() != Some(0) {
            refused(&output, 1, &["a.npy"]);
        }
    }
}

#[test]
fn columns_of_an_array_are_read_in_blocks() {
    let folder = folder();
    let (rows, cols) = (150_000, 4);
    let values: Vec<f64> = (0..rows * cols).map(|i| (i * 7919 % 10_007) as f64 - 5_000.0).collect();
    let (file, c_order) = path(&folder, "c.npy");
    fs::write(file, npy(&values, rows, cols, false)).unwrap();
    let (file, fortran) = path(&folder, "f.npy");
    fs::write(&file, npy(&values, rows, cols, true)).unwrap();
    for flags in [&[][..], &["--columns", "3,1"]] {
        let [by_rows, by_columns] =
            [&c_order, &fortran].map(|name| json(&run(&[&["eigen", name, "--json"], flags].concat())));
        assert_eq!((&by_rows["vectors"], &by_rows["values"]), (&by_columns["vectors"], &by_columns["values"]));
        assert_eq!(by_columns["rows"], rows);
    }
    let mut broken = values;
    broken[140_000 * cols + 2] = f64::NAN;
    fs::write(&file, npy(&broken, rows, cols, true)).unwrap();
    refused(&run(&["eigen", &fortran]), 1, &["f.npy", "row 140001", "column 2", "NaN"]);
}

#[test]
fn memory_stays_bounded_for_a_long_array_of_columns() {
    let folder = folder();
    let (path, name) = path(&folder, "f.npy");
    let rows = 8_000_000;
    let header = format!("{{'descr': '<f8', 'fortran_order': True, 'shape': ({rows}, 4), }}\n");
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&npy_with(&header, &1.0f64.to_le_bytes())).unwrap();
    // The rest is zeros that take no place on the disk: 256 MB to be read with 128 MiB to address.
    file.set_len(npy_with(&header, &[]).len() as u64 + rows * 32).unwrap();
    let script = "ulimit -v 131072; exec \"$0\" eigen \"$1\" --json";
    let output = Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_sketchlet"), &name]).output().unwrap();
    assert_eq!(json(&output)["rows"], rows);
}
