//! Bundled rows: small integers in flash, `f32` when fed.

#![allow(clippy::unreadable_literal, reason = "generated tables")]

include!(concat!(env!("OUT_DIR"), "/data.rs"));

/// Entries of the longest row.
pub const MAX_DIM: usize = 64;

/// A bundled table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The first 1000 rows of the gait accelerometers: 9 columns.
    Imu,
    /// The first 200 handwritten digits: 64 columns, many of them zero.
    Digits,
}

impl Table {
    /// Number of rows.
    pub const fn rows(self) -> usize {
        match self {
            Self::Imu => IMU.len(),
            Self::Digits => DIGITS.len(),
        }
    }

    /// Number of columns.
    pub const fn dim(self) -> usize {
        match self {
            Self::Imu => IMU[0].len(),
            Self::Digits => DIGITS[0].len(),
        }
    }

    /// Row `index` (from the first again after the last), in the caller's buffer.
    pub fn load(self, index: usize, buffer: &mut [f32; MAX_DIM]) -> &[f32] {
        fn convert<'a, X: Copy + Into<f32>>(row: &[X], buffer: &'a mut [f32]) -> &'a [f32] {
            for (out, &x) in buffer.iter_mut().zip(row) {
                *out = x.into();
            }
            &buffer[..row.len()]
        }
        match self {
            Self::Imu => convert(&IMU[index % IMU.len()], buffer),
            Self::Digits => convert(&DIGITS[index % DIGITS.len()], buffer),
        }
    }
}

/// The accelerometer samples in order, as a driver would hand them out.
pub fn accelerometers() -> impl Iterator<Item = [f32; 9]> {
    IMU.iter().map(|sample| sample.map(f32::from))
}

/// The accelerometer samples as they come from the converters.
pub fn samples() -> impl Iterator<Item = &'static [i16; 9]> {
    IMU.iter()
}

/// The digits in order, as a driver would hand them out.
pub fn digits() -> impl Iterator<Item = [f32; 64]> {
    DIGITS.iter().map(|sample| sample.map(f32::from))
}
