//! Types of numbers as files store them, and their bytes as numbers.

use super::half::from_half;
use crate::Real;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Float,
    Signed,
    Unsigned,
    /// A byte that is zero for false.
    Bool,
}

/// A type of numbers of which every one is read as the nearest `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumberType {
    form: Form,
    bytes: usize,
    is_big_endian: bool,
}

impl NumberType {
    /// A type of so many bytes, if it is one that is read.
    pub(super) fn new(form: Form, bytes: u64, is_big_endian: bool) -> Option<Self> {
        let sizes: &[u64] = match form {
            Form::Float => &[2, 4, 8],
            Form::Signed | Form::Unsigned => &[1, 2, 4, 8],
            Form::Bool => &[1],
        };
        let bytes = usize::try_from(bytes).ok().filter(|_| sizes.contains(&bytes))?;
        Some(Self { form, bytes, is_big_endian })
    }

    pub(super) const fn bytes(self) -> usize {
        self.bytes
    }

    /// The number that some bytes begin with.
    pub(super) fn number(self, bytes: &[u8]) -> Option<f64> {
        let mut number = Vec::with_capacity(1);
        self.append::<f64>(bytes.get(..self.bytes)?, &mut number);
        number.pop()
    }

    /// Appends whole rows of so many numbers up to the first number that is not finite, and gives how many rows those are.
    pub(super) fn append_finite<T: Real>(self, bytes: &[u8], batch: &mut Vec<T>, cols: usize) -> usize {
        let start = batch.len();
        self.append(bytes, batch);
        let appended = &batch[start..];
        if T::all_finite(appended) {
            return appended.len() / cols;
        }
        let rows = appended.iter().position(|x| !x.is_finite()).unwrap_or(0) / cols;
        batch.truncate(start + rows * cols);
        rows
    }

    /// Appends all numbers.
    #[allow(clippy::cast_precision_loss, reason = "the nearest f64 is what the readers promise")]
    fn append<T: Real>(self, bytes: &[u8], batch: &mut Vec<T>) {
        // Two loops: the common one has nothing to decide.
        macro_rules! append {
            ($number:expr) => {{
                let numbers = bytes.as_chunks().0.iter();
                if self.is_big_endian {
                    batch.extend(numbers.map(|&x| T::constant($number(reversed(x)))));
                } else {
                    batch.extend(numbers.map(|&x| T::constant($number(x))));
                }
            }};
        }
        match (self.form, self.bytes) {
            (Form::Float, 2) => append!(|x| from_half(u16::from_le_bytes(x))),
            (Form::Float, 4) => append!(|x| f64::from(f32::from_le_bytes(x))),
            (Form::Float, _) => append!(f64::from_le_bytes),
            (Form::Signed, 1) => append!(|x| f64::from(i8::from_le_bytes(x))),
            (Form::Signed, 2) => append!(|x| f64::from(i16::from_le_bytes(x))),
            (Form::Signed, 4) => append!(|x| f64::from(i32::from_le_bytes(x))),
            (Form::Signed, _) => append!(|x| i64::from_le_bytes(x) as f64),
            (Form::Unsigned, 1) => append!(|x| f64::from(u8::from_le_bytes(x))),
            (Form::Unsigned, 2) => append!(|x| f64::from(u16::from_le_bytes(x))),
            (Form::Unsigned, 4) => append!(|x| f64::from(u32::from_le_bytes(x))),
            (Form::Unsigned, _) => append!(|x| u64::from_le_bytes(x) as f64),
            (Form::Bool, _) => append!(|x: [u8; 1]| f64::from(u8::from(x != [0]))),
        }
    }
}

fn reversed<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes.reverse();
    bytes
}
