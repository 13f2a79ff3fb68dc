//! Row streams: the bundled data, synthetic spectra, heavy rows, and the orders they come in.
//!
//! Every input is a function of its arguments alone: same arguments, same rows, on any machine. Synthetic rows are
//! Gaussian unless said otherwise, and turned by a random rotation where a coordinate axis would be too easy.

mod bundled;
pub mod eigen;
mod rows;
mod source;
mod synthetic;

pub use bundled::{bundled, digits, imu, randhie, shuttle};
pub use rows::{Rows, add_scaled, dot, rotate};
pub use source::Source;
pub use synthetic::{
    HEAVY_ALONG, decay, gaussian, heavy_away, heavy_mix, heavy_tailed, lag_windows, late_heavy, spiked, tied,
};
