//! Parquet files, written here by the column writers of the crate that reads them.

use super::*;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArrayType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// The cells of a column; those that are `None` are absent.
pub(crate) enum Cells<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    Sparse(&'a [Option<f64>]),
    Text(&'a [&'a str]),
    Bool(&'a [bool]),
    Fixed(&'a [[u8; 2]]),
}

/// A file of columns, each after its line of schema, in row groups of at most `group` rows.
pub(crate) fn write(path: &Path, columns: &[(&str, Cells)], rows: usize, group: usize, compression: Compression) {
    let lines = columns.iter().map(|(line, _)| format!("{line};")).collect::<Vec<_>>().concat();
    let schema = Arc::new(parse_message_type(&format!("message rows {{ {lines} }}")).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50)
        .build();
    let mut file = SerializedFileWriter::new(fs::File::create(path).unwrap(), schema, Arc::new(properties)).unwrap();
    for start in (0..rows).step_by(group) {
        let part = start..(start + group).min(rows);
        let mut writer = file.next_row_group().unwrap();
        for (_, cells) in columns {
            let mut column = writer.next_column().unwrap().unwrap();
            match cells {
                Cells::F32(x) => column.typed::<FloatType>().write_batch(&x[part.clone()], None, None),
                Cells::F64(x) => column.typed::<DoubleType>().write_batch(&x[part.clone()], None, None),
                Cells::I32(x) => column.typed::<Int32Type>().write_batch(&x[part.clone()], None, None),
                Cells::I64(x) => column.typed::<Int64Type>().write_batch(&x[part.clone()], None, None),
                Cells::Bool(x) => column.typed::<BoolType>().write_batch(&x[part.clone()], None, None),
                Cells::Fixed(x) => {
                    let bytes: Vec<_> = x[part.clone()].iter().map(|bytes| bytes.to_vec().into()).collect();
                    column.typed::<FixedLenByteArrayType>().write_batch(&bytes, None, None)
                }
                Cells::Sparse(x) => {
                    let present: Vec<f64> = x[part.clone()].iter().flatten().copied().collect();
                    let levels: Vec<i16> = x[part.clone()].iter().map(|x| i16::from(x.is_some())).collect();
                    column.typed::<DoubleType>().write_batch(&present, Some(&levels), None)
                }
                Cells::Text(x) => {
                    let texts: Vec<_> = x[part.clone()].iter().map(|&text| text.into()).collect();
                    column.typed::<ByteArrayType>().write_batch(&texts, None, None)
                }
            }
            .unwrap();
            column.close().unwrap();
        }
        writer.close().unwrap();
    }
    file.close().unwrap();
}

#[test]
fn columns_of_every_kind_of_number_are_read() {
    let folder = folder();
    let (file, name) = path(&folder, "kinds.parquet");
    let big = [1u64 << 63, 3, u64::MAX].map(u64::cast_signed);
    let columns = [
        ("required float single", Cells::F32(&[0.1, 2.5, -3.0])),
        ("required double wide", Cells::F64(&[0.1, 1e300, -3.0])),
        ("required int32 short (INTEGER(16, true))", Cells::I32(&[-7, 8, 9])),
        ("required int32 unsigned (INTEGER(32, false))", Cells::I32(&[-1, 8, 9])),
        ("required int64 long", Cells::I64(&[i64::MAX, 8, (1 << 53) + 1])),
        ("required int64 longest (INTEGER(64, false))", Cells::I64(&big)),
        ("optional double some", Cells::Sparse(&[Some(4.0), Some(5.0), Some(6.0)])),
    ];
    write(&file, &columns, 3, 2, Compression::UNCOMPRESSED);
    // The vector of a file of one row is that row, scaled: no digit of it may differ from the same row as text.
    let (single, narrow) = (f64::from(0.1f32), f64::from(2.5f32));
    let csv = format!(
        "single,wide,short,unsigned,long,longest,some\n{single},0.1,-7,4294967295,9223372036854775807,9223372036854775808,4\n\
         {narrow},1e300,8,8,8,3,5\n-3,-3,9,9,9007199254740993,18446744073709551615,6\n"
    );
    for columns in ["single,short,some", "wide,some", "unsigned,short", "long,longest", "longest,unsigned,long"] {
        let flags = ["--columns", columns, "--json"];
        let from_text = json(&pipe(&[&["eigen", "-"], &flags[..]].concat(), csv.as_bytes()));
        let from_table = json(&run(&[&["eigen", &name], &flags[..]].concat()));
        for field in ["vectors", "values", "columns", "rows"] {
            assert_eq!(from_text[field], from_table[field], "{columns} {field}");
        }
    }
}

#[test]
fn absent_cells_of_a_table_are_missing() {
    let folder = folder();
    let (file, name) = path(&folder, "absent.parquet");
    let mut some: Vec<Option<f64>> = (0..3000).map(|i| Some(f64::from(i % 7))).collect();
    some[2048] = None;
    some[2500] = Some(f64::NAN);
    let full: Vec<f64> = (0..3000).map(|i| f64::from(i % 5)).collect();
    let columns = [("required double full", Cells::F64(&full)), ("optional double some", Cells::Sparse(&some))];
    write(&file, &columns, 3000, 1100, Compression::SNAPPY);
    refused(&run(&["eigen", &name]), 1, &["absent.parquet", "row 2049", "column some", "empty cell"]);
    assert_eq!(json(&run(&["eigen", &name, "--missing", "drop", "--json"]))["rows"], 2998);
    assert_eq!(json(&run(&["eigen", &name, "--missing", "zero", "--json"]))["rows"], 3000);
    assert_eq!(json(&run(&["eigen", &name, "--columns", "full", "--json"]))["rows"], 3000);
    some[2048] = Some(0.0);
    let columns = [("required double full", Cells::F64(&full)), ("optional double some", Cells::Sparse(&some))];
    write(&file, &columns, 3000, 1100, Compression::ZSTD(ZstdLevel::default()));
    refused(&run(&["eigen", &name]), 1, &["row 2501", "column some", "NaN"]);
}

#[test]
fn columns_without_numbers_are_named() {
    let folder = folder();
    let (file, name) = path(&folder, "text.parquet");
    let columns = [
        ("required double a", Cells::F64(&[1.0, 2.0])),
        ("required binary label (UTF8)", Cells::Text(&["x", "y"])),
        ("required boolean flag", Cells::Bool(&[true, false])),
        ("required int32 day (DATE)", Cells::I32(&[1, 2])),
        ("required int64 at (TIMESTAMP(NANOS, true))", Cells::I64(&[1, 2])),
        ("required int64 price (DECIMAL(9, 2))", Cells::I64(&[100, 250])),
        ("required double b", Cells::F64(&[3.0, 4.0])),
    ];
    write(&file, &columns, 2, 2, Compression::UNCOMPRESSED);
    for (column, what) in
        [("label", "text"), ("flag", "true and false"), ("day", "dates"), ("at", "dates"), ("price", "decimals")]
    {
        let named = ["eigen", &name, "--columns", &format!("a,{column}")];
        refused(&run(&named), 1, &["text.parquet", &format!("column {column}"), what]);
    }
    refused(&run(&["eigen", &name]), 1, &["column label", "--skip-non-numeric"]);
    let answer = json(&run(&["eigen", &name, "--skip-non-numeric", "--json"]));
    assert_eq!(answer["columns"], serde_json::json!(["a", "b"]));
    assert_eq!(json(&run(&["eigen", &name, "--columns", "6,0", "--json"]))["columns"], serde_json::json!(["b", "a"]));
}

#[test]
fn damaged_tables_are_refused_or_read_but_never_end_in_a_panic() {
    let folder = folder();
    let (file, name) = path(&folder, "damaged.parquet");
    let numbers: Vec<f64> = (0..400).map(|i| f64::from(i * i % 91)).collect();
    let some: Vec<Option<f64>> = numbers.iter().map(|&x| Some(x)).collect();
    let columns = [("required double a", Cells::F64(&numbers)), ("optional double b", Cells::Sparse(&some))];
    write(&file, &columns, 400, 300, Compression::SNAPPY);
    let whole = fs::read(&file).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let output = run(&["eigen", &name, "--json"]);
        // A changed digit in the middle of numbers can't be noticed: the form has no checksum of its own.
        if output.status.code() != Some(0) {
            refused(&output, 1, &["damaged.parquet"]);
        }
    };
    for i in (0..whole.len()).step_by(whole.len() / 150) {
        let mut copy = whole.clone();
        copy[i] ^= 0x55;
        check(&copy);
    }
    for len in [0, 3, 8, 11, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..len]).unwrap();
        refused(&run(&["eigen", &name, "--json"]), 1, &["damaged.parquet", "not a sound .parquet file"]);
    }
}
