#!/usr/bin/env python3
"""Two threads against one: wall and processor time of the command, and whether the answers are the same to the bit.

    cargo build --release
    python3 benches/threads.py [--runs N] [--binary target/release/sketchlet]

Runs take turns; of each the fastest counts. `seconds` is the time of the work itself, `total` also reads the file.
"""

import argparse
import array
import json
import os
import random
import subprocess
import tempfile

NUMBERS = 10_000_000
# Fields that tell what an answer cost.
COSTS = ("seconds", "seconds_total", "cpu_seconds", "threads")


def write_npy(path, numbers, columns):
    """Writes a matrix of doubles, row after row."""
    rows = len(numbers) // columns
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode())
        numbers[: rows * columns].tofile(file)


def run(binary, arguments, threads):
    """One run: what it cost, and the answer without that."""
    command = [binary, *arguments, "--json", "--threads", str(threads)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    cost = {name: answer.pop(name) for name in COSTS}
    return cost, json.dumps(answer)


def compare(name, binary, arguments, runs):
    """Prints a line of the table."""
    best, answers, used = {1: None, 2: None}, set(), 1
    for _ in range(runs):
        for threads in best:
            cost, answer = run(binary, arguments, threads)
            answers.add(answer)
            used = max(used, cost["threads"])
            times = [cost[key] for key in ("seconds", "cpu_seconds", "seconds_total")]
            best[threads] = times if best[threads] is None else [min(pair) for pair in zip(best[threads], times)]
    (one, one_cpu, one_total), (two, two_cpu, two_total) = best[1], best[2]
    print(
        f"| {name} | {one:.4f} / {two:.4f} | {one / two:.2f} | {one_cpu:.4f} / {two_cpu:.4f} "
        f"| {one_total:.3f} / {two_total:.3f} | {used} | {'yes' if len(answers) == 1 else 'NO'} |",
        flush=True,
    )
    return len(answers) == 1


def main():
    """Makes the tables, and goes through them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--binary", default="target/release/sketchlet")
    arguments = parser.parse_args()
    draw = random.Random(1)
    numbers = array.array("d", (draw.random() - 0.5 for _ in range(NUMBERS)))
    print("| work | seconds, 1 / 2 threads | ratio | cpu_seconds | total | threads | same bits |")
    print("|---|---|---|---|---|---|---|")
    same = True
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.npy")
        for columns in (16, 64, 512):
            write_npy(path, numbers, columns)
            shape = f"{NUMBERS // columns} x {columns}"
            for name, flags in (
                ("eigen --method exact", ["eigen", path, "--method", "exact"]),
                ("eigen --method nystrom", ["eigen", path, "--method", "nystrom"]),
                ("regress", ["regress", path, "--target", "0"]),
                ("regress --streaming --sketch srht", ["regress", path, "--target", "0", "--streaming", "--sketch", "srht"]),
                ("regress --streaming --sketch none", ["regress", path, "--target", "0", "--streaming", "--sketch", "none"]),
            ):
                same &= compare(f"{name}, {shape}", arguments.binary, flags, arguments.runs)
        write_npy(path, numbers, 100)
        flags = ["summarize", path, "--size", "20", "--method", "lazy", "--objective", "facility", "--exemplars", "64"]
        same &= compare("summarize --method lazy, 100000 x 100, 64 exemplars", arguments.binary, flags, arguments.runs)
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
