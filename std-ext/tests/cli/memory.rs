//! Memory: whatever comes down a pipe, little is held.

use super::*;

/// Runs the command with an address space of so many bytes.
fn run_within(bytes: u64, arguments: &[&str], input: &[u8]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {}; exec \"$0\" \"$@\"", bytes / 1024), env!("CARGO_BIN_EXE_sketchlet")]);
    let mut child =
        shell.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn floods_of_cells_and_bytes_are_refused_in_little_memory() {
    let folder = folder();
    let (flood, digits) = (vec![b','; 40_000_000], vec![b'7'; 40_000_000]);
    let row = ["row 2", "more than 256 cells, 2 expected"];
    for command in [
        &["eigen", "-"][..],
        &["regress", "-", "--target", "b"],
        &["regress", "-", "--target", "b", "--sketch", "srht"],
        &["summarize", "-", "--size", "1", "--objective", "feature", "--method", "sieve"],
    ] {
        let run = |input: &[u8]| run_within(100_000_000, &[command, &["--threads", "2"]].concat(), input);
        refused(&run(&[b"a,b\n1,2", &flood[..], b"\n"].concat()), 1, &row);
        refused(
            &run(&[&flood[..4_000_000], b"\n1,2\n"].concat()),
            1,
            &["row 1", "more than 262144 cells: a table may"],
        );
        refused(&run(&[b"a,b\n1,", &digits[..], b"\n"].concat()), 1, &["row 2", "16 MiB"]);
        refused(&run(&digits), 1, &["row 1", "16 MiB"]);
    }
    let (file, lines) = path(&folder, "d.jsonl");
    fs::write(&file, [b"[1,2]\n[1,2", &b",3".repeat(5_000_000)[..], b"]\n"].concat()).unwrap();
    refused(&run_within(100_000_000, &["eigen", &lines], b""), 1, &["row 2", "5000002 columns", "262144"]);
    fs::write(&file, [b"[1,2]\n[1,", &digits[..], b"]\n"].concat()).unwrap();
    refused(&run_within(100_000_000, &["eigen", &lines], b""), 1, &["row 2", "16 MiB"]);
    let dump = run_within(
        400_000_000,
        &["firmware-import", "-", "--save", &path(&folder, "a.sketch").1],
        &vec![b'a'; 68 << 20],
    );
    refused(&dump, 1, &["standard input", "64 MiB"]);
}

#[test]
fn the_widest_rows_take_256_mib_beside_the_summary() {
    let columns = 1 << 18;
    let names: Vec<String> = (0..columns).map(|i| format!("a_name_of_some_length_for_column_{i:06}")).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..3 {
        let cells: Vec<String> = (0..columns).map(|i| ((i * 7 + row * 3) % 11).to_string()).collect();
        text += &(cells.join(",") + "\n");
    }
    // The random-order summary of so many columns has 26 numbers for each, and some.
    let state_bytes = 55_000_000;
    let output = run_within((256 << 20) + state_bytes, &["eigen", "-", "--json"], text.as_bytes());
    let answer = json(&output);
    assert!(answer["state_bytes"].as_u64().unwrap() <= state_bytes);
    assert_eq!((&answer["rows"], &answer["dim"]), (&3.into(), &columns.into()));
}
