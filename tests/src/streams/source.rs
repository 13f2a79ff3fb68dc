//! Random numbers for the inputs.

use super::rows::{dot, remove_component};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::Real;

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
