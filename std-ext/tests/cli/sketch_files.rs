//! `inspect`, `merge` and `query`: what `.sketch` files do.

use super::*;

#[test]
fn every_method_answers_and_its_file_answers_the_same() {
    let folder = folder();
    let (_, sketch) = path(&folder, "a.sketch");
    for method in &methods() {
        for extra in [&[][..], &["--center", "--precision", "f32"], &["--shuffle-buffer", "500"], &["--replicas", "2"]]
        {
            let flags = ["eigen", &data("randhie.csv"), "--method", method, "--save", &sketch, "--json"];
            let saved = json(&run(&[&flags[..], extra].concat()));
            let mut queried = json(&run(&["query", &sketch, "--json"]));
            for field in ["seconds", "seconds_total", "cpu_seconds", "state_bytes", "threads"] {
                queried[field] = saved[field].clone();
            }
            assert_eq!(saved, queried, "{method} {extra:?}");
            let inspected = json(&run(&["inspect", &sketch, "--json"]));
            for field in ["type", "format_version", "precision", "params", "rows", "dim", "bytes"] {
                assert!(inspected.get(field).is_some(), "{field}");
            }
            assert_eq!(inspected["type"], **method);
            assert_eq!(inspected["rows"], 20190);
            assert_eq!(inspected["bytes"].as_u64().unwrap(), fs::metadata(&sketch).unwrap().len());
        }
    }
}

#[test]
fn merged_shards_are_the_whole() {
    let folder = folder();
    let text = fs::read_to_string(data("randhie.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut files = Vec::new();
    for shard in 0..3 {
        let (file, csv) = path(&folder, &format!("{shard}.csv"));
        let lines: Vec<&str> = rows.lines().skip(shard).step_by(3).collect();
        fs::write(file, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
        let (_, sketch) = path(&folder, &format!("{shard}.sketch"));
        json(&run(&["eigen", &csv, "--method", "exact", "--save", &sketch, "--json"]));
        files.push(sketch);
    }
    let (_, merged) = path(&folder, "all.sketch");
    let flags = ["merge", &files[0], &files[1], &files[2], "--save", &merged, "--json"];
    assert_eq!(json(&run(&flags))["rows"], 20190);
    let bytes = fs::read(&merged).unwrap();
    json(&run(&flags));
    assert_eq!(bytes, fs::read(&merged).unwrap(), "the same files give the same bytes");
    let whole = json(&run(&["eigen", &data("randhie.csv"), "--method", "exact", "--json"]));
    let from_shards = json(&run(&["query", &merged, "--json"]));
    for (x, y) in whole["vectors"][0].as_array().unwrap().iter().zip(from_shards["vectors"][0].as_array().unwrap()) {
        assert!((x.as_f64().unwrap() - y.as_f64().unwrap()).abs() < 1e-12);
    }
    let (_, other) = path(&folder, "other.sketch");
    json(&run(&["eigen", &data("randhie.csv"), "--method", "nystrom", "--save", &other, "--json"]));
    refused(&run(&["merge", &files[0], &other, "--save", &merged]), 1, &["other.sketch", "methods differ"]);
    assert_eq!(bytes, fs::read(&merged).unwrap(), "a refused merge writes nothing");
    refused(&run(&["merge", &files[0], &files[1]]), 2, &["--save"]);
}

#[test]
fn damaged_sketch_files_are_refused() {
    let folder = folder();
    let (file, sketch) = path(&folder, "a.sketch");
    json(&pipe(&["eigen", "-", "--method", "exact", "--save", &sketch, "--json"], b"a,b\n1,2\n3,5\n"));
    let bytes = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..bytes.len())
        .step_by(7)
        .map(|i| {
            let mut copy = bytes.clone();
            copy[i] ^= 1;
            copy
        })
        .collect();
    damaged.push(bytes[..bytes.len() - 1].to_vec());
    damaged.push([&bytes[..], b"x"].concat());
    damaged.push(Vec::new());
    for copy in damaged {
        fs::write(&file, copy).unwrap();
        refused(&run(&["query", &sketch, "--json"]), 1, &["a.sketch", "damaged"]);
    }
}
