//! The floors below the families.

#![allow(missing_docs)]

mod laws;
mod sketch;
