//! `summarize`.

use super::{data, folder, json, path, pipe, refused, run};
use serde_json::Value;
use std::fs;

fn summarize(input: &[&str], flags: &[&str]) -> Value {
    json(&run(&[&["summarize", "--json"], input, flags].concat()))
}

fn digits() -> (String, String) {
    (data("digits.csv"), (0..64).map(|i| i.to_string()).collect::<Vec<_>>().join(","))
}

/// A line of a trace.
struct Line {
    updates: u64,
    value: f64,
    bound: Option<f64>,
    gains: u64,
    ids: Vec<u64>,
}

fn trace(text: &str) -> Vec<Line> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("update,value,upper_bound,oracle_calls,size,ids"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let ids: Vec<u64> = cells[5].split_whitespace().map(|id| id.parse().unwrap()).collect();
            assert_eq!((cells.len(), cells[4].parse::<usize>().unwrap()), (6, ids.len()));
            let count = |cell: &str| cell.parse::<u64>().unwrap();
            let (value, bound) = (cells[1].parse().unwrap(), cells[2].parse().ok());
            Line { updates: count(cells[0]), value, bound, gains: count(cells[3]), ids }
        })
        .collect()
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

#[test]
fn a_window_of_digits_stays_close_to_greedy_and_proves_it() {
    let (input, columns) = digits();
    let folder = folder();
    let (lazy, lazy_name) = path(&folder, "lazy.csv");
    let (greedy, greedy_name) = path(&folder, "greedy.csv");
    let flags = ["--columns", &columns, "--size", "16", "--window", "500"];
    let answer = summarize(&[&input], &[&flags[..], &["--trace", &lazy_name]].concat());
    let exact = ["--method", "lazy", "--query-every", "29", "--trace", &greedy_name];
    let recomputed = summarize(&[&input], &[&flags[..], &exact].concat());
    let (lazy, greedy) = (trace(&fs::read_to_string(lazy).unwrap()), trace(&fs::read_to_string(greedy).unwrap()));
    assert_eq!((lazy.len(), lazy.last().unwrap().updates), (1797, 1797 + 1297));
    let shares: Vec<f64> = greedy
        .iter()
        .map(|line| lazy.iter().find(|other| other.updates == line.updates).unwrap().value / line.value)
        .collect();
    assert!(shares.len() > 50 && mean(&shares) > 0.95, "{}", mean(&shares));
    assert!(lazy.iter().all(|line| line.value >= 0.55 * line.bound.unwrap()));
    assert!(greedy.iter().all(|line| line.value <= line.bound.unwrap()));
    // Rows of the window only, each once.
    for Line { updates, ids, .. } in &lazy {
        let rows = if *updates <= 500 { *updates } else { 500 + (updates - 500) / 2 };
        assert!(ids.iter().all(|&id| id < rows && id + 500 >= rows));
        assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
    }
    let last = lazy.last().unwrap();
    assert_eq!((&answer["value"], &answer["upper_bound"]), (&last.value.into(), &last.bound.into()));
    assert_eq!(answer["selected"], last.ids.iter().copied().collect::<Value>());
    assert_eq!(answer["ratio"].as_f64(), Some(last.value / last.bound.unwrap()));
    assert_eq!((&answer["oracle_calls"], &answer["updates"]), (&last.gains.into(), &3094.into()));
    assert_eq!((&answer["queries"], &answer["live"], &answer["dim"]), (&1797.into(), &500.into(), &64.into()));
    assert_eq!(answer["ladder_ratio"].as_f64(), Some(2f64.powf(0.25)));
    assert!(answer["extra_calls"].as_u64() > Some(0) && answer["gamma"].as_f64() > Some(0.0));
    assert_eq!(recomputed["ladder_ratio"], Value::Null);
    // Threads, forms of the same flags and what is printed change nothing.
    let again = summarize(&[&input], &[&flags[..], &["--threads", "1", "--ratio", "1.2"]].concat());
    assert_eq!((&answer["selected"], &answer["value"]), (&again["selected"], &again["value"]));
}

#[test]
fn updates_from_a_file_come_and_go() {
    let folder = folder();
    let (rows, input) = path(&folder, "rows.csv");
    // Similarities to three exemplars.
    fs::write(&rows, "x,y,z\n1,0,0\n0,1,0\n0,0,1\n0.9,0.9,0\n").unwrap();
    let (file, updates) = path(&folder, "updates.txt");
    let (out, name) = path(&folder, "trace.csv");
    fs::write(&file, "# four rows\n+ 0\n+ 1\n\n+ 3\n?\n- 3\n? \n+ 2\n- 0\n+ 3\n").unwrap();
    for method in ["lazy-dynamic", "dynamic", "lazy"] {
        let flags = ["--size", "2", "--similarity", "given", "--updates", &updates, "--query-every", "0"];
        let answer = summarize(&[&input], &[&flags[..], &["--method", method, "--trace", &name]].concat());
        let lines = trace(&fs::read_to_string(&out).unwrap());
        let values: Vec<(u64, f64)> = lines.iter().map(|line| (line.updates, line.value)).collect();
        // {0, 3}, {1, 3} or, better, {0, 1}; {0, 1}; {2, 3}.
        assert!(values[0].0 == 3 && [1.9, 2.0].contains(&values[0].1), "{method}: {values:?}");
        assert_eq!(values[1..], [(4, 2.0), (7, 2.8)], "{method}");
        assert!(lines.iter().all(|line| line.bound.unwrap() >= line.value));
        assert_eq!((&answer["updates"], &answer["queries"], &answer["live"]), (&7.into(), &3.into(), &3.into()));
        let mut ids: Vec<u64> = lines[2].ids.clone();
        ids.sort_unstable();
        assert_eq!(ids, [2, 3]);
    }
    for (text, line, what) in [
        ("+ 0\n+ 9\n", 2, "there is no row 9"),
        ("+ 0\n\n+ 0\n", 3, "row 0 is there already"),
        ("- 1\n", 1, "row 1 is not there"),
        ("+0\n", 1, "give + ROW, - ROW or ?"),
        ("+ 0 1\n", 1, "give + ROW, - ROW or ?"),
        ("+ x\n", 1, "give + ROW, - ROW or ?"),
    ] {
        fs::write(&file, text).unwrap();
        fs::remove_file(&out).ok();
        let flags = ["--size", "2", "--similarity", "given", "--updates", &updates, "--trace", &name];
        let output = run(&[&["summarize", &input], &flags[..]].concat());
        refused(&output, 1, &[&format!("updates.txt:{line}: {what}")]);
        assert!(!out.exists());
    }
    // Nothing ever there.
    fs::write(&file, "?\n").unwrap();
    let answer = summarize(&[&input], &["--size", "2", "--similarity", "given", "--updates", &updates]);
    assert_eq!((&answer["value"], &answer["upper_bound"], &answer["ratio"]), (&0.0.into(), &0.0.into(), &1.0.into()));
    assert_eq!((&answer["selected"], &answer["live"]), (&Value::Array(Vec::new()), &0.into()));
}

#[test]
fn every_objective_has_its_value() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.csv");
    let (weighed, weights) = path(&folder, "weights.csv");
    fs::write(&file, "a,b,c\n1,1,0\n0,1,1\n0,0,1\n").unwrap();
    fs::write(&weighed, "w\n1\n2\n4\n").unwrap();
    let value = |flags: &[&str]| summarize(&[&name], flags)["value"].as_f64().unwrap();
    let near = |x: f64, y: f64| assert!((x - y).abs() < 1e-12, "{x} {y}");
    for method in ["lazy", "greedy", "stochastic", "lazy-dynamic", "dynamic"] {
        let with = |objective: &'static str, flags: &[&'static str]| {
            [&["--method", method, "--objective", objective, "--size", "2"], flags].concat()
        };
        near(value(&with("coverage", &[])), 3.0);
        near(value(&[&with("coverage", &[])[..], &["--weights", &weights]].concat()), 7.0);
        near(value(&with("feature", &[])), 2.0 + 2f64.sqrt());
        near(value(&with("feature", &["--concave", "cap:1"])), 3.0);
        near(value(&with("feature", &["--concave", "log1p"])), 2.0 * 2f64.ln() + 3f64.ln());
        near(value(&with("facility", &["--similarity", "given"])), 3.0);
        // Of rows 0 and 2: two diagonal entries, nothing in common.
        let logdet = 0.5 * (1.0 + 2.0f64).ln() + 0.5 * (1.0 + 1.0f64).ln();
        let found = value(&with("logdet", &["--similarity", "dot"]));
        // Of rows 0 and 1: 3 * 3 - 1.
        near(found, logdet.max(0.5 * 8f64.ln()));
        near(value(&with("facility", &["--similarity", "cosine", "--exemplars", "3"])), {
            let half = 1.0 / 2f64.sqrt();
            1.0 + 1.0 + half
        });
    }
    let (file, edges) = path(&folder, "edges.txt");
    fs::write(&file, "# a path and a pair\n10 20\n20,30\n30\t40 2.5\n\n7 8\n10 20\n").unwrap();
    let answer = summarize(&[], &["--edges", &edges, "--objective", "coverage", "--size", "2", "--method", "lazy"]);
    assert_eq!((&answer["value"], &answer["rows"]), (&5.0.into(), &6.into()));
    assert_eq!(answer["selected"], serde_json::json!([20, 7]));
    fs::write(&file, "1 2\n3 x\n").unwrap();
    let wrong = run(&["summarize", "--edges", &edges, "--objective", "coverage", "--size", "2"]);
    refused(&wrong, 1, &["edges.txt", "row 2", "vertex"]);
}

#[test]
fn static_methods_agree_as_far_as_they_promise() {
    let (input, columns) = digits();
    let with = |flags: &[&str]| {
        summarize(&[&input], &[&["--columns", &columns, "--size", "12", "--objective", "feature"], flags].concat())
    };
    let lazy = with(&["--method", "lazy"]);
    let greedy = with(&["--method", "greedy"]);
    assert_eq!((&lazy["selected"], &lazy["value"]), (&greedy["selected"], &greedy["value"]));
    assert_eq!(lazy["upper_bound"], greedy["upper_bound"]);
    let calls = |answer: &Value| answer["oracle_calls"].as_u64().unwrap();
    // Every row there before each choice, and no row twice.
    assert_eq!(calls(&greedy), (0..12).map(|chosen| 1797 - chosen).sum::<u64>());
    assert!(calls(&lazy) < calls(&greedy) * 2 / 3 && lazy["extra_calls"] == 1797);
    let value = |answer: &Value| answer["value"].as_f64().unwrap();
    let stochastic = with(&["--method", "stochastic", "--epsilon", "0.2"]);
    // ln 5 rows in twelve, twelve times.
    assert_eq!(calls(&stochastic), 12 * 242);
    assert!(value(&stochastic) > 0.95 * value(&lazy) && value(&stochastic) <= value(&lazy) * (1.0 + 1e-12));
    assert_ne!(
        stochastic["selected"],
        with(&["--method", "stochastic", "--epsilon", "0.2", "--seed", "1"])["selected"]
    );
    let threshold = with(&["--method", "threshold"]);
    assert!(value(&threshold) > 0.95 * value(&lazy));
    assert!(threshold["upper_bound"].as_f64().unwrap() >= value(&lazy));
}

#[test]
fn sieves_look_at_each_row_once_and_let_none_go() {
    let (input, columns) = digits();
    let folder = folder();
    let (out, name) = path(&folder, "trace.csv");
    let flags = ["--columns", &columns, "--size", "12"];
    let lazy = summarize(&[&input], &[&flags[..], &["--method", "lazy"]].concat());
    for method in ["sieve", "sieve++", "three-sieves"] {
        let answer = summarize(&[&input], &[&flags[..], &["--method", method, "--trace", &name]].concat());
        let share = answer["value"].as_f64().unwrap() / lazy["value"].as_f64().unwrap();
        assert!(share > 0.75 && share < 1.0, "{method}: {share}");
        assert!(answer["state_bytes"].as_u64() > Some(0));
        assert_eq!(
            (&answer["upper_bound"], &answer["ratio"], &answer["extra_calls"]),
            (&Value::Null, &Value::Null, &0.into())
        );
        assert_eq!((&answer["queries"], &answer["live"]), (&1.into(), &1797.into()));
        let lines = trace(&fs::read_to_string(&out).unwrap());
        assert_eq!((lines.len(), lines[0].updates, lines[0].bound), (1, 1797, None));
        let windows = run(&[&["summarize", &input], &flags[..], &["--method", method, "--window", "9"]].concat());
        refused(&windows, 2, &["--window"]);
        let (file, updates) = path(&folder, "updates.txt");
        fs::write(&file, "+ 3\n- 3\n").unwrap();
        let gone = run(&[&["summarize", &input], &flags[..], &["--method", method, "--updates", &updates]].concat());
        refused(&gone, 1, &["updates.txt:2", "sieves can't let a row go"]);
    }
}

#[test]
fn patience_and_samples_are_those_asked_for() {
    let (input, columns) = digits();
    let with = |flags: &[&str]| summarize(&[&input], &[&["--columns", &columns, "--size", "12"], flags].concat());
    // Each row that is not taken lowers the guess; none is lowered while a row is left.
    let hasty = with(&["--method", "three-sieves", "--patience", "1"]);
    let patient = with(&["--method", "three-sieves", "--patience", "5000"]);
    assert_ne!(hasty["selected"], patient["selected"]);
    assert!(patient["selected"].as_array().unwrap().len() < 12);
    // The largest value of a row takes a gain a row.
    assert!(hasty["oracle_calls"].as_u64() >= Some(1797));
    let greedy = with(&["--method", "lazy"]);
    for method in ["bucket", "salsa"] {
        let answer = with(&["--method", method, "--query-every", "0"]);
        let share = answer["value"].as_f64().unwrap() / greedy["value"].as_f64().unwrap();
        assert!(share > 0.85 && share < 1.0, "{method}: {share}");
        assert_eq!(answer["upper_bound"].is_null(), method == "bucket");
        assert_eq!(answer["ladder_ratio"].as_f64(), Some(2f64.powf(0.25)));
    }
    let other = with(&["--method", "bucket", "--query-every", "0", "--epsilon", "0.5"]);
    assert_ne!(other["selected"], with(&["--method", "bucket", "--query-every", "0"])["selected"]);
    // A window of a bucket lets rows go; salsa is asked anew.
    let flags = ["--window", "300", "--query-every", "200"];
    for method in ["bucket", "salsa"] {
        let answer = with(&[&flags[..], &["--method", method]].concat());
        assert_eq!((&answer["live"], &answer["updates"]), (&300.into(), &3294.into()));
        let rows = answer["selected"].as_array().unwrap();
        assert!(rows.iter().all(|row| row.as_u64() >= Some(1497)));
    }
    let idle = with(&["--method", "lazy", "--epsilon", "0.5", "--ratio", "2", "--no-polish", "--sigma2", "3"]);
    let warnings = idle["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
}

#[test]
fn groups_have_their_caps() {
    let input = data("digits.csv");
    let with = |flags: &[&str]| summarize(&[&input], &[&["--groups", "label", "--caps", "2"], flags].concat());
    let text = fs::read_to_string(&input).unwrap();
    let labels: Vec<&str> = text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    let value = |answer: &Value| answer["value"].as_f64().unwrap();
    let greedy = with(&["--method", "greedy"]);
    let dynamic = with(&["--query-every", "0"]);
    assert_eq!((&greedy["method"], &dynamic["method"]), (&"greedy".into(), &"dynamic".into()));
    for answer in [&greedy, &with(&["--method", "lazy"]), &dynamic] {
        let rows: Vec<usize> = answer["selected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.as_u64().unwrap().try_into().unwrap())
            .collect();
        let of = |digit: &str| rows.iter().filter(|&&row| labels[row] == digit).count();
        assert!(rows.len() <= 20 && labels.iter().all(|digit| of(digit) <= 2));
        assert_eq!((&answer["size"], &answer["groups"], &answer["caps"]), (&20.into(), &10.into(), &2.into()));
        assert_eq!((&answer["upper_bound"], &answer["ratio"]), (&Value::Null, &Value::Null));
        // The labels are not features.
        assert_eq!(answer["dim"], 64);
        assert!(value(answer) > 0.9 * value(&greedy));
    }
    assert_eq!(with(&["--method", "lazy", "--size", "20"])["selected"], greedy["selected"]);
    // A column by its position, beside columns that were chosen.
    let columns = ["--columns", "p10,p20,p30", "--groups", "64", "--caps", "1", "--method", "lazy"];
    let few = summarize(&[&input], &columns);
    assert_eq!((&few["dim"], &few["groups"]), (&3.into(), &10.into()));
    // A window, and rows that leave.
    let window = with(&["--window", "200", "--query-every", "100"]);
    assert_eq!((&window["live"], &window["updates"]), (&200.into(), &3394.into()));
    let refuse = |flags: &[&str], code, part: &str| {
        refused(&run(&[&["summarize", &input, "--groups", "label", "--caps", "2"], flags].concat()), code, &[part]);
    };
    refuse(&["--size", "5"], 2, "--size");
    for method in ["lazy-dynamic", "bucket", "sieve", "sieve++", "three-sieves", "salsa", "stochastic", "threshold"] {
        refuse(&["--method", method], 2, "--groups is for --method dynamic, greedy and lazy");
    }
    refuse(&["--slots", "9"], 2, "--slots");
    refuse(&["--columns", "label"], 2, "no column is left");
    let none = run(&["summarize", &input, "--groups", "kind", "--caps", "2"]);
    refused(&none, 2, &["digits.csv", "column kind"]);
    refused(&run(&["summarize", &input, "--groups", "label"]), 2, &["--caps"]);
    refused(&run(&["summarize", &input, "--caps", "2", "--size", "3"]), 2, &["--groups"]);
}

#[test]
fn cuts_are_of_graphs_and_may_shrink() {
    let folder = folder();
    let (file, edges) = path(&folder, "edges.txt");
    // A star of weight 1 around 100, and a heavy pair, given in two parts.
    fs::write(&file, "100 1\n100 2\n100 3\n100 4\n# heavy\n7 8 2\n8,7,1.5\n").unwrap();
    let with = |flags: &[&str]| summarize(&[], &[&["--edges", &edges, "--objective", "cut"], flags].concat());
    let best = with(&["--size", "2", "--method", "greedy", "--seed", "3"]);
    assert!(best["value"].as_f64() <= Some(7.5) && best["method"] == "greedy");
    let many: Vec<f64> = (0..40)
        .map(|seed| {
            with(&["--size", "2", "--method", "greedy", "--seed", &seed.to_string()])["value"].as_f64().unwrap()
        })
        .collect();
    assert_eq!(many.iter().copied().fold(0.0, f64::max), 7.5);
    let dynamic = with(&["--size", "2"]);
    assert_eq!((&dynamic["method"], &dynamic["upper_bound"]), (&"dynamic".into(), &Value::Null));
    assert_eq!((&dynamic["rows"], &dynamic["queries"]), (&7.into(), &7.into()));
    let (script, updates) = path(&folder, "updates.txt");
    fs::write(&script, "+ 100\n+ 7\n+ 8\n- 100\n").unwrap();
    let gone = with(&["--size", "1", "--updates", &updates]);
    assert!(gone["selected"].as_array().unwrap().iter().all(|row| row != 100));
    let refuse = |flags: &[&str], code, part: &str| {
        refused(&run(&[&["summarize", "--edges", &edges, "--objective", "cut"], flags].concat()), code, &[part]);
    };
    for method in
        ["lazy-dynamic", "bucket", "sieve", "sieve++", "three-sieves", "salsa", "stochastic", "threshold", "lazy"]
    {
        refuse(&["--size", "2", "--method", method], 2, "not monotone");
    }
    refuse(&["--size", "2", "--weights", "x.csv"], 2, "--weights");
    refuse(&["--size", "2", "--groups", "a", "--caps", "1"], 2, "--groups");
    refused(&run(&["summarize", &data("digits.csv"), "--objective", "cut", "--size", "2"]), 2, &["--edges"]);
    fs::write(&file, "1 2\n3 3\n").unwrap();
    refuse(&["--size", "2"], 1, "row 2");
}

#[test]
fn rows_of_a_window_are_part_of_the_state() {
    let folder = folder();
    let (_, sketch) = path(&folder, "a.sketch");
    let text = "a,b\n".to_owned() + &"1,2\n3,1\n2,2\n".repeat(40);
    let state = |window: &str| {
        let flags = ["summarize", "-", "--size", "2", "--objective", "feature", "--window", window, "--json"];
        let told = json(&pipe(&[&flags[..], &["--save", &sketch]].concat(), text.as_bytes()))["state_bytes"].clone();
        let inspected = json(&run(&["inspect", &sketch, "--json"]))["state_bytes"].as_u64().unwrap();
        assert_eq!(json(&run(&["query", &sketch, "--json"]))["state_bytes"], told);
        told.as_u64().unwrap() - inspected
    };
    // Two numbers a row.
    assert_eq!((state("10"), state("50")), (160, 800));
}

#[test]
fn a_pipe_gives_the_answer_of_the_file() {
    let folder = folder();
    let (file, input) = path(&folder, "rows.csv");
    let (file_of_exemplars, exemplars) = path(&folder, "exemplars.csv");
    let (traced, trace_name) = path(&folder, "trace.csv");
    // Two columns of amounts and two of memberships.
    let cell = |i: usize| (i * i * 31 + i * 17) % 23;
    let lines = |line: &dyn Fn(usize) -> String| (0..700).map(line).collect::<Vec<_>>().concat();
    let amounts = lines(&|i| format!("{},{}\n", cell(i), cell(3 * i + 1)));
    let members = lines(&|i| format!("{},{},{}\n", cell(i) % 2, cell(i + 5) % 2, u8::from(i % 50 == 7)));
    fs::write(&file_of_exemplars, "a,b\n3,4\n20,1\n11,19\n").unwrap();
    let near = ["--exemplars", &exemplars, "--similarity"];
    let facility = [&near[..], &["rbf:0.02"]].concat();
    let cosine = [&near[..], &["cosine"]].concat();
    let volume = ["--objective", "logdet", "--similarity", "rbf:0.02"];
    let direction = ["--objective", "logdet", "--similarity", "cosine"];
    let feature = ["--objective", "feature", "--concave", "log1p"];
    let coverage = ["--objective", "coverage"];
    let cases: [(&[&str], &str); 7] = [
        (&facility, &format!("a,b\n{amounts}")),
        (&cosine, &format!("a,b\n{amounts}")),
        (&["--similarity", "given"], &format!("a,b\n{amounts}")),
        (&volume, &format!("a,b\n{amounts}")),
        (&direction, &format!("a,b\n{amounts}")),
        (&feature, &format!("a,b\n{amounts}")),
        (&coverage, &format!("a,b,c\n{members}")),
    ];
    for (objective, text) in cases {
        fs::write(&file, text).unwrap();
        for method in [
            &["--window", "60"][..],
            &["--window", "60", "--method", "dynamic", "--query-every", "7"],
            &["--window", "60", "--method", "bucket", "--query-every", "100"],
            &["--window", "60", "--method", "lazy", "--query-every", "50"],
            &["--window", "9000"],
            &["--method", "sieve"],
            &["--method", "sieve++", "--query-every", "100"],
        ] {
            let flags = [&["summarize", "--json", "--size", "4", "--trace", &trace_name], objective, method].concat();
            let mut answer = json(&run(&[&flags[..], &[&input]].concat()));
            let lines = fs::read_to_string(&traced).unwrap();
            let mut piped = json(&pipe(&[&flags[..], &["-"]].concat(), text.as_bytes()));
            assert_eq!(fs::read_to_string(&traced).unwrap(), lines, "{objective:?} {method:?}");
            for object in [&mut answer, &mut piped] {
                for key in ["seconds", "seconds_total", "cpu_seconds", "state_bytes"] {
                    object.as_object_mut().unwrap().remove(key).unwrap();
                }
            }
            assert_eq!(answer, piped, "{objective:?} {method:?}");
            if method.len() > 2 && method[1] == "60" {
                let rows = answer["selected"].as_array().unwrap();
                assert!(rows.iter().all(|row| row.as_u64() >= Some(640)) && !rows.is_empty());
            }
        }
    }
    // What is wrong is told with its line, and nothing is written.
    fs::remove_file(&traced).unwrap();
    let flags = ["summarize", "-", "--size", "2", "--similarity", "given", "--window", "2", "--trace", &trace_name];
    for (text, part) in [
        ("a,b\n1,2\n3,-1\n", "row 3, column b"),
        ("a,b\n1,2\n3,nan\n", "row 3, column b"),
        ("a,b\n1,2\n2,1\n1,1\n1e308,1e308\n", "row 5"),
        ("a,b\n", "no rows"),
        ("", "nothing in it"),
    ] {
        refused(&pipe(&flags, text.as_bytes()), 1, &["standard input", part]);
        assert!(!traced.exists());
    }
    let flags = ["summarize", "-", "--size", "2", "--objective", "coverage", "--window", "2"];
    refused(&pipe(&flags, b"a,b\n1,0\n1,3\n"), 1, &["row 3, column b", "0 or 1"]);
    // Rows of a window keep their numbers in a saved summary.
    let (_, sketch) = path(&folder, "window.sketch");
    fs::write(&file, format!("a,b\n{amounts}")).unwrap();
    let flags = ["--similarity", "given", "--size", "3", "--window", "50", "--save", &sketch];
    let answer = summarize(&[&input], &flags);
    assert_eq!(json(&run(&["query", &sketch, "--json"]))["selected"], answer["selected"]);
}

#[test]
fn a_saved_selection_gives_its_answer_again() {
    let (input, columns) = digits();
    let folder = folder();
    let (_, sketch) = path(&folder, "best.sketch");
    for (method, precision) in
        [("lazy-dynamic", "f64"), ("lazy-dynamic", "f32"), ("dynamic", "f64"), ("dynamic", "f32")]
    {
        let flags = ["--columns", &columns, "--size", "8", "--window", "300", "--query-every", "500"];
        let more = ["--method", method, "--precision", precision, "--save", &sketch];
        let mut answer = summarize(&[&input], &[&flags[..], &more].concat());
        let mut again = json(&run(&["query", &sketch, "--json"]));
        for object in [&mut answer, &mut again] {
            for key in ["seconds", "seconds_total", "cpu_seconds", "threads"] {
                object.as_object_mut().unwrap().remove(key).unwrap();
            }
        }
        assert_eq!(answer, again);
        let told = json(&run(&["inspect", &sketch, "--json"]));
        assert_eq!(
            (&told["type"], &told["precision"], &told["live"]),
            (&method.into(), &precision.into(), &300.into())
        );
        assert_eq!((&told["params"]["size"], &told["stale"]), (&8.into(), &false.into()));
    }
    let text = String::from_utf8(run(&["query", &sketch]).stdout).unwrap();
    assert!(text.contains("share proven"), "{text}");
    let (merged, name) = path(&folder, "merged.sketch");
    refused(&run(&["merge", &sketch, &sketch, "--save", &name]), 1, &["best.sketch", "can't be merged", "uniform"]);
    assert!(!merged.exists());
    refused(&run(&["query", &sketch, "--target", "y"]), 2, &["--target", "summarize"]);
    // Vertices keep their names.
    let (file, edges) = path(&folder, "edges.txt");
    fs::write(&file, "70 20\n20 30\n30 40\n").unwrap();
    let flags = ["--edges", &edges, "--objective", "coverage", "--size", "1", "--method", "dynamic", "--save", &sketch];
    assert_eq!(summarize(&[], &flags)["selected"], json(&run(&["query", &sketch, "--json"]))["selected"]);
    // What has no byte form is not saved; nor is anything where something else can't be written.
    let (none, name) = path(&folder, "none.sketch");
    for flags in [
        &["--size", "3", "--method", "lazy"][..],
        &["--size", "3", "--method", "bucket"],
        &["--size", "3", "--method", "sieve"],
        &["--groups", "label", "--caps", "1"],
    ] {
        refused(&run(&[&["summarize", &input, "--save", &name], flags].concat()), 2, &["--save"]);
    }
    let nowhere = ["summarize", &input, "--size", "3", "--save", &name, "--out", "/nowhere/x.csv"];
    refused(&run(&nowhere), 1, &["/nowhere"]);
    refused(&run(&["summarize", &input, "--size", "3", "--save", "x.csv"]), 2, &["--save"]);
    assert!(!none.exists());
    // A file whose summary was damaged, and one of another version's command.
    let mut bytes = fs::read(&sketch).unwrap();
    let middle = bytes.len() - 100;
    bytes[middle] ^= 1;
    fs::write(&sketch, bytes).unwrap();
    refused(&run(&["query", &sketch]), 1, &["best.sketch"]);
}

#[test]
fn exemplars_and_scales_are_those_asked_for() {
    let (input, columns) = digits();
    let folder = folder();
    let (file, name) = path(&folder, "exemplars.csv");
    let text = fs::read_to_string(&input).unwrap();
    let cut = |line: &str| line.split(',').take(64).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = text.lines().take(11).map(cut).collect();
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let flags = ["--columns", &columns, "--size", "3", "--method", "lazy"];
    let auto = summarize(&[&input], &[&flags[..], &["--exemplars", &name]].concat());
    let gamma = auto["gamma"].as_f64().unwrap();
    let fixed = format!("rbf:{gamma}");
    let given = summarize(&[&input], &[&flags[..], &["--exemplars", &name, "--similarity", &fixed]].concat());
    assert_eq!((&auto["value"], &auto["selected"]), (&given["value"], &given["selected"]));
    // From a pipe, as nothing has to be drawn.
    let rows: String = text.lines().map(|line| cut(line) + "\n").collect();
    let arguments = ["summarize", "-", "--json", "--size", "3", "--method", "lazy", "--exemplars", &name];
    let piped = json(&pipe(&[&arguments[..], &["--similarity", &fixed]].concat(), rows.as_bytes()));
    assert_eq!((&auto["value"], &auto["selected"]), (&piped["value"], &piped["selected"]));
    let seeds: Vec<Value> = ["1", "2"]
        .into_iter()
        .map(|seed| {
            summarize(&[&input], &[&flags[..], &["--exemplars", "20", "--seed", seed]].concat())["value"].clone()
        })
        .collect();
    assert_ne!(seeds[0], seeds[1]);
}

#[test]
fn usage_that_makes_no_sense_is_exit_2_and_data_that_forbid_an_answer_exit_1() {
    let (input, columns) = digits();
    let folder = folder();
    let usage = |flags: &[&str], part: &str| {
        refused(&run(&[&["summarize", &input, "--columns", &columns], flags].concat()), 2, &[part]);
    };
    usage(&[], "--size");
    usage(&["--size", "0"], "--size");
    usage(&["--size", "3", "--ratio", "1.01"], "--ratio");
    usage(&["--size", "3", "--ratio", "1"], "--ratio");
    usage(&["--size", "3", "--window", "9", "--updates", "x"], "--updates");
    usage(&["--size", "3", "--similarity", "near"], "--similarity");
    usage(&["--size", "3", "--similarity", "rbf:-1"], "--similarity");
    usage(&["--size", "3", "--objective", "feature", "--similarity", "cosine"], "--similarity");
    usage(&["--size", "3", "--objective", "feature", "--concave", "cube"], "--concave");
    usage(&["--size", "3", "--edges", "x"], "--edges");
    usage(&["--size", "3", "--objective", "coverage", "--edges", "x"], "INPUT");
    usage(&["--size", "3", "--exemplars", "0"], "--exemplars");
    usage(&["--size", "3", "--objective", "logdet", "--exemplars", "4"], "--exemplars");
    usage(&["--size", "3", "--method", "lazy", "--slots", "4"], "--slots");
    usage(&["--size", "3", "--method", "threshold", "--epsilon", "1"], "--epsilon");
    usage(&["--size", "3", "--method", "dynamic", "--hysteresis", "0.1"], "--hysteresis");
    usage(&["--size", "3", "--trace", "x.txt"], "--trace");
    usage(&["--size", "3", "--patience", "5"], "--patience");
    usage(&["--size", "3", "--method", "threshold", "--epsilon", "1e-300"], "--epsilon");
    usage(&["--size", "3", "--method", "bucket", "--epsilon", "1e-4"], "--epsilon");
    usage(&["--size", "3", "--method", "three-sieves", "--patience", "0"], "--patience");
    usage(&["--size", "3", "--method", "bucket", "--slots", "5"], "--slots");
    refused(&run(&["summarize", "--size", "3"]), 2, &["INPUT"]);
    refused(&run(&["summarize", "-", "--size", "3"]), 2, &["--exemplars FILE"]);
    let data = |flags: &[&str], parts: &[&str]| {
        refused(&run(&[&["summarize", &input, "--columns", &columns, "--size", "3"], flags].concat()), 1, parts);
    };
    data(&["--exemplars", "4000"], &["digits.csv", "4000 exemplars of 1797 rows"]);
    data(&["--updates", "/nowhere/x"], &["/nowhere/x"]);
    data(&["--objective", "coverage"], &["digits.csv", "row 2", "column p02", "0 or 1"]);
    data(&["--objective", "logdet", "--similarity", "given"], &["digits.csv", "square"]);
    let (file, name) = path(&folder, "bad.csv");
    fs::write(&file, "a,b\n1,2\n3,-1\n").unwrap();
    for objective in ["facility", "feature"] {
        let flags = ["--size", "1", "--objective", objective, "--similarity", "given"];
        refused(&run(&[&["summarize", &name], &flags[..]].concat()), 1, &["bad.csv", "row 3", "column b", "negative"]);
    }
    let (weighed, weights) = path(&folder, "weights.csv");
    for (text, part) in [("w\n1\n", "1 weights, 2 needed"), ("w\n1\n-2\n", "row 3")] {
        fs::write(&weighed, text).unwrap();
        fs::write(&file, "a,b\n1,2\n3,1\n").unwrap();
        let flags = ["--size", "1", "--similarity", "given", "--weights", &weights];
        refused(&run(&[&["summarize", &name], &flags[..]].concat()), 1, &["weights.csv", part]);
    }
    fs::write(&file, "a,b\n1e-40,0\n").unwrap();
    let faint = run(&["summarize", &name, "--size", "1", "--similarity", "given", "--precision", "f32"]);
    refused(&faint, 1, &["bad.csv", "out of scale"]);
    fs::write(&file, "a,b\n1e300,2\n").unwrap();
    let huge = run(&["summarize", &name, "--size", "1", "--similarity", "given", "--precision", "f32"]);
    refused(&huge, 1, &["bad.csv", "row 2"]);
}

#[test]
fn files_come_out_whole() {
    let (input, columns) = digits();
    let folder = folder();
    let (out, out_name) = path(&folder, "rows.csv");
    let (svg, svg_name) = path(&folder, "x.svg");
    let (html, html_name) = path(&folder, "x.html");
    let flags = ["--columns", &columns, "--size", "4", "--query-every", "300"];
    let files = ["--out", &out_name, "--plot", &svg_name, "--report", &html_name];
    let answer = summarize(&[&input], &[&flags[..], &files].concat());
    let rows: Vec<u64> = fs::read_to_string(out).unwrap().lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert_eq!(answer["selected"], rows.into_iter().collect::<Value>());
    assert!(fs::read_to_string(svg).unwrap().starts_with("<svg"));
    assert!(fs::read_to_string(html).unwrap().contains("share proven"));
    let table = run(&[&["summarize", &input], &flags[..]].concat());
    assert!(String::from_utf8(table.stdout).unwrap().contains("share proven"));
}

/// Twenty rows of integers in units of a power of two.
fn rows_in_units(unit: i32) -> String {
    let factor = if unit < 0 { 0.5f64.powi(-unit) } else { 2f64.powi(unit) };
    let row =
        |i: u64| (1..4).map(|j| format!("{:e}", (i * i * j % 17 + 1) as f64 * factor)).collect::<Vec<_>>().join(",");
    "x,y,z\n".to_owned() + &(0..20).map(|i| row(i) + "\n").collect::<String>()
}

#[test]
fn units_of_rows_change_no_answer() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.csv");
    let flags: [&[&str]; 5] = [
        &[],
        &["--window", "10"],
        &["--similarity", "cosine"],
        &["--objective", "logdet"],
        &["--objective", "logdet", "--similarity", "cosine"],
    ];
    let answers = |unit: i32| {
        fs::write(&file, rows_in_units(unit)).unwrap();
        flags.map(|flags| summarize(&[&name], &[&["--size", "3"], flags].concat()))
    };
    let ordinary = answers(0);
    for unit in [-660, 640, 1015] {
        for (scaled, plain) in answers(unit).iter().zip(&ordinary) {
            for key in ["selected", "value", "upper_bound"] {
                assert_eq!(scaled[key], plain[key], "{key} at 2^{unit}");
            }
            if let Some(gamma) = plain["gamma"].as_f64() {
                let told = &scaled["gamma_scaled"];
                let (mantissa, exponent) = (told["mantissa"].as_f64().unwrap(), told["exponent"].as_f64().unwrap());
                assert_eq!(scaled["gamma"], Value::Null);
                assert_eq!(mantissa * 2f64.powf(exponent + f64::from(2 * unit)), gamma);
            }
        }
    }
}

#[test]
fn a_gamma_at_the_end_of_the_scale_is_that_gamma() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.csv");
    // 2^-1060: distances whose squares overflow.
    let smallest = format!("rbf:{:e}", f64::from_bits(1 << 14));
    for objective in ["facility", "logdet"] {
        let of = |unit, similarity: &str| {
            fs::write(&file, rows_in_units(unit)).unwrap();
            summarize(&[&name], &["--size", "3", "--objective", objective, "--similarity", similarity])
        };
        let (plain, scaled) = (of(-4, "rbf:1"), of(526, &smallest));
        assert_eq!((&plain["selected"], &plain["value"]), (&scaled["selected"], &scaled["value"]), "{objective}");
        assert!(plain["value"].as_f64() < Some(19.0) && scaled["gamma"].as_f64() == Some(f64::from_bits(1 << 14)));
    }
}

#[test]
fn the_scale_of_rows_that_are_mostly_equal_is_that_of_the_others() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.csv");
    let value = |far: &str| {
        fs::write(&file, format!("x\n{}{far}\n", "0\n".repeat(9))).unwrap();
        summarize(&[&name], &["--size", "1"])["value"].as_f64().unwrap()
    };
    let expected = 9.0 + (-1f64).exp();
    assert!((value("1") - expected).abs() < 1e-12 && (value("3e5") - expected).abs() < 1e-12);
}

#[test]
fn products_and_sums_out_of_range_are_refused_with_the_row() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.csv");
    let refuse = |text: &str, flags: &[&str], parts: &[&str]| {
        fs::write(&file, text).unwrap();
        refused(&run(&[&["summarize", &name, "--size", "1"], flags].concat()), 1, parts);
    };
    let huge = "x,y\n1,2\n1e200,1\n";
    let overflow = ["row 3", "products of these numbers overflow in f64: rescale them"];
    // Negative products are out of range as well.
    refuse("x,y\n1,2\n1e200,-1e200\n", &["--similarity", "dot"], &overflow);
    refuse(huge, &["--similarity", "dot", "--objective", "logdet"], &overflow);
    refuse(huge, &["--similarity", "dot", "--objective", "logdet", "--window", "2"], &["overflow"]);
    refuse("x\n1e-200\n2e-200\n", &["--similarity", "dot"], &["products of these numbers vanish in f64"]);
    let sums = "x,y\n1,2\n1e308,1e308\n";
    refuse(sums, &["--similarity", "given"], &["the worth of element 1 is out of range: rescale the numbers"]);
    let total = ["row 3", "the sum of a column overflows in f64 here: rescale it"];
    refuse("x,y\n1e308,1e308\n1e308,3\n", &["--objective", "feature"], &total);
    // Two edges between the same vertices, whose weights are added.
    fs::write(&file, "7 8 1\n8 9 1e308\n9 8 1e308\n").unwrap();
    let cut = run(&["summarize", "--edges", &name, "--objective", "cut", "--size", "1"]);
    refused(&cut, 1, &["the weight between 8 and 9 is out of range: rescale the weights"]);
}
