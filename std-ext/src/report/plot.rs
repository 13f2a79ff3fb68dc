//! Line and point plots, as SVG text or PNG.

use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

/// Measures labels in both forms and draws them in PNG; licence beside it.
const LETTERS: &[u8] = include_bytes!("../../font/Lato-Regular.ttf");
/// The family that SVG asks the reader's machine for.
const FAMILY: &str = "sans-serif";
/// Pixels of PNG beside one of SVG: labels stay sharp on dense screens and in print.
const DENSITY: u32 = 2;

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

    fn tick(&self, x: f64, span: &Range<f64>) -> String {
        // Ticks are sums of steps: what should be zero is rounding noise beside the span.
        let x = if x.abs() < 1e-9 * (span.end - span.start) { 0.0 } else { x };
        if self.logarithmic {
            format!("1e{x:.0}")
        } else if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
            format!("{}", (x * 1e6).round() / 1e6)
        } else {
            format!("{x:.1e}")
        }
    }
}

/// How the points of a series are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Marks {
    /// Joined by a line, in their order.
    #[default]
    Line,
    /// Each by itself.
    Points,
    /// Each with an interval above and below it, of the half-widths given.
    Intervals(Vec<f64>),
}

/// Points of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What the legend says.
    pub name: String,
    /// The points.
    pub points: Vec<(f64, f64)>,
    /// How they are drawn.
    pub marks: Marks,
}

impl Series {
    /// Points joined by a line.
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, marks: Marks::Line }
    }

    /// The ends of the interval of point `i`.
    fn ends(&self, i: usize) -> Option<[(f64, f64); 2]> {
        let Marks::Intervals(half_widths) = &self.marks else { return None };
        let (&(x, y), &half_width) = (self.points.get(i)?, half_widths.get(i)?);
        Some([(x, y - half_width), (x, y + half_width)])
    }
}

/// A series whose points stand where they are drawn.
struct Placed<'a> {
    name: &'a str,
    points: Vec<(f64, f64)>,
    is_line: bool,
    intervals: Vec<[(f64, f64); 2]>,
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
///     series: vec![Series::line("x^2", vec![(1.0, 1.0), (10.0, 100.0)])],
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
        // Labels use the page's own sans-serif font; nothing is loaded.
        self.draw(&SVGBackend::with_string(&mut text, (width, height)).into_drawing_area(), 1)
            .map_err(|error| PlotError(error.to_string()))?;
        Ok(text)
    }

    /// The same picture as the bytes of a PNG file, with two by two pixels for each of this size.
    ///
    /// # Errors
    /// [`PlotError`] if the drawing library refuses, or the picture is too large for this machine.
    pub fn png(&self, width: u32, height: u32) -> Result<Vec<u8>, PlotError> {
        let too_large = || PlotError(format!("{width} x {height} pixels are too many"));
        let size =
            (width.checked_mul(DENSITY).ok_or_else(too_large)?, height.checked_mul(DENSITY).ok_or_else(too_large)?);
        let bytes = u64::from(size.0).checked_mul(u64::from(size.1)).and_then(|pixels| pixels.checked_mul(3));
        let len =
            bytes.and_then(|bytes| usize::try_from(bytes).ok()).filter(|&len| len <= LARGEST).ok_or_else(too_large)?;
        let mut pixels = vec![0; len];
        self.draw(&BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area(), DENSITY)
            .map_err(|error| PlotError(error.to_string()))?;
        encode(&pixels, size).map_err(|error| PlotError(error.to_string()))
    }

    /// Draws on any surface, with every length `scale` times what it is in SVG.
    fn draw<'a, B: DrawingBackend + 'a>(
        &'a self,
        root: &DrawingArea<B, plotters::coord::Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn std::error::Error + 'a>> {
        letters()?;
        let px = |length: u32| length * scale;
        let place = |(x, y): (f64, f64)| Some((self.x.place(x)?, self.y.place(y)?));
        let placed: Vec<Placed<'_>> = self
            .series
            .iter()
            .map(|series| {
                let ends = (0..series.points.len()).filter_map(|i| series.ends(i));
                Placed {
                    name: &series.name,
                    points: series.points.iter().copied().filter_map(place).collect(),
                    is_line: series.marks == Marks::Line,
                    intervals: ends.filter_map(|[low, high]| Some([place(low)?, place(high)?])).collect(),
                }
            })
            .collect();
        let all = || placed.iter().flat_map(|series| series.points.iter().chain(series.intervals.as_flattened()));
        let (x_range, y_range) = (self.x.range(all().map(|p| p.0)), self.y.range(all().map(|p| p.1)));
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(root)
            .caption(&self.title, (FAMILY, px(18)))
            .margin(px(12))
            .x_label_area_size(px(44))
            .y_label_area_size(px(64))
            .build_cartesian_2d(x_range.clone(), y_range.clone())?;
        chart
            .configure_mesh()
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .label_style((FAMILY, px(12)))
            .x_label_formatter(&|x| self.x.tick(*x, &x_range))
            .y_label_formatter(&|y| self.y.tick(*y, &y_range))
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        let radius = px(4);
        for (series, color) in placed.iter().zip(COLORS.iter().cycle()) {
            if series.is_line {
                chart.draw_series(LineSeries::new(series.points.iter().copied(), color.stroke_width(px(2))))?;
            }
            let stroke = color.stroke_width(px(2));
            chart.draw_series(series.intervals.iter().map(|ends| PathElement::new(*ends, stroke)))?;
            let caps = series.intervals.as_flattened().iter();
            chart.draw_series(caps.map(|&end| Cross::new(end, radius, color.stroke_width(px(1)))))?;
            chart
                .draw_series(series.points.iter().map(|&point| Circle::new(point, radius, color.filled())))?
                .label(series.name)
                .legend(move |(x, y)| Circle::new((x + 2 * radius.cast_signed(), y), radius, color.filled()));
        }
        chart
            .configure_series_labels()
            .label_font((FAMILY, px(12)))
            .legend_area_size(px(30))
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .position(SeriesLabelPosition::UpperRight)
            .draw()?;
        root.present()?;
        Ok(())
    }
}

/// Bytes of pixels that a picture may have.
const LARGEST: usize = 1 << 30;

/// Makes the letters known to the drawing library, once.
fn letters() -> Result<(), PlotError> {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    let known = KNOWN.get_or_init(|| register_font(FAMILY, FontStyle::Normal, LETTERS).is_ok());
    if *known { Ok(()) } else { Err(PlotError("the letters that come with it are damaged".into())) }
}

fn encode(pixels: &[u8], size: (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
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
    fn intervals_are_drawn_and_widen_the_axis() {
        let narrow = Series { name: "b".into(), points: vec![(0.0, 1.0), (1.0, 2.0)], marks: Marks::Points };
        let wide = Series { marks: Marks::Intervals(vec![50.0, 0.5]), ..narrow.clone() };
        let draw = |series: Series| {
            let plot = Plot { title: "t".into(), x: Axis::linear("x"), y: Axis::linear("y"), series: vec![series] };
            plot.svg(400, 300).unwrap()
        };
        let (narrow, wide) = (draw(narrow), draw(wide));
        assert!(wide.contains("-50") || wide.contains("-40"), "the axis must reach the lower end");
        assert!(wide.matches("<polyline").count() > narrow.matches("<polyline").count());
    }

    #[test]
    fn an_empty_plot_is_still_a_picture() {
        let plot = Plot { title: "<none>".into(), x: Axis::linear("x"), y: Axis::linear("y"), series: vec![] };
        let svg = plot.svg(300, 200).unwrap();
        assert!(svg.contains("&lt;none&gt;"), "text must be escaped");
    }
}
