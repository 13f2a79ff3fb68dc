//! Answers, files and pictures.

use super::*;

#[test]
fn result_files_hold_the_answer() {
    let folder = folder();
    let paths: Vec<(PathBuf, String)> =
        ["v.csv", "v.npy", "v.svg", "v.html"].iter().map(|name| path(&folder, name)).collect();
    let flags = ["eigen", &data("digits.csv"), "--json", "--plot", &paths[2].1, "--report", &paths[3].1];
    let answer = json(&run(&[&flags[..], &["--out", &paths[0].1]].concat()));
    json(&run(&[&flags[..], &["--out", &paths[1].1]].concat()));
    let csv = fs::read_to_string(&paths[0].0).unwrap();
    let row: Vec<f64> = csv.lines().nth(1).unwrap().split(',').map(|x| x.parse().unwrap()).collect();
    let vector: Vec<f64> = answer["vectors"][0].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(row, vector);
    let npy = fs::read(&paths[1].0).unwrap();
    let last = f64::from_le_bytes(npy[npy.len() - 8..].try_into().unwrap());
    assert_eq!(Some(&last), vector.last());
    assert!(fs::read_to_string(&paths[2].0).unwrap().starts_with("<svg"));
    let page = fs::read_to_string(&paths[3].0).unwrap();
    assert!(page.contains("<svg") && !page.contains("src=") && !page.contains("href="));
}

#[test]
fn picture_of_points_is_whole() {
    let folder = folder();
    let (file, name) = path(&folder, "v.PNG");
    json(&run(&["eigen", &data("digits.csv"), "--json", "--plot", &name]));
    let bytes = fs::read(&file).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let [width, height] = [16, 20].map(|i| u32::from_be_bytes(bytes[i..i + 4].try_into().unwrap()));
    // Twice as dense as the drawing in a page.
    assert_eq!((width, height), (1720, 960));
    assert!(bytes.len() > 10_000, "{} bytes hold no curve of 65 points", bytes.len());
    assert_eq!(&bytes[bytes.len() - 8..bytes.len() - 4], b"IEND");
    let (other, other_name) = path(&folder, "v.bmp");
    refused(&run(&["eigen", &data("digits.csv"), "--json", "--plot", &other_name]), 2, &["v.bmp", ".svg or .png"]);
    assert!(!other.exists());
}

#[test]
fn demonstration_is_told_in_tables_and_one_page() {
    let folder = folder();
    let (page, name) = path(&folder, "page.html");
    let answer = json(&run(&["demo", "--report", &name, "--json"]));
    assert_eq!((&answer["command"], &answer["seed"]), (&"demo".into(), &0.into()));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && !page.contains("src=") && !page.contains("href="));
    for family in ["eigen", "regression", "submodular"] {
        assert_eq!(page.matches(&format!("<section id=\"{family}\">")).count(), 1, "{family}");
    }
    let tables = answer["tables"].as_array().unwrap();
    assert!(tables.len() >= 3);
    for table in tables {
        let (header, rows) = (table["header"].as_array().unwrap(), table["rows"].as_array().unwrap());
        assert!(!rows.is_empty() && rows.iter().all(|row| row.as_array().unwrap().len() == header.len()));
    }
}

#[test]
fn help_and_version_are_answers() {
    let help = run(&[]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("eigen"));
    assert!(run(&["--version"]).status.success());
}

#[test]
fn nothing_is_left_of_a_command_that_fails() {
    let folder = folder();
    let (out, out_name) = path(&folder, "v.csv");
    let (_, too_long) = path(&folder, &format!("{}.sketch", "x".repeat(300)));
    let (_, inside_a_file) = path(&folder, "in.csv/a.sketch");
    let (input, name) = path(&folder, "in.csv");
    fs::write(input, "a,b\n1,2\n3,5\n").unwrap();
    for save in [&too_long, &inside_a_file] {
        refused(&run(&["eigen", &name, "--json", "--out", &out_name, "--save", save]), 1, &[save]);
        assert!(!out.exists());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn streams_that_nobody_reads_end_in_no_panic() {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    for (arguments, status) in [(&["eigen", "no-such-file.csv"][..], 1), (&["eigen", "--no-such-flag"], 2)] {
        assert_eq!(command().args(arguments).stderr(closed()).status().unwrap().code(), Some(status));
    }
    for arguments in [&[][..], &["--help"], &["eigen", &data("digits.csv")]] {
        let output = command().args(arguments).stdout(closed()).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        refused(&command().args(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap(), 1, &["space"]);
    }
}

#[test]
fn places_for_output_are_refused_before_any_work() {
    let folder = folder();
    let (file, table) = path(&folder, "in.csv");
    fs::write(&file, "a,b\n1,2\n3,5\n").unwrap();
    let (_, sketch) = path(&folder, "a.sketch");
    json(&run(&["eigen", &table, "--save", &sketch, "--json"]));
    for arguments in [&["eigen", &table, "--save", &table][..], &["merge", &sketch, "--save", &table]] {
        refused(&run(arguments), 2, &["--save", "in.csv", ".sketch"]);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "a,b\n1,2\n3,5\n");
    refused(&run(&["demo", "--report", &table]), 2, &["--report", "in.csv", ".html"]);
    refused(&run(&["demo", "--report", "/no/such/folder/a.html"]), 1, &["/no/such/folder/a.html", "directory"]);
    // What a file of the system's own can't take is refused too, and nothing stays there.
    for flags in [["--out", "/proc/v.csv"], ["--plot", "/proc/v.png"], ["--report", "/proc/v.html"]] {
        refused(&run(&["eigen", &table, flags[0], flags[1]]), 1, &[flags[1]]);
    }
}
