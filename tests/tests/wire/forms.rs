//! Byte forms of released versions, kept for ever, and what happens to damaged and forged ones.
//!
//! `tests/wire/VERSION/` holds an encoding of every type with a byte form, in `f32` and `f64`, and `answers.txt` with lines
//! `name what hexbits` of what they answer. To add a type: a line in `push_forms`, then
//! `SKETCHLET_BLESS=1 cargo test -p sketchlet-tests --test wire`, which writes files that are missing, never one that is
//! there, and the answers anew. A change of the byte form is a new format version and a new folder beside the old one.

use sketchlet_core::eigen::*;
use sketchlet_core::regression::*;
use sketchlet_core::sketch::{GaussianSketch, Osnap, SketchOperator, Srht, TensorSrht};
use sketchlet_core::stream::{Centered, Deferred, DeferredRows, OrderMonitor, OrderMonitorParams, Progress, WarmUp};
use sketchlet_core::submodular::*;
use sketchlet_core::{Difference, Error, Header, Merge, Real, RowSummary, ScalarType, Wire};
use sketchlet_laws::wire::seal;
use sketchlet_tests::answer::answer;
use sketchlet_tests::streams::Source;
use std::fmt::Write;
use std::path::PathBuf;

/// Columns of the summaries in the files.
const DIM: usize = 4;
/// Bytes before the body, and behind it.
const HEADER: usize = 16;
const CHECKSUM: usize = 4;

/// Small integers by formula: the same rows for ever. Two are long.
fn row<T: Real>(i: usize) -> [T; DIM] {
    let long = if i == 40 || i == 101 { 40.0 } else { 1.0 };
    std::array::from_fn(|j| {
        let x = ((i * i * 31 + i * (j + 3) * 17 + j * 7) % 41) as f64 - 20.0;
        T::constant(if j == 1 { 3.0 * long * x } else { x })
    })
}

fn filled<M: RowSummary<Scalar: Real>>(summary: Result<M, Error>, rows: std::ops::Range<usize>) -> M {
    let mut summary = summary.unwrap();
    rows.for_each(|i| summary.update(&row::<M::Scalar>(i)).unwrap());
    summary
}

/// Filled by the deferred verb: what is due is done only where the next row finds no room else.
fn filled_deferred<M: DeferredRows<Scalar: Real>>(summary: Result<M, Error>, rows: std::ops::Range<usize>) -> M {
    let mut summary = summary.unwrap();
    for row in rows.map(row::<M::Scalar>) {
        if matches!(summary.update_deferred(&row), Err(Error::Capacity { .. })) {
            summary.poll(&(), u64::MAX).unwrap();
            summary.update_deferred(&row).unwrap();
        }
    }
    summary
}

/// What a restored summary can be asked, whatever its type.
trait Asked {
    fn encode(&self) -> Vec<u8>;
    fn ask(&mut self) -> Vec<(String, f64)>;
    /// Goes on, with the `i`-th thing of all that come; any refusal will do.
    fn go_on(&mut self, i: usize);
}

/// A summary, and how it is asked.
struct Summary<M> {
    summary: M,
    ask: fn(&mut M) -> Vec<(String, f64)>,
    go_on: fn(&mut M, usize),
}

impl<M: Wire> Asked for Summary<M> {
    fn encode(&self) -> Vec<u8> {
        self.summary.encode()
    }

    fn ask(&mut self) -> Vec<(String, f64)> {
        (self.ask)(&mut self.summary)
    }

    fn go_on(&mut self, i: usize) {
        (self.go_on)(&mut self.summary, i);
    }
}

type Restore = Box<dyn Fn(&[u8]) -> Result<Box<dyn Asked>, Error>>;

/// A type in a state that uses all of its byte form, and how it is restored. The tests know no type, so that they are compiled once.
struct Form {
    name: String,
    summary: Box<dyn Asked>,
    restore: Restore,
    storage_needed: fn(&[u8]) -> Result<usize, Error>,
}

impl Form {
    fn new<M: Wire + 'static>(
        name: String,
        summary: M,
        restore: fn(&[u8]) -> Result<M, Error>,
        ask: fn(&mut M) -> Vec<(String, f64)>,
        go_on: fn(&mut M, usize),
    ) -> Self {
        Self {
            name,
            summary: Box::new(Summary { summary, ask, go_on }),
            restore: Box::new(move |bytes| Ok(Box::new(Summary { summary: restore(bytes)?, ask, go_on }))),
            storage_needed: M::storage_needed,
        }
    }
}

/// Goes on with another row.
fn another_row<M: RowSummary<Scalar: Real>>(summary: &mut M, i: usize) {
    let row = row_for(summary, i);
    let _ = summary.update(&row);
}

/// The spare area may be full: a row that finds no room is refused.
fn another_deferred_row<M: DeferredRows<Scalar: Real>>(summary: &mut M, i: usize) {
    let row = row_for(summary, i);
    let _ = summary.update_deferred(&row);
}

/// What was forged may have another width.
fn row_for<M: RowSummary<Scalar: Real>>(summary: &M, i: usize) -> Vec<M::Scalar> {
    if summary.dim() == DIM { row(i).to_vec() } else { vec![M::Scalar::ONE; summary.dim().min(1000)] }
}

/// Similarities of eight elements to three exemplars, small integers.
fn similarities<T: Real>() -> Vec<T> {
    (0..8 * 3).map(|i| T::constant(((i * i * 31 + i * 17) % 12) as f64)).collect()
}

/// Sets of five items, one for each of eight elements.
const OFFSETS: [u32; 9] = [0, 2, 4, 5, 7, 9, 12, 13, 14];
const ITEMS: [u32; 14] = [0, 1, 1, 2, 3, 0, 4, 2, 3, 1, 2, 4, 0, 3];

/// A generator whose words are by formula.
struct Words(u64);

impl rand_core::TryRng for Words {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1;
        Ok(sketchlet_core::random::keyed::mix(self.0))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill(0);
        Ok(())
    }
}

/// What a selection answers, over sets or over similarities.
macro_rules! selection_asks {
    ($lazy:ident, $go_on:ident, $type:ident, $t:ident, $oracle:expr) => {
        fn $lazy<$t: Real>(best: &mut $type<$t, u16, Vec<$t>, Vec<u16>>) -> Vec<(String, f64)> {
            let named = |best: &$type<$t, u16, Vec<$t>, Vec<u16>>, when: &str| {
                let answer = best.selection();
                let ids = best.selected().iter().enumerate().map(|(i, &id)| (format!("id{i}{when}"), f64::from(id)));
                let mut lines: Vec<(String, f64)> = ids.collect();
                lines.push((format!("value{when}"), answer.value.as_f64()));
                lines.push((format!("bound{when}"), answer.upper_bound.map_or(-1.0, Real::as_f64)));
                lines
            };
            // What is there, what is asked for and done, and a new answer.
            let mut lines = named(best, "");
            let table = similarities::<$t>();
            let oracle = $oracle(&table);
            for _ in 0..1000 {
                if !matches!(best.poll(&oracle, 3), Ok(Progress::Pending)) {
                    break;
                }
            }
            lines.extend(named(best, "-polled"));
            if best.query(&oracle, &mut Words(1000)).is_ok() {
                lines.extend(named(best, "-asked"));
            }
            if best.polish(&oracle).is_ok() {
                lines.extend(named(best, "-polished"));
            }
            lines
        }

        fn $go_on<$t: Real>(best: &mut $type<$t, u16, Vec<$t>, Vec<u16>>, i: usize) {
            let table = similarities::<$t>();
            let (oracle, mut words) = ($oracle(&table), Words(i as u64));
            let id = (i * 5 % 8) as u32;
            let _ = if best.is_alive(id) {
                best.delete(&oracle, id, &mut words)
            } else {
                best.insert(&oracle, id, &mut words)
            };
            if i % 3 == 0 {
                let _ = best.query(&oracle, &mut words);
            }
            let _ = best.check(&oracle);
        }
    };
}

selection_asks!(lazy_of_facilities, lazy_goes_on, LazyDynamic, T, |table| FacilityLocation::new(table, 3).unwrap());
selection_asks!(eager_of_sets, eager_goes_on, Dynamic, T, |_| Coverage::new(&OFFSETS, &ITEMS, 5).unwrap());
selection_asks!(lazy_of_volume, lazy_volume_goes_on, LazyDynamic, T, |table| LogDet::new(
    table,
    3,
    Kernel::Rbf(0.01),
    0.5
)
.unwrap());

/// Selections of elements that come and go; the last thing that is asked for is done only in part, if there is a budget.
macro_rules! selected {
    ($type:ident, $t:ty, $params:expr, $oracle:expr, $budget:expr) => {{
        let oracle = $oracle;
        let mut best = $type::<$t, u16, Vec<$t>, Vec<u16>>::new($params.prefix(oracle.prefix_len(2))).unwrap();
        let mut words = Words(0);
        for id in [0, 1, 2, 3, 4, 5, 6] {
            best.insert(&oracle, id, &mut words).unwrap();
        }
        best.query(&oracle, &mut words).unwrap();
        for id in [2, 5] {
            best.delete(&oracle, id, &mut words).unwrap();
        }
        if let Some(budget) = $budget {
            best.insert(&oracle, 5, &mut words).unwrap();
            best.delete(&oracle, 0, &mut words).unwrap();
            if stringify!($type) == "LazyDynamic" {
                best.query_deferred(&oracle, &mut words).unwrap();
            } else {
                best.insert_deferred(&oracle, 0, &mut words).unwrap();
            }
            assert_eq!(best.poll(&oracle, budget), Ok(Progress::Pending));
        }
        best
    }};
}

fn top<M: TopEigen>(summary: &mut M) -> Vec<(String, f64)> {
    let Ok(got) = answer(summary) else { return Vec::new() };
    let named = |what: &str, values: Vec<f64>| {
        values.into_iter().enumerate().map(|(i, x)| (format!("{what}{i}"), x)).collect::<Vec<_>>()
    };
    let mut lines = named("v", got.vectors_f64());
    lines.extend(named("value", got.values));
    lines.extend(named("bound", got.bounds.unwrap_or_default().into_iter().flat_map(|(l, u)| [l, u]).collect()));
    let confidence = got.confidence;
    let optional = [
        ("gap", confidence.gap_estimate),
        ("estimate", confidence.error_estimate),
        ("error-bound", confidence.error_bound),
        ("drift", confidence.order.map(|order| order.drift)),
        ("runs", confidence.order.map(|order| order.runs)),
        ("level", confidence.order.map(|order| order.level)),
    ];
    lines.extend(optional.into_iter().filter_map(|(what, x)| Some((what.into(), x?.as_f64()))));
    lines
}

fn order<T: Real>(monitor: &mut OrderMonitor<T, Vec<T>>) -> Vec<(String, f64)> {
    let report = monitor.report();
    [("drift", report.drift), ("runs", report.runs), ("level", report.level)]
        .map(|(w, x)| (w.into(), x.as_f64()))
        .into()
}

/// The last column from the others; nothing if it can't be said.
fn fit<T: Real>(
    solve: impl for<'a> FnOnce(&Query<'_>, &mut [T], &'a mut [T]) -> Result<Fit<'a, T>, Error>,
) -> Vec<(String, f64)> {
    let query = Query::new(&[0, 1, 2], &[3]);
    let (mut scratch, mut answer) = (vec![T::ZERO; query.scratch_len()], vec![T::ZERO; query.answer_len()]);
    let Ok(fit) = solve(&query, &mut scratch, &mut answer) else { return Vec::new() };
    let named = |what: &str, values: &[T]| {
        values.iter().enumerate().map(|(i, x)| (format!("{what}{i}"), x.as_f64())).collect::<Vec<_>>()
    };
    let mut lines = named("x", fit.coefficients);
    lines.extend(named("half-width", fit.half_widths.unwrap_or_default()));
    lines.extend(named("residual", fit.residual_norm));
    lines.push(("condition".into(), fit.condition.as_f64()));
    lines
}

type Sketched<T, O> = SketchedLeastSquares<T, O, Vec<T>, Vec<u32>>;

fn sketched<T: Real, O: SketchOperator<T>>(summary: &mut Sketched<T, O>) -> Vec<(String, f64)> {
    let mut settled = summary.clone();
    settled.poll(&(), u64::MAX).unwrap();
    fit::<T>(|query, scratch, answer| settled.solve_in(query, scratch, answer))
}

fn streaming_qr<T: Real>(summary: &mut StreamingQr<T, Vec<T>>) -> Vec<(String, f64)> {
    fit::<T>(|query, scratch, answer| summary.solve_in(query, scratch, answer))
}

fn normal<T: Real>(summary: &mut NormalEquations<T, Vec<T>>) -> Vec<(String, f64)> {
    fit::<T>(|query, scratch, answer| summary.solve_in(query, scratch, answer))
}

fn recursive<T: Real>(summary: &mut RecursiveLeastSquares<T, Vec<T>>) -> Vec<(String, f64)> {
    summary.coefficients().iter().enumerate().map(|(i, x)| (format!("x{i}"), x.as_f64())).collect()
}

fn sums<T: Real>(gradient: &mut Gradient<T, Vec<T>>) -> Vec<(String, f64)> {
    let named = |what: &str, values: &[T]| {
        values.iter().enumerate().map(|(i, x)| (format!("{what}{i}"), x.as_f64())).collect::<Vec<_>>()
    };
    let mut lines = named("sum", gradient.sums());
    lines.extend(named("square", gradient.residual_squares()));
    lines
}

/// Every form, in one scalar.
macro_rules! push_forms {
    (@scalar $t:ty, $forms:ident) => {
        let new = RandomOrderEigenParams::new(DIM);
        push_forms!(@top $t, "random-order", RandomOrderEigen, new.heavy_capacity(3), 0..150, $forms);
        // Rows wait, the first three at once: the block of 16 is full.
        let deferred = new.rank(2).heavy_capacity(0).warm_up(WarmUp::Running).deferred(4);
        let summary = filled_deferred(RandomOrderEigen::<$t, Vec<$t>>::new(deferred), 0..19);
        push_forms!(
            @own $t, "random-order-deferred", RandomOrderEigen<$t, Vec<$t>>, summary, top, another_deferred_row, $forms
        );
        {
            let other = filled(RandomOrderEigen::<$t, Vec<$t>>::new(new.heavy_capacity(3).seed(1)), 150..300);
            let mut merged = filled(RandomOrderEigen::<$t, Vec<$t>>::new(new.heavy_capacity(3)), 0..150);
            merged.merge(&other).unwrap();
            push_forms!(@one $t, "random-order-merged", RandomOrderEigen<$t, Vec<$t>>, merged, top, $forms);
        }
        let new = ExactEigenParams::new(DIM);
        push_forms!(@top $t, "exact", ExactEigen, new, 0..150, $forms);
        push_forms!(@top $t, "exact-two-level", ExactEigen, new.rank(2).two_level().seed(3), 0..300, $forms);
        let new = FrequentDirectionsParams::new(DIM).sketch_rows(2);
        push_forms!(@top $t, "frequent-directions", FrequentDirections, new, 0..150, $forms);
        push_forms!(@top $t, "incremental", FrequentDirections, new.shrink(Shrink::None), 0..151, $forms);
        let new = NystromSketchParams::new(DIM).sketch_rows(3);
        push_forms!(@top $t, "nystrom", NystromSketch, new.rank(2), 0..150, $forms);
        let new = BlockPowerParams::new(DIM).heavy_capacity(2);
        push_forms!(@top $t, "block-power", BlockPower, new, 0..150, $forms);
        push_forms!(@top $t, "block-power-fixed", BlockPower, new.rank(2).block_len(20), 0..150, $forms);
        let new = OjaParams::new(DIM);
        push_forms!(@top $t, "oja", Oja, new.rank(2), 0..150, $forms);
        push_forms!(@top $t, "oja-fixed", Oja, new.rate(Rate::Fixed(1e-4)), 0..150, $forms);
        push_forms!(@top $t, "oja-ladder", Oja, new.rate(Rate::Ladder), 0..150, $forms);
        push_forms!(@top $t, "adaptive-oja", AdaptiveOja, AdaptiveOjaParams::new(DIM).rank(2), 0..150, $forms);
        let new = CandidIncrementalParams::new(DIM).rank(2);
        push_forms!(@top $t, "ccipca", CandidIncremental, new, 0..150, $forms);
        push_forms!(@top $t, "history", HistoryPca, HistoryPcaParams::new(DIM).rank(2), 0..155, $forms);
        {
            let inner = ExactEigen::<$t, Vec<$t>>::new(ExactEigenParams::new(DIM)).unwrap();
            let summary = filled(Centered::new(inner), 0..150);
            push_forms!(
                @centered $t, "centred-exact", Centered<ExactEigen<$t, Vec<$t>>, Vec<$t>>, summary, $forms
            );
            let inner = RandomOrderEigen::<$t, Vec<$t>>::new(RandomOrderEigenParams::new(DIM)).unwrap();
            let summary = filled(Centered::new(inner), 0..150);
            push_forms!(
                @centered $t, "centred-random-order", Centered<RandomOrderEigen<$t, Vec<$t>>, Vec<$t>>, summary, $forms
            );
        }
        let new = SketchedLeastSquaresParams::new(DIM, 12).seed(9).ranges(2);
        // A block is half worked off, the next one half full.
        let mut waiting = filled_deferred(Sketched::new(new.block_len(8).deferred().row_table(), Srht), 0..21);
        waiting.poll(&(), 1).unwrap();
        push_forms!(@one $t, "sketched-srht", Sketched<$t, Srht>, waiting, sketched, $forms);
        let other = filled(Sketched::new(new.block_len(4).first_index(5 << 40), Srht), 100..150);
        let mut merged = filled(Sketched::new(new.block_len(4), Srht), 0..50);
        merged.merge(&other).unwrap();
        merged.forget(0.5).unwrap();
        push_forms!(@one $t, "sketched-merged", Sketched<$t, Srht>, merged, sketched, $forms);
        let summary = filled(Sketched::new(new, Osnap { nonzeros: 4 }), 0..50);
        push_forms!(@one $t, "sketched-osnap", Sketched<$t, Osnap>, summary, sketched, $forms);
        let summary = filled(Sketched::new(new, TensorSrht { second_len: 6 }), 0..50);
        push_forms!(@one $t, "sketched-tensor", Sketched<$t, TensorSrht>, summary, sketched, $forms);
        let summary = filled(Sketched::new(new, GaussianSketch), 0..50);
        push_forms!(@one $t, "sketched-gaussian", Sketched<$t, GaussianSketch>, summary, sketched, $forms);
        let summary = filled(StreamingQr::new(StreamingQrParams::new(DIM).block_len(8)), 0..150);
        push_forms!(@one $t, "streaming-qr", StreamingQr<$t, Vec<$t>>, summary, streaming_qr, $forms);
        let summary = filled(NormalEquations::new(NormalEquationsParams::new(DIM)), 0..150);
        push_forms!(@one $t, "normal-equations", NormalEquations<$t, Vec<$t>>, summary, normal, $forms);
        let summary = filled(NormalEquations::new(NormalEquationsParams::new(DIM).compensated()), 0..150);
        let name = "normal-equations-compensated";
        push_forms!(@one $t, name, NormalEquations<$t, Vec<$t>>, summary, normal, $forms);
        let new = RecursiveLeastSquaresParams::new(DIM - 1).forgetting(0.98);
        let summary = filled(RecursiveLeastSquares::new(new), 0..150);
        push_forms!(@one $t, "recursive", RecursiveLeastSquares<$t, Vec<$t>>, summary, recursive, $forms);
        let mut gradient = Gradient::new(GradientParams::new(DIM - 2, 2)).unwrap();
        gradient.start_at(&[2.0, -1.0, 0.5, 3.0]).unwrap();
        let mut gradient = filled(Ok(gradient), 0..150);
        gradient.remove(&row(3)).unwrap();
        push_forms!(@one $t, "gradient", Gradient<$t, Vec<$t>>, gradient, sums, $forms);
        {
            let table = similarities::<$t>();
            let facilities = || FacilityLocation::new(&table, 3).unwrap();
            let sets = || Coverage::new(&OFFSETS, &ITEMS, 5).unwrap();
            type Lazy<T> = LazyDynamic<T, u16, Vec<T>, Vec<u16>>;
            let new = LazyDynamicParams::new(8, 2).hysteresis(0.01);
            for (name, budget) in [("lazy-dynamic", None), ("lazy-dynamic-pending", Some(3u64))] {
                let best = selected!(LazyDynamic, $t, new, facilities(), budget);
                push_forms!(@own $t, name, Lazy<$t>, best, lazy_of_facilities, lazy_goes_on, $forms);
            }
            let volume = LogDet::new(&table, 3, Kernel::Rbf(0.01), 0.5).unwrap();
            let best = selected!(LazyDynamic, $t, new.extra_guesses(1).ladder_steps(1), volume, Some(2u64));
            let name = "lazy-dynamic-volume";
            push_forms!(@own $t, name, Lazy<$t>, best, lazy_of_volume, lazy_volume_goes_on, $forms);
            type Eager<T> = Dynamic<T, u16, Vec<T>, Vec<u16>>;
            let new = DynamicParams::new(8, 2).ladder_steps(2);
            for (name, budget) in [("dynamic", None), ("dynamic-pending", Some(2u64))] {
                let best = selected!(Dynamic, $t, new, sets(), budget);
                push_forms!(@own $t, name, Eager<$t>, best, eager_of_sets, eager_goes_on, $forms);
            }
        }
        for (name, warm_up) in [("order-monitor", WarmUp::Stored), ("order-monitor-running", WarmUp::Running)] {
            let monitor = filled(OrderMonitor::<$t, Vec<$t>>::new(OrderMonitorParams::new(DIM).warm_up(warm_up)), 0..300);
            push_forms!(@one $t, name, OrderMonitor<$t, Vec<$t>>, monitor, order, $forms);
        }
    };
    (@top $t:ty, $name:expr, $type:ident, $params:expr, $rows:expr, $forms:ident) => {{
        let summary = filled($type::<$t, Vec<$t>>::new($params), $rows);
        push_forms!(@one $t, $name, $type<$t, Vec<$t>>, summary, top, $forms);
    }};
    (@one $t:ty, $name:expr, $type:ty, $summary:expr, $ask:ident, $forms:ident) => {{
        let name = format!("{}-{}", $name, stringify!($t));
        $forms.push(Form::new::<$type>(name, $summary, |bytes| <$type as Wire>::decode(bytes), $ask, another_row));
    }};
    (@own $t:ty, $name:expr, $type:ty, $summary:expr, $ask:ident, $go_on:ident, $forms:ident) => {{
        let name = format!("{}-{}", $name, stringify!($t));
        $forms.push(Form::new::<$type>(name, $summary, |bytes| <$type as Wire>::decode(bytes), $ask, $go_on));
    }};
    (@centered $t:ty, $name:expr, $type:ty, $summary:expr, $forms:ident) => {{
        let name = format!("{}-{}", $name, stringify!($t));
        $forms.push(Form::new::<$type>(name, $summary, |bytes| <$type>::decode(bytes), top, another_row));
    }};
}

/// Every form: of another type each time.
fn forms() -> Vec<Form> {
    let mut forms = Vec::new();
    push_forms!(@scalar f32, forms);
    push_forms!(@scalar f64, forms);
    forms
}

/// Released versions with forms of their own; a form that did not change has its file in an earlier one alone.
const VERSIONS: [&str; 2] = ["0.1", "0.2"];

fn folder(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("wire").join(version)
}

fn is_blessing() -> bool {
    std::env::var_os("SKETCHLET_BLESS").is_some()
}

impl Form {
    /// The kept encoding of a version, if it has one.
    fn kept(&self, version: &str) -> Option<Vec<u8>> {
        std::fs::read(folder(version).join(format!("{}.bin", self.name))).ok()
    }

    /// The kept encoding of the newest form.
    fn file(&self) -> Vec<u8> {
        let kept = VERSIONS.iter().rev().find_map(|version| self.kept(version));
        let encoding = self.summary.encode();
        match kept {
            // A newer form has another length.
            Some(kept) if kept.len() == encoding.len() => return kept,
            _ if !is_blessing() => panic!("{}: no file of this form", self.name),
            Some(_) | None => {}
        }
        let newest = folder(VERSIONS[VERSIONS.len() - 1]);
        std::fs::create_dir_all(&newest).unwrap();
        std::fs::write(newest.join(format!("{}.bin", self.name)), &encoding).unwrap();
        encoding
    }

    fn record(&self, summary: &mut dyn Asked, when: &str, out: &mut String) {
        for (what, x) in summary.ask() {
            writeln!(out, "{}{when} {what} {:016x}", self.name, x.to_bits()).unwrap();
        }
    }

    /// Decodes bytes that somebody forged: refused, or a summary that can be used.
    fn use_forged(&self, bytes: &[u8]) -> bool {
        let mut summary = match (self.restore)(bytes) {
            Ok(summary) => summary,
            Err(Error::Storage { needed, got }) => {
                assert!(needed > got, "{}: {needed} scalars refused, {got} would do", self.name);
                return false;
            }
            Err(e) => {
                assert!(matches!(e, Error::Corrupt | Error::Incompatible { .. }), "{}: {e}", self.name);
                return false;
            }
        };
        assert!((self.storage_needed)(bytes).unwrap() < 1 << 25, "{}", self.name);
        // What was read holds nothing but finite numbers: it can be written and read again.
        let again = summary.encode();
        assert!((self.restore)(&again).is_ok(), "{}: written by itself, refused", self.name);
        // Numbers that no row could have left may overflow from here on: any answer and any refusal will do.
        summary.ask();
        (0..40).for_each(|i| summary.go_on(i));
        summary.ask();
        summary.encode();
        true
    }
}

#[test]
fn kept_files_still_answer_the_same_bits() {
    for version in VERSIONS {
        let mut out = String::new();
        for form in forms() {
            let newest = form.file();
            let Some(bytes) = form.kept(version) else { continue };
            let mut summary = (form.restore)(&bytes).unwrap_or_else(|e| panic!("{}: {e}", form.name));
            if bytes.len() == newest.len() {
                assert_eq!(summary.encode(), bytes, "{}", form.name);
            }
            form.record(&mut *summary, "", &mut out);
            // It goes on where it stopped.
            (1000..1040).for_each(|i| summary.go_on(i));
            form.record(&mut *summary, "-later", &mut out);
        }
        let path = folder(version).join("answers.txt");
        if is_blessing() {
            std::fs::write(&path, &out).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        for (got, expected) in out.lines().zip(kept.lines()) {
            assert_eq!(got, expected);
        }
        assert_eq!(out.lines().count(), kept.lines().count());
    }
}

/// A newer version than this library knows is refused as that, not as damaged; an older file goes on and merges with new ones.
#[test]
fn versions_are_told_apart() {
    let params = ExactEigenParams::new(DIM);
    let mut newer = ExactEigen::<f64, Vec<f64>>::new(params).unwrap().encode();
    newer[4] = 3;
    seal(&mut newer);
    let refused = ExactEigen::<f64, Vec<f64>>::decode(&newer).unwrap_err();
    assert_eq!(refused, Error::Incompatible { what: Difference::Version, expected: 2, got: 3 });
    // Not every type has a second version.
    let mut newer = Oja::<f64, Vec<f64>>::new(OjaParams::new(DIM)).unwrap().encode();
    newer[4] = 2;
    seal(&mut newer);
    let refused = Oja::<f64, Vec<f64>>::decode(&newer).unwrap_err();
    assert_eq!(refused, Error::Incompatible { what: Difference::Version, expected: 1, got: 2 });
    let old = std::fs::read(folder("0.1").join("exact-f64.bin")).unwrap();
    assert_eq!(Header::read(&old).unwrap().version, 1);
    let mut old = ExactEigen::<f64, Vec<f64>>::decode(&old).unwrap();
    let mut new = filled(ExactEigen::<f64, Vec<f64>>::new(params), 150..200);
    new.merge(&old).unwrap();
    assert_eq!(new.rows_seen(), 200);
    (150..200).for_each(|i| old.update(&row(i)).unwrap());
    assert_eq!(answer(&mut new).unwrap().vectors, answer(&mut old).unwrap().vectors);
    assert_eq!(Header::read(&new.encode()).unwrap().version, 2);
}

/// Sketches under a Hadamard transform number their rows otherwise since version 0.1: those that it made go on as they were, and
/// merge among themselves. What didn't change merges with what is new.
#[test]
fn sketches_of_the_first_version_stay_what_they_were() {
    let read = |name: &str| std::fs::read(folder("0.1").join(format!("{name}.bin"))).unwrap();
    let numbering = |got: Result<(), Error>, sides| {
        let (expected, got_number) = sides;
        let refused = Error::Incompatible { what: Difference::Numbering, expected, got: got_number };
        assert_eq!(got, Err(refused));
        assert!(refused.to_string().contains("version 0.1 combine among themselves"), "{refused}");
    };

    let old = Sketched::<f64, Srht>::decode(&read("sketched-merged-f64")).unwrap();
    let params = *old.params();
    let mut again = Sketched::<f64, Srht>::decode(&old.encode()).unwrap();
    assert_eq!(Header::read(&old.encode()).unwrap().version, 2);
    assert_eq!(again.encode(), old.encode());
    let mut fresh = filled(Sketched::<f64, Srht>::new(params, Srht), 0..0);
    fresh.forget(0.5).unwrap();
    (0..10).for_each(|i| fresh.update_at((9 << 40) + i, &row(i as usize)).unwrap());
    numbering(again.merge(&fresh), (1, 2));
    numbering(fresh.merge(&again), (2, 1));
    numbering(Sketched::<f64, Srht>::join(&fresh, &again).map(drop), (2, 1));

    // The rows of the file once more, under other numbers: by the numbering of the file, not by ours.
    let bytes = read("sketched-tensor-f64");
    let restore = || Sketched::<f64, TensorSrht>::decode(&bytes).unwrap();
    let (mut one, mut other) = (restore(), restore());
    other.clear();
    let tensor = TensorSrht { second_len: 6 };
    // Nothing is left of the old rows, so nothing has to stay.
    other.merge(&filled(Sketched::new(*other.params(), tensor), 0..3)).unwrap();
    let mut rest = restore();
    (0..50).for_each(|i| rest.remove_at(i, &row(i as usize)).unwrap());
    assert!(rest.sums().iter().all(|&x| x == 0.0));
    one.merge_overlapping(&rest).unwrap();
    assert_eq!(one.sums(), restore().sums());
    numbering(one.merge(&filled(Sketched::new(*one.params(), tensor), 0..3)), (1, 2));

    let mut gaussian = Sketched::<f64, GaussianSketch>::decode(&read("sketched-gaussian-f64")).unwrap();
    let params = gaussian.params().first_index(7 << 40);
    gaussian.merge(&filled(Sketched::new(params, GaussianSketch), 0..5)).unwrap();
    assert_eq!(gaussian.rows_seen(), 55);
}

/// A file of a newer form is refused as that in every type, also inside another one.
#[test]
fn newer_versions_are_refused_as_newer() {
    for form in forms() {
        let mut newer = form.file();
        let known = newer[4];
        for version in [known + 1, 9, u8::MAX] {
            newer[4] = version;
            seal(&mut newer);
            let refused = (form.restore)(&newer).map(drop);
            let what = Difference::Version;
            let expected = Error::Incompatible { what, expected: known.into(), got: version.into() };
            assert_eq!(refused, Err(expected), "{}", form.name);
        }
        // The frame of the summary inside, behind two numbers.
        if form.name.starts_with("centred") {
            let mut newer = form.file();
            let inner = HEADER + 16;
            let len = 20 + u64::from_le_bytes(newer[inner + 8..inner + 16].try_into().unwrap()) as usize;
            newer[inner + 4] = 9;
            seal(&mut newer[inner..inner + len]);
            seal(&mut newer);
            let refused = (form.restore)(&newer).map(drop);
            let is_newer = matches!(refused, Err(Error::Incompatible { what: Difference::Version, got: 9, .. }));
            assert!(is_newer, "{}: {refused:?}", form.name);
        }
    }
}

#[test]
fn todays_bytes_are_those_of_the_files() {
    for form in forms() {
        assert_eq!(form.summary.encode(), form.file(), "{}", form.name);
    }
}

#[test]
fn every_changed_byte_is_refused() {
    for form in forms() {
        let bytes = form.file();
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            for mask in [0xff, 1 << (at % 8)] {
                changed[at] = bytes[at] ^ mask;
                let result = (form.restore)(&changed).map(drop);
                assert_eq!(result, Err(Error::Corrupt), "{}: byte {at} ^ {mask:#x}", form.name);
            }
            changed[at] = bytes[at];
        }
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    for form in forms() {
        let bytes = form.file();
        for len in 0..bytes.len() {
            assert_eq!((form.restore)(&bytes[..len]).map(drop), Err(Error::Corrupt), "{}: {len} bytes", form.name);
        }
        for byte in 0..=u8::MAX {
            let longer = [&bytes[..], &[byte]].concat();
            assert_eq!((form.restore)(&longer).map(drop), Err(Error::Corrupt), "{}: and {byte}", form.name);
        }
    }
}

/// Header and checksum of any other type, version or scalar on a right body.
#[test]
fn foreign_headers_are_refused() {
    for form in forms() {
        let bytes = form.file();
        for at in 4..8 {
            for value in 0..=u8::MAX {
                let mut forged = bytes.clone();
                forged[at] = value;
                seal(&mut forged);
                if forged != bytes {
                    let result = (form.restore)(&forged).map(drop);
                    let expected = matches!(result, Err(Error::Corrupt | Error::Incompatible { .. }));
                    assert!(expected, "{}: byte {at} is {value}: {result:?}", form.name);
                }
            }
        }
    }
}

/// A length that is not that of the body, and numbers that no summary holds, under a right checksum.
#[test]
fn wrong_lengths_and_infinite_numbers_are_refused() {
    for form in forms() {
        let bytes = form.file();
        let refused = |mut forged: Vec<u8>, what: &str| {
            seal(&mut forged);
            assert_eq!((form.restore)(&forged).map(drop), Err(Error::Corrupt), "{}: {what}", form.name);
        };
        for at in 8..HEADER {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            refused(forged, "length");
        }
        let end = bytes.len() - CHECKSUM;
        for more in 1..=3 {
            let mut forged = bytes.clone();
            forged.splice(end..end, vec![0; more]);
            forged[8..HEADER].copy_from_slice(&((end - HEADER + more) as u64).to_le_bytes());
            refused(forged, "longer body");
        }
        // Every body ends with a vector.
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut forged = bytes.clone();
            match Header::read(&bytes).unwrap().scalar {
                ScalarType::F32 => forged[end - 4..end].copy_from_slice(&(x as f32).to_le_bytes()),
                _ => forged[end - 8..end].copy_from_slice(&x.to_le_bytes()),
            }
            refused(forged, &format!("{x} in a vector"));
        }
    }
    // And in a single number.
    let summary = filled(FrequentDirections::<f64, _>::new(FrequentDirectionsParams::new(DIM).sketch_rows(2)), 0..150);
    let (bytes, shrinkage) = (summary.encode(), summary.shrinkage().to_le_bytes());
    let at = bytes.windows(8).position(|window| window == shrinkage).unwrap();
    for x in [f64::NAN, f64::INFINITY, -1.0] {
        let mut forged = bytes.clone();
        forged[at..at + 8].copy_from_slice(&x.to_le_bytes());
        seal(&mut forged);
        let result = FrequentDirections::<f64, Vec<f64>>::decode(&forged).map(drop);
        assert_eq!(result, Err(Error::Corrupt), "shrinkage {x}");
    }
}

/// Bodies with random damage under a right checksum. Where the damage leaves a valid state, that state must serve.
#[test]
fn forged_bodies_never_panic() {
    let mut accepted = 0;
    for form in forms() {
        let bytes = form.file();
        let body = bytes.len() - HEADER - CHECKSUM;
        let mut source = Source::new(bytes.len() as u64);
        for _ in 0..1000 {
            let mut forged = bytes.clone();
            for _ in 0..1 + source.below(4) {
                // Parameters and counts come first.
                let near = if source.below(2) == 0 { body.min(120) } else { body };
                let at = HEADER + source.below(near);
                let word: u64 = match source.below(8) {
                    0 => 0,
                    1 => u64::MAX,
                    2 => 1 << source.below(64),
                    3 => f64::NAN.to_bits(),
                    4 => f64::MAX.to_bits(),
                    5 => (-1.0f64).to_bits(),
                    6 => (f32::MAX.to_bits() as u64) << 32 | u64::from(f32::INFINITY.to_bits()),
                    _ => source.word(),
                };
                let len = [1, 1, 4, 8][source.below(4)].min(HEADER + body - at);
                forged[at..at + len].copy_from_slice(&word.to_le_bytes()[..len]);
            }
            seal(&mut forged);
            accepted += i32::from(form.use_forged(&forged));
        }
    }
    assert!(accepted > 1000, "only {accepted} were let in: the test tests little");
}

/// Nothing but noise behind a right header.
#[test]
fn noise_under_a_right_checksum_never_panics() {
    for form in forms() {
        let bytes = form.file();
        let mut source = Source::new(7);
        for _ in 0..200 {
            let mut forged = bytes.clone();
            let first = HEADER + source.below(bytes.len() - HEADER - CHECKSUM);
            let last = bytes.len() - CHECKSUM;
            forged[first..last].iter_mut().for_each(|byte| *byte = source.word() as u8);
            seal(&mut forged);
            form.use_forged(&forged);
        }
    }
}

/// Numbers of guesses in requests that wait: those of other guesses are refused.
#[test]
fn forged_requests_are_tied_to_what_they_ask_for() {
    let read = |name: &str| std::fs::read(folder("0.1").join(name)).unwrap();
    let number = |bytes: &[u8], at: usize| i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    // Behind parameters, slots, the last crossing and coins: the guesses below and above, and the one that is looked at.
    let bytes = read("lazy-dynamic-pending-f64.bin");
    let at = HEADER + 72 + 9 + 5 + 1 + 24;
    let (low, high, probe) = (number(&bytes, at), number(&bytes, at + 4), number(&bytes, at + 8));
    // An extra one, above those between which the answer was found.
    assert!(low < high && high < probe && probe - low < 40);
    for (place, value) in [
        (at, low - 100),
        (at, high),
        (at + 4, high + 100),
        (at + 4, low),
        (at + 8, -32_768),
        (at + 8, 32_767),
        (at + 8, low),
        (at + 8, probe + 100),
        (at + 8, i32::MIN),
    ] {
        let mut forged = bytes.clone();
        forged[place..place + 4].copy_from_slice(&value.to_le_bytes());
        seal(&mut forged);
        let result = LazyDynamic::<f64, u16, Vec<f64>, Vec<u16>>::decode(&forged).map(drop);
        assert_eq!(result, Err(Error::Corrupt), "{place}: {value}");
    }
    // Behind parameters, slots and coins: an element that comes, the guess that it has come to, and the last one.
    let bytes = read("dynamic-pending-f64.bin");
    let at = HEADER + 53 + 9 + 1 + 24;
    assert_eq!((bytes[at], bytes[at + 1]), (0, 0));
    let (first, last) = (number(&bytes, at + 9), number(&bytes, at + 13));
    assert!(first <= last && last - first < 40);
    for (place, value) in
        [(at + 9, first - 40), (at + 9, last + 1), (at + 13, last + 1), (at + 13, last - 1), (at + 13, first - 1)]
    {
        let mut forged = bytes.clone();
        forged[place..place + 4].copy_from_slice(&value.to_le_bytes());
        seal(&mut forged);
        let result = Dynamic::<f64, u16, Vec<f64>, Vec<u16>>::decode(&forged).map(drop);
        assert_eq!(result, Err(Error::Corrupt), "{place}: {value}");
    }
    for id in [1u8, 7, 8] {
        let mut forged = bytes.clone();
        forged[at + 1] = id;
        seal(&mut forged);
        let result = Dynamic::<f64, u16, Vec<f64>, Vec<u16>>::decode(&forged).map(drop);
        assert_eq!(result, Err(Error::Corrupt), "id {id}");
    }
}

/// What the length of the bytes does not tell: a full block that would never be worked in, a mean of other columns, and ranges out
/// of order.
#[test]
fn forged_blocks_and_ranges_are_refused() {
    let longer = |mut bytes: Vec<u8>, numbers: usize| {
        let end = bytes.len() - CHECKSUM;
        bytes.splice(end..end, vec![0; 8 * numbers]);
        let len = (bytes.len() - HEADER - CHECKSUM) as u64;
        bytes[8..HEADER].copy_from_slice(&len.to_le_bytes());
        seal(&mut bytes);
        bytes
    };
    let mut forged = StreamingQr::<f64, Vec<f64>>::new(StreamingQrParams::new(DIM).block_len(1)).unwrap().encode();
    // Behind two parameters and two counts: the rows of the block in use.
    forged[HEADER + 32] = 1;
    let forged = longer(forged, DIM);
    assert_eq!(StreamingQr::<f64, Vec<f64>>::decode(&forged).err(), Some(Error::Corrupt));

    // A mean of more columns than the summary has.
    let centered = Centered::new(ExactEigen::<f64, _>::new(ExactEigenParams::new(DIM)).unwrap()).unwrap();
    let forged = longer(centered.encode(), 2);
    assert_eq!(Centered::<ExactEigen<f64, Vec<f64>>, Vec<f64>>::decode(&forged).err(), Some(Error::Corrupt));

    type Type = SketchedLeastSquares<f64, Srht, Vec<f64>, Vec<u32>>;
    let mut summary = Type::new(SketchedLeastSquaresParams::new(DIM, 8).ranges(2), Srht).unwrap();
    [3, 1 << 40].into_iter().for_each(|index| summary.update_at(index, &row(1)).unwrap());
    let bytes = summary.encode();
    let ranges = bytes.len() - CHECKSUM - 8 * (8 + 1) * DIM - 32;
    let [first, second] = [0, 16].map(|at| bytes[ranges + at..][..16].to_vec());
    for pair in [[&second, &first], [&first, &first]] {
        let mut forged = bytes.clone();
        forged[ranges..][..32].copy_from_slice(&pair.map(|range| &range[..]).concat());
        seal(&mut forged);
        assert_eq!(Type::decode(&forged).err(), Some(Error::Corrupt));
    }
    assert!(Type::decode(&bytes).is_ok());
}

/// Bytes of a summary with a number of 64 bits in another one's place: where `from` stands in `bytes` for the `nth` time.
fn with_number(bytes: &[u8], from: u64, nth: usize, to: u64) -> Vec<u8> {
    let places = (HEADER..bytes.len() - CHECKSUM - 7).filter(|&at| bytes[at..at + 8] == from.to_le_bytes());
    let at = places.into_iter().nth(nth).unwrap();
    let mut forged = bytes.to_vec();
    forged[at..at + 8].copy_from_slice(&to.to_le_bytes());
    seal(&mut forged);
    forged
}

/// A count at its end stays there, in every type; what is written then can be read.
#[test]
fn the_largest_count_is_counted_on_from() {
    const LARGEST: u64 = u64::MAX / 2;
    let mut tried = 0;
    for form in forms() {
        let bytes = form.file();
        // Rows of the summaries in the files, and of those inside them.
        for rows in [19, 20, 21, 50, 150, 149, 151, 155, 300, 236] {
            for nth in 0..6 {
                let found = bytes.windows(8).skip(HEADER).filter(|number| **number == u64::to_le_bytes(rows)).count();
                if nth >= found {
                    break;
                }
                let forged = with_number(&bytes, rows, nth, LARGEST);
                let Ok(mut summary) = (form.restore)(&forged) else { continue };
                tried += 1;
                for i in 0..40 {
                    summary.go_on(i);
                    let again = (form.restore)(&summary.encode());
                    assert!(again.is_ok(), "{}: row {i} after the last that is counted", form.name);
                }
            }
        }
    }
    assert!(tried >= 50, "only {tried} counts found");
}

/// Merged with its own copy until its energy has no number in its units: the scale makes room, and the answer is that of one copy.
#[test]
fn energies_beyond_the_largest_number_find_room() {
    fn check<M: TopEigen<Scalar = f32> + Merge + Clone>(mut summary: M, read: fn(&M) -> Result<M, Error>) {
        let vector = |summary: &mut M| answer(summary).unwrap().vectors_f64();
        let one = vector(&mut summary);
        for _ in 0..150 {
            let copy = summary.clone();
            summary.merge(&copy).unwrap();
        }
        let mut read = read(&summary).unwrap();
        let many = answer(&mut read).unwrap();
        let along = many.vectors_f64().iter().zip(&one).map(|(x, y)| x * y).sum::<f64>();
        assert!(along > 0.999, "{along}");
        let (lower, upper) = many.bounds.map_or((0.0, f64::INFINITY), |bounds| bounds[0]);
        assert!(lower <= upper && many.values[0] > 1e50, "{:?}", many.values);
        // Ordinary rows still count, and what is written is read.
        summary.update(&row(5)).unwrap();
    }
    fn read<M: Wire<Storage = Vec<f32>>>(summary: &M) -> Result<M, Error> {
        M::decode(&summary.encode())
    }
    check(filled(ExactEigen::<f32, Vec<f32>>::new(ExactEigenParams::new(DIM)), 0..150), read);
    let new = FrequentDirectionsParams::new(DIM).sketch_rows(2);
    check(filled(FrequentDirections::<f32, Vec<f32>>::new(new), 0..150), read);
    check(filled(NystromSketch::<f32, Vec<f32>>::new(NystromSketchParams::new(DIM)), 0..150), read);
    let new = RandomOrderEigenParams::new(DIM).heavy_capacity(3);
    check(filled(RandomOrderEigen::<f32, Vec<f32>>::new(new), 0..150), read);
}

/// Merged with its own copy until no number holds its rows: the count stays at its end, and the bytes are read.
#[test]
fn summaries_merged_with_their_copies_count_to_the_end() {
    fn check<M: RowSummary<Scalar: Real> + Merge + Clone>(mut summary: M, read: fn(&M) -> Result<M, Error>) {
        for _ in 0..70 {
            let copy = summary.clone();
            summary.merge(&copy).unwrap();
            assert!(summary.rows_seen() >= copy.rows_seen());
        }
        assert_eq!(summary.rows_seen(), u64::MAX / 2);
        assert_eq!(read(&summary).unwrap().rows_seen(), u64::MAX / 2);
        // And with one more row.
        let _ = summary.update(&row::<M::Scalar>(3));
        assert_eq!(read(&summary).unwrap().rows_seen(), u64::MAX / 2);
    }
    fn read<M: Wire<Storage = Vec<T>>, T: Real>(summary: &M) -> Result<M, Error> {
        M::decode(&summary.encode())
    }
    fn all<T: Real>() {
        let rows = 0..150;
        let new = RandomOrderEigenParams::new(DIM).heavy_capacity(3);
        check(filled(RandomOrderEigen::<T, Vec<T>>::new(new), rows.clone()), read);
        let new = ExactEigenParams::new(DIM);
        check(filled(ExactEigen::<T, Vec<T>>::new(new), rows.clone()), read);
        check(filled(ExactEigen::<T, Vec<T>>::new(new.two_level()), rows.clone()), read);
        let new = FrequentDirectionsParams::new(DIM).sketch_rows(2);
        check(filled(FrequentDirections::<T, Vec<T>>::new(new), rows.clone()), read);
        check(filled(FrequentDirections::<T, Vec<T>>::new(new.shrink(Shrink::None)), rows.clone()), read);
        check(filled(NystromSketch::<T, Vec<T>>::new(NystromSketchParams::new(DIM)), rows.clone()), read);
        let inner = ExactEigen::<T, Vec<T>>::new(ExactEigenParams::new(DIM)).unwrap();
        check(filled(Centered::new(inner), rows.clone()), |summary| Centered::decode(&summary.encode()));
        let inner = RandomOrderEigen::<T, Vec<T>>::new(RandomOrderEigenParams::new(DIM)).unwrap();
        check(filled(Centered::new(inner), rows.clone()), |summary| Centered::decode(&summary.encode()));
        check(filled(StreamingQr::<T, Vec<T>>::new(StreamingQrParams::new(DIM)), rows.clone()), read);
        let new = NormalEquationsParams::new(DIM);
        check(filled(NormalEquations::<T, Vec<T>>::new(new), rows.clone()), read);
        check(filled(NormalEquations::<T, Vec<T>>::new(new.compensated()), rows.clone()), read);
        check(filled(Gradient::<T, Vec<T>>::new(GradientParams::new(DIM - 2, 2)), rows.clone()), read);
        let mut sketch = filled(Sketched::<T, Srht>::new(SketchedLeastSquaresParams::new(DIM, 12), Srht), rows);
        sketch.remove_at(3, &row(3)).unwrap();
        for _ in 0..70 {
            let copy = sketch.clone();
            sketch.merge_overlapping(&copy).unwrap();
        }
        sketch.update(&row(4)).unwrap();
        sketch.remove_at(4, &row(4)).unwrap();
        let read = Sketched::<T, Srht>::decode(&sketch.encode()).unwrap();
        assert_eq!((read.rows_seen(), read.rows_removed()), (u64::MAX / 2, u64::MAX / 2));
    }
    all::<f32>();
    all::<f64>();
}
