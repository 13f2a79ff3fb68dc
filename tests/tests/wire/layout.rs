//! `docs/wire.md` describes every byte: a reader that knows nothing but its tables walks each kept file to its end.
//!
//! None of the library's decoders is called. What a table says must hold is checked as well.

use sketchlet_core::eigen::{ExactEigen, ExactEigenParams};
use sketchlet_core::regression::*;
use sketchlet_core::sketch::Srht;
use sketchlet_core::submodular::*;
use sketchlet_core::{RowSummary, Wire};
use std::collections::{BTreeMap, BTreeSet};

/// A line of a table. Empty expressions are empty.
struct Field {
    name: String,
    kind: String,
    count: String,
    rule: String,
}

/// The tables of the page, by the name in the heading above them, and which of them is the body of family and number.
struct Layout {
    tables: BTreeMap<String, Vec<Field>>,
    bodies: BTreeMap<(u8, u8), String>,
}

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/wire.md")).unwrap()
}

impl Layout {
    fn of(page: &str) -> Self {
        let (mut tables, mut bodies) = (BTreeMap::<String, Vec<Field>>::new(), BTreeMap::new());
        let mut name = String::new();
        for line in page.lines() {
            if let Some(heading) = line.strip_prefix("### `") {
                let (table, rest) = heading.split_once('`').unwrap();
                name = table.into();
                let numbers: Vec<u8> = rest.split(['(', ',', ')']).filter_map(|x| x.trim().parse().ok()).collect();
                if let [family, number] = numbers[..] {
                    assert!(bodies.insert((family, number), name.clone()).is_none(), "{line}");
                }
            } else if line.starts_with("## ") {
                name.clear();
            } else if line.starts_with("| `") && !name.is_empty() {
                let cells: Vec<&str> =
                    line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
                let [field, kind, count, rule, _] = cells[..] else { continue };
                let [name_of, kind, count, rule] = [field, kind, count, rule].map(String::from);
                tables.entry(name.clone()).or_default().push(Field { name: name_of, kind, count, rule });
            }
        }
        Self { tables, bodies }
    }
}

/// Values of fields, by their names; those of structures have the name of the structure before a dot.
type Values = BTreeMap<String, f64>;

struct Walk<'a> {
    layout: &'a Layout,
    bytes: &'a [u8],
    at: usize,
    /// Where the innermost body ends.
    end: usize,
    /// Fields that took bytes: `table.field`.
    used: BTreeSet<String>,
}

impl Walk<'_> {
    fn take(&mut self, len: usize) -> &[u8] {
        let from = self.at;
        self.at += len;
        self.bytes.get(from..self.at).unwrap_or_else(|| panic!("{len} bytes at {from} of {}", self.bytes.len()))
    }

    fn unsigned(&mut self, len: usize) -> u64 {
        self.take(len).iter().rev().fold(0, |x, &byte| x << 8 | u64::from(byte))
    }

    /// One value of a type that is not a table.
    fn value(&mut self, kind: &str, values: &Values, start: usize) -> Option<f64> {
        Some(match kind {
            "byte" | "u8" => self.unsigned(1) as f64,
            "flag" => {
                let flag = self.unsigned(1);
                assert!(flag <= 1, "a flag of {flag}");
                flag as f64
            }
            "u32" => self.unsigned(4) as f64,
            "u64" => self.unsigned(8) as f64,
            "i32" => f64::from(self.unsigned(4) as u32 as i32),
            "len" | "count" => {
                let count = self.unsigned(8);
                assert!(count <= u64::MAX / 2, "a count of {count}");
                count as f64
            }
            "id" => self.unsigned(values["id_bytes"] as usize) as f64,
            "f64" => finite(f64::from_bits(self.unsigned(8))),
            "scalar" => match values["scalar"] as u8 {
                4 => finite(f64::from(f32::from_bits(self.unsigned(4) as u32))),
                8 => finite(f64::from_bits(self.unsigned(8))),
                20 => f64::from(self.unsigned(4) as u32 as i32),
                24 => self.unsigned(8) as i64 as f64,
                scalar => panic!("scalar {scalar}"),
            },
            "crc" => {
                let expected = crc(&self.bytes[start..self.at]);
                let got = self.unsigned(4);
                assert_eq!(got, u64::from(expected), "checksum");
                got as f64
            }
            _ => return None,
        })
    }

    /// A whole table. `outer` are the fields that it sees; its own are given back.
    fn table(&mut self, name: &str, outer: &Values) -> Values {
        let (layout, start) = (self.layout, self.at);
        let (mut seen, mut own) = (outer.clone(), Values::new());
        for field in layout.tables.get(name).unwrap_or_else(|| panic!("no table {name}")) {
            let id = format!("{name}.{}", field.name);
            seen.insert("remaining".into(), self.end as f64 - self.at as f64);
            let count = if field.count.is_empty() { 1.0 } else { evaluate(&field.count, &seen) };
            let mut keep = |name: String, value: f64| {
                seen.insert(name.clone(), value);
                own.insert(name, value);
            };
            if field.kind == "let" {
                keep(field.name.clone(), count);
            } else if field.kind == "body" {
                let numbers = (own["family"] as u8, own["number"] as u8);
                let mut inside = Values::from([("scalar".into(), own["scalar"])]);
                inside.insert("scalar_bytes".into(), own["scalar"] % 16.0);
                inside.insert("version".into(), own["version"]);
                let (end, outer_end) = (self.at + count as usize, self.end);
                self.end = end;
                let body = self.table(&layout.bodies[&numbers], &inside);
                assert_eq!(self.at, end, "the body of {} ends elsewhere", layout.bodies[&numbers]);
                self.end = outer_end;
                own.extend(body);
                self.used.insert(id.clone());
            } else {
                keep(field.name.clone(), 0.0);
                for _ in 0..count as u64 {
                    self.used.insert(id.clone());
                    if let Some(value) = self.value(&field.kind, &seen, start) {
                        seen.insert(field.name.clone(), value);
                        own.insert(field.name.clone(), value);
                    } else {
                        for (name, value) in self.table(&field.kind, &seen) {
                            seen.insert(format!("{}.{name}", field.name), value);
                            own.insert(format!("{}.{name}", field.name), value);
                        }
                    }
                }
            }
            assert!(
                field.rule.is_empty() || count == 0.0 || evaluate(&field.rule, &seen) == 1.0,
                "{id}: {}",
                field.rule
            );
        }
        own
    }
}

fn finite(x: f64) -> f64 {
    assert!(x.is_finite(), "a scalar of {x}");
    x
}

/// The checksum as the page has it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// Reads `bytes` as one table, to the last.
fn walk(layout: &Layout, table: &str, bytes: &[u8]) -> (Values, BTreeSet<String>) {
    let mut walk = Walk { layout, bytes, at: 0, end: bytes.len(), used: BTreeSet::new() };
    let values = walk.table(table, &Values::new());
    assert_eq!(walk.at, bytes.len(), "bytes are left over");
    (values, walk.used)
}

/// An expression of the page.
fn evaluate(text: &str, values: &Values) -> f64 {
    let spaced =
        ["(", ")", ",", "*", "+"].iter().fold(text.to_string(), |text, sign| text.replace(sign, &format!(" {sign} ")));
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    let value = binary(&mut rest, 0, values);
    assert!(rest.is_empty(), "{rest:?} in {text}");
    value
}

const OPERATORS: [&[&str]; 5] = [&["or"], &["and"], &["==", "!=", "<=", ">=", "<", ">"], &["+", "-"], &["*", "/"]];

fn binary(words: &mut &[&str], level: usize, values: &Values) -> f64 {
    let Some(operators) = OPERATORS.get(level) else { return atom(words, values) };
    let mut left = binary(words, level + 1, values);
    while let Some(operator) = words.first().filter(|word| operators.contains(word)) {
        *words = &words[1..];
        let right = binary(words, level + 1, values);
        let truth = |holds: bool| f64::from(u8::from(holds));
        left = match *operator {
            "or" => left.max(right),
            "and" => left.min(right),
            "==" => truth(left == right),
            "!=" => truth(left != right),
            "<=" => truth(left <= right),
            ">=" => truth(left >= right),
            "<" => truth(left < right),
            ">" => truth(left > right),
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            _ => (left / right).floor(),
        };
    }
    left
}

fn atom(words: &mut &[&str], values: &Values) -> f64 {
    let word = words[0];
    *words = &words[1..];
    if word != "(" && words.first() != Some(&"(") {
        return word.parse().unwrap_or_else(|_| *values.get(word).unwrap_or_else(|| panic!("what is {word}?")));
    }
    if word != "(" {
        *words = &words[1..];
    }
    let mut arguments = vec![binary(words, 0, values)];
    while words[0] == "," {
        *words = &words[1..];
        arguments.push(binary(words, 0, values));
    }
    assert_eq!(words[0], ")");
    *words = &words[1..];
    match (word, &arguments[..]) {
        ("(", &[a]) => a,
        ("min", &[a, b]) => a.min(b),
        ("max", &[a, b]) => a.max(b),
        ("abs", &[a]) => a.abs(),
        ("default", &[a, b]) => {
            if a == 0.0 {
                b
            } else {
                a
            }
        }
        ("is_power_of_two", &[a]) => f64::from(u8::from((a as u64).is_power_of_two())),
        _ => panic!("what is {word} of {arguments:?}?"),
    }
}

/// Every kept file of every version.
fn kept_files() -> Vec<(String, Vec<u8>)> {
    let versions = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wire")).unwrap();
    let folders = versions.map(|version| version.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "bin"));
    files.map(|path| (path.file_stem().unwrap().to_str().unwrap().into(), std::fs::read(&path).unwrap())).collect()
}

/// What no kept file holds: integers, wide ids, an insertion that is still to be done, rows in numbers of several streams.
fn further_files() -> Vec<(String, Vec<u8>)> {
    let mut sums = NormalEquations::new(NormalEquationsParams::new(3)).unwrap();
    sums.update(&[1i64, -2, 3]).unwrap();
    let mut sketch = SketchedLeastSquares::new(SketchedLeastSquaresParams::new(3, 4).block_len(2), Srht).unwrap();
    (0..3).for_each(|i| sketch.update(&[i, 2 - i, 1i32]).unwrap());
    let table = vec![1.0f32; 300 * 2];
    let oracle = FacilityLocation::new(&table, 2).unwrap();
    let mut rng = <rand_xoshiro::Xoshiro256PlusPlus as rand_core::SeedableRng>::seed_from_u64(1);
    let params = LazyDynamicParams::new(300, 2).prefix(oracle.prefix_len(2));
    let mut lazy = LazyDynamic::<f32, u16, Vec<f32>, Vec<u16>>::new(params).unwrap();
    (0..299).for_each(|id| lazy.insert(&oracle, id, &mut rng).unwrap());
    lazy.query(&oracle, &mut rng).unwrap();
    lazy.insert_deferred(&oracle, 299, &mut rng).unwrap();
    let params = DynamicParams::new(70_000, 2).prefix(oracle.prefix_len(2));
    let mut eager = Dynamic::<f32, u32, Vec<f32>, Vec<u32>>::new(params).unwrap();
    eager.insert(&oracle, 7, &mut rng).unwrap();
    eager.insert_deferred(&oracle, 299, &mut rng).unwrap();
    [
        ("normal-equations-i64", sums.encode()),
        ("sketched-i32", sketch.encode()),
        ("lazy-dynamic-insert", lazy.encode()),
        ("dynamic-insert", eager.encode()),
    ]
    .map(|(name, bytes)| (name.into(), bytes))
    .into()
}

/// Fields of the files whose values are known from how they were made.
const KNOWN: &[(&str, &str, f64)] = &[
    ("random-order-f32", "dim", 4.0),
    ("random-order-f64", "rows_seen", 150.0),
    ("random-order-deferred-f64", "waiting", 3.0),
    ("random-order-merged-f32", "rows_seen", 300.0),
    ("exact-two-level-f64", "seed", 3.0),
    ("exact-two-level-f32", "rows_seen", 300.0),
    ("frequent-directions-f32", "rows_seen", 150.0),
    ("incremental-f64", "rows_seen", 151.0),
    ("nystrom-f32", "rows_seen", 150.0),
    ("block-power-fixed-f64", "block_len", 20.0),
    ("oja-fixed-f32", "first", 1e-4),
    ("adaptive-oja-f64", "rank", 2.0),
    ("ccipca-f32", "rows_seen", 150.0),
    ("history-f64", "rows_seen", 155.0),
    ("centred-exact-f32", "inner.rows_seen", 149.0),
    ("order-monitor-f64", "dim", 4.0),
    ("sketched-srht-f64", "has_pending", 1.0),
    ("sketched-merged-f32", "forgetting", 0.5),
    ("streaming-qr-f32", "rows_seen", 150.0),
    ("recursive-f64", "forgetting", 0.98),
    ("gradient-f32", "rows_removed", 1.0),
    ("lazy-dynamic-f32", "selection.live", 5.0),
    ("dynamic-pending-f64", "request", 2.0),
    ("dynamic-insert", "insert_id", 299.0),
];

#[test]
fn the_tables_of_the_page_read_every_kept_file_to_its_last_byte() {
    let layout = Layout::of(&page());
    let (mut used, mut known) = (BTreeSet::new(), BTreeSet::new());
    for (name, bytes) in kept_files().into_iter().chain(further_files()) {
        let (values, fields) = walk(&layout, "Encoding", &bytes);
        let known_here = KNOWN.iter().filter(|(file, ..)| *file == name);
        known_here.for_each(|&(_, field, value)| {
            assert_eq!(values.get(field), Some(&value), "{name}: {field}");
            known.insert((name.clone(), field));
        });
        used.extend(fields);
    }
    assert_eq!(known.len(), KNOWN.len());
    used.extend(walk(&layout, "SketchFile", &example(&page(), "hex-sketch")).1);
    // No line of the page is without proof.
    let fields = layout.tables.iter().flat_map(|(table, fields)| {
        fields.iter().filter(|field| field.kind != "let").map(move |field| format!("{table}.{}", field.name))
    });
    let unread: Vec<String> = fields.filter(|field| !used.contains(field)).collect();
    assert_eq!(unread, [""; 0]);
}

/// The bytes of a block of hexadecimal digits on the page.
fn example(page: &str, language: &str) -> Vec<u8> {
    let (_, block) = page.split_once(&format!("```{language}\n")).unwrap();
    let lines = block.split_once("```").unwrap().0.lines();
    let words = lines.flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    words.map(|word| u8::from_str_radix(word, 16).unwrap()).collect()
}

#[test]
fn the_example_of_the_page_is_what_the_library_writes() {
    let mut summary = ExactEigen::<f32, _>::new(ExactEigenParams::new(2)).unwrap();
    summary.update(&[3.0, 4.0]).unwrap();
    assert_eq!(example(&page(), "hex-encoding"), summary.encode());
}
