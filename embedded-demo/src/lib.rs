//! What the firmware images share: rows in flash, golden bits, the board, and a room for every family.
//!
//! All but `board` also builds for the host, so that host and device run the same source on the same rows.

#![no_std]

#[cfg(target_os = "none")]
pub mod board;
pub mod data;
pub mod families;
pub mod golden;
pub mod hash;
