//! The ground floor: errors, scalars, storage, views of matrices. It imports nothing from above and names no family.

pub(crate) mod alike;
pub(crate) mod difference;
pub(crate) mod error;
pub(crate) mod matrix;
pub(crate) mod params;
pub(crate) mod real;
pub(crate) mod storage;
pub(crate) mod wide;
