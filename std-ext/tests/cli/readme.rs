//! The command lines of the README do what it says.

use super::*;
use sketchlet::sketch_file::SketchFile;

/// Lines of the README's blocks that run the command, as a shell takes them.
fn command_lines(text: &str) -> Vec<String> {
    let (mut inside, mut lines) = (false, Vec::new());
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside && !line.contains("= ") && !line.starts_with("cargo add") && !line.starts_with("cargo install")
        {
            let line = line.replace("cargo run --release -- ", "sketchlet ");
            if line.split_whitespace().any(|word| word == "sketchlet") {
                lines.push(line);
            }
        }
    }
    lines
}

#[test]
fn command_lines_of_the_readme_run() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let lines = command_lines(&readme);
    for part in [
        "sketchlet demo",
        "sketchlet eigen",
        "sketchlet regress",
        "sketchlet summarize",
        "| sketchlet",
        "sketchlet merge",
        "sketchlet query",
    ] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part} is not in {lines:?}");
    }
    // What the lines expect to be there: a table, the same rows as an array, the summary of another shard, a dump.
    let folder = folder();
    let text = fs::read_to_string(data("gait_imu.csv")).unwrap();
    let text = ["ankle_horiz_fwd", "ankle_vert", "trunk_vert"]
        .iter()
        .zip(["a", "b", "y"])
        .fold(text, |text, (from, to)| text.replacen(from, to, 1));
    let few: Vec<&str> = text.lines().take(9).collect();
    fs::write(folder.path().join("few.csv"), few.join("\n")).unwrap();
    fs::write(folder.path().join("data.csv"), text).unwrap();
    fs::write(folder.path().join("kinds.csv"), "a,kind\n1,0\n2,0\n3,1\n5,1\n").unwrap();
    fs::write(folder.path().join("graph.txt"), "1 2\n2 3\n3 1\n3 4\n").unwrap();
    let values = gait();
    fs::write(folder.path().join("a.npy"), npy(&values, values.len() / 9, 9, false)).unwrap();
    fs::write(folder.path().join("b.npy"), npy(&values, values.len() / 9, 9, true)).unwrap();
    let shell = |line: &str| {
        let script = format!("sketchlet() {{ \"$0\" \"$@\"; }}\nproducer() {{ cat data.csv; }}\n{line}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_sketchlet")]).current_dir(folder.path());
        shell.stdin(Stdio::null()).output().unwrap()
    };
    assert!(shell("sketchlet eigen b.npy --method exact --save b.sketch").status.success());
    let dump = SketchFile::read(&folder.path().join("b.sketch")).unwrap().summaries.concat();
    fs::write(folder.path().join("dump.txt"), firmware_import::hex(&dump)).unwrap();
    for (name, columns) in [("left", "--target b --columns a"), ("right", "--target y --columns leg_vert")] {
        let line = format!("sketchlet regress data.csv {columns} --rows 64 --streaming --save {name}.sketch");
        assert!(shell(&line).status.success(), "{line}");
    }
    for line in &lines {
        let output = shell(line);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {text}");
        assert!(text.lines().all(|line| line.starts_with("warning: ")), "{line}: {text}");
        assert!(!output.stdout.is_empty(), "{line}");
        if line.contains("--json") {
            json(&output);
        }
    }
    let page = fs::read_to_string(folder.path().join("sketchlet-report.html")).unwrap();
    assert!(page.contains("<svg"));
}
