//! Places of output: what is there is not destroyed.

use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

const TABLE: &str = "a,b\n1,2\n3,5\n4,1\n";

#[test]
fn an_input_is_never_written_over() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    for name in ["in.csv", "rhs.csv", "weights.csv", "few.csv", "updates.csv", "edges.csv"] {
        write(name, TABLE);
    }
    symlink("in.csv", folder.path().join("link.csv")).unwrap();
    symlink("link.csv", folder.path().join("far.csv")).unwrap();
    fs::hard_link(folder.path().join("in.csv"), folder.path().join("hard.csv")).unwrap();
    write("a.sketch", "not read: the refusal comes before any work");
    let cases = [
        "eigen in.csv --out in.csv",
        "eigen in.csv --out ./in.csv",
        "eigen in.csv --out link.csv",
        "eigen link.csv --out in.csv",
        "eigen in.csv --out far.csv",
        "eigen in.csv --out hard.csv",
        "eigen a.svg --plot a.svg",
        "eigen a.html --report a.html",
        "eigen a.sketch --save a.sketch",
        "regress in.csv --target b --out in.csv",
        "regress in.csv --rhs rhs.csv --out rhs.csv",
        "summarize in.csv --size 1 --trace in.csv",
        "summarize in.csv --size 1 --out in.csv",
        "summarize in.csv --size 1 --weights weights.csv --trace weights.csv",
        "summarize in.csv --size 1 --exemplars few.csv --out few.csv",
        "summarize in.csv --size 1 --updates updates.csv --out updates.csv",
        "summarize --edges edges.csv --objective cut --size 1 --trace edges.csv",
        "merge a.sketch b.sketch --save b.sketch",
        "merge a.sketch b.sketch --save a.sketch",
        "query a.csv --out a.csv",
        "firmware-import a.sketch --save a.sketch",
    ];
    for name in ["a.svg", "a.html", "b.sketch", "a.csv"] {
        write(name, "the same");
    }
    for line in cases {
        let output = command().args(line.split(' ')).current_dir(&folder).stdin(Stdio::null()).output().unwrap();
        let flag = line.split(' ').rev().nth(1).unwrap();
        refused(&output, 2, &[flag, "the input", "choose another name"]);
    }
    let piped = command()
        .args(["eigen", "-", "--out", "in.csv"])
        .current_dir(&folder)
        .stdin(fs::File::open(folder.path().join("in.csv")).unwrap())
        .output()
        .unwrap();
    refused(&piped, 2, &["--out", "standard input"]);
    for name in ["in.csv", "rhs.csv", "weights.csv", "few.csv", "updates.csv", "edges.csv"] {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), TABLE, "{name}");
    }
}

#[test]
fn outputs_are_files_of_their_own() {
    let folder = folder();
    fs::write(folder.path().join("in.csv"), TABLE).unwrap();
    symlink("new.csv", folder.path().join("link.csv")).unwrap();
    for other in ["new.csv", "./new.csv", "link.csv"] {
        let arguments = ["summarize", "in.csv", "--size", "1", "--out", "new.csv", "--trace", other];
        let output = command().args(arguments).current_dir(&folder).output().unwrap();
        refused(&output, 2, &["--out and --trace name one file"]);
        assert!(!folder.path().join("new.csv").exists());
    }
}

#[test]
fn links_are_written_through_and_modes_are_kept() {
    let folder = folder();
    let (input, name) = path(&folder, "in.csv");
    fs::write(input, TABLE).unwrap();
    let real = folder.path().join("real.csv");
    fs::write(&real, "x").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    // Only root may give a file away, and then it stays away.
    let _ = chown(&real, Some(1234), Some(1234));
    let owner = fs::metadata(&real).unwrap().uid();
    for link in ["link.csv", "far.csv", "dangling.csv"] {
        let to = match link {
            "link.csv" => real.clone(),
            "far.csv" => "link.csv".into(),
            _ => "made.csv".into(),
        };
        let (link, link_name) = path(&folder, link);
        symlink(&to, &link).unwrap();
        json(&run(&["eigen", &name, "--out", &link_name, "--json"]));
        assert_eq!(fs::read_link(&link).unwrap(), to);
        assert!(fs::read_to_string(&link).unwrap().starts_with("a,b\n"));
    }
    assert!(folder.path().join("made.csv").exists());
    let there = fs::metadata(&real).unwrap();
    assert_eq!((there.mode() & 0o777, there.uid()), (0o600, owner));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
}
