#!/usr/bin/env bash
# Builds the firmware images and runs them in QEMU.
#
#   run.sh [all|install|check|build|golden|selftest|wire|nodes|demo|bench|table|bless]
#
#   all       (default) everything below but install and bless
#   install   what is missing here: Debian packages if this is root or has sudo, else says which
#   check     the core for bare metal, with and without its allocating constructors, and the images: lints, nothing built
#   build     all images for all boards; flash and static RAM of each
#   golden    this machine's answers against the golden files
#   selftest  the boards' answers against the golden files, an image a family
#   wire      a summary filled on the board, in bytes, against this machine's
#   nodes     three nodes of one image sketch their channels; this machine joins what they print
#   demo      first principal directions of sensor rows, printed as they develop
#   bench     instructions of kernels and updates, bytes, stack
#   table     flash, RAM, stack and instructions of every type, as in README.md; after bench
#   bless     writes the golden files of the floors below the families anew from this machine's answers
#
# SKETCHLET_DOOR=rustup|debian  where the compiler comes from (default: rustup, then debian)
# SKETCHLET_BOARDS="m4f m0"     which boards
# SKETCHLET_OPT=3|s|z           optimisation of everything (default: what Cargo.toml says, 3)
#
# This script is the only place that knows about the doors. Without install it adds rustup targets and nothing else.
set -euo pipefail
cd "$(dirname "$0")"

boards=${SKETCHLET_BOARDS:-"m4f m0"}
# The features of Cargo.toml: what an image can hold.
families=$(sed -n '/^size-/d; s/^\([a-z-]*\) = \[\]$/\1/p' Cargo.toml)
types=$(sed -n 's/^size-\([a-z-]*\) = \[\]$/\1/p' Cargo.toml)
demo_seconds=60
bench_seconds=300

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

# target, QEMU machine, name
board() {
    case $1 in
        m4f) target=thumbv7em-none-eabihf machine="-machine mps2-an386 -cpu cortex-m4" name="mps2-an386 (Cortex-M4F)" ;;
        m0) target=thumbv6m-none-eabi machine="-machine microbit" name="microbit (Cortex-M0)" ;;
        *) fail "no board $1: SKETCHLET_BOARDS takes m4f and m0" ;;
    esac
}

for b in $boards; do board "$b"; done

# --- the door ---------------------------------------------------------------------------------------------------------

rustup_door() {
    why="rustup is not installed"
    command -v rustup >/dev/null || return 1
    local installed missing=()
    why="rustup has no working toolchain"
    installed=$(rustup target list --installed 2>/dev/null) || return 1
    for b in $boards; do
        board "$b"
        grep -qx "$target" <<<"$installed" || missing+=("$target")
    done
    why="rustup target add ${missing[*]:-} failed"
    [ ${#missing[@]} -eq 0 ] || timeout 300 rustup target add "${missing[@]}" || return 1
    cargo=(cargo)
    build_std=()
    lints=no
    cargo clippy --version >/dev/null 2>&1 && lints=yes || true
}

debian_compiler="rustc-web cargo-web rust-web-src binutils-arm-none-eabi"

debian_door() {
    local file
    why="apt-get install -y --no-install-recommends $debian_compiler"
    for file in /usr/bin/rustc /usr/bin/cargo /usr/bin/arm-none-eabi-ld; do
        [ -e "$file" ] || return 1
    done
    [ -e "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/core" ] || return 1
    # Named in full: rustup's shims come first on PATH, and compiler and library source must match.
    cargo=(env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
        CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER=arm-none-eabi-ld
        CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER=arm-none-eabi-ld /usr/bin/cargo)
    build_std=(-Zbuild-std=core)
    # A cargo-clippy on the way would be that of rustup.
    lints=no
}

open_door() {
    [ -z "${door:-}" ] || return 0
    case ${SKETCHLET_DOOR:-any} in
        rustup) rustup_door || fail "door rustup: $why"; door=rustup ;;
        debian) debian_door || fail "door debian: $why"; door=debian ;;
        any)
            if rustup_door; then
                door=rustup
            else
                echo "door rustup is closed: $why"
                debian_door || fail "door debian is closed too: $why"
                door=debian
            fi
            ;;
        *) fail "SKETCHLET_DOOR is rustup or debian" ;;
    esac
    export CARGO_TARGET_DIR=$PWD/target/$door${SKETCHLET_OPT:+-$SKETCHLET_OPT}
    [ -z "${SKETCHLET_OPT:-}" ] || export CARGO_PROFILE_RELEASE_OPT_LEVEL=$SKETCHLET_OPT
    echo "door: $door, $("${cargo[@]}" --version)"
}

# --- what it takes ----------------------------------------------------------------------------------------------------

install() {
    local missing=() by=()
    command -v qemu-system-arm >/dev/null || missing+=(qemu-system-arm)
    command -v arm-none-eabi-size >/dev/null || missing+=(binutils-arm-none-eabi)
    # shellcheck disable=SC2206
    case ${SKETCHLET_DOOR:-any} in
        rustup) rustup_door || fail "door rustup: $why" ;;
        debian) debian_door || missing+=($debian_compiler) ;;
        *) rustup_door || debian_door || missing+=($debian_compiler) ;;
    esac
    if [ ${#missing[@]} -eq 0 ]; then
        echo "nothing is missing"
        return
    fi
    local command="apt-get install -y --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null || fail "missing: ${missing[*]} (names of Debian's packages)"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "missing packages: sudo $command"
        by=(sudo -n)
    fi
    echo "$command"
    "${by[@]}" apt-get update -qq && "${by[@]}" env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null ||
        fail "could not install: $command"
}

# --- build ------------------------------------------------------------------------------------------------------------

check() {
    open_door
    local features std verb=(check --quiet --locked --release) deny=()
    if [ "$lints" = yes ]; then
        verb[0]=clippy deny=(-- -D warnings)
    else
        echo "no clippy behind this door: checks without lints"
    fi
    for b in $boards; do
        board "$b"
        for features in "" alloc; do
            std=("${build_std[@]/%/${features:+,alloc}}")
            echo "core for $target with features [$features]"
            "${cargo[@]}" "${verb[@]}" --manifest-path ../Cargo.toml -p sketchlet-core --features "$features" \
                --target "$target" "${std[@]}" "${deny[@]}" || fail "core for $target with features [$features]"
        done
        echo "images for $target"
        "${cargo[@]}" "${verb[@]}" --all-features --target "$target" "${build_std[@]}" "${deny[@]}" ||
            fail "images for $target"
    done
}

# Bytes of flash and of static RAM, from whatever tool there is.
sizes() {
    local tool llvm
    llvm=$(ls "$(rustc --print sysroot 2>/dev/null)"/lib/rustlib/*/bin/llvm-size 2>/dev/null | head -n 1) || true
    for tool in arm-none-eabi-size "$llvm" llvm-size; do
        if [ -n "$tool" ] && command -v "$tool" >/dev/null; then
            "$tool" "$1" | awk 'NR == 2 { print $1 + $2, $2 + $3 }'
            return
        fi
    done
    # Without a tool: the loadable segments of the file, those at 0x20000000 being RAM.
    local at count size
    read -r at < <(od -An -tu4 -j28 -N4 "$1")
    read -r size count < <(od -An -tu2 -j42 -N4 "$1")
    for ((; count > 0; count--, at += size)); do od -An -v -tu4 -w32 -j "$at" -N32 "$1"; done |
        awk '$1 == 1 { flash += $5; if ($3 >= 536870912) ram += $6 } END { print flash + 0, ram + 0 }'
}

# Builds images with some features, for the board in question. Cargo gives one name to all of them: kept as IMAGE-SUFFIX.
compile() {
    local features=$1 suffix=$2 image
    shift 2
    "${cargo[@]}" build --quiet --locked --release --target "$target" "${build_std[@]}" --no-default-features \
        --features "$features" "${@/#/--bin=}" || fail "$name: build failed"
    mkdir -p "$CARGO_TARGET_DIR/$target/images"
    for image; do
        cp "$CARGO_TARGET_DIR/$target/release/$image" "$CARGO_TARGET_DIR/$target/images/$image${suffix:+-$suffix}"
    done
}

# Images of a kind, for all boards: `families` to test and to bench each, `sizes` to weigh each type, `others`.
build() {
    open_door
    local each
    for b in $boards; do
        board "$b"
        case $1 in
            families) for each in $families; do compile "$each" "$each" selftest bench; done ;;
            sizes)
                compile "" empty size
                for each in $types; do compile "size-$each" "$each" size; done
                ;;
            others) compile "${families//$'\n'/,}" "" demo wire node ;;
        esac
    done
}

images() {
    local image
    build families
    build sizes
    build others
    for b in $boards; do
        board "$b"
        printf '%-28s %10s %10s   (bytes)\n' "$name" flash "static RAM"
        for image in "$CARGO_TARGET_DIR/$target/images"/*; do
            # shellcheck disable=SC2046
            printf '  %-26s %10d %10d\n' "${image##*/}" $(sizes "$image")
        done
    done
}

# --- run --------------------------------------------------------------------------------------------------------------

# image, seconds, further options of QEMU; what it prints is kept. `number=N run ...` is for an image that asks for one.
run() {
    local image=$1 seconds=$2 status=0 log=$1${number:+-$number}
    shift 2
    command -v qemu-system-arm >/dev/null ||
        fail "qemu-system-arm is missing: apt-get install -y --no-install-recommends qemu-system-arm"
    for b in $boards; do
        board "$b"
        echo "--- $log on $name"
        # shellcheck disable=SC2086
        timeout "$seconds" qemu-system-arm $machine -nographic \
            -semihosting-config "enable=on,target=native,arg=$image${number:+,arg=$number}" "$@" \
            -kernel "$CARGO_TARGET_DIR/$target/images/$image" </dev/null |
            tee "$CARGO_TARGET_DIR/$target/$log.txt" | case $image in wire | node) cat >/dev/null ;; *) cat ;; esac || status=$?
        case $status in
            0) ;;
            124) fail "$log on $name did not end within $seconds s" ;;
            *) fail "$log on $name failed (status $status; without a message above it was a fault)" ;;
        esac
    done
}

# The host's own answers need the host's compiler only.
host() {
    local cargo=(cargo)
    command -v cargo >/dev/null || cargo=(/usr/bin/cargo)
    local example=$1
    shift
    "${cargo[@]}" run --quiet --locked --target-dir target/host --example "$example" -- "$@"
}

golden() {
    host golden || fail "answers of this machine differ from the golden files"
}

selftest() {
    local family
    build families
    for family in $families; do run "selftest-$family" "$demo_seconds"; done
}

bench() {
    local family
    build families
    for family in $families; do run "bench-$family" "$bench_seconds" -icount shift=0; done
}

demo() {
    build others
    run demo "$demo_seconds"
}

wire() {
    build others
    run wire "$demo_seconds"
    for b in $boards; do
        board "$b"
        host wire <"$CARGO_TARGET_DIR/$target/wire.txt" || fail "the bytes of $name are not those of this machine"
    done
}

nodes() {
    local number files
    build others
    for number in 0 1 2; do number=$number run node "$demo_seconds"; done
    for b in $boards; do
        board "$b"
        files=()
        for number in 0 1 2; do files+=("$CARGO_TARGET_DIR/$target/node-$number.txt"); done
        echo "--- $name"
        host join "${files[@]}" || fail "the nodes of $name, joined, are not what they should be"
    done
}

# What an image of its own and the bench say of every type, on rows of 64 entries.
table() {
    build sizes
    local image type bench
    for b in $boards; do
        board "$b"
        bench=$CARGO_TARGET_DIR/$target/bench-eigen.txt
        [ -e "$bench" ] || fail "no figures of $name yet: run.sh bench"
        printf '\n%s\n\n' "$name"
        echo "| type, 64 columns | bytes | flash | stack: update, answer | a row | the longest row | an answer |"
        echo "|---|---|---|---|---|---|---|"
        for type in empty $types; do
            image=$CARGO_TARGET_DIR/$target/images/size-$type
            # shellcheck disable=SC2046
            set -- $(sizes "$image")
            awk -v type="$type" -v flash="$1" '
                type == "empty" { print "| (an empty image) | | " flash " | | | | |"; exit }
                $2 == "eigen/" type "/digits" {
                    for (i = 3; i < NF; i += 2) figure[$i] = $(i + 1)
                    printf "| %s | %d | %d | %d, %d | %d | %d | %d |\n", type, figure["bytes"], flash, figure["stack"], $NF,
                        figure["row"], figure["longest"], figure["estimate"]
                }' "$bench"
        done
    done
}

bless() {
    local floor file lines
    for floor in real linalg; do
        file=../core/tests/golden/$floor.txt
        lines=$(host golden "$floor")
        printf '%s\n' "# Bits of every answer: name, scalar, hex. Written by embedded-demo/run.sh bless." "$lines" >"$file"
        echo "$file: $(wc -l <<<"$lines") values"
    done
}

case ${1:-all} in
    all)
        golden
        check
        images
        run size-empty 10
        selftest
        wire
        nodes
        demo
        bench
        table
        ;;
    install) install ;;
    check) check ;;
    build) images ;;
    golden) golden ;;
    selftest) selftest ;;
    wire) wire ;;
    nodes) nodes ;;
    demo) demo ;;
    bench) bench ;;
    table) table ;;
    bless) bless ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' run.sh && exit 2 ;;
esac
