//! Numbers of any scalar.

use sketchlet_core::{Lane, ScalarType};

/// The scalar nearest to a number; integers are cut.
#[allow(clippy::cast_possible_truncation, reason = "meant")]
pub(crate) fn float<L: Lane>(x: f64) -> L {
    let number = match L::TYPE {
        ScalarType::F32 => L::read_le(&(x as f32).to_le_bytes()),
        ScalarType::F64 => L::read_le(&x.to_le_bytes()),
        _ => return integer(x as i64),
    };
    number.unwrap_or_default()
}

/// The scalar of an integer.
#[allow(clippy::cast_possible_truncation, reason = "meant")]
pub(crate) fn integer<L: Lane>(x: i64) -> L {
    let number = match L::TYPE {
        ScalarType::I32 => L::read_le(&(x as i32).to_le_bytes()),
        ScalarType::I64 => L::read_le(&x.to_le_bytes()),
        _ => return float(x as f64),
    };
    number.unwrap_or_default()
}
