//! What `eigen` answers.

use super::*;

#[test]
fn json_has_the_fields_of_the_contract() {
    let answer = json(&run(&["eigen", &data("digits.csv"), "--method", "random-order", "--rank", "2", "--json"]));
    for field in [
        "command",
        "version",
        "rows",
        "dim",
        "seed",
        "precision",
        "state_bytes",
        "seconds",
        "seconds_total",
        "cpu_seconds",
        "threads",
        "warnings",
        "method",
        "vectors",
        "values",
        "value_lower",
        "value_upper",
        "error_bound",
        "confidence",
        "order",
        "heavy_rows",
        "width",
    ] {
        assert!(answer.get(field).is_some(), "{field}");
    }
    assert_eq!(answer["rows"], 1797);
    assert_eq!(answer["dim"], 65);
    assert_eq!(answer["width"], 4);
    assert_eq!(answer["vectors"].as_array().unwrap().len(), 2);
    for field in ["drift", "runs", "level"] {
        assert!(answer["order"][field].is_f64(), "{field}");
    }
    let exact = json(&run(&["eigen", &data("digits.csv"), "--json"]));
    assert_eq!(exact["method"], "exact");
    assert_eq!(exact["order"], Value::Null);
    let bound = exact["error_bound"].as_f64().unwrap();
    assert!(bound > 0.0 && bound < 1e-15, "{bound:e}");
    assert_eq!(json(&run(&["eigen", &data("digits.csv"), "--memory", "100", "--json"]))["method"], "random-order");
}

#[test]
fn order_of_rows_is_told() {
    let text = fs::read_to_string(data("gait_imu.csv")).unwrap();
    let answer =
        json(&pipe(&["eigen", "-", "--columns", GAIT_COLUMNS, "--method", "random-order", "--json"], text.as_bytes()));
    assert_eq!(answer["confidence"]["status"], "not-random-order");
    assert!(answer["warnings"][0].as_str().unwrap().contains("random order"));
}

#[test]
fn replicas_measure_methods_that_certify_nothing() {
    let flags = ["eigen", &data("randhie.csv"), "--method", "block-power", "--json"];
    let one = json(&run(&flags));
    assert_eq!(one["confidence"]["error_estimate"], Value::Null);
    assert!(one["warnings"][0].as_str().unwrap().contains("no figure"));
    assert_eq!(one["confidence"]["status"], "unverified");
    let two = json(&run(&[&flags[..], &["--replicas", "2"]].concat()));
    assert!(two["confidence"]["error_estimate"].as_f64().unwrap() < 0.1);
    // Two runs that agree may be wrong together: on shuttle.csv they are, at an error of 0.89.
    assert_eq!(two["confidence"]["status"], "unverified");
    // Nothing in ccipca is random: that two runs agree says nothing at all.
    let candid = ["eigen", &data("randhie.csv"), "--method", "ccipca", "--replicas", "2", "--json"];
    let candid = json(&run(&candid));
    assert_eq!(candid["confidence"]["error_estimate"], Value::Null);
    assert!(candid["warnings"][0].as_str().unwrap().contains("no seed"));
}

#[test]
fn what_nothing_has_checked_is_unverified() {
    for method in ["block-power", "oja", "adaptive-oja", "ccipca", "history"] {
        let answer = json(&run(&["eigen", &data("shuttle.csv"), "--method", method, "--rank", "3", "--json"]));
        assert_eq!(answer["confidence"]["status"], "unverified", "{method}");
        let advice = answer["warnings"].as_array().unwrap().last().unwrap();
        assert!(advice.as_str().unwrap().contains("nothing has checked"), "{method}: {advice}");
        let values: Vec<f64> = answer["values"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        assert!(values.is_sorted_by(|x, y| x >= y), "{method}: {values:?}");
    }
    let flags = ["eigen", &data("randhie.csv"), "--method", "random-order", "--json", "--width"];
    let blind = json(&run(&[&flags[..], &["1"]].concat()));
    assert_eq!(blind["confidence"]["gap_estimate"], Value::Null);
    assert_eq!(
        json(&run(&[&flags[..], &["2"]].concat()))["confidence"]["gap_estimate"].as_f64().map(|x| x > 1.0),
        Some(true)
    );
    let table = run(&["eigen", &data("randhie.csv"), "--method", "history"]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("unverified"));
}

/// More columns than the core's solver takes: rounding has its share all the same.
#[test]
fn wide_tables_have_room_for_rounding() {
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let mut table = line((0..70).map(|j| format!("x{j}")).collect());
    for i in 0..80i64 {
        table += &line((0..70).map(|j| (1_000_000 + (i * 37 + j * 53 + i * j) % 101).to_string()).collect());
    }
    let flags = ["eigen", "-", "--method", "exact", "--rank", "2", "--json"];
    let answer = json(&pipe(&flags, table.as_bytes()));
    let ends = |i: usize| ["value_lower", "value_upper"].map(|key| answer[key][i].as_f64().unwrap());
    let [lower, upper] = ends(0);
    assert!(lower < upper && upper - lower < 1e-8 * upper, "{answer}");
    // The second value is no larger than what rounding of the first may be.
    let [lower, upper] = ends(1);
    assert!(lower < upper && upper - lower > 1e-3 * upper, "{answer}");
}

#[test]
fn ranks_that_rounding_hides_are_named_as_that() {
    let table = "a,b\n60000001,60000000\n60000000,60000001\n59999999,60000000\n60000002,59999999\n";
    let run = pipe(&["eigen", "-", "--rank", "2", "--method", "exact"], table.as_bytes());
    let line = String::from_utf8(run.stderr).unwrap();
    assert!(line.contains("beyond rank 1 the squares of the data can't be told apart from rounding in f64"), "{line}");
    assert!(line.contains("--center") && line.contains("4.4e-16"), "{line}");
}

#[test]
fn fast_agrees_to_rounding() {
    let slow = json(&run(&["eigen", &data("digits.csv"), "--json"]));
    let fast = json(&run(&["eigen", &data("digits.csv"), "--fast", "--json"]));
    for (x, y) in slow["vectors"][0].as_array().unwrap().iter().zip(fast["vectors"][0].as_array().unwrap()) {
        assert!((x.as_f64().unwrap() - y.as_f64().unwrap()).abs() < 1e-12);
    }
}
