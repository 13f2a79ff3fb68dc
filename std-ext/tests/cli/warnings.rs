//! Nothing is lost in silence: what was dropped, skipped, read as something else or chosen short is told, and counted.

use super::*;

const TABLE: &[u8] = b"a,t,b,y\n1,x,2,5\n,x,4,4\n3,y,NA,1\n2,z,7,16\n5,z,1,7\n";

/// The warnings, of which there is one in JSON for every line of standard error.
fn warnings(arguments: &[&str], input: &[u8]) -> Vec<String> {
    let told = json(&pipe(&[arguments, &["--json"]].concat(), input))["warnings"].clone();
    let told: Vec<String> = told.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    let output = pipe(arguments, input);
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = text.lines().map(|line| line.strip_prefix("warning: ").unwrap()).collect();
    assert_eq!(lines, told, "{arguments:?}");
    told
}

#[test]
fn rows_dropped_and_columns_skipped_are_counted() {
    for command in [
        &["eigen", "-"][..],
        &["regress", "-", "--target", "y"],
        &["regress", "-", "--target", "y", "--sketch", "srht"],
        &["summarize", "-", "--objective", "feature", "--size", "1"],
        &["summarize", "-", "--objective", "feature", "--size", "1", "--window", "2"],
        &["summarize", "-", "--objective", "feature", "--size", "1", "--method", "sieve"],
    ] {
        let all = warnings(&[command, &["--skip-non-numeric", "--missing", "drop"]].concat(), TABLE);
        assert_eq!(all[0], "standard input: 1 column without numbers was left out: t", "{command:?}");
        assert_eq!(all[1], "standard input: 2 of 5 rows were dropped: a value is missing", "{command:?}");
        let all = warnings(&[command, &["--columns", "a,b,y", "--missing", "zero"]].concat(), TABLE);
        assert_eq!(all[0], "standard input: 2 missing values were read as zero", "{command:?}");
    }
    let folder = folder();
    let (file, table) = path(&folder, "d.csv");
    fs::write(file, TABLE).unwrap();
    let flags = ["--target", "y", "--columns", "a,b", "--missing", "drop"];
    let all = warnings(&[&["regress", &table][..], &flags].concat(), b"");
    assert!(all[0].ends_with("d.csv: 2 of 5 rows were dropped: a value is missing"), "{all:?}");
}

#[test]
fn a_saved_summary_and_a_merged_one_say_what_was_left_out() {
    let folder = folder();
    let (_, merged) = path(&folder, "c.sketch");
    let mut saved = Vec::new();
    for (name, text) in [("a", "x,y\n1,2\n,4\n3,1\n"), ("b", "x,y\n1,2\n3,\n2,NULL\n9,9\n")] {
        let (file, table) = path(&folder, &format!("{name}.csv"));
        fs::write(file, text).unwrap();
        let (_, sketch) = path(&folder, &format!("{name}.sketch"));
        run(&["eigen", &table, "--missing", "drop", "--save", &sketch]);
        saved.push(sketch);
    }
    json(&run(&["merge", &saved[0], &saved[1], "--save", &merged, "--json"]));
    let all = warnings(&["query", &merged], b"");
    assert!(all[0].contains("a.csv: 1 of 3 rows was dropped") && all[1].contains("b.csv: 2 of 4 rows were"), "{all:?}");
}

#[test]
fn fewer_rows_than_asked_for_are_told_of() {
    let covered = b"a,b\n1,0\n0,1\n1,0\n0,1\n";
    for method in ["lazy-dynamic", "dynamic", "lazy", "greedy"] {
        let flags = ["summarize", "-", "--objective", "coverage", "--size", "3", "--method", method];
        assert_eq!(warnings(&flags, covered), ["2 rows chosen of 3 asked for: no other was found that adds value"]);
    }
    let few = ["summarize", "-", "--objective", "feature", "--size", "9"];
    assert_eq!(warnings(&few, b"a,b\n1,2\n3,4\n"), ["2 rows chosen of 9 asked for: there are no more"]);
    assert!(warnings(&["summarize", "-", "--objective", "feature", "--size", "2"], b"a,b\n1,2\n3,4\n").is_empty());
}

#[test]
fn rows_chosen_are_numbered_as_in_the_input() {
    let folder = folder();
    // Rows 0 and 3 are dropped; 2 is worth most, then 4.
    let text = "a,b\n1,\n0,0\n9,9\n,1\n7,8\n8,1\n";
    let array = npy(&[1.0, f64::NAN, 0.0, 0.0, 9.0, 9.0, f64::NAN, 1.0, 7.0, 8.0, 8.0, 1.0], 6, 2, false);
    let lines = "[1,null]\n\n[0,0]\n[9,9]\n[null,1]\n[7,8]\n[8,1]\n";
    let (updates, updates_name) = path(&folder, "updates.txt");
    fs::write(&updates, "+ 2\n+ 1\n+ 4\n- 2\n+ 5\n").unwrap();
    let flags = ["--size", "2", "--objective", "feature", "--missing", "drop", "--json"];
    for (name, bytes) in [("d.csv", text.as_bytes()), ("d.npy", &array), ("d.jsonl", lines.as_bytes())] {
        let (file, name) = path(&folder, name);
        fs::write(&file, bytes).unwrap();
        let (_, sketch) = path(&folder, "a.sketch");
        for (extra, chosen) in [
            (&["--save", &sketch][..], [2, 4]),
            (&["--method", "lazy"], [2, 4]),
            (&["--method", "sieve"], [2, 4]),
            (&["--window", "2"], [4, 5]),
            (&["--updates", &updates_name], [4, 5]),
        ] {
            let inputs = if extra.contains(&"--updates") { vec![&name[..]] } else { vec![&name[..], "-"] };
            for input in inputs {
                let answer = json(&pipe(&[&["summarize", input], &flags[..], extra].concat(), bytes));
                let mut ids: Vec<u64> =
                    answer["selected"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
                ids.sort_unstable();
                assert_eq!(ids, chosen, "{name} {input} {extra:?}");
                if extra.contains(&"--save") {
                    assert_eq!(json(&run(&["query", &sketch, "--json"]))["selected"], answer["selected"]);
                }
            }
        }
    }
    fs::write(&updates, "+ 3\n").unwrap();
    let dropped = run(&[&["summarize", &path(&folder, "d.csv").1, "--updates", &updates_name], &flags[..]].concat());
    refused(&dropped, 1, &["updates.txt:1", "there is no row 3"]);
}

#[test]
fn a_rank_below_the_number_of_features_is_told_of() {
    let all = warnings(&["regress", "-", "--target", "y"], b"a,b,y\n1,2,3\n2,4,1\n3,6,2\n-1,-2,1\n");
    assert!(all.iter().any(|text| text.contains("rank 1 of 2")), "{all:?}");
}

#[test]
fn texts_that_mean_a_missing_value() {
    let plain = json(&pipe(&["eigen", "-", "--json"], b"a,b\n1,2\n3,4\n"));
    let drop = ["eigen", "-", "--missing", "drop", "--json"];
    for token in ["", "NA", "na", "N/A", "n/a", "NULL", "null", "nan", "NaN", "NAN", " NA ", "\"NA\""] {
        let text = format!("a,b\n1,2\n{token},7\n3,4\n");
        let dropped = json(&pipe(&drop, text.as_bytes()));
        assert_eq!((&dropped["vectors"], &dropped["rows"]), (&plain["vectors"], &2.into()), "{token:?}");
        refused(&pipe(&["eigen", "-"], text.as_bytes()), 1, &["row 3", "column a", "--missing drop"]);
    }
    for (flag, token) in [("--na=missing", "missing"), ("--na=-", "-"), ("--na=-999", "-999.0"), ("--na=?", " ? ")] {
        let text = format!("a,b\n1,2\n{token},7\n3,4\n");
        let dropped = json(&pipe(&[&drop[..], &["--na", "other", flag]].concat(), text.as_bytes()));
        assert_eq!((&dropped["vectors"], &dropped["rows"]), (&plain["vectors"], &2.into()), "{token:?}");
    }
    refused(&pipe(&["eigen", "-", "--na", "-999"], b"a,b\n1,2\n-999,4\n"), 1, &["row 3", "column a", "-999"]);
    refused(&pipe(&["eigen", "-"], b"a,b\n1,2\nmissing,4\n"), 1, &["not a number", "--na"]);
    let folder = folder();
    let (file, array) = path(&folder, "a.npy");
    fs::write(&file, npy(&[1.0, 2.0, -999.0, 7.0, 3.0, 4.0], 3, 2, false)).unwrap();
    let (file, lines) = path(&folder, "a.ndjson");
    fs::write(&file, "[1,2]\n[-999,7]\n[\"n/a\",7]\n[\"?\",7]\n[3,4]\n").unwrap();
    for input in [&array, &lines] {
        let answer = json(&run(&["eigen", input, "--missing", "drop", "--na", "-999", "--na", "?", "--json"]));
        assert_eq!((&answer["vectors"], &answer["rows"]), (&plain["vectors"], &2.into()), "{input}");
    }
}
