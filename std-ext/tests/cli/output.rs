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
fn help_and_version_are_answers() {
    let help = run(&[]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("eigen"));
    assert!(run(&["--version"]).status.success());
}
