//! Reads the bytes of a device's summary in hex from standard input. They must be those of a summary that this machine
//! fills with the same rows, and, decoded and fed again, must go on where the device stopped.

use sketchlet_core::Wire;
use sketchlet_embedded_demo::families::eigen::wire::{MAX_BYTES, STORAGE_LEN, Summary, encode, feed};
use std::io::Read;
use std::process::ExitCode;

/// The bytes of a decoded summary after another round of rows.
fn continued(bytes: &[u8]) -> Vec<u8> {
    let mut storage = [0.0; STORAGE_LEN];
    let mut summary = Summary::decode_in(bytes, &mut storage).expect("the bytes hold a summary");
    feed(&mut summary).expect("rows are good");
    let mut out = vec![0; summary.encoded_len()];
    summary.encode_into(&mut out).expect("the room is what it asked for");
    out
}

fn main() -> ExitCode {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("standard input is text");
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex digits");
    let device: Vec<u8> = digits.chunks(2).map(byte).collect();

    let (mut storage, mut own) = ([0.0; STORAGE_LEN], [0; MAX_BYTES]);
    let len = encode(&mut storage, &mut own).expect("the host can do what the device can");
    if device != own[..len] {
        println!("host: {} bytes from the device are not the {len} bytes of its own", device.len());
        return ExitCode::FAILURE;
    }
    // The same rows twice, without a detour through bytes.
    let mut storage = [0.0; STORAGE_LEN];
    let mut summary =
        Summary::new_in(sketchlet_embedded_demo::families::eigen::tiny(), &mut storage).expect("good parameters");
    feed(&mut summary).and_then(|()| feed(&mut summary)).expect("rows are good");
    let len = summary.encode_into(&mut own).expect("room");
    if continued(&device) != own[..len] {
        println!("host: the summary of the device does not go on where it stopped");
        return ExitCode::FAILURE;
    }
    println!("host: {} bytes from the device are its own, to the bit, and go on where it stopped", device.len());
    ExitCode::SUCCESS
}
