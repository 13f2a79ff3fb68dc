//! The submodular section of the demo: the best elements of a sliding window, beside greedy over the whole window each time.

use super::data::{DIGITS, rows};
use crate::report::{Axis, Plot, PlotError, Section, Series, Table};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::Error;
use sketchlet_core::submodular::{
    Counted, FacilityLocation, GreedyParams, GroundSet, LazyDynamic, LazyDynamicParams, LazyGreedy,
};
use std::fmt::Write;

/// Images of the window, images chosen, images that stand for all.
const WINDOW: usize = 500;
const SLOTS: std::ops::Range<u32> = 0..500;
const SIZE: usize = 16;
const EXEMPLARS: usize = 64;
/// Slides between two comparisons.
const STRIDE: usize = 25;

pub(super) fn sections(seed: u64) -> Result<Vec<Section>, PlotError> {
    let images = rows(DIGITS);
    // The data are compiled in and tested: there is always an answer.
    let run = Run::new(&images, seed).unwrap_or_default();
    Ok(vec![run.section(&images)?])
}

/// A comparison at one moment.
struct Moment {
    /// Images seen.
    seen: usize,
    value: f64,
    bound: f64,
    greedy: f64,
}

#[derive(Default)]
struct Run {
    moments: Vec<Moment>,
    /// Gains an update, an answer after each included, and those of polishing.
    gains: f64,
    polish: f64,
    /// Gains of greedy over the whole window, once.
    greedy: f64,
    chosen: Vec<usize>,
}

impl Run {
    fn new(images: &[Vec<f64>], seed: u64) -> Result<Self, Error> {
        let exemplars: Vec<&Vec<f64>> = images.iter().step_by(images.len() / EXEMPLARS).take(EXEMPLARS).collect();
        let gamma = 1.0 / median(images.iter().step_by(7).flat_map(|x| exemplars.iter().map(move |y| apart(x, y))));
        let similarities = |x: &Vec<f64>| exemplars.iter().map(|y| (-gamma * apart(x, y)).exp()).collect::<Vec<f64>>();
        let mut table = vec![0.0; WINDOW * EXEMPLARS];
        let prefix = FacilityLocation::new(&table, EXEMPLARS)?.prefix_len(SIZE);
        let mut best = LazyDynamic::<f64, u16, _, _>::new(LazyDynamicParams::new(WINDOW, SIZE).prefix(prefix))?;
        let mut greedy = LazyGreedy::<f64, u16, _, _>::new(GreedyParams::new(WINDOW, SIZE).prefix(prefix))?;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let ids: Vec<u32> = SLOTS.collect();
        let (mut run, mut updates) = (Self::default(), 0);
        for (seen, (image, id)) in images.iter().zip(SLOTS.cycle()).enumerate() {
            // Until the window is full, elements only come.
            let is_full = seen >= WINDOW;
            if is_full {
                let oracle = Counted::new(FacilityLocation::new(&table, EXEMPLARS)?);
                best.delete(&oracle, id, &mut rng)?;
                best.query(&oracle, &mut rng)?;
                run.gains += oracle.gains() as f64;
            }
            table[id as usize * EXEMPLARS..][..EXEMPLARS].copy_from_slice(&similarities(image));
            let oracle = Counted::new(FacilityLocation::new(&table, EXEMPLARS)?);
            best.insert(&oracle, id, &mut rng)?;
            let mut answer = best.query(&oracle, &mut rng)?;
            if !is_full {
                continue;
            }
            updates += 2;
            let before = oracle.gains();
            run.gains += before as f64;
            answer = best.polish(&oracle).unwrap_or(answer);
            run.polish += (oracle.gains() - before) as f64;
            if seen % STRIDE == 0 {
                let oracle = Counted::new(FacilityLocation::new(&table, EXEMPLARS)?);
                let whole = greedy.select(&oracle, &ids)?;
                run.greedy += oracle.gains() as f64;
                let bound = answer.upper_bound.unwrap_or(f64::INFINITY);
                run.moments.push(Moment { seen, value: answer.value, bound, greedy: whole.value });
            }
            // The slot of an image is the place of the last image with that remainder.
            run.chosen = best.selected().iter().map(|&slot| seen - (seen - usize::from(slot)) % WINDOW).collect();
        }
        run.gains /= f64::from(updates);
        run.polish /= f64::from(updates / 2);
        run.greedy /= run.moments.len() as f64;
        Ok(run)
    }

    fn mean(&self, what: impl Fn(&Moment) -> f64) -> f64 {
        self.moments.iter().map(what).sum::<f64>() / self.moments.len().max(1) as f64
    }

    fn least(&self, what: impl Fn(&Moment) -> f64) -> f64 {
        self.moments.iter().map(what).fold(f64::INFINITY, f64::min)
    }

    fn section(&self, images: &[Vec<f64>]) -> Result<Section, PlotError> {
        let line = |name: &str, what: fn(&Moment) -> f64| {
            Series::line(name, self.moments.iter().map(|moment| (moment.seen as f64, what(moment))).collect())
        };
        let plot = Plot {
            title: format!("Worth of the {SIZE} images chosen, while the window slides"),
            x: Axis::linear("images seen"),
            y: Axis::linear("facility location"),
            series: vec![
                line("proven bound on the best", |moment| moment.bound),
                line("greedy over the whole window", |moment| moment.greedy),
                line("kept while it slides", |moment| moment.value),
            ],
        };
        let percent = |x: f64| format!("{:.1} %", 100.0 * x);
        let of_greedy = |moment: &Moment| moment.value / moment.greedy;
        let of_bound = |moment: &Moment| moment.value / moment.bound;
        let row = |name: &str, cells: [String; 2]| std::iter::once(name.to_owned()).chain(cells).collect();
        Ok(Section {
            heading: "Sixteen digits that stand for the last five hundred".into(),
            text: vec![format!(
                "A window of {WINDOW} of the 1,797 images slides on by one image at a time; after every update there is an \
                 answer: the {SIZE} images that best represent {EXEMPLARS} fixed ones. It costs {:.0} gains an update, and \
                 {:.0} to polish; greedy over the whole window costs {:.0} each time. What is proven of an answer comes with \
                 it.",
                self.gains, self.polish, self.greedy
            )],
            figures: vec![plot.svg(860, 480)?, picture(images, &self.chosen)],
            table: Some(Table {
                header: ["answers kept while the window slides", "mean", "least"].map(String::from).to_vec(),
                rows: vec![
                    row("share of greedy's value", [percent(self.mean(of_greedy)), percent(self.least(of_greedy))]),
                    row("share proven", [percent(self.mean(of_bound)), percent(self.least(of_bound))]),
                ],
            }),
            ..Section::default()
        })
    }
}

/// Square of the distance.
fn apart(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(1.0)
}

/// Images side by side, a square for each pixel.
fn picture(images: &[Vec<f64>], chosen: &[usize]) -> String {
    const PIXEL: usize = 6;
    const SIDE: usize = 8;
    let step = PIXEL * (SIDE + 1);
    let mut svg = String::new();
    let width = step * chosen.len();
    // Writing to a string can't fail.
    let _ = write!(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {}\">", PIXEL * SIDE);
    for (place, &image) in chosen.iter().enumerate() {
        let pixels = images.get(image).map(Vec::as_slice).unwrap_or_default();
        for (i, &ink) in pixels.iter().enumerate().filter(|&(_, &ink)| ink > 0.0) {
            let (x, y) = (place * step + i % SIDE * PIXEL, i / SIDE * PIXEL);
            let opacity = (ink / 16.0 * 100.0).round() / 100.0;
            let _ = write!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{PIXEL}\" height=\"{PIXEL}\" fill-opacity=\"{opacity}\"/>"
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stay_close_to_greedy_and_prove_it() {
        let images = rows(DIGITS);
        let run = Run::new(&images, 0).unwrap();
        assert!(run.moments.len() > 50);
        let of_greedy = run.mean(|moment| moment.value / moment.greedy);
        assert!(of_greedy > 0.95, "{of_greedy}");
        assert!(run.least(|moment| moment.value / moment.bound) > 0.55);
        assert!(run.moments.iter().all(|moment| moment.greedy <= moment.bound * (1.0 + 1e-12)));
        assert!(run.gains < 0.1 * run.greedy, "{} {}", run.gains, run.greedy);
        assert!(run.chosen.len() == SIZE && run.chosen.iter().all(|&image| image >= images.len() - WINDOW));
        let svg = picture(&images, &run.chosen);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>") && svg.matches("<rect").count() > 16 * 20);
    }
}
