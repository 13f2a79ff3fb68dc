#!/usr/bin/env bash
# Runs everything that must hold, cheap and likely failures first.
set -euo pipefail
cd "$(dirname "$0")/.."

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

# Lints as well as builds, for a warning must fail and `cargo check` lets it pass.
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

minimum() {
    local version toolchain
    version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    toolchain=$(rustup toolchain list 2>/dev/null | grep -oE "^${version//./\\.}[-.][^ ]*" | head -n 1) || true
    if [ -z "$toolchain" ]; then
        echo "skipped: toolchain $version not installed"
        return "$skip"
    fi
    echo "core, library and command with $toolchain"
    CARGO_TARGET_DIR=target/minimum cargo "+$toolchain" check -q -p sketchlet-core -p sketchlet --all-features
}

licences() {
    if ! command -v cargo-deny >/dev/null; then
        echo "skipped: cargo-deny not installed"
        return "$skip"
    fi
    cargo deny check
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
    grep -q "20000 rows of 4 devices: status ok" <<<"$text" || return 1
    text=$(cargo run -q --release -p sketchlet --example regression_fleet) || return 1
    printf '%s\n' "$text"
    grep -q "without it: temperature 3.0" <<<"$text" || return 1
    text=$(cargo run -q --release -p sketchlet --example submodular_catalogue) || return 1
    printf '%s\n' "$text"
    grep -q "of the best was proven" <<<"$text"
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
step "every feature alone, none and all" tiers
step "minimum Rust version" minimum
step "licences and advisories" licences
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

printf '\n%s\n%d passed, %d failed, %d skipped\n' "$summary" "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
