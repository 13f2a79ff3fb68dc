//! The byte form: parameters, counts, order check, then the vectors in use; no scratch.

use super::{Counts, RandomOrderEigen, RandomOrderEigenParams, State, split};
use crate::stream::Scale;
use crate::stream::monitor::Monitor;
use crate::stream::{CompensatedSum, add_rows};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, Storage};

impl<T: Real> Counts<T> {
    fn write(&self, w: &mut Writer<'_>) {
        w.u64(self.rows);
        w.u64(self.light_rows);
        w.u64(self.block_rows);
        w.u64(self.block_len);
        w.real(self.history_rows);
        w.u64(self.steps);
        self.energy.write(w);
        w.real(self.excess);
        w.real(self.missed);
        w.u8(u8::from(self.is_uncertain));
        w.real(self.rayleigh);
        w.real(self.lost);
        w.reals(&self.terms);
        w.u8(self.term_count);
        w.option(self.gap_cap);
        w.len(self.heavy_len);
        w.len(self.waiting);
    }

    fn read(params: &RandomOrderEigenParams, r: &mut Reader<'_>) -> Result<Self, Error> {
        let is_old = r.version() == 1;
        let mut counts = Self {
            rows: r.count()?,
            light_rows: r.count()?,
            block_rows: r.count()?,
            block_len: r.u64()?,
            history_rows: r.amount()?,
            steps: r.count()?,
            energy: CompensatedSum::read(r)?,
            excess: if is_old { T::ZERO } else { r.real()? },
            missed: if is_old { T::ZERO } else { r.real()? },
            is_uncertain: !is_old && r.flag()?,
            rayleigh: r.real()?,
            lost: r.amount()?,
            terms: [r.amount()?, r.amount()?, r.amount()?],
            term_count: r.u8()?,
            gap_cap: r.option()?,
            heavy_len: r.len()?,
            waiting: r.len()?,
        };
        // It didn't tell, and its blocks had smaller shifts.
        counts.is_uncertain |= is_old && counts.history_rows > T::ZERO;
        let sound = counts.heavy_len <= params.heavy_capacity
            && counts.waiting <= params.deferred
            && counts.term_count <= 3
            && add_rows(counts.light_rows, counts.heavy_len as u64) == counts.rows
            && counts.block_rows <= counts.light_rows
            && counts.block_len >= params.first_block_len()
            && counts.excess >= T::ZERO
            && counts.missed >= T::ZERO
            && counts.steps <= counts.rows
            && counts.gap_cap.is_none_or(|cap| cap > T::ZERO)
            && counts.rayleigh.abs() <= most(params, &counts)
            && (params.deferred > 0 || counts.block_rows < counts.block_len);
        if sound { Ok(counts) } else { Err(Error::Corrupt) }
    }
}

/// Lengths of the slices that the byte form carries, in the order of the storage.
fn lengths<T>(params: &RandomOrderEigenParams, counts: &Counts<T>) -> [usize; 4] {
    let dim = params.dim;
    [
        (3 * params.block_width() + 1) * dim + counts.heavy_len * dim,
        counts.heavy_len,
        params.warm_up.storage_len(),
        counts.waiting * dim,
    ]
}

/// What sums over the rows may come to: no more than their energy, unless they are thinned out.
fn most<T: Real>(params: &RandomOrderEigenParams, counts: &Counts<T>) -> T {
    if params.row_sampling > 0.0 { T::max_value() } else { Scale::most(counts.energy.value()) }
}

/// Directions have unit length, and sums no more energy than the rows.
fn check_vectors<T: Real>(
    params: &RandomOrderEigenParams,
    counts: &Counts<T>,
    mut vectors: Reader<'_>,
) -> Result<(), Error> {
    let (dim, width) = (params.dim, params.block_width());
    vectors.skip_directions::<T>(width, dim)?;
    let mut direction = vectors.clone();
    // The direction of the order check is zero until it is set.
    let unset = vectors.clone().skip_bounded(dim, T::ZERO);
    unset.or_else(|_| direction.skip_directions::<T>(1, dim))?;
    vectors.skip_reals::<T>(dim)?;
    let most = most(params, counts);
    vectors.skip_bounded(width * dim, most)?;
    let excess = counts.excess.as_f64() * width as f64;
    vectors.skip_vectors::<T>(1, width * dim, (0.0, most.as_f64() + excess))?;
    vectors.skip_vectors::<T>(counts.heavy_len, dim, (0.0, Scale::most(counts.energy.value()).as_f64()))?;
    vectors.skip_amounts::<T>(counts.heavy_len)
}

impl<T: Real, S: Storage<T>> RandomOrderEigen<T, S> {
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        self.state.counts.write(w);
        self.state.monitor.write(w);
        let (dim, capacity) = (self.params.dim, self.params.heavy_capacity);
        let mut rest = self.storage.as_ref();
        let room = [
            (3 * self.params.block_width() + 1 + capacity) * dim,
            capacity,
            self.params.warm_up.storage_len(),
            self.params.deferred * dim,
        ];
        for (len, room) in lengths(&self.params, &self.state.counts).into_iter().zip(room) {
            let (slice, tail) = rest.split_at(room);
            w.reals(&slice[..len]);
            rest = tail;
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<(RandomOrderEigenParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::RandomOrderEigen, bytes)?;
        let params: RandomOrderEigenParams = r.params()?;
        let scale = Scale::read(&mut r)?;
        let counts = Counts::read(&params, &mut r)?;
        scale.check_energy(counts.energy.value())?;
        let monitor = Monitor::read(params.warm_up, &mut r)?;
        if monitor.rows() > counts.rows {
            return Err(Error::Corrupt);
        }
        let vectors = r.skip_reals::<T>(lengths(&params, &counts).into_iter().sum())?;
        r.end()?;
        check_vectors(&params, &counts, vectors.clone())?;
        Ok((params, State { scale, counts, monitor }, vectors))
    }

    pub(super) fn load(&mut self, vectors: &mut Reader<'_>) {
        let (dim, counts) = (self.params.dim, self.state.counts);
        let parts = split(&self.params, self.storage.as_mut());
        vectors.fill(parts.iterate);
        vectors.fill(parts.products);
        vectors.fill(parts.history);
        vectors.fill(&mut parts.heavy[..counts.heavy_len * dim]);
        vectors.fill(&mut parts.heavy_squares[..counts.heavy_len]);
        vectors.fill(parts.features);
        vectors.fill(&mut parts.waiting[..counts.waiting * dim]);
    }
}
