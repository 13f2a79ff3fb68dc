//! Is the order of the rows random? Counts whose distribution is known exactly if it is.

use super::{Scale, add_rows};
use crate::base::params::{Field, Visitor, params, positive};
use crate::base::wide;
use crate::linalg::vector;
use crate::random::keyed::{Domain, word};
use crate::stream::summary::{constructors, wire_form};
use crate::wire::{self, Kind, Reader, Writer};
use crate::{Error, Real, RowSummary, Storage};

/// Rows that set the thresholds.
pub(crate) const WARM_UP: u64 = 64;
/// Rows after which a summary hands over the direction of the third feature.
pub(crate) const DIRECTION_AT: u64 = 32;
/// Windows of the drift test.
const WINDOWS: usize = 16;
/// Rows of a window at first.
const FIRST_WINDOW: u32 = 8;
/// Rows after the warm-up before anything is tested.
const FIRST_LOOK: u64 = 128;
/// Rows whose remedian serves as threshold with [`WarmUp::Running`]: three to the power of the levels.
const REMEDIAN_OF: usize = 27;
/// Values that wait for a third one, two a level.
const PENDING: usize = 6;
/// Standard deviations at which the order is flagged.
const LIMIT: f64 = 6.0;

/// How the monitor finds the medians of its first rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUp {
    /// Keep the features of the first 64 rows: 160 scalars; shards can be compared when they merge.
    #[default]
    Stored,
    /// Track medians of medians of the first 27: 18 scalars. The thresholds lie farther from the median, so the test of
    /// the level sees less, and a merge tests nothing.
    Running,
}

impl WarmUp {
    pub(crate) const fn storage_len(self) -> usize {
        match self {
            Self::Stored => 160,
            Self::Running => 3 * PENDING,
        }
    }
}

impl Field for WarmUp {
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), Error> {
        let mut is_running = *self == Self::Running;
        is_running.visit(visitor)?;
        *self = if is_running { Self::Running } else { Self::Stored };
        Ok(())
    }
}

/// How far the order of the rows is from random, in standard deviations: three tests, each near 0 for a random order.
///
/// Above 6 in magnitude the order is flagged; that happens to a random order with a probability below 1e-6 a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OrderReport<T> {
    /// Change of level over the stream, largest over the features.
    pub drift: T,
    /// Too few (negative) or too many changes between neighbours, the one of largest magnitude.
    pub runs: T,
    /// Later rows against the first ones, largest over the features.
    pub level: T,
}

/// The counters; the stored features are handed in by the owner of the storage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Monitor<T> {
    warm_up: WarmUp,
    rows: u64,
    thresholds: [T; 3],
    /// Rows above the threshold in each window, for each feature.
    windows: [[u32; WINDOWS]; 3],
    window_len: u32,
    /// Windows that are full.
    filled: u8,
    /// Rows in the open window.
    open: u32,
    /// Changes between neighbours, for each feature.
    changes: [u64; 3],
    last: [bool; 3],
    /// Rows below the threshold, for the first two features.
    below: [u64; 2],
    /// The order was found not to be random; never taken back.
    pub(crate) flagged: bool,
}

/// Where feature `f` starts in the stored features.
const STORED: [usize; 3] = [0, 64, 128];

impl<T: Real> Monitor<T> {
    pub(crate) fn new(warm_up: WarmUp) -> Self {
        Self { warm_up, window_len: FIRST_WINDOW, ..Self::default() }
    }

    /// Rows observed.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the features of one row: squared length, signed sum, square along the frozen direction.
    pub(crate) fn observe(&mut self, stored: &mut [T], features: [T; 3]) {
        self.rows = add_rows(self.rows, 1);
        if self.rows > WARM_UP {
            self.count(features);
            return;
        }
        for (f, &x) in features.iter().enumerate() {
            // The direction exists from row 33 on.
            let seen = if f < 2 { self.rows } else { self.rows.saturating_sub(DIRECTION_AT) };
            if seen > 0 {
                self.store(stored, f, seen, x);
            }
        }
        if self.rows == WARM_UP && self.warm_up == WarmUp::Stored {
            for (f, threshold) in self.thresholds.iter_mut().enumerate() {
                *threshold = median_of(&stored[STORED[f]..][..if f < 2 { 64 } else { 32 }]);
            }
        }
    }

    /// Takes the features of one row after the warm-up.
    #[inline(always)]
    pub(crate) fn observe_later(&mut self, features: [T; 3]) {
        self.rows = add_rows(self.rows, 1);
        self.count(features);
    }

    fn store(&mut self, stored: &mut [T], f: usize, seen: u64, x: T) {
        #[allow(clippy::cast_possible_truncation, reason = "at most 64")]
        let seen = seen as usize;
        match self.warm_up {
            WarmUp::Stored => stored[STORED[f] + seen - 1] = x,
            WarmUp::Running => {
                if let Some(threshold) = remedian(&mut stored[PENDING * f..][..PENDING], seen, x) {
                    self.thresholds[f] = threshold;
                }
            }
        }
    }

    #[inline(always)]
    fn count(&mut self, features: [T; 3]) {
        // 2^31 rows a window are 3e10 rows: what was seen until then has decided.
        if self.window_len > u32::MAX / 2 {
            return;
        }
        let first = self.rows == WARM_UP + 1;
        for (f, &x) in features.iter().enumerate() {
            let above = x > self.thresholds[f];
            self.windows[f][usize::from(self.filled)] += u32::from(above);
            self.changes[f] += u64::from(!first && above != self.last[f]);
            self.last[f] = above;
            if let Some(below) = self.below.get_mut(f) {
                *below += u64::from(x < self.thresholds[f]);
            }
        }
        self.open += 1;
        if self.open == self.window_len {
            self.open = 0;
            self.filled += 1;
        }
        if usize::from(self.filled) == WINDOWS {
            for windows in &mut self.windows {
                for i in 0..WINDOWS / 2 {
                    windows[i] = windows[2 * i] + windows[2 * i + 1];
                }
                windows[WINDOWS / 2..].fill(0);
            }
            self.filled /= 2;
            self.window_len *= 2;
        }
    }

    /// Rows counted after the warm-up.
    fn counted(&self) -> u64 {
        u64::from(self.filled) * u64::from(self.window_len) + u64::from(self.open)
    }

    /// The three statistics; all zero while there are too few rows to say anything.
    pub(crate) fn report(&self) -> OrderReport<T> {
        let mut report = OrderReport::default();
        let n = self.counted();
        if n < FIRST_LOOK {
            return report;
        }
        for f in 0..3 {
            let above: u64 = self.windows[f].iter().map(|&c| u64::from(c)).sum();
            if let Some(&below) = self.below.get(f) {
                report.level = report.level.max(level(above.max(below), n, self.warm_up));
            }
            if above < 16 || n - above < 16 {
                continue;
            }
            // Both have the distribution that they are measured against only if rare rows are not too rare: a window must
            // hold some, and pairs of neighbours must be expected.
            let rare = above.min(n - above);
            if 10 * rare >= n || rare * u64::from(self.window_len) >= 20 * n {
                report.drift = report.drift.max(self.drift(f, above, n));
            }
            if rare * rare >= 25 * n {
                let runs: T = runs(self.changes[f], above, n);
                if runs.abs() > report.runs.abs() {
                    report.runs = runs;
                }
            }
        }
        report
    }

    /// Chi-square of the window counts, brought to a normal scale (Wilson and Hilferty).
    fn drift(&self, f: usize, above: u64, n: u64) -> T {
        let p = T::count(above) / T::count(n);
        let spread = p * (T::ONE - p);
        let (mut chi2, mut windows) = (T::ZERO, 0u64);
        for (w, &c) in self.windows[f].iter().enumerate().take(usize::from(self.filled) + 1) {
            let len = if w < usize::from(self.filled) { self.window_len } else { self.open };
            // An open window that has hardly begun is left out.
            if T::count(u64::from(len)) * spread >= T::ONE {
                let excess = T::count(u64::from(c)) - T::count(u64::from(len)) * p;
                chi2 += excess * excess / (T::count(u64::from(len)) * spread);
                windows += 1;
            }
        }
        let freedom = T::count(windows - 1);
        let unit = T::constant(2.0) / (T::constant(9.0) * freedom);
        ((chi2 / freedom).cbrt() - T::ONE + unit) / unit.sqrt()
    }

    /// Evaluates, and keeps a verdict against the order.
    pub(crate) fn look(&mut self) {
        self.flagged |= is_flagged(&self.report());
    }

    /// Whether it has looked, and never seen an order.
    pub(crate) fn finds_random(&self) -> bool {
        self.counted() >= FIRST_LOOK && !self.flagged
    }

    /// Brings thresholds and stored features to another scale: rows were multiplied by `2^e`.
    pub(crate) fn rescale(&mut self, stored: &mut [T], e: i32) {
        for (f, threshold) in self.thresholds.iter_mut().enumerate() {
            let e = if f == 1 { e } else { 2 * e };
            *threshold = threshold.times_power_of_two(e);
            let range = match self.warm_up {
                WarmUp::Stored => STORED[f]..if f < 2 { STORED[f] + 64 } else { 160 },
                WarmUp::Running => PENDING * f..PENDING * (f + 1),
            };
            vector::rescale(&mut stored[range], e);
        }
    }

    /// Takes the counters of another monitor; its stored features are the caller's to copy.
    pub(crate) fn merge(&mut self, other: &Self, differ: bool) {
        let flagged = self.flagged | other.flagged | differ;
        if other.rows > self.rows {
            *self = *other;
        }
        self.flagged = flagged;
    }

    /// Whether the first rows of two shards, in one scale, come from different populations: a rank test.
    ///
    /// The other's rows are to be multiplied by `2^e`.
    pub(crate) fn shards_differ(&self, mine: &[T], other: &Self, theirs: &[T], e: i32) -> bool {
        if self.warm_up == WarmUp::Running || self.rows < WARM_UP || other.rows < WARM_UP {
            return false;
        }
        (0..2).any(|f| {
            let range = STORED[f]..STORED[f] + 64;
            let e = if f == 1 { e } else { 2 * e };
            mann_whitney(&mine[range.clone()], &theirs[range], e).abs() > T::constant(LIMIT)
        })
    }

    pub(crate) fn write(&self, w: &mut Writer<'_>) {
        w.u64(self.rows);
        w.reals(&self.thresholds);
        self.windows.iter().flatten().for_each(|&c| w.u32(c));
        w.u32(self.window_len);
        w.u8(self.filled);
        w.u32(self.open);
        self.changes.iter().for_each(|&c| w.u64(c));
        self.last.iter().for_each(|&b| w.u8(u8::from(b)));
        self.below.iter().for_each(|&c| w.u64(c));
        w.u8(u8::from(self.flagged));
    }

    pub(crate) fn read(warm_up: WarmUp, r: &mut Reader<'_>) -> Result<Self, Error> {
        let mut monitor = Self::new(warm_up);
        monitor.rows = r.count()?;
        for x in &mut monitor.thresholds {
            *x = r.real()?;
        }
        for c in monitor.windows.iter_mut().flatten() {
            *c = r.u32()?;
        }
        (monitor.window_len, monitor.filled, monitor.open) = (r.u32()?, r.u8()?, r.u32()?);
        for c in &mut monitor.changes {
            *c = r.count()?;
        }
        for b in &mut monitor.last {
            *b = r.flag()?;
        }
        for c in &mut monitor.below {
            *c = r.count()?;
        }
        monitor.flagged = r.flag()?;
        let counted = monitor.counted();
        // All that came after the first ones were counted, until it was decided.
        let is_complete = monitor.rows.saturating_sub(WARM_UP) == counted;
        let has_decided = monitor.window_len > u32::MAX / 2 && monitor.rows > counted;
        let above = |windows: &[u32; WINDOWS]| windows.iter().map(|&c| u64::from(c)).sum::<u64>();
        let sound = (is_complete || has_decided)
            && usize::from(monitor.filled) < WINDOWS
            && monitor.window_len.is_power_of_two()
            && monitor.window_len >= FIRST_WINDOW
            // Windows grow only when all are full, and half of them stay so.
            && (monitor.window_len == FIRST_WINDOW || usize::from(monitor.filled) >= WINDOWS / 2)
            && monitor.open < monitor.window_len
            && monitor.windows.iter().all(|windows| above(windows) <= counted)
            && monitor.windows.iter().flatten().all(|&c| c <= monitor.window_len)
            && monitor.changes.iter().chain(&monitor.below).all(|&c| c <= counted);
        if sound { Ok(monitor) } else { Err(Error::Corrupt) }
    }
}

pub(crate) fn is_flagged<T: Real>(report: &OrderReport<T>) -> bool {
    report.drift.max(report.runs.abs()).max(report.level) > T::constant(LIMIT)
}

/// Share of later rows on one side of the median of the first ones, by the arcsine transform.
fn level<T: Real>(on_one_side: u64, n: u64, warm_up: WarmUp) -> T {
    // The median of 64 rows has the spread of a share of 65. The remedian of 27 has the spread of a share of 19 and shorter
    // tails: beyond 6 with the 24 here comes 2.4e-9 of them.
    let spread_of = if warm_up == WarmUp::Stored { 65.0 } else { 24.0 };
    let share = T::count(on_one_side) / T::count(n);
    let half = T::constant(0.5);
    if share <= half {
        return T::ZERO;
    }
    let shift = share.sqrt().asin() - T::constant(core::f64::consts::FRAC_PI_4);
    T::constant(2.0) * shift / (T::ONE / T::constant(spread_of) + T::ONE / T::count(n)).sqrt()
}

/// Number of changes between neighbours against its mean and variance (Wald and Wolfowitz).
fn runs<T: Real>(changes: u64, above: u64, n: u64) -> T {
    let n_real = T::count(n);
    let mean = T::constant(2.0) * T::count(above) * (T::count(n - above) / n_real);
    let variance = mean * ((mean - T::ONE) / (n_real - T::ONE));
    if variance > T::ZERO { (T::count(changes) - mean) / variance.sqrt() } else { T::ZERO }
}

/// Median of an even number of values, the mean of the middle two; found by counting, so that nothing is moved.
fn median_of<T: Real>(values: &[T]) -> T {
    let middle = values.len() / 2;
    let at = |rank: usize| {
        values.iter().copied().find(|x| {
            let below = values.iter().filter(|&y| y < x).count();
            let equal = values.iter().filter(|&y| y == x).count();
            below <= rank && rank < below + equal
        })
    };
    let (low, high) = (at(middle - 1).unwrap_or(T::ZERO), at(middle).unwrap_or(T::ZERO));
    // Halved first: the sum could overflow.
    low * T::constant(0.5) + high * T::constant(0.5)
}

/// One value more for the remedian of 27 (Rousseeuw and Bassett 1990), the median of three medians of three medians of
/// three; returned when the 27th has come. It is one of the values, and where it lies among them depends on their order
/// alone: whatever the data, so does the share of later ones above it.
fn remedian<T: Real>(pending: &mut [T], seen: usize, mut x: T) -> Option<T> {
    if seen > REMEDIAN_OF {
        return None;
    }
    let mut count = seen;
    for pair in pending.chunks_exact_mut(2) {
        if !count.is_multiple_of(3) {
            pair[count % 3 - 1] = x;
            return None;
        }
        x = pair[0].min(pair[1]).max(pair[0].max(pair[1]).min(x));
        count /= 3;
    }
    Some(x)
}

/// Rank test of two samples of equal size, midranks and variance corrected for ties, in standard deviations. The second
/// one counts times `2^e`.
fn mann_whitney<T: Real>(x: &[T], y: &[T], e: i32) -> T {
    let n = x.len() as u64;
    let y = || y.iter().map(|y| y.times_power_of_two(e));
    let pooled = || x.iter().copied().chain(y());
    // Twice the number of pairs with x above y, ties counted once.
    let twice_u: u64 = x.iter().map(|&x| y().map(|y| u64::from(x > y) + u64::from(x >= y)).sum::<u64>()).sum();
    let ties: u64 = pooled()
        .map(|x| {
            let t = pooled().filter(|&y| y == x).count() as u64;
            t * t - 1
        })
        .sum();
    let total = 2 * n;
    let pairs = T::count(n * n);
    let variance = pairs / T::constant(12.0) * (T::count(total + 1) - T::count(ties) / T::count(total * (total - 1)));
    if variance <= T::ZERO {
        return T::ZERO;
    }
    // The difference of the counts is exact before it is rounded to a scalar.
    let half = T::constant(0.5);
    let excess = T::count(twice_u.abs_diff(n * n)) * half / variance.sqrt();
    excess.negate_if(twice_u < n * n)
}

/// Sum of the entries under fixed signs: lane signs times chunk signs, from a constant key so that shards agree.
pub(crate) fn signed_sum<T: Real>(row: &[T], factor: T) -> T {
    sums(row, factor).1
}

/// Sum of the squares, with the bits of [`vector::sum_of_squares`], and signed sum of a row, in one pass.
#[inline(always)]
pub(crate) fn square_and_signed_sum<T: Real>(row: &[T]) -> (T, T) {
    sums(row, T::ONE)
}

/// The same of some rows.
pub(crate) fn squares_and_signed_sums<T: Real>(rows: &[T], dim: usize, out: &mut [(T, T)]) {
    wide::run(
        #[inline(always)]
        || {
            for (row, out) in rows.chunks_exact(dim).zip(out) {
                *out = sums(row, T::ONE);
            }
        },
    );
}

#[inline(always)]
fn sums<T: Real>(row: &[T], factor: T) -> (T, T) {
    if wide::HOLDS_TWO_SUMS { sums_at_once(row, factor) } else { sums_by_halves(row, factor) }
}

#[inline(always)]
fn sums_by_halves<T: Real>(row: &[T], factor: T) -> (T, T) {
    let (chunks, tail) = row.as_chunks::<{ vector::LANES }>();
    if !tail.is_empty() {
        return sums_at_once(row, factor);
    }
    let ([a0, b0], [a1, b1]) = (half_sums::<0, T>(chunks, factor), half_sums::<1, T>(chunks, factor));
    (vector::join_halves([a0, a1]), vector::join_halves([b0, b1]))
}

#[inline(always)]
fn half_sums<const HALF_NUMBER: usize, T: Real>(
    chunks: &[[T; vector::LANES]],
    factor: T,
) -> [[T; vector::HALF / 2]; 2] {
    let (mut squares, mut lanes) = ([T::ZERO; vector::HALF], [T::ZERO; vector::HALF]);
    let mut signs = CHUNK_SIGNS;
    for chunk in chunks {
        let sign = factor.negate_if(signs & 1 == 1);
        signs = signs.rotate_right(1);
        for i in 0..vector::HALF {
            let x = chunk[vector::lane_of_half(HALF_NUMBER, i)];
            squares[i] += x * x;
            lanes[i] += sign * x;
        }
    }
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = lane.negate_if((LANE_SIGNS >> vector::lane_of_half(HALF_NUMBER, i)) & 1 == 1);
    }
    [vector::half_tree(&squares), vector::half_tree(&lanes)]
}

#[inline(always)]
fn sums_at_once<T: Real>(row: &[T], factor: T) -> (T, T) {
    let (chunks, tail) = row.as_chunks::<{ vector::LANES }>();
    let (mut squares, mut lanes) = ([T::ZERO; vector::LANES], [T::ZERO; vector::LANES]);
    let mut signs = CHUNK_SIGNS;
    for chunk in chunks {
        let sign = factor.negate_if(signs & 1 == 1);
        signs = signs.rotate_right(1);
        for i in 0..vector::LANES {
            squares[i] += chunk[i] * chunk[i];
            lanes[i] += sign * chunk[i];
        }
    }
    let mut both = [squares, lanes];
    wide::settle(&mut both);
    let [squares, lanes] = &mut both;
    if !tail.is_empty() {
        vector::add_tail(squares, tail, tail);
        vector::add_tail(lanes, &[factor; vector::LANES], tail);
    }
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = lane.negate_if((LANE_SIGNS >> i) & 1 == 1);
    }
    (vector::tree(squares), vector::tree(lanes))
}

/// Signs of the lanes in the signed sum, a set bit for minus.
const LANE_SIGNS: u64 = word(0, Domain::Monitor, 0);
/// Signs of the chunks of lanes, over and over again from chunk 64 on.
const CHUNK_SIGNS: u64 = word(0, Domain::Monitor, 1);

/// Are the rows of a stream in random order?
///
/// The first 64 rows set a threshold for each of two features of a row, its squared length and a signed sum of its
/// entries. Of every later row only the bits "above the threshold" count: their share in 16 windows (drift), the number
/// of changes between neighbours (runs), and their share against that of the first rows (level). Given the first rows, a
/// random order makes each bit sequence exchangeable whatever the data, so the distributions are known exactly.
///
/// Inside [`RandomOrderEigen`](crate::eigen::RandomOrderEigen) a third feature is used, the square along an early estimate.
///
/// # Guarantee
/// A random order is [flagged](Self::is_flagged) with a probability below `1e-6` a stream, whatever the data (union over
/// the statistics and 30 looks at six standard deviations; largest of 900 measured streams: 3.7). Sorted, half-sorted and
/// drifting streams of a few thousand rows are flagged at 7 to 100. Order that leaves both features alone is not seen.
/// # Cost
/// `3 dim` flops a row; 160 scalars of storage (18 with [`WarmUp::Running`]) and about 300 bytes of counters, whatever
/// the length of the stream.
/// # Numerics
/// Scaling all rows by a power of two changes no statistic. Ties with a threshold count as not above it.
/// # Randomness
/// The signs of the sum are keyed by a constant: the same rows in the same order give the same statistics.
/// # Merging
/// None: order is a property of one stream.
/// # When to use another
/// [`RandomOrderEigen`](crate::eigen::RandomOrderEigen) carries one: its status and its `order` say the same and more.
/// # Example
/// ```
/// use sketchlet_core::{RowSummary, stream::{OrderMonitor, OrderMonitorParams}};
/// const PARAMS: OrderMonitorParams = OrderMonitorParams::new(2);
/// let mut monitor = OrderMonitor::new_in(PARAMS, [0.0f32; PARAMS.storage_len()])?;
/// for i in 0..2000u16 {
///     monitor.update(&[f32::from(i), 1.0])?;
/// }
/// assert!(monitor.is_flagged()); // rows that grow
/// assert!(monitor.report().level > 6.0);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OrderMonitor<T, S> {
    params: OrderMonitorParams,
    state: State<T>,
    storage: S,
}

#[derive(Clone, Copy, Debug, Default)]
struct State<T> {
    scale: Scale,
    monitor: Monitor<T>,
}

constructors!(OrderMonitor, OrderMonitorParams);
wire_form!(OrderMonitor);

params! {
    /// Parameters of an [`OrderMonitor`].
    #[derive(PartialEq, Eq)]
    pub struct OrderMonitorParams {
        /// For rows of `dim` entries.
        new {
            /// Number of entries of a row.
            dim: usize => positive,
        }
        /// How the medians of the first rows are found (default [`WarmUp::Stored`]).
        warm_up: WarmUp = WarmUp::Stored,
    }
    formulas(params) {
        /// Scalars of storage: 160, or 18 with [`WarmUp::Running`].
        pub storage_len: usize = params.warm_up.storage_len(),
    }
}

impl<T: Real, S: Storage<T>> OrderMonitor<T, S> {
    /// The statistics so far.
    pub fn report(&self) -> OrderReport<T> {
        self.state.monitor.report()
    }

    /// Whether any statistic is above 6 now.
    pub fn is_flagged(&self) -> bool {
        is_flagged(&self.report())
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        self.state.scale.write(w);
        self.state.monitor.write(w);
        w.reals(self.storage.as_ref());
    }

    fn read(bytes: &[u8]) -> Result<(OrderMonitorParams, State<T>, Reader<'_>), Error> {
        let mut r = wire::open::<T>(Kind::OrderMonitor, bytes)?;
        let params: OrderMonitorParams = r.params()?;
        let state = State { scale: Scale::read(&mut r)?, monitor: Monitor::read(params.warm_up, &mut r)? };
        let features = r.skip_reals::<T>(params.storage_len())?;
        r.end()?;
        Ok((params, state, features))
    }

    fn load(&mut self, features: &mut Reader<'_>) {
        features.fill(self.storage.as_mut());
    }
}

impl<T: Real, S: Storage<T>> RowSummary for OrderMonitor<T, S> {
    type Scalar = T;

    fn dim(&self) -> usize {
        self.params.dim
    }

    fn rows_seen(&self) -> u64 {
        self.state.monitor.rows()
    }

    fn update(&mut self, row: &[T]) -> Result<(), Error> {
        let admitted = self.state.scale.admit(self.params.dim, row)?;
        if admitted.rescale != 0 {
            self.state.monitor.rescale(self.storage.as_mut(), admitted.rescale);
        }
        let features = [admitted.square, signed_sum(row, admitted.factor), T::ZERO];
        self.state.monitor.observe(self.storage.as_mut(), features);
        Ok(())
    }

    fn clear(&mut self) {
        self.state = State { monitor: Monitor::new(self.params.warm_up), ..State::default() };
        self.storage.as_mut().fill(T::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::unit;
    use std::vec::Vec;

    #[test]
    fn remedian_is_the_median_of_medians_of_medians() {
        let values: Vec<f64> = (0..27).map(|i| unit(word(3, Domain::Coin, i))).collect();
        let median = |x: &[f64]| {
            let mut x = x.to_vec();
            x.sort_by(f64::total_cmp);
            x[1]
        };
        let level = |x: &[f64]| x.chunks(3).map(median).collect::<Vec<_>>();
        let mut pending = [0.0; PENDING];
        for (i, &x) in values.iter().enumerate() {
            let expected = (i == 26).then(|| level(&level(&level(&values)))[0]);
            assert_eq!(remedian(&mut pending, i + 1, x), expected);
        }
        assert_eq!(remedian(&mut pending, 28, 1e9), None);
    }

    /// The limit of the level test, for a share above the threshold that is as large as it can be.
    #[test]
    fn level_of_all_rows_is_flagged_and_that_of_most_is_not() {
        for warm_up in [WarmUp::Stored, WarmUp::Running] {
            assert!(level::<f64>(128, 128, warm_up) > LIMIT);
            assert_eq!(level::<f64>(64, 128, warm_up), 0.0);
        }
        assert!(level::<f64>(120, 128, WarmUp::Stored) > LIMIT);
        assert!(level::<f64>(120, 128, WarmUp::Running) < LIMIT);
    }

    #[test]
    fn sums_by_halves_have_the_bits_of_sums_at_once() {
        for len in [0, 9, 16, 64, 100, 1040] {
            let row: Vec<f32> = (0..len).map(|i| unit::<f32>(word(5, Domain::Coin, i)) - 0.5).collect();
            for factor in [1.0, 0.25] {
                assert_eq!(sums_by_halves(&row, factor), sums_at_once(&row, factor));
            }
        }
    }

    #[test]
    fn median_handles_ties() {
        assert_eq!(median_of(&[1.0, 2.0, 2.0, 5.0]), 2.0);
        assert_eq!(median_of(&[4.0, 1.0, 2.0, 8.0]), 3.0);
    }

    #[test]
    fn mann_whitney_matches_a_worked_example() {
        // No ties, x above y completely: U = n^2, variance n^2 (2n + 1) / 12.
        let x: Vec<f64> = (100..164).map(f64::from).collect();
        let y: Vec<f64> = (0..64).map(f64::from).collect();
        let expected = 2048.0 / (4096.0 * 129.0 / 12.0f64).sqrt();
        assert!((mann_whitney(&x, &y, 0) - expected).abs() < 1e-12);
        assert_eq!(mann_whitney(&x, &x, 0), 0.0);
        assert_eq!(mann_whitney(&[1.0; 64], &[1.0; 64], 0), 0.0);
    }
}
