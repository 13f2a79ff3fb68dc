//! Columns that stand alone, and columns of one name.

use super::*;

#[test]
fn columns_that_are_sketched_alone_are_joined() {
    let folder = folder();
    let write = |name: &str, text: String| {
        let (file, name) = path(&folder, name);
        fs::write(file, text).unwrap();
        name
    };
    let (x, y) = ([1, 2, 3, 4, 7, 5, 9, 2, 4, 6], [2, 1, 4, 3, 9, 4, 9, 1, 5, 6]);
    let column = |name: &str, cells: &[i32]| {
        name.to_owned() + "\n" + &cells.iter().map(|cell| format!("{cell}\n")).collect::<Vec<_>>().concat()
    };
    let both = x.iter().zip(&y).map(|(x, y)| format!("{x},{y}\n")).collect::<Vec<_>>().concat();
    let flags = ["--streaming", "--rows", "8", "--json"];
    let mut sketches = Vec::new();
    for (name, cells) in [("x", &x), ("y", &y)] {
        let table = write(&format!("{name}.csv"), column(name, cells));
        let (_, sketch) = path(&folder, &format!("{name}.sketch"));
        let told = json(&run(&[&["regress", &table, "--target", name, "--save", &sketch][..], &flags].concat()));
        assert_eq!((&told["coefficients"], &told["names"]), (&serde_json::json!([]), &serde_json::json!([])));
        assert_eq!((&told["rows"], &told["rank"], &told["residual_norm"]), (&10.into(), &0.into(), &Value::Null));
        assert!(told["warnings"][0].as_str().unwrap().contains("merge --join"));
        let mut asked = json(&run(&["query", &sketch, "--json"]));
        for field in ["seconds", "seconds_total", "cpu_seconds", "threads"] {
            asked[field] = told[field].clone();
        }
        assert_eq!(asked, told);
        assert!(run(&["query", &sketch]).status.success());
        assert_eq!(json(&run(&["inspect", &sketch, "--json"]))["dim"], 1);
        sketches.push(sketch);
    }
    let (_, joined) = path(&folder, "j.sketch");
    json(&run(&["merge", "--join", &sketches[0], &sketches[1], "--save", &joined, "--json"]));
    let from_join = json(&run(&["query", &joined, "--target", "y", "--json"]));
    let table = write("both.csv", format!("x,y\n{both}"));
    let direct = json(&run(&[&["regress", &table, "--target", "y"][..], &flags].concat()));
    for field in ["coefficients", "half_widths", "names", "residual_norm"] {
        assert_eq!(from_join[field], direct[field], "{field}");
    }
    // Without a file to keep it there is nothing to be had from one column.
    refused(&run(&["regress", &write("x.csv", column("x", &x)), "--target", "x"]), 2, &["no column is left", "save"]);
}

#[test]
fn columns_of_one_name_are_chosen_by_position() {
    let folder = folder();
    let rows = "1,2,3,5\n2,1,1,4\n3,5,2,1\n4,1,7,9\n2,2,3,3\n5,1,1,8\n";
    let inputs = [("same.csv", "a,a,a,y"), ("apart.csv", "p,q,r,y")].map(|(name, header)| {
        let (file, name) = path(&folder, name);
        fs::write(file, format!("{header}\n{rows}")).unwrap();
        name
    });
    let [same, apart] = &inputs;
    let (_, sketch) = path(&folder, "a.sketch");
    let commands: &[&[&str]] = &[
        &["eigen", "--columns", "2,0"],
        &["eigen"],
        &["regress", "--target", "y"],
        &["regress", "--target", "y", "--columns", "2,0"],
        &["regress", "--target", "1", "--columns", "2,0", "--weights", "y"],
        &["regress", "--targets", "y,0", "--columns", "2,1"],
        &["regress", "--target", "2", "--weights", "0"],
        &["regress", "--target", "y", "--columns", "2,0", "--streaming", "--rows", "8", "--save", &sketch],
        &["summarize", "--size", "2", "--objective", "feature", "--columns", "1,2"],
        &["summarize", "--groups", "1", "--caps", "1", "--objective", "feature"],
        &["summarize", "--groups", "1", "--caps", "1", "--objective", "feature", "--columns", "2,0"],
    ];
    for command in commands {
        let [one, other] = [same, apart].map(|input| json(&run(&[*command, &[input, "--json"]].concat())));
        for field in ["vectors", "coefficients", "half_widths", "selected", "value"] {
            assert_eq!(one.get(field), other.get(field), "{command:?} {field}");
        }
    }
    // A target, weights or groups among the columns, under whatever name, are what they are alone.
    for (with, without) in [
        (
            &["regress", "--target", "y", "--columns", "0,3,2"][..],
            &["regress", "--target", "y", "--columns", "0,2"][..],
        ),
        (
            &["regress", "--target", "y", "--columns", "0,1,2", "--weights", "1"],
            &["regress", "--target", "3", "--columns", "0,2", "--weights", "1"],
        ),
        (
            &["summarize", "--groups", "y", "--caps", "1", "--objective", "feature", "--columns", "3,2,0"],
            &["summarize", "--groups", "3", "--caps", "1", "--objective", "feature", "--columns", "2,0"],
        ),
    ] {
        let [one, other] = [with, without].map(|command| json(&run(&[command, &[same, "--json"]].concat())));
        for field in ["names", "coefficients", "selected", "value"] {
            assert_eq!(one.get(field), other.get(field), "{with:?} {field}");
        }
    }
    let save = ["--target", "y", "--streaming", "--rows", "8", "--save", &sketch, "--json"];
    for (flags, asked) in [
        (&[][..], &[][..]),
        (&["--columns", "2,0"], &[]),
        (&[], &["--target", "1", "--columns", "2,0"]),
        (&["--intercept"], &["--target", "y", "--columns", "3,1"]),
    ] {
        let answers = [same, apart].map(|input| {
            json(&run(&[&["regress", input][..], &save, flags].concat()));
            json(&run(&[&["query", &sketch, "--json"], asked].concat()))["coefficients"].clone()
        });
        assert_eq!(answers[0], answers[1], "{flags:?} {asked:?}");
    }
    json(&run(&[&["regress", same][..], &save].concat()));
    for command in [
        &["eigen", same, "--columns", "a"][..],
        &["regress", same, "--target", "a"],
        &["regress", same, "--target", "y", "--weights", "a"],
        &["summarize", same, "--groups", "a", "--caps", "1"],
        &["query", &sketch, "--target", "a"],
        &["query", &sketch, "--target", "y", "--columns", "a"],
    ] {
        refused(&run(command), 2, &["column a", "0 and 1", "by position"]);
    }
}
