//! Wrong usage, exit status 2: names of columns that aren't there, ranks that can't be; and sizes, which may be too large.

use super::*;

const TABLE: &[u8] = b"height,weight,age\n1,2,1\n3,5,2\n4,1,7\n2,2,3\n";

#[test]
fn names_that_are_not_there_are_wrong_usage_in_every_command() {
    let folder = folder();
    let (file, table) = path(&folder, "d.csv");
    fs::write(file, TABLE).unwrap();
    let (_, sketch) = path(&folder, "a.sketch");
    json(&run(&["regress", &table, "--target", "age", "--streaming", "--rows", "8", "--save", &sketch, "--json"]));
    for flags in [
        &["eigen", "--columns", "hieght"][..],
        &["regress", "--target", "hieght"],
        &["regress", "--targets", "age,hieght"],
        &["regress", "--target", "age", "--columns", "hieght"],
        &["regress", "--target", "age", "--weights", "hieght"],
        &["summarize", "--size", "1", "--columns", "hieght"],
        &["summarize", "--groups", "hieght", "--caps", "1"],
        &["query", "--target", "hieght"],
        &["query", "--target", "age", "--columns", "hieght,weight"],
    ] {
        let file = if flags[0] == "query" { &sketch } else { &table };
        refused(
            &run(&[flags, &[file]].concat()),
            2,
            &[file, "column hieght", "no such column", "did you mean height?"],
        );
    }
}

#[test]
fn ranks_are_wrong_usage_and_sizes_are_not() {
    for method in &methods() {
        for rank in ["0", "4"] {
            let output = pipe(&["eigen", "-", "--method", method, "--rank", rank], TABLE);
            refused(&output, 2, &[&format!("--rank {rank}"), "3 columns", "from 1 to 3"]);
        }
    }
    for flags in [["--method", "lazy"], ["--method", "sieve"], ["--window", "2"]] {
        let size = ["summarize", "-", "--size", "9", "--json", "--objective", "feature"];
        let answer = json(&pipe(&[&size[..], &flags].concat(), TABLE));
        assert!((1..=4).contains(&answer["selected"].as_array().unwrap().len()), "{flags:?}");
    }
}
