//! Row streams: the bundled data, synthetic spectra, heavy rows, and the orders they come in.
//!
//! Every input is a function of its arguments alone: same arguments, same rows, on any machine. Synthetic rows are
//! Gaussian unless said otherwise, and turned by a random rotation where a coordinate axis would be too easy.

use crate::oracle::Oracle;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::{MatRef, Real};
use std::cmp::Ordering;
use std::path::Path;

/// Random numbers for the inputs: the generator of the examples, and normal numbers from it.
#[derive(Debug)]
pub struct Source {
    generator: Xoshiro256PlusPlus,
    spare: Option<f64>,
}

impl Source {
    /// The source of a seed.
    pub fn new(seed: u64) -> Self {
        Self { generator: Xoshiro256PlusPlus::seed_from_u64(seed), spare: None }
    }

    /// 64 random bits.
    pub fn word(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.word()) * bound as u128) >> 64) as usize
    }

    /// Standard normal (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        if let Some(x) = self.spare.take() {
            return x;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                // `libm`, by way of `Real`: the same rows on every machine.
                let factor = Real::sqrt(-2.0 * Real::ln(s) / s);
                self.spare = Some(factor * y);
                return factor * x;
            }
        }
    }

    /// A random unit vector.
    pub fn direction(&mut self, dim: usize) -> Vec<f64> {
        let mut v: Vec<f64> = (0..dim).map(|_| self.normal()).collect();
        let norm = dot(&v, &v).sqrt();
        v.iter_mut().for_each(|x| *x /= norm);
        v
    }

    /// A random orthogonal matrix, its rows one after another.
    pub fn rotation(&mut self, dim: usize) -> Vec<Vec<f64>> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(dim);
        while rows.len() < dim {
            let mut v = self.direction(dim);
            for _ in 0..2 {
                rows.iter().for_each(|row| remove_component(&mut v, row));
            }
            let norm = dot(&v, &v).sqrt();
            v.iter_mut().for_each(|x| *x /= norm);
            rows.push(v);
        }
        rows
    }
}

/// Inner product.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// `x += factor y`.
pub fn add_scaled(x: &mut [f64], factor: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += factor * y);
}

/// Makes `x` orthogonal to a unit vector.
fn remove_component(x: &mut [f64], unit: &[f64]) {
    let along = dot(x, unit);
    add_scaled(x, -along, unit);
}

/// Rows of one stream, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    dim: usize,
    data: Vec<f64>,
}

impl Rows {
    /// Rows of `dim` entries, one after another.
    pub fn new(dim: usize, data: Vec<f64>) -> Self {
        assert!(dim > 0 && data.len().is_multiple_of(dim), "{} entries are no rows of {dim}", data.len());
        Self { dim, data }
    }

    /// Row `i` is `row(i)`.
    pub fn collect(dim: usize, rows: impl IntoIterator<Item = Vec<f64>>) -> Self {
        Self::new(dim, rows.into_iter().flatten().collect())
    }

    /// Number of columns.
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.data.len() / self.dim
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// All entries, row after row.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.dim..][..self.dim]
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'_, f64> {
        self.data.chunks_exact(self.dim)
    }

    /// The rows in another scalar, rounded to nearest.
    pub fn cast<T: Real>(&self) -> Vec<T> {
        self.data.iter().map(|&x| T::constant(x)).collect()
    }

    /// The rows as a matrix.
    pub fn matrix(&self) -> MatRef<'_, f64> {
        MatRef::new(&self.data, self.len(), self.dim).unwrap()
    }

    /// Sum of the squares of all entries.
    pub fn energy(&self) -> f64 {
        self.iter().map(|row| dot(row, row)).sum()
    }

    /// The first `n` rows.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        Self::new(self.dim, self.data[..n.min(self.len()) * self.dim].to_vec())
    }

    /// Rows `first..first + n`.
    #[must_use]
    pub fn slice(&self, first: usize, n: usize) -> Self {
        Self::new(self.dim, self.data[first * self.dim..(first + n) * self.dim].to_vec())
    }

    /// Every `step`-th row from `start` on: a shard of a round robin.
    #[must_use]
    pub fn every(&self, start: usize, step: usize) -> Self {
        Self::collect(self.dim, self.iter().skip(start).step_by(step).map(<[f64]>::to_vec))
    }

    /// The rows in the order of the indices.
    #[must_use]
    pub fn in_order(&self, order: &[usize]) -> Self {
        Self::collect(self.dim, order.iter().map(|&i| self.row(i).to_vec()))
    }

    /// The rows in random order.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut source = Source::new(seed ^ 0x5348_5546_464c_4521);
        let mut order: Vec<usize> = (0..self.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, source.below(i + 1));
        }
        self.in_order(&order)
    }

    fn sorted_by(&self, key: impl Fn(&[f64]) -> f64) -> Self {
        let keys: Vec<f64> = self.iter().map(key).collect();
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&i, &j| keys[i].partial_cmp(&keys[j]).unwrap_or(Ordering::Equal));
        self.in_order(&order)
    }

    /// Shortest rows first.
    #[must_use]
    pub fn norm_up(&self) -> Self {
        self.sorted_by(|row| dot(row, row))
    }

    /// Longest rows first.
    #[must_use]
    pub fn norm_down(&self) -> Self {
        self.sorted_by(|row| -dot(row, row))
    }

    /// By the component along a vector, smallest first.
    #[must_use]
    pub fn along(&self, v: &[f64]) -> Self {
        self.sorted_by(|row| dot(row, v))
    }

    /// By the component along the top eigenvector.
    #[must_use]
    pub fn along_top(&self) -> Self {
        self.along(Oracle::of(self).vector(0))
    }

    /// The rows minus their mean.
    #[must_use]
    pub fn centered(&self) -> Self {
        let mut mean = vec![0.0; self.dim];
        self.iter().for_each(|row| add_scaled(&mut mean, 1.0 / self.len() as f64, row));
        self.map_rows(|row| add_scaled(row, -1.0, &mean))
    }

    /// Every row changed in place.
    #[must_use]
    pub fn map_rows(&self, change: impl Fn(&mut [f64])) -> Self {
        let mut data = self.data.clone();
        data.chunks_exact_mut(self.dim).for_each(change);
        Self::new(self.dim, data)
    }

    /// All entries times a power of two.
    #[must_use]
    pub fn times_power_of_two(&self, e: i32) -> Self {
        Self::new(self.dim, self.data.iter().map(|&x| Real::times_power_of_two(x, e)).collect())
    }

    /// Every row times an orthogonal matrix given by its rows: coordinate `i` becomes the multiple of row `i`.
    #[must_use]
    pub fn rotated(&self, rotation: &[Vec<f64>]) -> Self {
        Self::collect(self.dim, self.iter().map(|row| rotate(row, rotation)))
    }

    /// The rows with one more before row `at`.
    #[must_use]
    pub fn with_row(&self, at: usize, row: &[f64]) -> Self {
        let mut data = self.data.clone();
        data.splice(at * self.dim..at * self.dim, row.iter().copied());
        Self::new(self.dim, data)
    }

    /// These rows, then others.
    #[must_use]
    pub fn then(&self, others: &Self) -> Self {
        Self::new(self.dim, [&self.data[..], &others.data[..]].concat())
    }
}

/// `sum x_i r_i` over the rows `r_i` of an orthogonal matrix.
pub fn rotate(x: &[f64], rotation: &[Vec<f64>]) -> Vec<f64> {
    let mut to = vec![0.0; x.len()];
    x.iter().zip(rotation).for_each(|(&x, row)| add_scaled(&mut to, x, row));
    to
}

/// The first `columns` columns of a bundled file.
///
/// # Panics
/// If the file is not where the repository has it.
pub fn bundled(name: &str, columns: usize) -> Rows {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../std-ext/data").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows = text.lines().skip(1).map(|line| {
        let row: Vec<f64> = line.split(',').take(columns).map(|cell| cell.trim().parse().unwrap()).collect();
        assert_eq!(row.len(), columns, "{name}: {line}");
        row
    });
    Rows::collect(columns, rows)
}

/// Three accelerometers on a walking person: 7040 x 9.
pub fn imu() -> Rows {
    bundled("gait_imu.csv", 9)
}

/// Grey images of handwritten digits: 1797 x 64, rank 61.
pub fn digits() -> Rows {
    bundled("digits.csv", 64)
}

/// Health insurance experiment: 20190 x 10.
pub fn randhie() -> Rows {
    bundled("randhie.csv", 10)
}

/// Radiator sensors of the space shuttle, the first 20,000 rows: x 9, one row heavier than the rest together.
pub fn shuttle() -> Rows {
    bundled("shuttle.csv", 9).first(20_000)
}

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

/// The noise-dominated inputs of the eigen family: `n = 10000`.
pub mod eigen {
    use super::{Rows, decay, digits, heavy_away, heavy_mix, heavy_tailed, imu, lag_windows, randhie, spiked};

    /// `d = 64`, population ratio 2, sample gap 1.72.
    pub fn sp64_r2() -> Rows {
        spiked(10_000, 64, 2.0, 11)
    }

    /// `d = 64`, population ratio 4.
    pub fn sp64_r4() -> Rows {
        spiked(10_000, 64, 4.0, 2)
    }

    /// `d = 256`, population ratio 3, sample gap 2.26.
    pub fn sp256_r3() -> Rows {
        spiked(10_000, 256, 3.0, 3)
    }

    /// `d = 64`, 12 heavy rows with half of the energy, gap about 6.7.
    pub fn hm64() -> Rows {
        heavy_mix(10_000, 64, 2.0, 12, 0.5, 7)
    }

    /// `d = 64`, spectrum 3, 1, 1/2, 1/3, ...
    pub fn sd64() -> Rows {
        decay(10_000, 64, 3.0, 1.0, 1.0, 5)
    }

    /// Inputs on which nothing was tuned, by name.
    pub fn fresh() -> [(&'static str, Rows); 9] {
        [
            ("spiked, d = 96", spiked(10_000, 96, 3.0, 21)),
            ("spiked, d = 32", spiked(10_000, 32, 1.8, 22)),
            ("heavy mix, d = 48", heavy_mix(10_000, 48, 2.0, 10, 0.44, 23)),
            ("heavy away, d = 200", heavy_away(20_000, 200, 12, 24)),
            ("decay, d = 128", decay(10_000, 128, 3.1, 1.0, 0.5, 25)),
            ("t3, d = 40", heavy_tailed(10_000, 40, 4.5, 26)),
            ("lag windows of gait_imu", lag_windows(&imu(), 3, 32)),
            ("digits, centred", digits().centered()),
            ("randhie, centred", randhie().centered()),
        ]
    }
}
