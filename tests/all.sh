#!/usr/bin/env bash
# Runs everything that must hold, cheap and likely failures first. Installs what is missing where it may.
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

# Debian packages: as root or through sudo, else say what to do.
install() {
    local missing=()
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local as=""
    if [ "$(id -u)" -ne 0 ]; then
        as="sudo -n"
        command -v sudo >/dev/null || as=""
    fi
    if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || [ -n "$as" ]; }; then
        $as apt-get update -qq && $as apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && return 0
    fi
    echo "install these Debian packages and run again: ${missing[*]}"
    return 1
}

bare_metal() {
    rustup target add thumbv6m-none-eabi thumbv7em-none-eabihf >/dev/null 2>&1 || true
    if ! rustup target list --installed 2>/dev/null | grep -q thumbv6m-none-eabi; then
        echo "no bare-metal target for this toolchain: the firmware step builds with Debian's compiler instead"
        return 0
    fi
    cargo build -q -p sketchlet-core --target thumbv6m-none-eabi --features alloc &&
        cargo build -q -p sketchlet-core --target thumbv7em-none-eabihf &&
        cargo clippy -q -p sketchlet-core --target thumbv6m-none-eabi -- -D warnings
}

tiers() {
    local features
    for features in "" alloc defmt alloc,defmt std std,defmt; do
        echo "core with features [$features]"
        cargo check -q -p sketchlet-core --no-default-features --features "$features" || return 1
    done
    echo "sketchlet as a library"
    cargo check -q -p sketchlet --no-default-features || return 1
    local count
    count=$(cargo tree -q -p sketchlet --no-default-features -e normal --prefix none | sort -u | wc -l)
    echo "crates in the tree of the library: $count"
    [ "$count" -le 20 ]
}

bits() {
    # The same golden values with the vector width chosen at run time, without, and compiled for this machine.
    cargo test -q -p sketchlet-core --features alloc --test golden &&
        RUSTFLAGS="-C target-cpu=native" CARGO_TARGET_DIR=target/native \
            cargo test -q -p sketchlet-core --features alloc --test golden
}

firmware() {
    install qemu-system-arm binutils-arm-none-eabi || return 1
    if ! rustup target list --installed 2>/dev/null | grep -q thumbv6m-none-eabi; then
        install rustc-web cargo-web rust-web-src || return 1
    fi
    bash embedded-demo/run.sh
}

demo() {
    local folder
    folder=$(mktemp -d)
    cargo run -q --release -- demo --report "$folder/report.html" && grep -q "<svg" "$folder/report.html"
    local status=$?
    rm -rf "$folder"
    return $status
}

step "format" cargo fmt --all --check
step "lints" cargo clippy -q --workspace --all-targets -- -D warnings
step "core: feature tiers" tiers
step "core: bare metal" bare_metal
step "core: unit, golden and doc tests" cargo test -p sketchlet-core --features std
step "core: same bits at every vector width" bits
step "docs without a warning" env RUSTDOCFLAGS="-D warnings" cargo doc -q --no-deps -p sketchlet-core -p sketchlet
step "library and command: all tests" cargo test --release -p sketchlet
step "demo" demo
if [ -f embedded-demo/run.sh ]; then
    step "firmware in QEMU" firmware
fi

printf '\n%s\n%d passed, %d failed\n' "$summary" "$passed" "$failed"
[ "$failed" -eq 0 ]
