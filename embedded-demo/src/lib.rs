//! What the firmware images share: rows in flash, the answers computed from them, golden bits, the board.
//!
//! All but `board` also builds for the host, so that host and device run the same source on the same rows.

#![no_std]

pub mod answers;
#[cfg(target_os = "none")]
pub mod board;
#[cfg(target_os = "none")]
pub mod check;
pub mod data;
pub mod device;
pub mod golden;
pub mod hash;
pub mod kernels;
pub mod nodes;
pub mod regression;
#[cfg(target_os = "none")]
mod size;
pub mod submodular;
pub mod summaries;
