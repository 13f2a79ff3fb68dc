//! Exact eigenvectors of few rows with many columns: by the products of the rows with each other.

use super::answer::{Answer, certified, rank_deficient};
use super::summary::{JACOBI, Summary};
use crate::cli::args::{EigenArguments, Method};
use crate::cli::failure::{Failure, allocated};
use crate::eigen::{ExactEigen, ExactEigenParams};
use crate::io::{Batch, RowReader};
use crate::linalg::{packed, vector};
use crate::stream::Centered;
use crate::{CoreError, Error, MatRef, Real, RowSummary, Wire};

/// Bytes of rows that are held to see whether there are few, and of a covariance that is saved without asking for more.
const HELD: u64 = 1 << 27;

/// All rows of a table that has fewer than columns.
pub(super) struct FewRows<T> {
    rows: Vec<T>,
    dim: usize,
    rank: usize,
    is_centered: bool,
    /// The covariance in its byte form, if it is to be saved.
    wire: Vec<u8>,
}

/// Reads the rows if they are few, and if the flags ask for exact vectors; else the reader has all of them again.
pub(super) fn read<T: Real>(
    reader: &mut RowReader<T>,
    arguments: &EigenArguments,
    params: ExactEigenParams,
) -> Result<Option<FewRows<T>>, Failure> {
    let dim = reader.columns().len();
    let is_exact = matches!(arguments.method, Method::Auto | Method::Exact) && arguments.shuffle_buffer.is_none();
    if !is_exact || dim <= JACOBI {
        return Ok(None);
    }
    let room = HELD / (dim * T::BYTES) as u64;
    let limit = usize::try_from(room).unwrap_or(usize::MAX).min(dim);
    let mut batch = Batch::default();
    let read = reader.read_into(&mut batch, limit)?;
    if read == limit || read == 0 {
        reader.put_back(batch);
        return Ok(None);
    }
    let bytes = (packed::len(dim) as u64).saturating_mul(T::BYTES as u64);
    if arguments.save.is_some() && bytes > arguments.memory.max(HELD) {
        let memory = arguments.memory;
        let what = format!(
            "--save: the covariance of {dim} columns takes {bytes} bytes, more than --memory {memory}: raise it, or leave --save out"
        );
        return Err(Error::request(what).in_file(reader.name()).into());
    }
    let wire = if arguments.save.is_none() {
        Ok(Vec::new())
    } else if arguments.center {
        covariance(ExactEigen::<T, _>::new(params).and_then(Centered::new), batch.rows())
    } else {
        covariance(ExactEigen::<T, _>::new(params), batch.rows())
    };
    let wire = wire.map_err(allocated::<T>)?;
    let rows = batch.rows().as_slice().to_vec();
    Ok(Some(FewRows { rows, dim, rank: arguments.rank, is_centered: arguments.center, wire }))
}

/// The bytes of a summary that has seen the rows.
fn covariance<M: RowSummary + Wire>(
    summary: Result<M, CoreError>,
    rows: MatRef<'_, M::Scalar>,
) -> Result<Vec<u8>, CoreError> {
    let mut summary = summary?;
    summary.update_batch(rows)?;
    Ok(summary.encode())
}

impl<T: Real> FewRows<T> {
    /// The rows in `f64`, times `2^-exponent`, less their mean where that is asked for.
    fn scaled(&self) -> (Vec<f64>, i32) {
        let largest = vector::max_abs(&self.rows).as_f64();
        let exponent = if largest > 0.0 { Real::exponent(largest) } else { 0 };
        let mut scaled: Vec<f64> = self.rows.iter().map(|x| Real::times_power_of_two(x.as_f64(), -exponent)).collect();
        let (len, count) = (scaled.len(), self.rows_seen() as f64);
        let columns = if self.is_centered { 0..self.dim } else { 0..0 };
        for column in columns {
            let entries = || (column..len).step_by(self.dim);
            // Twice: the second mean is what rounding left of the first.
            for _ in 0..2 {
                let mean = entries().fold(0.0, |sum, at| sum + scaled[at]) / count;
                entries().for_each(|at| scaled[at] -= mean);
            }
        }
        (scaled, exponent)
    }
}

impl<T: Real> RowSummary for FewRows<T> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.dim
    }

    fn rows_seen(&self) -> u64 {
        (self.rows.len() / self.dim) as u64
    }

    fn update(&mut self, row: &[T]) -> Result<(), CoreError> {
        self.rows.extend_from_slice(row);
        Ok(())
    }

    fn clear(&mut self) {
        self.rows.clear();
    }
}

impl<T: Real> Summary<T> for FewRows<T> {
    /// The products of the rows with each other have the values of the covariance; its vectors are combinations of the rows.
    fn answer(&mut self) -> Result<Answer, Error> {
        let (dim, rank, count) = (self.dim, self.rank, self.rows.len() / self.dim);
        let (rows, exponent) = self.scaled();
        let mut columns = vec![0.0; rows.len()];
        for (i, row) in rows.chunks_exact(dim).enumerate() {
            row.iter().enumerate().for_each(|(j, &x)| columns[j * count + i] = x);
        }
        let products = crate::wide::gram(MatRef::new(&columns, dim, count)?);
        let energy = packed::trace(&products, count);
        if energy <= 0.0 {
            return Err(CoreError::TooFewRows { needed: 1, got: 0 }.into());
        }
        let (values, weights) = crate::wide::eigen(&products, count)?;
        // Sums of as many products as there are columns, centred entries, and the solver.
        let roundings = dim as f64 + 8.0 + 64.0 * (count as f64 + 1.0);
        let allowance = roundings * f64::EPSILON * energy;
        let noise = dim as f64 * f64::EPSILON * values[0];
        let available = values.iter().take(rank).take_while(|&&x| x > noise).count();
        if available < rank {
            return Err(rank_deficient::<f64>(available, dim));
        }
        let mut vectors: Vec<f64> = vec![0.0; rank * dim];
        for (k, weights) in weights.iter().enumerate().take(rank) {
            let (before, rest) = vectors.split_at_mut(k * dim);
            let vector = &mut rest[..dim];
            rows.chunks_exact(dim).zip(weights).for_each(|(row, &weight)| vector::add_scaled(vector, weight, row));
            vector::normalize(vector);
            vector::orthogonalize(vector, before);
            vector::normalize(vector);
        }
        vectors.chunks_exact_mut(dim).for_each(vector::fix_sign);
        let vectors = vectors.chunks_exact(dim).map(<[f64]>::to_vec).collect();
        // A combination of the rows is off by more the shorter it is.
        let stretch = (rank as f64 * values[0] / values[rank - 1]).sqrt();
        Ok(certified(vectors, &values, rank, (noise, Some(allowance)), 2 * exponent, stretch))
    }

    fn state_bytes(&self) -> usize {
        self.rows.len() * T::BYTES + size_of::<Self>()
    }

    fn rank(&self) -> usize {
        self.rank
    }

    fn to_wire(&self) -> Vec<u8> {
        self.wire.clone()
    }
}
