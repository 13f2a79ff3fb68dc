//! Line and point plots as SVG text.

use plotters::prelude::*;
use std::fmt;
use std::ops::Range;

/// Colours of the series, in order: distinguishable in print and to most eyes (Okabe and Ito).
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(90, 90, 90),
    RGBColor(150, 120, 60),
];

/// One axis of a plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    label: String,
    logarithmic: bool,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), logarithmic: false }
    }

    /// A logarithmic axis, ticks at powers of ten; numbers that are not positive are left out.
    pub fn logarithmic(label: impl Into<String>) -> Self {
        Self { label: label.into(), logarithmic: true }
    }

    fn place(&self, x: f64) -> Option<f64> {
        let x = if self.logarithmic { (x > 0.0).then(|| x.log10())? } else { x };
        x.is_finite().then_some(x)
    }

    /// The range of some placed numbers, widened so that no point sits on the frame.
    fn range(&self, xs: impl Iterator<Item = f64>) -> Range<f64> {
        let (low, high) = xs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            return 0.0..1.0;
        }
        let margin = if self.logarithmic { 0.25 } else { ((high - low) * 0.05).max(0.05 * high.abs()).max(1e-9) };
        low - margin..high + margin
    }

    fn tick(&self, x: f64) -> String {
        if self.logarithmic {
            format!("1e{x:.0}")
        } else if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
            format!("{}", (x * 1e6).round() / 1e6)
        } else {
            format!("{x:.1e}")
        }
    }
}

/// Points of one kind, in the order in which a line joins them.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend says.
    pub name: String,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

/// Why a plot could not be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotError(String);

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot draw the plot: {}", self.0)
    }
}

impl std::error::Error for PlotError {}

/// A plot of some series over two axes.
///
/// # Example
/// ```
/// use sketchlet::report::{Axis, Plot, Series};
/// let plot = Plot {
///     title: "squares".into(),
///     x: Axis::linear("x"),
///     y: Axis::logarithmic("x^2"),
///     series: vec![Series { name: "x^2".into(), points: vec![(1.0, 1.0), (10.0, 100.0)] }],
/// };
/// assert!(plot.svg(640, 400)?.starts_with("<svg"));
/// # Ok::<(), sketchlet::report::PlotError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Printed above.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub series: Vec<Series>,
}

impl Plot {
    /// The plot as an `<svg>` element of this size in pixels.
    ///
    /// # Errors
    /// [`PlotError`] if the drawing library refuses.
    pub fn svg(&self, width: u32, height: u32) -> Result<String, PlotError> {
        let mut text = String::new();
        self.draw(&mut text, width, height).map_err(|error| PlotError(error.to_string()))?;
        // Labels use the page's own sans-serif font; nothing is loaded.
        Ok(text)
    }

    fn draw(&self, text: &mut String, width: u32, height: u32) -> Result<(), Box<dyn std::error::Error + '_>> {
        let placed: Vec<(&str, Vec<(f64, f64)>)> = self
            .series
            .iter()
            .map(|series| {
                let points = series.points.iter().filter_map(|&(x, y)| Some((self.x.place(x)?, self.y.place(y)?)));
                (series.name.as_str(), points.collect())
            })
            .collect();
        let all = || placed.iter().flat_map(|(_, points)| points);
        let (x_range, y_range) = (self.x.range(all().map(|p| p.0)), self.y.range(all().map(|p| p.1)));
        let root = SVGBackend::with_string(text, (width, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(x_range, y_range)?;
        chart
            .configure_mesh()
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .x_label_formatter(&|x| self.x.tick(*x))
            .y_label_formatter(&|y| self.y.tick(*y))
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        for ((name, points), color) in placed.iter().zip(COLORS.iter().cycle()) {
            chart.draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?;
            chart
                .draw_series(points.iter().map(|&point| Circle::new(point, 4, color.filled())))?
                .label(*name)
                .legend(move |(x, y)| Circle::new((x + 8, y), 4, color.filled()));
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .position(SeriesLabelPosition::UpperRight)
            .draw()?;
        root.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_logarithm_are_left_out() {
        let axis = Axis::logarithmic("error");
        assert_eq!(axis.place(0.0), None);
        assert_eq!(axis.place(f64::NAN), None);
        assert_eq!(axis.place(100.0), Some(2.0));
    }

    #[test]
    fn an_empty_plot_is_still_a_picture() {
        let plot = Plot { title: "<none>".into(), x: Axis::linear("x"), y: Axis::linear("y"), series: vec![] };
        let svg = plot.svg(300, 200).unwrap();
        assert!(svg.contains("&lt;none&gt;"), "text must be escaped");
    }
}
