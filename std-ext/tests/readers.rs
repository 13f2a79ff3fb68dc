//! Readers of every form over any input: bytes in memory, or a source that gives a few bytes at a time.

#![cfg(all(feature = "csv", feature = "npy", feature = "ndjson", feature = "parquet"))]
#![allow(clippy::unwrap_used)]

use parquet::data_type::DoubleType;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use sketchlet::io::{ReadOptions, RowReader};
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Gives one to three bytes at a time, and is nowhere near its beginning when it is handed over.
struct Slow {
    input: Cursor<Vec<u8>>,
    reads: usize,
}

impl Slow {
    fn new(bytes: &[u8]) -> Self {
        Self { input: Cursor::new(bytes.to_vec()), reads: 0 }
    }

    fn somewhere(bytes: &[u8]) -> Self {
        let mut slow = Self::new(bytes);
        slow.seek(SeekFrom::Start(5)).unwrap();
        slow
    }
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reads += 1;
        let count = buffer.len().min(self.reads % 3 + 1);
        self.input.read(&mut buffer[..count])
    }
}

impl Seek for Slow {
    fn seek(&mut self, place: SeekFrom) -> std::io::Result<u64> {
        self.input.seek(place)
    }
}

const ROWS: [[f64; 3]; 4] = [[1.5, -2.0, 3e7], [0.25, 8.0, -1e-3], [4.0, 5.0, 6.0], [0.1, 0.2, 0.3]];

fn lines(row: impl Fn(&[f64; 3]) -> String) -> String {
    ROWS.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn array(fortran: bool) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': (4, 3), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    let at = |i: usize| if fortran { ROWS[i % 4][i / 4] } else { ROWS[i / 3][i % 3] };
    bytes.extend((0..12).flat_map(|i| at(i).to_le_bytes()));
    bytes
}

fn table() -> Vec<u8> {
    let schema = "message rows { required double 0; required double 1; required double 2; }";
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    for group in ROWS.chunks(3) {
        let mut writer = file.next_row_group().unwrap();
        for column in 0..3 {
            let cells: Vec<f64> = group.iter().map(|row| row[column]).collect();
            let mut column = writer.next_column().unwrap().unwrap();
            column.typed::<DoubleType>().write_batch(&cells, None, None).unwrap();
            column.close().unwrap();
        }
        writer.close().unwrap();
    }
    file.close().unwrap();
    bytes
}

/// Reads all rows on another thread: readers can be sent.
fn rows(reader: Result<RowReader<f64>, sketchlet::Error>) -> Vec<f64> {
    let mut reader = reader.unwrap();
    let read = move || {
        let mut all = Vec::new();
        while let Some(rows) = reader.next_batch().unwrap() {
            all.extend_from_slice(rows.as_slice());
        }
        all
    };
    std::thread::spawn(read).join().unwrap()
}

#[test]
fn every_form_is_read_from_any_input() {
    let options = ReadOptions::new();
    let csv = format!("0,1,2\n{}", lines(|row| format!("{},{},{}", row[0], row[1], row[2])));
    let tsv = format!("# three columns\n0\t1\t2\n{}", lines(|row| format!("{}\t{}\t{}", row[0], row[1], row[2])));
    let ndjson = lines(|row| format!("{row:?}"));
    let tabs = ReadOptions::new().delimiter(b'\t').comment(b'#');
    for form in [
        rows(RowReader::from_csv(Slow::new(csv.as_bytes()), "csv", &options)),
        rows(RowReader::from_csv(Slow::new(tsv.as_bytes()), "tsv", &tabs)),
        rows(RowReader::from_ndjson(Slow::new(ndjson.as_bytes()), "ndjson", &options)),
        rows(RowReader::from_npy(Slow::somewhere(&array(false)), "npy", &options)),
        rows(RowReader::from_npy(Slow::somewhere(&array(true)), "npy", &options)),
        rows(RowReader::from_parquet(Slow::somewhere(&table()), "parquet", &options)),
        rows(RowReader::from_parquet(Cursor::new(table()), "parquet", &options)),
    ] {
        assert_eq!(form, ROWS.concat());
    }
}

#[test]
fn errors_carry_the_name_that_the_input_was_given() {
    let options = ReadOptions::new();
    let empty = || Cursor::new(Vec::new());
    let refused = |reader: Result<RowReader<f64>, sketchlet::Error>| {
        assert_eq!(reader.unwrap_err().file(), Some("the input"));
    };
    refused(RowReader::from_csv(empty(), "the input", &options));
    refused(RowReader::from_ndjson(empty(), "the input", &options));
    refused(RowReader::from_npy(empty(), "the input", &options));
    refused(RowReader::from_parquet(empty(), "the input", &options));
    let whole = table();
    for cut in [4, 20, whole.len() / 2, whole.len() - 1] {
        refused(RowReader::from_parquet(Cursor::new(whole[..cut].to_vec()), "the input", &options));
    }
}
