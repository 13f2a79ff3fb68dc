#!/usr/bin/env bash
# Runs everything that must hold, cheap and likely failures first; all steps run, whatever fails.
#
# Compiling takes most of the time, so the host's tests, documents, examples and command share one profile (dev), one set of
# packages and one set of features: each crate is compiled for them once. Other sets of features are linted, not built.
set -euo pipefail
cd "$(dirname "$0")/.."

# The feature set of all tests on this machine.
features=(--features "sketchlet/ndarray,sketchlet/serde")
# The benches have no tests, and what they measure with is a large part of all there is to compile: linted only.
tested=(--workspace --exclude sketchlet-benches "${features[@]}")
built=${CARGO_TARGET_DIR:-target}/debug
# Notes for a later build cost a sixth of the time of this one; builds with and without them stand side by side.
export CARGO_INCREMENTAL=0

passed=0
failed=0
skipped=0
summary=""

# Status of a step that needs what is not here.
skip=77

step() {
    local name=$1
    shift
    local start=$SECONDS status=0 word
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    case $status in
        0) word="ok     " passed=$((passed + 1)) ;;
        "$skip") word="skipped" skipped=$((skipped + 1)) ;;
        *) word="FAILED " failed=$((failed + 1)) ;;
    esac
    summary+="$word $name ($((SECONDS - start)) s)"$'\n'
}

format() {
    cargo fmt --all --check && cargo fmt --manifest-path embedded-demo/Cargo.toml --check
}

firmware() {
    bash embedded-demo/run.sh "$@"
}

# Lints as well as checks, for a warning must fail and `cargo check` lets it pass.
lint() {
    echo "$1 with features [$2]"
    cargo clippy -q -p "$1" --no-default-features --features "$2" -- -D warnings
}

tiers() {
    local features
    for features in "" alloc defmt serde alloc,defmt std std,defmt,serde; do
        lint sketchlet-core "$features" || return 1
    done
    # None, each alone, all.
    local each
    each=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z]*\) = .*/\1/p' std-ext/Cargo.toml)
    for features in "" $each "${each//$'\n'/,}"; do
        lint sketchlet "$features" || return 1
    done
    local count
    count=$(cargo tree -q -p sketchlet --no-default-features --features parallel -e normal --prefix none | sort -u | wc -l)
    echo "crates in the tree of the library: $count"
    [ "$count" -le 20 ]
}

# Every test but those in the documents, and the ten that took longest. The test harness tells times to whoever may use
# unstable options: the variable is set for the test processes alone, for compilers that see it would compile anew.
tests() {
    local host log status=0
    host=$(rustc -vV | sed -n 's/^host: //p' | tr a-z- A-Z_)
    log=$(mktemp)
    env "CARGO_TARGET_${host}_RUNNER=env RUSTC_BOOTSTRAP=1" \
        cargo test "${tested[@]}" --tests --no-fail-fast -- -Z unstable-options --report-time | tee "$log" || status=$?
    echo "the slowest tests, in seconds:"
    sed -n 's/^test \(.*\) \.\.\. .*<\([0-9.]*\)s>$/\2 \1/p' "$log" | sort -rn | head -n 10
    rm -f "$log"
    return $status
}

bits() {
    # The same golden values without std (no choice of vector width at run time), and as released, compiled for this machine.
    cargo test -q -p sketchlet-core --features alloc --test golden &&
        RUSTFLAGS="-C target-cpu=native" CARGO_TARGET_DIR=target/native \
            cargo test -q --release -p sketchlet-core --features alloc --test golden
}

# example, what it must print
example() {
    local text
    text=$("$built/examples/$1") || return 1
    printf '%s\n\n' "$text"
    shift
    for line; do grep -q "$line" <<<"$text" || return 1; done
}

examples() {
    cargo build -q "${tested[@]}" --examples || return 1
    example eigen_stream "7040 rows: not-random-order" "7040 rows: ok" || return 1
    example eigen_shards "20000 rows of 4 devices: status ok" || return 1
    example regression_fleet "without it: temperature 3.0" || return 1
    example submodular_catalogue "of the best was proven"
}

demo() {
    local folder status=0
    folder=$(mktemp -d)
    cargo build -q "${tested[@]}" --examples --bins &&
        "$built/sketchlet" demo --report "$folder/report.html" && grep -q "<svg" "$folder/report.html" || status=$?
    rm -rf "$folder"
    return $status
}

step "install what is missing" firmware install
step "format" format
step "lints" cargo clippy -q --workspace --all-targets "${features[@]}" -- -D warnings
step "core: bare metal, and lints of the images" firmware check
# The images have a target directory of their own, and each is linked by one thread: they are built beside what follows. What
# goes wrong here goes wrong again, and is told, in the steps that need them.
nice bash embedded-demo/run.sh build >/dev/null 2>&1 &
step "every feature alone, none and all" tiers
step "docs without a warning" env RUSTDOCFLAGS="-D warnings" cargo doc -q --no-deps "${tested[@]}"
step "all tests of this machine" tests
step "all tests in the docs" cargo test -q "${tested[@]}" --doc --no-fail-fast
step "core: same bits without std, and compiled for this machine" bits
step "examples" examples
step "demo" demo
wait
step "firmware: golden bits of this machine" firmware golden
step "firmware: self-test in QEMU" firmware selftest
step "firmware: bytes of the boards on this machine" firmware wire
step "firmware: three nodes, joined on this machine" firmware nodes
step "firmware: demo in QEMU" firmware demo
step "firmware: instructions" firmware bench
step "firmware: table of sizes" firmware table

printf '\n%s\n%d passed, %d failed, %d skipped\n' "$summary" "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
