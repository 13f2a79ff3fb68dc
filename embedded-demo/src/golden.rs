//! Golden bits, and the comparison with them.

#![allow(clippy::unreadable_literal, reason = "generated tables")]

use core::fmt::{self, Write as _};

/// Scalar type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Bits of an `f32`.
    F32,
    /// Bits of an `f64`.
    F64,
    /// A number, or a hash of bits.
    U32,
    /// A number, or a hash of bits.
    U64,
}

/// A line of a golden file. Names stay at home: a thousand of them would take 40 KiB of flash.
#[derive(Clone, Copy, Debug)]
pub struct Golden {
    /// Hash of the name; the build script made sure that no two are equal.
    pub key: u32,
    /// Upper half of the bits.
    pub high: u32,
    /// Lower half of the bits.
    pub low: u32,
    /// Type of the value.
    pub scalar: Scalar,
}

impl From<&Golden> for Value {
    fn from(golden: &Golden) -> Self {
        Self { scalar: golden.scalar, bits: u64::from(golden.high) << 32 | u64::from(golden.low) }
    }
}

include!(concat!(env!("OUT_DIR"), "/golden.rs"));
include!("name_hash.rs");

/// Name of a value: the case and an entry of it, numbered if there are several.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// `family/type/data`.
    pub case: &'static str,
    /// What of it.
    pub entry: &'static str,
    /// Which of several.
    pub index: Option<usize>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.case, self.entry)?;
        self.index.map_or(Ok(()), |index| write!(f, "{index}"))
    }
}

/// A computed value, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its type.
    pub scalar: Scalar,
    /// Its bits.
    pub bits: u64,
}

impl From<f32> for Value {
    fn from(x: f32) -> Self {
        Self { scalar: Scalar::F32, bits: x.to_bits().into() }
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self { scalar: Scalar::F64, bits: x.to_bits() }
    }
}

impl From<u32> for Value {
    fn from(x: u32) -> Self {
        Self { scalar: Scalar::U32, bits: x.into() }
    }
}

impl From<u64> for Value {
    fn from(x: u64) -> Self {
        Self { scalar: Scalar::U64, bits: x }
    }
}

/// As in a golden file: `f32 3f0a1b2c`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scalar {
            Scalar::F32 => write!(f, "f32 {:08x}", self.bits),
            Scalar::U32 => write!(f, "u32 {:08x}", self.bits),
            Scalar::F64 => write!(f, "f64 {:016x}", self.bits),
            Scalar::U64 => write!(f, "u64 {:016x}", self.bits),
        }
    }
}

/// Takes values as they are computed, case by case.
pub trait Sink {
    /// A case begins.
    fn begin(&mut self, _case: &'static str) {}
    /// Takes a value.
    fn put(&mut self, name: Name, value: Value);
    /// A case is complete.
    fn end(&mut self, _case: &'static str) {}
}

/// Compares values with golden ones and prints the differences.
#[derive(Debug)]
pub struct Comparison<P> {
    print: P,
    /// Values compared.
    pub compared: usize,
    /// Values that differ, are not in a golden file, or are only there.
    pub failures: usize,
    in_case: usize,
}

impl<P: FnMut(fmt::Arguments<'_>)> Comparison<P> {
    /// Nothing compared yet; differences will go to `print`, one line a call.
    pub const fn new(print: P) -> Self {
        Self { print, compared: 0, failures: 0, in_case: 0 }
    }
}

impl<P: FnMut(fmt::Arguments<'_>)> Sink for Comparison<P> {
    fn put(&mut self, name: Name, value: Value) {
        let mut text = heapless::String::<64>::new();
        // A name too long for the buffer is cut, found in no golden file, and fails there.
        let _ = write!(text, "{name}");
        let key = name_hash(text.as_bytes());
        self.compared += 1;
        if let Ok(at) = GOLDEN.binary_search_by_key(&key, |golden| golden.key) {
            self.in_case += 1;
            let expected = Value::from(&GOLDEN[at]);
            if value != expected {
                self.failures += 1;
                (self.print)(format_args!("{name} expected {expected} got {value}"));
            }
        } else {
            self.failures += 1;
            (self.print)(format_args!("{name} expected nothing got {value}"));
        }
    }
    /// Values that the golden files have and nobody computed are failures too.
    fn end(&mut self, case: &'static str) {
        let expected = CASES.iter().find(|(name, _)| *name == case).map_or(0, |&(_, count)| count);
        if self.in_case != expected {
            self.failures += 1;
            (self.print)(format_args!("{case} has {expected} golden values, {} of them were computed", self.in_case));
        }
        self.in_case = 0;
    }
}
