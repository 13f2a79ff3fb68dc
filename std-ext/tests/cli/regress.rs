//! `regress`, and its files: roles, paths, merges and joins.

use super::*;

/// JSON without what differs from run to run.
fn stable(mut value: Value) -> Value {
    for field in ["seconds", "seconds_total", "cpu_seconds", "threads"] {
        value.as_object_mut().unwrap().remove(field);
    }
    value
}

fn regress(file: &str, flags: &[&str]) -> Value {
    stable(json(&run(&[&["regress", file, "--json"], flags].concat())))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn close(found: &Value, expected: &[f64], tolerance: f64) {
    let found = numbers(found);
    assert_eq!(found.len(), expected.len());
    for (x, y) in found.iter().zip(expected) {
        assert!((x - y).abs() <= tolerance * y.abs().max(1.0), "{found:?} {expected:?}");
    }
}

/// The exact answer for `mdvis`, constant first: numpy's lstsq.
const MDVIS: [f64; 10] = [
    1.737_940_98,
    -0.169_502_59,
    -0.753_331_28,
    0.106_592_85,
    -0.100_129_79,
    1.065_847_12,
    0.121_670_39,
    -0.048_679_11,
    0.220_122_45,
    1.440_957_17,
];

#[test]
fn every_exact_way_finds_the_same_coefficients() {
    let file = data("randhie.csv");
    let flags = ["--target", "mdvis", "--intercept"];
    for (extra, path) in [
        (&[][..], "normal"),
        (&["--solve", "exact"], "exact"),
        (&["--sketch", "none"], "exact"),
        (&["--streaming", "--sketch", "none"], "streaming-qr"),
        (&["--streaming"], "streaming-qr"),
        (&["--sketch", "srct"], "normal"),
        (&["--sketch", "gaussian", "--rows", "200"], "normal"),
        (&["--sketch", "osnap"], "normal"),
    ] {
        let answer = regress(&file, &[&flags[..], extra].concat());
        close(&answer["coefficients"], &MDVIS, 1e-7);
        assert_eq!(answer["path"], path, "{extra:?}");
        assert_eq!((&answer["half_widths"], &answer["linf_bound"]), (&Value::Null, &Value::Null));
        assert_eq!(answer["residual_is_estimate"], false);
        assert!((answer["residual_norm"].as_f64().unwrap() - 617.632_231_9).abs() < 1e-6);
        assert_eq!((&answer["rank"], &answer["rows"]), (&10.into(), &20190.into()));
        assert_eq!(answer["names"][0], "intercept");
        assert_eq!(answer["sketch_rows"].is_null(), path != "normal", "{extra:?}");
        if path != "streaming-qr" {
            assert!(answer["backward_error"].as_f64().unwrap() < 1e-15);
        }
    }
    let single = regress(&file, &[&flags[..], &["--precision", "f32"]].concat());
    close(&single["coefficients"], &MDVIS, 1e-3);
}

#[test]
fn sketched_answers_hold_their_half_widths_and_sparse_ones_have_none() {
    let file = data("randhie.csv");
    for sketch in ["srht", "srct", "gaussian", "rademacher", "pooled"] {
        let flags = ["--target", "mdvis", "--intercept", "--solve", "sketched", "--sketch", sketch, "--rows", "400"];
        let answer = regress(&file, &[&flags[..], &["--failure", "1e-6"]].concat());
        assert_eq!((&answer["path"], &answer["residual_is_estimate"]), (&"sketched".into(), &true.into()));
        assert_eq!((&answer["backward_error"], &answer["iterations"]), (&Value::Null, &0.into()));
        let widths = numbers(&answer["half_widths"]);
        for ((x, exact), width) in numbers(&answer["coefficients"]).iter().zip(MDVIS).zip(&widths) {
            assert!((x - exact).abs() <= *width, "{sketch}: {x} +- {width}, {exact}");
        }
        let largest = widths.iter().fold(0.0, |max: f64, &w| max.max(w));
        assert_eq!(answer["linf_bound"].as_f64(), Some(largest));
        assert_eq!(answer["sketch_rows"], if sketch == "pooled" { 512 } else { 400 });
    }
    for sketch in ["countsketch", "osnap"] {
        let answer = regress(&file, &["--target", "mdvis", "--solve", "sketched", "--sketch", sketch]);
        assert_eq!((&answer["half_widths"], &answer["linf_bound"]), (&Value::Null, &Value::Null));
        let warnings = answer["warnings"].to_string();
        assert!(warnings.contains("collide") && warnings.contains(sketch), "{warnings}");
    }
}

/// A pipe is factored, exactly, unless a flag asks for a sketch or the triangle has more bytes than it may.
#[test]
fn a_stream_is_sketched_only_on_request_or_for_want_of_memory() {
    let text = fs::read_to_string(data("randhie.csv")).unwrap();
    let ask = |extra: &[&str]| {
        let flags = [&["regress", "-", "--json", "--target", "mdvis", "--intercept"], extra].concat();
        stable(json(&pipe(&flags, text.as_bytes())))
    };
    // Eleven columns: a triangle of 66 numbers.
    for extra in [&[][..], &["--streaming"], &["--sketch", "none"], &["--memory", "528"]] {
        let answer = ask(extra);
        close(&answer["coefficients"], &MDVIS, 1e-7);
        assert_eq!((&answer["path"], &answer["sketch"]), (&"streaming-qr".into(), &Value::Null), "{extra:?}");
        assert_eq!(answer["warnings"], serde_json::json!([]));
    }
    for extra in [&["--sketch", "srht"][..], &["--rows", "160"], &["--epsilon", "0.5"], &["--solve", "sketched"]] {
        let answer = ask(extra);
        assert_eq!((&answer["path"], &answer["sketch"]), (&"sketched".into(), &"srht".into()), "{extra:?}");
        assert_eq!(answer["warnings"], serde_json::json!([]));
    }
    let short = ask(&["--memory", "527"]);
    assert_eq!(short["coefficients"], ask(&["--sketch", "srht"])["coefficients"]);
    let why = "the triangle of an exact QR has 528 bytes and --memory is 527: a sketch was taken";
    assert_eq!(short["warnings"], serde_json::json!([why]));
    assert_eq!(ask(&["--memory", "264", "--precision", "f32"])["path"], "streaming-qr");
    // What only sketches have is told.
    for (flag, value) in [("--first-row", "7"), ("--stream-id", "1"), ("--block-len", "8"), ("--nonzeros", "4")] {
        let warnings = ask(&[flag, value])["warnings"].to_string();
        assert!(warnings.contains(&format!("{flag} does not apply")), "{warnings}");
    }
}

/// A target that is kept alone is sketched, since only sketches are joined.
#[test]
fn columns_that_are_kept_to_be_joined_are_sketched() {
    let folder = folder();
    let (left, right) = (path(&folder, "left.sketch").1, path(&folder, "right.sketch").1);
    let joined = path(&folder, "joined.sketch").1;
    let table = b"a,b\n1,2\n2,1\n3,5\n4,4\n5,8\n6,5\n7,9\n8,9\n";
    let save = |column: &str, to: &str| {
        let flags = ["regress", "-", "--json", "--target", column, "--columns", column, "--save", to];
        let answer = json(&pipe(&flags, table));
        assert_eq!((&answer["coefficients"], &answer["path"]), (&serde_json::json!([]), &"sketched".into()));
    };
    save("a", &left);
    save("b", &right);
    let merge = run(&["merge", "--join", &left, &right, "--save", &joined]);
    assert!(merge.status.success(), "{}", String::from_utf8_lossy(&merge.stderr));
    // A factored stream says how to be joined.
    for (names, to) in [("a,b", &left), ("c,b", &right)] {
        let text = format!("{names}\n1,2\n2,1\n3,5\n");
        let flags = ["regress", "-", "--target", &names[..1], "--columns", &names[..1], "--intercept", "--save", to];
        assert!(pipe(&flags, text.as_bytes()).status.success());
    }
    refused(&run(&["merge", "--join", &left, &right, "--save", &joined]), 1, &["--sketch srht"]);
}

/// The figures that R's `summary(lm(...))` prints, certified by NIST for these data.
#[test]
fn exact_fits_come_with_standard_errors_and_r_squared() {
    let folder = folder();
    let (file, name) = path(&folder, "longley.csv");
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nist/longley.csv")).unwrap();
    let table = &text[text.find("\ny,").unwrap() + 1..];
    fs::write(&file, table).unwrap();
    let certified: Vec<Vec<f64>> = text
        .lines()
        .filter(|line| line.starts_with('B'))
        .map(|line| line.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let errors: Vec<f64> = certified.iter().map(|row| row[1]).collect();
    let t: Vec<f64> = certified.iter().map(|row| row[0] / row[1]).collect();
    let flags = ["--target", "y", "--intercept"];
    for extra in [&[][..], &["--solve", "exact"], &["--streaming"]] {
        let answer = regress(&name, &[&flags[..], extra].concat());
        close(&answer["standard_errors"], &errors, 1e-9 * errors[0]);
        for (found, certified) in numbers(&answer["standard_errors"]).iter().zip(&errors) {
            assert!((found / certified - 1.0).abs() < 1e-9, "{extra:?}: {found} {certified}");
        }
        close(&answer["t_values"], &t, 1e-8);
        let one = |field: &str| answer[field].as_f64().unwrap();
        assert!((one("r_squared") - 0.995_479_004_577_296).abs() < 1e-12);
        assert!((one("adjusted_r_squared") - (1.0 - (1.0 - one("r_squared")) * 15.0 / 9.0)).abs() < 1e-14);
        assert_eq!(answer["residual_df"], 9);
    }
    let shown = String::from_utf8(run(&[&["regress", &name], &flags[..]].concat()).stdout).unwrap();
    for part in ["standard error", "0.488400", "-4.136427", "R squared", "0.995479", "degrees of freedom"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // Saved, and asked again.
    let sketch = path(&folder, "l.sketch").1;
    let saved = regress(&name, &[&flags[..], &["--streaming", "--save", &sketch]].concat());
    assert_eq!(saved, stable(json(&run(&["query", &sketch, "--json"]))));
    // Where they make no sense.
    let sketched = ["--streaming", "--rows", "16"];
    for extra in [&sketched[..], &["--ridge", "1"], &["--ridge", "1", "--streaming"]] {
        let answer = regress(&name, &[&flags[..], extra].concat());
        for field in ["standard_errors", "t_values", "r_squared", "adjusted_r_squared", "residual_df"] {
            assert_eq!(answer.get(field), Some(&Value::Null), "{field} {extra:?}");
        }
    }
    for rows in ["x,z,y\n1,2,1\n2,4,3\n3,6,2\n4,8,7\n5,10,6\n", "x,z,y\n1,2,1\n2,5,3\n3,6,2\n"] {
        fs::write(&file, rows).unwrap();
        for extra in [&[][..], &["--streaming"]] {
            let answer = regress(&name, &[&flags[..], extra].concat());
            assert_eq!((&answer["standard_errors"], &answer["residual_df"]), (&Value::Null, &Value::Null), "{rows}");
        }
    }
}

/// Weighted least squares as in R: rows of weight 0 don't count. Figures by hand: x = 1, 2, 3, 4 with weights 1, 2, 1, 2.
#[test]
fn standard_errors_of_weighted_rows_and_several_targets() {
    let folder = folder();
    let (file, name) = path(&folder, "w.csv");
    fs::write(&file, "x,y,z,w\n1,1,2,1\n2,3,1,2\n9,9,9,0\n3,2,5,1\n4,5,4,2\n").unwrap();
    for extra in [&[][..], &["--streaming"]] {
        let flags = ["--targets", "y,z", "--columns", "x", "--weights", "w"];
        let answer = regress(&name, &[&flags[..], &["--intercept"], extra].concat());
        assert_eq!((&answer["residual_df"], &answer["rows"]), (&2.into(), &4.into()));
        // Sums of w, wx, wxx: 6, 16, 50, so that the determinant is 44. Of y: wy, wxy, wyy are 19, 59, 73.
        let (slope, total) = (50.0 / 44.0, 73.0 - 19.0 * 19.0 / 6.0);
        let left = total - slope * (59.0 - 16.0 * 19.0 / 6.0);
        let errors = [(left / 2.0 * 50.0 / 44.0f64).sqrt(), (left / 2.0 * 6.0 / 44.0f64).sqrt()];
        close(&answer["standard_errors"][0], &errors, 1e-12);
        close(&answer["t_values"][0], &[(19.0 - slope * 16.0) / 6.0 / errors[0], slope / errors[1]], 1e-12);
        close(&answer["r_squared"], &[1.0 - left / total, numbers(&answer["r_squared"])[1]], 1e-12);
        assert_eq!(answer["adjusted_r_squared"].as_array().unwrap().len(), 2);
        // Without the intercept, about 0.
        let plain = regress(&name, &[&flags[..], extra].concat());
        let left = 73.0 - 59.0 * 59.0 / 50.0;
        close(&plain["standard_errors"][0], &[(left / 3.0 / 50.0f64).sqrt()], 1e-12);
        let squared = 1.0 - left / 73.0;
        close(&plain["r_squared"], &[squared, numbers(&plain["r_squared"])[1]], 1e-12);
        let adjusted = numbers(&plain["adjusted_r_squared"])[0];
        assert!((adjusted - (1.0 - (1.0 - squared) * 4.0 / 3.0)).abs() < 1e-12);
    }
}

#[test]
fn forms_of_input_and_threads_change_no_bit() {
    let folder = folder();
    let gait = gait();
    let rows = gait.len() / 9;
    let text = fs::read_to_string(data("gait_imu.csv")).unwrap();
    for extra in [&["--streaming"][..], &["--solve", "sketched", "--rows", "100"], &["--streaming", "--sketch", "srht"]]
    {
        let flags = [&["--target", "7", "--columns", GAIT_COLUMNS][..], extra].concat();
        let expected = regress(&data("gait_imu.csv"), &flags);
        assert_eq!(expected, regress(&data("gait_imu.csv"), &[&flags[..], &["--threads", "1"]].concat()));
        for fortran in [false, true] {
            let (file, name) = path(&folder, "gait.npy");
            fs::write(&file, npy(&gait, rows, 9, fortran)).unwrap();
            let answer = regress(&name, &flags);
            for field in ["coefficients", "half_widths", "residual_norm", "condition"] {
                assert_eq!(answer[field], expected[field], "{field} {extra:?}");
            }
        }
        if extra.contains(&"--streaming") {
            let piped = stable(json(&pipe(&[&["regress", "-", "--json"], &flags[..]].concat(), text.as_bytes())));
            assert_eq!(piped, expected);
        }
    }
    let refined = regress(&data("gait_imu.csv"), &["--target", "7", "--columns", GAIT_COLUMNS, "--threads", "2"]);
    assert_eq!(
        refined,
        regress(&data("gait_imu.csv"), &["--target", "7", "--columns", GAIT_COLUMNS, "--threads", "1"])
    );
}

#[test]
fn a_saved_sketch_answers_as_the_command_did_and_any_other_question() {
    let folder = folder();
    let (_, sketch) = path(&folder, "r.sketch");
    let file = data("randhie.csv");
    let srht = ["--sketch", "srht"];
    for extra in [&srht[..], &[], &["--precision", "f32"], &["--sketch", "osnap"], &["--ridge", "10"]] {
        let flags = ["--target", "mdvis", "--intercept", "--streaming", "--failure", "0.2", "--save", &sketch];
        let saved = regress(&file, &[&flags[..], extra].concat());
        assert_eq!(saved, stable(json(&run(&["query", &sketch, "--json"]))), "{extra:?}");
        let inspected = json(&run(&["inspect", &sketch, "--json"]));
        for field in ["type", "format_version", "precision", "params", "rows", "dim", "bytes"] {
            assert!(inspected.get(field).is_some(), "{field}");
        }
        assert_eq!((&inspected["rows"], &inspected["dim"]), (&20190.into(), &11.into()));
        // Other roles: what the command would say to them.
        let asked = ["query", &sketch, "--json", "--target", "lpi", "--columns", "idp,fmde", "--failure", "0.01"];
        let asked = stable(json(&run(&asked)));
        let flags = ["--target", "lpi", "--columns", "idp,fmde", "--intercept", "--streaming", "--failure", "0.01"];
        let rows = if extra.contains(&"--sketch") { &["--rows", "160"][..] } else { &[] };
        let direct = regress(&file, &[&flags[..], rows, extra].concat());
        for field in ["names", "coefficients", "half_widths", "residual_norm", "rank", "condition"] {
            if extra == srht && field != "names" {
                let (asked, direct) = (asked[field].to_string(), direct[field].to_string());
                assert_eq!(asked, direct, "{field}");
            }
            assert!(asked.get(field).is_some());
        }
        assert_eq!(asked["names"], serde_json::json!(["intercept", "idp", "fmde"]));
    }
}

/// A target that is named among the columns does not explain itself.
#[test]
fn a_target_never_explains_itself() {
    let folder = folder();
    let (_, sketch) = path(&folder, "r.sketch");
    let file = data("randhie.csv");
    for sketched in [&["--sketch", "srht"][..], &[]] {
        regress(&file, &[&["--target", "mdvis", "--streaming", "--save", &sketch], sketched].concat());
        let ask =
            |columns: &str| stable(json(&run(&["query", &sketch, "--json", "--target", "lpi", "--columns", columns])));
        let answer = ask("idp,lpi,fmde");
        assert_eq!(answer["names"], serde_json::json!(["idp", "fmde"]));
        assert_eq!(answer, ask("idp,fmde"));
        // Another target without columns: all others explain it, the target before among them.
        let others = json(&run(&["query", &sketch, "--json", "--target", "lpi"]));
        let names = others["names"].as_array().unwrap();
        assert!(names.len() == 9 && names.contains(&"mdvis".into()), "{names:?}");
    }
}

#[test]
fn a_column_is_asked_for_by_its_name_before_its_position() {
    let folder = folder();
    let (_, sketch) = path(&folder, "r.sketch");
    let flags = ["regress", "-", "--target", "t", "--rows", "8", "--save", &sketch];
    assert!(pipe(&flags, b"1,0,t\n1,2,3\n2,5,1\n3,7,7\n4,8,2\n").status.success());
    let answer = json(&run(&["query", &sketch, "--json", "--target", "0", "--columns", "1"]));
    assert_eq!((&answer["names"], &answer["targets"]), (&serde_json::json!(["1"]), &serde_json::json!(["0"])));
}

#[test]
fn shards_merge_and_columns_join() {
    let folder = folder();
    let text = fs::read_to_string(data("gait_imu.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (header, rows) = lines.split_first().unwrap();
    let whole = ["--target", "trunk_vert", "--columns", "0,1,2,3,4,5,6,8", "--streaming", "--rows", "128"];
    let expected = regress(&data("gait_imu.csv"), &whole);
    // Rows in two files, numbered on.
    let mut files = Vec::new();
    for (part, rows) in rows.chunks(4000).enumerate() {
        let (file, name) = path(&folder, &format!("{part}.csv"));
        fs::write(file, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        let (_, sketch) = path(&folder, &format!("{part}.sketch"));
        let first = (4000 * part).to_string();
        regress(&name, &[&whole[..], &["--first-row", &first, "--save", &sketch]].concat());
        files.push(sketch);
    }
    let (_, merged) = path(&folder, "merged.sketch");
    let told = json(&run(&["merge", &files[0], &files[1], "--save", &merged, "--json"]));
    assert_eq!((&told["rows"], &told["ranges"]), (&7040.into(), &serde_json::json!([[0, 7039]])));
    let answer = stable(json(&run(&["query", &merged, "--json"])));
    // Whole numbers: sums are exact, whatever the order.
    for field in ["coefficients", "half_widths", "residual_norm", "rows"] {
        assert_eq!(answer[field], expected[field], "{field}");
    }
    // The same rows twice.
    let (file, again) = path(&folder, "again.sketch");
    refused(&run(&["merge", &merged, &files[1], "--save", &again]), 1, &["4000 to 7039", "--stream-id", "1.sketch"]);
    assert!(!file.exists());

    // Columns in three files.
    let mut files = Vec::new();
    for (node, columns) in ["0,1", "3,4", "6,8"].iter().enumerate() {
        let target = ["2", "5", "trunk_vert"][node];
        let (_, sketch) = path(&folder, &format!("node{node}.sketch"));
        let flags = ["--target", target, "--columns", columns, "--streaming", "--rows", "128", "--save", &sketch];
        let flags = [&flags[..], &["--intercept", "--block-len", "128"]].concat();
        regress(&data("gait_imu.csv"), &flags);
        files.push(sketch);
    }
    let (_, joined) = path(&folder, "joined.sketch");
    let told = json(&run(&["merge", "--join", &files[0], &files[1], &files[2], "--save", &joined, "--json"]));
    assert_eq!((&told["dim"], &told["rows"]), (&10.into(), &7040.into()));
    let asked = json(&run(&["query", &joined, "--target", "trunk_vert", "--json"]));
    let flags = [&whole[..], &["--intercept"]].concat();
    let expected = regress(&data("gait_imu.csv"), &flags);
    for field in ["names", "coefficients", "half_widths", "residual_norm"] {
        assert_eq!(asked[field], expected[field], "{field}");
    }
    refused(&run(&["query", &joined]), 2, &["--target"]);
    refused(&run(&["merge", "--join", &files[0], &files[0], "--save", &joined]), 1, &["ankle", "in both"]);
    refused(&run(&["merge", &files[0], &files[1], "--save", &joined]), 1, &["columns differ"]);
}

#[test]
fn what_differs_is_said_when_sketches_do_not_combine() {
    let folder = folder();
    let file = data("randhie.csv");
    let saved = |name: &str, flags: &[&str]| {
        let (_, sketch) = path(&folder, name);
        regress(&file, &[&["--target", "mdvis", "--streaming", "--save", &sketch], flags].concat());
        sketch
    };
    let first = saved("a.sketch", &["--rows", "64"]);
    let (_, out) = path(&folder, "out.sketch");
    for (flags, what) in [
        (&["--rows", "65"][..], "sketch rows"),
        (&["--rows", "64", "--seed", "1"], "seeds"),
        (&["--rows", "64", "--block-len", "32"], "block lengths"),
        (&["--rows", "64", "--sketch", "srct"], "operators"),
        (&["--rows", "64", "--precision", "f32"], "scalars"),
        (&["--rows", "64", "--intercept"], "columns"),
    ] {
        let other = saved("b.sketch", &[flags, &["--stream-id", "1"]].concat());
        refused(&run(&["merge", &first, &other, "--save", &out]), 1, &[what, "b.sketch"]);
    }
    let eigen = path(&folder, "e.sketch").1;
    json(&run(&["eigen", &file, "--json", "--save", &eigen]));
    refused(&run(&["merge", &first, &eigen, "--save", &out]), 1, &["commands"]);
    refused(&run(&["merge", "--join", &eigen, &eigen, "--save", &out]), 1, &["regress"]);
    refused(&run(&["query", &eigen, "--target", "lpi"]), 2, &["--target"]);
}

#[test]
fn right_hand_sides_weights_and_several_targets() {
    let folder = folder();
    let (a, name) = path(&folder, "a.csv");
    let (b, rhs) = path(&folder, "b.npy");
    let rows: Vec<[f64; 2]> = (0..300).map(|i| [f64::from(i % 7), f64::from(i * i % 11)]).collect();
    let lines: Vec<String> = rows.iter().map(|[x, y]| format!("{x},{y}")).collect();
    fs::write(&a, format!("x,y\n{}\n", lines.join("\n"))).unwrap();
    let targets: Vec<f64> = rows.iter().flat_map(|[x, y]| [2.0 * x - y, y + 3.0]).collect();
    fs::write(&b, npy(&targets, 300, 2, false)).unwrap();
    for extra in [&[][..], &["--streaming"], &["--streaming", "--sketch", "srht"], &["--solve", "exact"]] {
        let answer = regress(&name, &[&["--rhs", &rhs, "--intercept"], extra].concat());
        close(&answer["coefficients"][0], &[0.0, 2.0, -1.0], 1e-12);
        close(&answer["coefficients"][1], &[3.0, 0.0, 1.0], 1e-12);
        assert_eq!(answer["residual_norm"].as_array().unwrap().len(), 2);
        assert_eq!(answer["targets"], serde_json::json!(["rhs0", "rhs1"]));
    }
    fs::write(&b, npy(&targets[..598], 299, 2, false)).unwrap();
    refused(&run(&["regress", &name, "--rhs", &rhs]), 1, &["a.csv", "299"]);
    fs::write(&b, npy(&[&targets[..], &[1.0, 1.0]].concat(), 301, 2, false)).unwrap();
    refused(&run(&["regress", &name, "--rhs", &rhs]), 1, &["a.csv", "301"]);

    // More rows than the reader hands out at once.
    let (wide, wide_name) = path(&folder, "wide.npy");
    let values: Vec<f64> = (0..600 * 64).map(|i| f64::from(i * i % 1009 % 41)).collect();
    fs::write(wide, npy(&values, 600, 64, false)).unwrap();
    let first: Vec<f64> = values.iter().step_by(64).copied().collect();
    fs::write(&b, npy(&first, 600, 1, false)).unwrap();
    let answer = regress(&wide_name, &["--rhs", &rhs]);
    assert!(answer["residual_norm"].as_f64().unwrap() < 1e-6, "{}", answer["residual_norm"]);

    // Weights repeat rows; a weight of zero leaves one out.
    let weighted: Vec<String> = (0..60).map(|i| format!("{},{},{}", i % 5, (i * i) % 7, i % 3)).collect();
    let repeated: Vec<String> =
        (0..60).flat_map(|i| (0..i % 3).map(move |_| format!("{},{},1", i % 5, (i * i) % 7))).collect();
    let (file, weights) = path(&folder, "w.csv");
    fs::write(&file, format!("x,b,w\n{}\n", weighted.join("\n"))).unwrap();
    let (file, plain) = path(&folder, "p.csv");
    fs::write(&file, format!("x,b,w\n{}\n", repeated.join("\n"))).unwrap();
    let expected = regress(&plain, &["--target", "b", "--columns", "x", "--intercept"]);
    for extra in [&[][..], &["--streaming", "--sketch", "none"], &["--solve", "exact"]] {
        let answer = regress(&weights, &[&["--target", "b", "--weights", "w", "--intercept"], extra].concat());
        close(&answer["coefficients"], &numbers(&expected["coefficients"]), 1e-12);
        assert_eq!(answer["names"], serde_json::json!(["intercept", "x"]));
        assert_eq!(answer["rows"], 40, "{extra:?}");
    }
    fs::write(path(&folder, "w.csv").0, "x,b,w\n1,2,1\n2,3,-1\n").unwrap();
    for extra in [&[][..], &["--streaming"], &["--streaming", "--sketch", "srht"]] {
        let flags = ["regress", &weights, "--target", "b", "--weights", "w"];
        refused(&run(&[&flags[..], extra].concat()), 1, &["w.csv", "row 3", "column w", "negative"]);
    }
}

#[test]
fn usage_that_makes_no_sense_is_exit_2_and_data_that_forbid_an_answer_exit_1() {
    let folder = folder();
    let file = data("randhie.csv");
    let (out, sketch) = path(&folder, "x.sketch");
    for (flags, part) in [
        (&[][..], "--target"),
        (&["--target", "nope"], "nope"),
        (&["--target", "mdvis", "--targets", "lpi"], "only one"),
        (&["--targets", "lpi,lpi"], "twice"),
        (&["--target", "mdvis", "--columns", "lpi,lpi"], "twice"),
        (&["--target", "mdvis", "--weights", "mdvis"], "weights"),
        (&["--target", "mdvis", "--columns", "mdvis"], "feature"),
        (&["--target", "mdvis", "--failure", "1"], "between 0 and 1"),
        (&["--target", "mdvis", "--epsilon", "0"], "above 0"),
        (&["--target", "mdvis", "--ridge", "-1"], "from 0 up"),
        (&["--target", "mdvis", "--rows", "0"], "rows"),
        (&["--target", "mdvis", "--rows", "10", "--epsilon", "1"], "cannot be used"),
        (&["--target", "mdvis", "--streaming", "--solve", "refined"], "--solve"),
        (&["--target", "mdvis", "--streaming", "--solve", "exact"], "--solve"),
        (&["--target", "mdvis", "--streaming", "--sketch", "pooled"], "pooled"),
        (&["--target", "mdvis", "--solve", "sketched", "--sketch", "none"], "--sketch"),
        (&["--target", "mdvis", "--save", &sketch], "--save"),
        (&["--target", "mdvis", "--solve", "exact", "--save", &sketch], "--save"),
        (&["--target", "mdvis", "--streaming", "--block-len", "12"], "power of two"),
        (&["--target", "mdvis", "--streaming", "--block-len", "8", "--sketch", "srct"], "srht"),
        (&["--target", "mdvis", "--streaming", "--sketch", "osnap", "--rows", "12"], "multiple"),
        (&["--target", "mdvis", "--first-row", "1099511627776"], "first-row"),
        (&["--target", "mdvis", "--stream-id", "16777216"], "stream-id"),
        (&["--target", "mdvis", "--out", "x.txt"], ".npy"),
        (&["--target", "mdvis", "--report", "x.txt"], ".html"),
        (&["--target", "mdvis", "--plot", "x.bmp"], ".png"),
    ] {
        refused(&run(&[&["regress", &file], flags].concat()), 2, &[part]);
    }
    refused(
        &run(&["regress", &file, "--target", "mdvis", "--streaming", "--rows", "5"]),
        1,
        &["randhie.csv", "9 coefficients", "--rows"],
    );
    let (bad, name) = path(&folder, "bad.csv");
    fs::write(&bad, "a,b\n1,2\n3,\n").unwrap();
    for extra in [&[][..], &["--streaming", "--save", &sketch]] {
        refused(&run(&[&["regress", &name, "--target", "b"], extra].concat()), 1, &["bad.csv", "row 3", "column b"]);
    }
    fs::write(&bad, "a,b\n").unwrap();
    refused(&run(&["regress", &name, "--target", "b"]), 1, &["bad.csv"]);
    refused(&run(&["regress", &name, "--target", "b", "--streaming"]), 1, &["bad.csv"]);
    assert!(!out.exists());
    // Each of these has an answer.
    fs::write(&bad, "a,z,b\n1,0,5\n2,0,5\n4,0,5\n").unwrap();
    for extra in [&[][..], &["--streaming"], &["--streaming", "--sketch", "srht"], &["--solve", "exact"]] {
        let answer = regress(&name, &[&["--target", "b", "--intercept"], extra].concat());
        close(&answer["coefficients"], &[5.0, 0.0, 0.0], 1e-12);
        assert_eq!(answer["rank"], 2);
        // Told once.
        let told = answer["warnings"].as_array().unwrap().iter().filter(|text| text.as_str().unwrap().contains("rank"));
        assert_eq!(told.count(), 1, "{}", answer["warnings"]);
    }
    for solve in ["refined", "sketched"] {
        let few = run(&["regress", &data("randhie.csv"), "--target", "mdvis", "--rows", "3", "--solve", solve]);
        refused(&few, 1, &["randhie.csv", "a sketch of 3 rows can't tell 9 coefficients apart"]);
    }
}

#[test]
fn files_come_out_whole_and_of_the_form_asked_for() {
    let folder = folder();
    let (csv, out) = path(&folder, "x.csv");
    let (svg, plot) = path(&folder, "x.svg");
    let (png, picture) = path(&folder, "x.png");
    let (html, report) = path(&folder, "x.html");
    let flags = ["--targets", "mdvis,lpi", "--streaming", "--out", &out, "--plot", &plot, "--report", &report];
    let flags = [&flags[..], &["--nonzeros", "4"]].concat();
    let answer = regress(&data("randhie.csv"), &flags);
    let text = fs::read_to_string(csv).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "lncoins,idp,fmde,physlm,disea,hlthg,hlthf,hlthp"));
    let first: Vec<f64> = lines[2].split(',').map(|x| x.parse().unwrap()).collect();
    close(&answer["coefficients"][1], &first, 0.0);
    assert!(fs::read_to_string(svg).unwrap().starts_with("<svg"));
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("<svg") && page.contains("--nonzeros does not apply"));
    regress(&data("randhie.csv"), &["--target", "mdvis", "--plot", &picture]);
    assert!(fs::read(png).unwrap().starts_with(b"\x89PNG"));
    let table = run(&["regress", &data("randhie.csv"), "--target", "mdvis", "--streaming", "--sketch", "srht"]);
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(text.contains("half-widths hold") && text.contains("hlthp"), "{text}");
}

#[test]
fn a_column_that_is_called_intercept_is_data_unless_it_is_the_constant() {
    let folder = folder();
    let (left, left_name) = path(&folder, "left.csv");
    let (right, right_name) = path(&folder, "right.csv");
    let row = |i: u32| (i * 37 % 101, i * 53 % 89, i * 29 % 97);
    let lines = |header: &str, line: &dyn Fn((u32, u32, u32)) -> String| {
        let rows: Vec<String> = (0..300).map(|i| line(row(i))).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    fs::write(&left, lines("intercept,u", &|(x, u, _)| format!("{x},{u}"))).unwrap();
    fs::write(&right, lines("v,z", &|(x, u, v)| format!("{v},{}", x + u + v + 7))).unwrap();
    let sketch = |name: &str| path(&folder, name).1;
    let save = |input: &str, target: &str, extra: &[&str], name: &str| {
        let fixed = ["--target", target, "--streaming", "--rows", "64", "--save", &sketch(name)];
        regress(input, &[&fixed[..], extra].concat());
    };
    save(&left_name, "u", &[], "data.sketch");
    save(&right_name, "z", &["--intercept"], "constant.sketch");
    save(&right_name, "z", &[], "plain.sketch");
    // The constant and a column of data of that name: neither is dropped.
    for files in [["constant.sketch", "data.sketch"], ["data.sketch", "constant.sketch"]] {
        let [one, two] = files.map(sketch);
        let joined = run(&["merge", "--join", &one, &two, "--save", &sketch("joined.sketch")]);
        refused(&joined, 1, &["column intercept", "in both", files[1]]);
    }
    let [one, two] = ["data.sketch", "plain.sketch"].map(sketch);
    let joined = sketch("joined.sketch");
    assert!(run(&["merge", "--join", &one, &two, "--save", &joined]).status.success());
    let answer = json(&run(&["query", &joined, "--target", "z", "--json", "--ridge", "1e12"]));
    // A column like any other: a ridge holds it.
    assert!(answer["coefficients"].as_array().unwrap().iter().all(|x| x.as_f64().unwrap().abs() < 1e-3));
    // The constant of the second file is kept, not penalised, and comes first.
    let (other, other_name) = path(&folder, "other.csv");
    fs::write(&other, fs::read_to_string(&left).unwrap().replacen("intercept", "x", 1)).unwrap();
    save(&other_name, "u", &[], "other.sketch");
    let [one, two] = ["other.sketch", "constant.sketch"].map(sketch);
    assert!(run(&["merge", "--join", &one, &two, "--save", &joined]).status.success());
    let answer = json(&run(&["query", &joined, "--target", "z", "--json"]));
    assert_eq!(answer["names"], serde_json::json!(["intercept", "x", "u", "v"]));
    close(&answer["coefficients"], &[7.0, 1.0, 1.0, 1.0], 1e-9);
    // Rows of data are not added to rows of the constant.
    let (late, late_name) = path(&folder, "late.csv");
    fs::write(&late, "u\n1\n2\n4\n").unwrap();
    save(&late_name, "u", &["--intercept", "--first-row", "300"], "late.sketch");
    let [one, two] = ["data.sketch", "late.sketch"].map(sketch);
    refused(&run(&["merge", &one, &two, "--save", &sketch("m.sketch")]), 1, &["columns differ"]);
}

#[test]
fn numbers_of_rows_end_with_their_stream() {
    let folder = folder();
    let (file, name) = path(&folder, "rows.csv");
    fs::write(&file, "a,b\n1,2\n2,5\n3,7\n4,8\n").unwrap();
    let last = ((1u64 << 40) - 2).to_string();
    for stream in ["0", "16777215"] {
        let flags = ["--target", "b", "--streaming", "--rows", "8", "--first-row", &last, "--stream-id", stream];
        refused(&run(&[&["regress", &name], &flags[..]].concat()), 1, &["rows.csv", "row 4", "--stream-id"]);
    }
    // Two streams are two ranges of numbers, however few the files have room for.
    let sketches = ["0", "1"].map(|stream| {
        let (_, sketch) = path(&folder, &format!("{stream}.sketch"));
        regress(&name, &["--target", "b", "--streaming", "--rows", "8", "--stream-id", stream, "--save", &sketch]);
        sketch
    });
    let (_, both) = path(&folder, "both.sketch");
    let told = json(&run(&["merge", &sketches[0], &sketches[1], "--save", &both, "--json"]));
    let second = 1u64 << 40;
    assert_eq!(told["ranges"], serde_json::json!([[0, 3], [second, second + 3]]));
    let gone = run(&["regress", &name, "--rhs", &name, "--missing", "drop"]);
    refused(&gone, 2, &["--missing drop", "--rhs"]);
    let unguided = run(&["regress", &name, "--target", "b", "--sketch", "none", "--solve", "refined"]);
    refused(&unguided, 2, &["--solve exact"]);
    let tiny = run(&["regress", &name, "--target", "b", "--streaming", "--epsilon", "1e-300"]);
    refused(&tiny, 1, &["rows.csv", "--epsilon"]);
}

#[test]
fn sketches_of_other_nonzeros_are_told_apart() {
    let folder = folder();
    let file = data("gait_imu.csv");
    let saved: Vec<String> = ["4", "8"]
        .into_iter()
        .map(|nonzeros| {
            let (_, saved) = path(&folder, &format!("{nonzeros}.sketch"));
            let flags = ["--sketch", "osnap", "--nonzeros", nonzeros, "--rows", "160", "--save", &saved];
            let output =
                run(&[&["regress", &file, "--columns", GAIT_COLUMNS, "--target", "8", "--streaming"][..], &flags]
                    .concat());
            assert!(output.status.success(), "{output:?}");
            saved
        })
        .collect();
    let (_, both) = path(&folder, "both.sketch");
    for join in [&[][..], &["--join"]] {
        let output = run(&[&["merge", &saved[0], &saved[1], "--save", &both][..], join].concat());
        refused(&output, 1, &["8.sketch", "nonzeros"]);
    }
}

#[test]
fn half_widths_are_missing_with_a_reason_where_they_could_not_hold() {
    let file = data("randhie.csv");
    let ask = |flags: &[&str]| {
        let fixed =
            ["regress", &file, "--target", "mdvis", "--columns", "lncoins,idp", "--solve", "sketched", "--json"];
        json(&run(&[&fixed[..], flags].concat()))
    };
    let told = |answer: &Value, text: &str| {
        answer["warnings"].as_array().unwrap().iter().any(|warning| warning.as_str().unwrap().contains(text))
    };
    // 8 / 2^22 is above a billionth.
    let signs = ask(&["--sketch", "srht", "--rows", "24", "--failure", "1e-9"]);
    assert_eq!(signs["half_widths"], Value::Null);
    assert!(told(&signs, "35 rows") && told(&signs, "Gaussian"), "{}", signs["warnings"]);
    assert!(ask(&["--sketch", "gaussian", "--rows", "24", "--failure", "1e-9"])["half_widths"].is_array());
    let tiny = ask(&["--sketch", "gaussian", "--rows", "24", "--failure", "5e-324"]);
    assert!(tiny["half_widths"].is_null() && told(&tiny, "too small"), "{}", tiny["warnings"]);
    // Without a word about rows there are enough.
    for failure in ["0.05", "1e-9"] {
        let flags =
            ["regress", &file, "--target", "mdvis", "--columns", "idp", "--solve", "sketched", "--json", "--failure"];
        let answer = json(&run(&[&flags[..], &[failure]].concat()));
        assert!(answer["half_widths"].is_array(), "{failure}: {answer}");
    }
}

/// Cells are finite, so what overflows is a sum or a coefficient: the column is named, and nothing is printed as null.
#[test]
fn numbers_out_of_range_name_their_column() {
    let folder = folder();
    let (file, name) = path(&folder, "extreme.csv");
    let ask = |table: &str, flags: &[&str]| {
        fs::write(&file, table).unwrap();
        run(&[&["regress", &name, "--target", "y", "--json"], flags].concat())
    };
    let huge = "a,b,y\n1e308,2,5\n1e307,1,4\n-1e308,3,1\n";
    let tiny = "a,y\n1e-310,1\n2e-310,2.1\n3e-310,2.9\n";
    let cases = [
        (huge, &["--solve", "exact"][..]),
        (huge, &["--streaming", "--sketch", "none"]),
        (tiny, &["--solve", "exact"]),
    ];
    for (table, flags) in cases {
        let run = ask(table, flags);
        let line = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.status.code(), run.stdout.len()), (Some(1), 0), "{line}");
        assert!(line.contains("column a: numbers too large or too small for f64"), "{line}");
    }
    // A tiny target has tiny coefficients, and a residual.
    let answer = json(&ask("a,y\n1,1e-310\n2,2.1e-310\n3,2.9e-310\n", &["--solve", "exact"]));
    let residual = answer["residual_norm"].as_f64().unwrap();
    assert!(residual > 1e-312 && residual < 1e-310, "{answer}");
}

#[test]
fn residuals_of_rounding_are_told() {
    let table = |noise: f64| {
        let line = |i: i32| {
            let (a, b) = (f64::from(i * 37 % 11), f64::from(i * 53 % 13));
            format!("{a},{b},{}\n", a / 3.0 + 0.7 * b + noise * f64::from(i * i % 5))
        };
        "a,b,y\n".to_owned() + &(0..50).map(line).collect::<String>()
    };
    let warns = |noise: f64| {
        let answer = json(&pipe(&["regress", "-", "--target", "y", "--json"], table(noise).as_bytes()));
        answer["warnings"].to_string().contains("no larger than rounding")
    };
    assert_eq!([0.0, 1e-9, 0.1].map(warns), [true, false, false]);
}
