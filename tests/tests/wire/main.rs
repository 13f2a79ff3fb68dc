//! Byte forms: of released versions, kept for ever, of damaged and forged bytes, and within the formats of serde.

#![allow(missing_docs)]

mod forged;
mod forms;
mod layout;
mod serde;
