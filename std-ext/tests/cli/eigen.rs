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
    assert_eq!(exact["error_bound"], 0.0);
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
    let two = json(&run(&[&flags[..], &["--replicas", "2"]].concat()));
    assert!(two["confidence"]["error_estimate"].as_f64().unwrap() < 0.1);
}

#[test]
fn fast_agrees_to_rounding() {
    let slow = json(&run(&["eigen", &data("digits.csv"), "--json"]));
    let fast = json(&run(&["eigen", &data("digits.csv"), "--fast", "--json"]));
    for (x, y) in slow["vectors"][0].as_array().unwrap().iter().zip(fast["vectors"][0].as_array().unwrap()) {
        assert!((x.as_f64().unwrap() - y.as_f64().unwrap()).abs() < 1e-12);
    }
}
