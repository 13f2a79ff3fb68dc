//! Pictures and pages: SVG plots, and one self-contained HTML page that opens from disk.

mod page;
mod plot;

pub use page::{Page, Section, Table};
pub use plot::{Axis, Marks, Plot, PlotError, Series};
