#!/usr/bin/env bash
# Runs everything that must hold, cheap and likely failures first.
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0
failed=0
summary=""

step() {
    local name=$1
    shift
    local start=$SECONDS
    printf '\n== %s\n' "$name"
    if "$@"; then
        passed=$((passed + 1))
        summary+="ok      $name ($((SECONDS - start)) s)"$'\n'
    else
        failed=$((failed + 1))
        summary+="FAILED  $name ($((SECONDS - start)) s)"$'\n'
    fi
}

format() {
    cargo fmt --all --check && cargo fmt --manifest-path embedded-demo/Cargo.toml --check
}

firmware() {
    bash embedded-demo/run.sh "$@"
}

tiers() {
    local features
    for features in "" alloc defmt serde alloc,defmt std std,defmt,serde; do
        echo "core with features [$features]"
        cargo check -q -p sketchlet-core --no-default-features --features "$features" || return 1
    done
    echo "sketchlet with views and serde"
    cargo check -q -p sketchlet --no-default-features --features ndarray,faer,serde || return 1
    echo "sketchlet as a library"
    cargo check -q -p sketchlet --no-default-features --features parallel || return 1
    local count
    count=$(cargo tree -q -p sketchlet --no-default-features --features parallel -e normal --prefix none | sort -u | wc -l)
    echo "crates in the tree of the library: $count"
    [ "$count" -le 20 ]
}

bits() {
    # The same golden values with the vector width chosen at run time, without, and compiled for this machine.
    cargo test -q -p sketchlet-core --features alloc --test golden &&
        RUSTFLAGS="-C target-cpu=native" CARGO_TARGET_DIR=target/native \
            cargo test -q -p sketchlet-core --features alloc --test golden
}

views() {
    cargo test -q --release -p sketchlet --features ndarray --doc &&
        cargo test -q --release -p sketchlet --features ndarray --lib views
}

examples() {
    local text
    text=$(cargo run -q --release -p sketchlet --example eigen_stream) || return 1
    printf '%s\n\n' "$text"
    grep -q "7040 rows: not-random-order" <<<"$text" && grep -q "7040 rows: ok" <<<"$text" || return 1
    text=$(cargo run -q --release -p sketchlet --example eigen_shards) || return 1
    printf '%s\n' "$text"
    grep -q "20000 rows of 4 devices: status ok" <<<"$text"
}

demo() {
    local folder
    folder=$(mktemp -d)
    cargo run -q --release -- demo --report "$folder/report.html" && grep -q "<svg" "$folder/report.html"
    local status=$?
    rm -rf "$folder"
    return $status
}

step "install what is missing" firmware install
step "format" format
step "lints" cargo clippy -q --workspace --all-targets -- -D warnings
step "core: feature tiers" tiers
step "core: bare metal, and lints of the images" firmware check
step "core: unit, golden and doc tests" cargo test -p sketchlet-core --features std
step "core: same bits at every vector width" bits
step "docs without a warning" env RUSTDOCFLAGS="-D warnings" cargo doc -q --no-deps --features ndarray,serde -p sketchlet-core -p sketchlet
step "library and command: all tests" cargo test --release -p sketchlet --lib --test cli
step "library: doc tests, views" views
step "laws, hostile input, statistics, byte forms" cargo test -q --release -p sketchlet-tests
step "examples" examples
step "demo" demo
step "firmware: golden bits of this machine" firmware golden
step "firmware: self-test in QEMU" firmware selftest
step "firmware: bytes of the boards on this machine" firmware wire
step "firmware: three nodes, joined on this machine" firmware nodes
step "firmware: demo in QEMU" firmware demo
step "firmware: instructions" firmware bench
step "firmware: table of sizes" firmware table

printf '\n%s\n%d passed, %d failed\n' "$summary" "$passed" "$failed"
[ "$failed" -eq 0 ]
