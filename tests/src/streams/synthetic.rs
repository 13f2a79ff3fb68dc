//! Rows with a spectrum that is asked for: spikes, decay, heavy rows, ties.

use super::rows::{add_scaled, dot, remove_component, rotate};
use super::{Rows, Source};
use crate::oracle::Oracle;

/// Gaussian rows with the given variances along the axes of a random rotation.
pub fn gaussian(n: usize, variances: &[f64], seed: u64) -> Rows {
    let dim = variances.len();
    let mut source = Source::new(seed);
    let rotation = source.rotation(dim);
    // Rotation and deviations in one matrix: row `i` times deviation `i`.
    let scaled: Vec<Vec<f64>> = rotation
        .iter()
        .zip(variances)
        .map(|(row, variance)| row.iter().map(|x| x * variance.sqrt()).collect())
        .collect();
    Rows::collect(
        dim,
        (0..n).map(|_| {
            let z: Vec<f64> = (0..dim).map(|_| source.normal()).collect();
            rotate(&z, &scaled)
        }),
    )
}

/// Noise of variance 1 in every direction but one, a random one, where it is `ratio`.
pub fn spiked(n: usize, dim: usize, ratio: f64, seed: u64) -> Rows {
    spiked_along(n, dim, ratio, seed, Source::normal).0
}

/// [`spiked`], and the direction. Noise needs no rotation but for the spike: cheaper at large `dim`.
fn spiked_along(n: usize, dim: usize, ratio: f64, seed: u64, draw: impl Fn(&mut Source) -> f64) -> (Rows, Vec<f64>) {
    let mut source = Source::new(seed);
    let top = source.direction(dim);
    let stretch = ratio.sqrt() - 1.0;
    let rows = Rows::collect(
        dim,
        (0..n).map(|_| {
            let mut row: Vec<f64> = (0..dim).map(|_| draw(&mut source)).collect();
            let along = dot(&row, &top);
            add_scaled(&mut row, stretch * along, &top);
            row
        }),
    );
    (rows, top)
}

/// Share of a heavy row's energy along the top direction, in [`heavy_mix`]: makes the gap of the input `hm64` 6.7.
pub const HEAVY_ALONG: f64 = 0.5;

/// [`spiked`] rows, `heavy` of them replaced by long ones that hold the share `energy` of everything. Each has the share
/// [`HEAVY_ALONG`] of its energy along the spike and the rest in a random direction of its own.
pub fn heavy_mix(n: usize, dim: usize, ratio: f64, heavy: usize, energy: f64, seed: u64) -> Rows {
    let (light, top) = spiked_along(n - heavy, dim, ratio, seed, Source::normal);
    let mut source = Source::new(seed ^ 0x48_4541_5659);
    let square = light.energy() * energy / (1.0 - energy) / heavy as f64;
    let rows = Rows::collect(
        dim,
        (0..heavy).map(|_| {
            let mut row = orthogonal_to(&top, square * (1.0 - HEAVY_ALONG), &mut source);
            add_scaled(&mut row, (square * HEAVY_ALONG).sqrt(), &top);
            row
        }),
    );
    light.then(&rows).shuffled(seed)
}

/// [`spiked`] rows (ratio 3), `heavy` of them replaced by long ones in random directions orthogonal to the spike: the
/// square of each is half the energy of the noise in one direction.
pub fn heavy_away(n: usize, dim: usize, heavy: usize, seed: u64) -> Rows {
    let (light, top) = spiked_along(n - heavy, dim, 3.0, seed, Source::normal);
    let mut source = Source::new(seed ^ 0x4157_4159);
    let rows = Rows::collect(dim, (0..heavy).map(|_| orthogonal_to(&top, 0.5 * n as f64, &mut source)));
    light.then(&rows).shuffled(seed)
}

/// A vector of random direction orthogonal to a unit vector.
fn orthogonal_to(unit: &[f64], square: f64, source: &mut Source) -> Vec<f64> {
    let mut v = source.direction(unit.len());
    remove_component(&mut v, unit);
    let factor = (square / dot(&v, &v)).sqrt();
    v.iter_mut().for_each(|x| *x *= factor);
    v
}

/// Gaussian rows with the spectrum `top`, then `scale i^-power`.
pub fn decay(n: usize, dim: usize, top: f64, scale: f64, power: f64, seed: u64) -> Rows {
    let tail = (1..dim).map(|i| scale * (i as f64).powf(-power));
    let variances: Vec<f64> = std::iter::once(top).chain(tail).collect();
    gaussian(n, &variances, seed)
}

/// [`spiked`] with entries from Student's t distribution with 3 degrees of freedom (variance 3) in place of normal ones.
pub fn heavy_tailed(n: usize, dim: usize, ratio: f64, seed: u64) -> Rows {
    let t3 = |source: &mut Source| {
        let z = source.normal();
        let chi2: f64 = (0..3).map(|_| source.normal().powi(2)).sum();
        z / (chi2 / 3.0).sqrt()
    };
    spiked_along(n, dim, ratio, seed, t3).0
}

/// Windows of `lags` successive samples of one channel, centred: periodic signals have nearly tied pairs.
pub fn lag_windows(rows: &Rows, column: usize, lags: usize) -> Rows {
    let mean = rows.iter().map(|row| row[column]).sum::<f64>() / rows.len() as f64;
    let signal: Vec<f64> = rows.iter().map(|row| row[column] - mean).collect();
    Rows::collect(lags, signal.windows(lags).map(<[f64]>::to_vec))
}

/// The rows with one more, last but one, orthogonal to all others and `length` times as long as the first singular value:
/// alone it decides the answer. The rows' last column must be free; it is where the long row points.
pub fn late_heavy(rows: &Rows, length: f64) -> Rows {
    let blanked = rows.map_rows(|row| *row.last_mut().unwrap() = 0.0);
    let mut long = vec![0.0; rows.dim()];
    *long.last_mut().unwrap() = length * Oracle::of(&blanked).value(0).sqrt();
    blanked.with_row(rows.len() - 1, &long)
}

/// Rows along the first `tied` axes in turn, all equally long, then noise a tenth as long: exactly tied values.
pub fn tied(n: usize, dim: usize, tied: usize, seed: u64) -> Rows {
    let mut source = Source::new(seed);
    let n = n / tied * tied;
    Rows::collect(
        dim,
        (0..n).map(|i| {
            let mut row = vec![0.0; dim];
            row[i % tied] = if source.word() & 1 == 1 { 1.0 } else { -1.0 };
            row
        }),
    )
    .shuffled(seed)
}
