//! Forms of input: other signs in tables of text, other types of numbers, and files that are not what their names say.

use super::tables::{self, Cells};
use super::*;
use parquet::basic::Compression;

/// The first direction of the rows of `[[1.5, 2], [2, -3]]`, whatever stands around them.
fn check(arguments: &[&str], input: &[u8]) {
    let plain = json(&pipe(&["eigen", "-", "--json"], b"a,b\n1.5,2\n2,-3\n"));
    let answer = json(&pipe(&[arguments, &["--json"]].concat(), input));
    for field in ["vectors", "values", "columns", "rows"] {
        assert_eq!(answer[field], plain[field], "{arguments:?}");
    }
}

#[test]
fn tables_of_text_with_other_signs() {
    let folder = folder();
    let (file, tabs) = path(&folder, "d.tsv");
    fs::write(&file, "a\tb\n1.5\t2\n2\t-3\n").unwrap();
    check(&["eigen", &tabs], b"");
    for (text, flags) in [
        ("a;b\n1.5;2\n2;-3\n", &["--delimiter", ";"][..]),
        ("a\tb\n1.5\t2\n2\t-3\n", &["--delimiter", "tab"]),
        ("a|b\n1.5|2\n\"2\"|-3\n", &["--delimiter", "|"]),
        ("a b\n1.5 2\n2 -3\n", &["--delimiter", " "]),
        ("a;b\n1,5;2,0\n2;-3,\n", &["--decimal", ","]),
        ("a\tb\n1,5\t 2,0 \n2\t-0,3e1\n", &["--decimal", ",", "--delimiter", "tab"]),
        ("a,b\n1.5,2\n2,-3\n", &["--decimal", "."]),
        ("# made by hand\na,b\n#\n1.5,2\r\n#x,\"y\r\n\n2,-3\n#", &["--comment", "#"]),
        ("%a\r%\ra,b\r1.5,2\r%\r2,-3\r", &["--comment", "%"]),
        ("\u{feff}#x\na,b\n1.5,2\n2,-3", &["--comment", "#"]),
    ] {
        check(&[&["eigen", "-"], flags].concat(), text.as_bytes());
    }
    let (file, lines) = path(&folder, "d.jsonl");
    fs::write(&file, "# two rows\n{\"a\":1.5,\"b\":2}\n{\"a\":2,\"b\":-3}\n").unwrap();
    check(&["eigen", &lines, "--comment", "#"], b"");
    for flags in [
        &["--decimal", ",", "--delimiter", ","][..],
        &["--delimiter", "\""],
        &["--delimiter", "1"],
        &["--delimiter", "ab"],
        &["--comment", ","],
        &["--decimal", ";"],
    ] {
        refused(&pipe(&[&["eigen", "-"], flags].concat(), b"a;b\n1;2\n"), 2, &[flags[0]]);
    }
}

#[test]
fn standard_input_is_read_as_what_it_is() {
    let folder = folder();
    let numbers = [1.5, 2.0, 2.0, -3.0];
    let (file, name) = path(&folder, "d.parquet");
    let columns = [("required double a", Cells::F64(&[1.5, 2.0])), ("required double b", Cells::F64(&[2.0, -3.0]))];
    tables::write(&file, &columns, 2, 1, Compression::SNAPPY);
    let table = fs::read(&name).unwrap();
    let inputs: [(&[u8], &str); 8] = [
        (b"a,b\n1.5,2\n2,-3\n", "csv"),
        (b"a\tb\n1.5\t2\n2\t-3\n", "tsv"),
        (b"[1.5,2]\n[2,-3]\n", "ndjson"),
        (b"\xef\xbb\xbf\n { \"a\":1.5,\"b\":2}\n{\"a\":2,\"b\":-3}\n", "ndjson"),
        (&npy(&numbers, 2, 2, false), "npy"),
        (&npy(&numbers, 2, 2, true), "npy"),
        (&table, "parquet"),
        (b"[a],[b]\n1.5,2\n2,-3\n", "csv"),
    ];
    let plain = json(&pipe(&["eigen", "-", "--json"], inputs[0].0));
    for (input, format) in inputs {
        for flags in [&[][..], &["--format", format]] {
            if format == "tsv" && flags.is_empty() {
                continue;
            }
            let answer = json(&pipe(&[&["eigen", "-", "--json"], flags].concat(), input));
            assert_eq!((&answer["vectors"], &answer["values"]), (&plain["vectors"], &plain["values"]), "{format}");
        }
    }
    check(&["eigen", "-", "--format", "csv"], b"a,b\n1.5,2\n2,-3\n");
    refused(&run(&["eigen", &name, "--format", "csv"]), 2, &["--format is for standard input"]);
    refused(&pipe(&["eigen", "-", "--format", "npy"], b"a,b\n1,2\n"), 1, &["standard input", ".npy"]);
    refused(&pipe(&["eigen", "-", "--format", "csv"], &table), 1, &["standard input", "Parquet"]);
}

#[test]
fn what_parts_cells_or_decimals_is_proposed() {
    for (text, flags, parts) in [
        ("a;b\n1;2\n", &[][..], &["\";\"", "--delimiter ';'"][..]),
        ("a;b;y\n1,5;2;5\n", &[], &["--delimiter ';' and --decimal ,"]),
        ("a\tb\n1\t2\n", &[], &["tabs", "--delimiter tab"]),
        ("a|b\n1|2\n", &[], &["--delimiter '|'"]),
        ("a;b\n", &[], &["--delimiter ';'"]),
        ("a;b\n\"x\n", &[], &["--delimiter ';'"]),
        ("1;2\n3;4\n", &["--no-header"], &["--delimiter ';'"]),
        ("a,b\n1,2\n", &["--delimiter", ";"], &["--delimiter ','"]),
        ("a;b\n1,5;2\n", &["--delimiter", ";"], &["row 2", "column a", "\"1,5\"", "--decimal ,"]),
        ("a;b\n1.5;2\n", &["--decimal", ","], &["row 2", "column a", "\"1.5\"", "has no point"]),
        ("a;b\n1.234,5;2\n", &["--decimal", ","], &["row 2", "column a", "\"1.234,5\""]),
    ] {
        refused(&pipe(&[&["eigen", "-"], flags].concat(), text.as_bytes()), 1, parts);
    }
    // One column of numbers may be called anything.
    assert_eq!(json(&pipe(&["eigen", "-", "--json"], b"income;year\n1\n2\n"))["columns"][0], "income;year");
}

#[test]
fn a_quote_that_is_never_closed_is_called_that_where_it_began() {
    let unclosed = ["row 3", "quote that is never closed"];
    refused(&pipe(&["eigen", "-"], b"a,b\n1,2\n1,\"2\n3,4\n5,6\n"), 1, &unclosed);
    refused(&pipe(&["eigen", "-"], b"a,b\n1,2\n1,\"2"), 1, &unclosed);
    refused(&pipe(&["eigen", "-"], b"a,b\r\n1,2\r\n1,\"2\"\"\r\n3,4\r\n"), 1, &unclosed);
    // Closed by the next quote, lines later.
    refused(&pipe(&["eigen", "-"], b"a,b\n1,2\n1,\"2\n3,4\n5,\"6\n"), 1, &["row 3", "goes on to line 5", "quote"]);
    let endless = [&b"a,b\n1,2\n1,\"2\n"[..], &b"3,4\n".repeat(5 << 20)].concat();
    refused(&pipe(&["eigen", "-"], &endless), 1, &["row 3", "16 MiB", "quote is never closed"]);
    check(&["eigen", "-"], b"a,\"b\"\n1.5,\"2\"\n\"2\",\"-3\"");
}

#[test]
fn inputs_without_rows_say_so() {
    let folder = folder();
    for command in [
        &["eigen"][..],
        &["regress", "--target", "y"],
        &["regress", "--target", "y", "--streaming"],
        &["summarize", "--size", "1"],
    ] {
        for (name, text) in [("d.csv", "a,y\n"), ("d.csv", "a,y"), ("d.tsv", "a\ty\n\n")] {
            let (file, name) = path(&folder, name);
            fs::write(&file, text).unwrap();
            refused(&run(&[command, &[&name]].concat()), 1, &[&name, "names of columns but no rows"]);
        }
        let (file, name) = path(&folder, "d.csv");
        fs::write(&file, "a,y\n1,\nNA,2\n").unwrap();
        let dropped = run(&[command, &[&name, "--missing", "drop"]].concat());
        refused(&dropped, 1, &["d.csv", "all 2 rows were dropped"]);
        let (file, name) = path(&folder, "d.parquet");
        let columns = [("required double a", Cells::F64(&[])), ("required double y", Cells::F64(&[]))];
        tables::write(&file, &columns, 0, 1, Compression::UNCOMPRESSED);
        refused(&run(&[command, &[&name]].concat()), 1, &["d.parquet", "no rows"]);
    }
    let piped = ["summarize", "-", "--size", "1", "--objective", "feature", "--method", "sieve"];
    refused(&pipe(&piped, b"a,y\n"), 1, &["standard input", "no rows"]);
}

#[test]
fn files_under_a_wrong_name_are_called_what_they_are() {
    let folder = folder();
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let array = npy(&[1.0, 2.0, 3.0, 4.0], 2, 2, false);
    let (file, name) = path(&folder, "true.parquet");
    let columns = [("required double a", Cells::F64(&[1.0, 2.0]))];
    tables::write(&file, &columns, 2, 2, Compression::UNCOMPRESSED);
    let table = fs::read(&name).unwrap();
    let contents: &[(&[u8], &str)] = &[
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "gzip"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "Zstandard"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"ARROW1\0\0", "Arrow"),
        (&utf_16("\u{feff}a,b\n1,2\n"), "UTF-16"),
        (&utf_16("a,b\n1,2\n"), "UTF-16"),
        (&array, "NumPy"),
        (&table, "Parquet"),
    ];
    for name in ["d.csv", "d.tsv", "d.npy", "d.jsonl", "d.parquet"] {
        for (bytes, what) in contents {
            let (file, name) = path(&folder, name);
            if name.ends_with("npy") && *what == "NumPy" || name.ends_with("parquet") && *what == "Parquet" {
                continue;
            }
            fs::write(&file, bytes).unwrap();
            refused(&run(&["eigen", &name]), 1, &[&name, "this is", what]);
        }
    }
    for (bytes, what) in contents.iter().filter(|(_, what)| !["NumPy", "Parquet"].contains(what)) {
        refused(&pipe(&["eigen", "-"], bytes), 1, &["standard input", what]);
    }
    for (name, part) in [
        ("d.csv.gz", "zcat"),
        ("d.csv.zst", "zstdcat"),
        ("d.npz", ".npy"),
        ("d.xlsx", ".csv"),
        ("d.feather", ".parquet"),
        ("d.txt", ".jsonl"),
        ("d", "standard input"),
    ] {
        refused(&run(&["eigen", name]), 1, &[name, "form of file", part]);
    }
}

#[test]
fn arrays_of_any_type_of_numbers_are_read() {
    let folder = folder();
    let (file, name) = path(&folder, "a.npy");
    let mut seen = 0;
    let mut check = |kind: &str, bytes: [Vec<u8>; 4], numbers: [&str; 4]| {
        let text = format!("0,1\n{},{}\n{},{}\n", numbers[0], numbers[1], numbers[2], numbers[3]);
        let expected = json(&pipe(&["eigen", "-", "--json"], text.as_bytes()));
        for order in ["False", "True"] {
            for (mark, is_big) in [('<', false), ('>', true)] {
                let mut header = format!("{{'descr': '{mark}{kind}', 'fortran_order': {order}, 'shape': (2, 2), }}");
                header.push_str(&" ".repeat(117 - header.len()));
                header.push('\n');
                let mut content = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
                content.extend(header.as_bytes());
                for place in if order == "True" { [0, 2, 1, 3] } else { [0, 1, 2, 3] } {
                    let mut number = bytes[place].clone();
                    if is_big {
                        number.reverse();
                    }
                    content.extend(number);
                }
                fs::write(&file, content).unwrap();
                for flags in [&[][..], &["--columns", "0,1", "--na", "77"]] {
                    let answer = json(&run(&[&["eigen", &name, "--json"], flags].concat()));
                    assert_eq!(answer["vectors"], expected["vectors"], "{kind} {mark} {order}");
                    seen += 1;
                }
            }
        }
    };
    macro_rules! integers {
        ($($kind:literal $type:ty),*) => {$({
            let numbers = [<$type>::MAX, 3, <$type>::MIN, 100];
            check($kind, numbers.map(|x| x.to_le_bytes().to_vec()), numbers.map(|x| x.to_string()).each_ref().map(String::as_str));
        })*};
    }
    integers!("i1" i8, "i2" i16, "i4" i32, "i8" i64, "u1" u8, "u2" u16, "u4" u32, "u8" u64);
    check("b1", [1u8, 0, 1, 1].map(|x| vec![x]), ["1", "0", "1", "1"]);
    check(
        "f2",
        [0x3555u16, 0x0001, 0xc000, 0x7bff].map(|x| x.to_le_bytes().to_vec()),
        ["0.333251953125", "5.9604644775390625e-8", "-2", "65504"],
    );
    let singles = [0.1f32, -2.5, 3e7, 1e-3];
    let texts = singles.map(|x| f64::from(x).to_string());
    check("f4", singles.map(|x| x.to_le_bytes().to_vec()), texts.each_ref().map(String::as_str));
    check("f8", [0.1f64, -2.5, 3e7, 1e-3].map(|x| x.to_le_bytes().to_vec()), ["0.1", "-2.5", "3e7", "1e-3"]);
    assert_eq!(seen, 12 * 8);
}

#[test]
fn what_is_not_read_of_a_table_of_columns_is_named() {
    let folder = folder();
    let (file, name) = path(&folder, "d.parquet");
    let columns = [
        ("required fixed_len_byte_array(2) half (FLOAT16)", Cells::Fixed(&[[0x00, 0x3e], [0x00, 0x40]])),
        ("required double b", Cells::F64(&[2.0, -3.0])),
        ("required fixed_len_byte_array(2) price (DECIMAL(4, 2))", Cells::Fixed(&[[1, 2], [3, 4]])),
        ("required fixed_len_byte_array(2) raw", Cells::Fixed(&[[1, 2], [3, 4]])),
    ];
    tables::write(&file, &columns, 2, 2, Compression::UNCOMPRESSED);
    let halves = json(&run(&["eigen", &name, "--columns", "half,b", "--json"]));
    let plain = json(&pipe(&["eigen", "-", "--json"], b"a,b\n1.5,2\n2,-3\n"));
    assert_eq!((&halves["vectors"], &halves["values"]), (&plain["vectors"], &plain["values"]));
    refused(&run(&["eigen", &name, "--columns", "price"]), 1, &["column price", "decimals"]);
    refused(&run(&["eigen", &name, "--columns", "raw"]), 1, &["column raw", "text or bytes"]);
    let gzip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/gzip.parquet");
    refused(&run(&["eigen", gzip]), 1, &["gzip.parquet", "column a", "compressed by gzip", "Snappy or Zstandard"]);
}
