//! Regression summaries, joined to their laws: one line a type.

use sketchlet_core::regression::*;
use sketchlet_core::sketch::*;
use sketchlet_core::stream::Deferred;
use sketchlet_core::{Error, Lane, MatRef, Real, RowSummary};
use sketchlet_laws::{Answer, Choices, Subject, laws};

/// The last column from the others.
fn fit<R: Real>(
    dim: usize,
    solve: impl for<'a> FnOnce(&Query<'_>, &mut [R], &'a mut [R]) -> Result<Fit<'a, R>, Error>,
) -> Result<Answer, Error> {
    let features: Vec<usize> = (0..dim - 1).collect();
    let targets = [dim - 1];
    let query = Query::new(&features, &targets);
    let (mut scratch, mut answer) = (vec![R::ZERO; query.scratch_len()], vec![R::ZERO; query.answer_len()]);
    let fit = solve(&query, &mut scratch, &mut answer)?;
    let wide = |xs: &[R]| xs.iter().map(|x| x.as_f64()).collect::<Vec<_>>();
    Ok(Answer::new()
        .with("coefficient", wide(fit.coefficients))
        .with("half-width", wide(fit.half_widths.unwrap_or_default()))
        .with_degree(1, "residual", wide(fit.residual_norm))
        .with("condition", [fit.condition.as_f64()])
        .with("rank", [fit.rank as f64]))
}

/// A weight, or what is none.
fn weight<T: Real>(choices: &mut Choices) -> T {
    let weights = [0.0, 0.5, 1.0, 3.0, 1e-30, 1e30, f64::MAX, -1.0, f64::NAN, f64::INFINITY];
    T::constant(weights[choices.below(weights.len())])
}

/// The number of a row: of one of some streams, whose ends are among them.
fn number(choices: &mut Choices) -> u64 {
    let ends = [0, (1 << 40) - 1, u64::MAX, u64::MAX - (1 << 40)];
    ends[choices.below(4)].wrapping_add(((choices.below(12) as u64) << 40) + choices.below(20) as u64)
}

fn wide<L: Lane>(xs: &[L]) -> impl Iterator<Item = f64> + '_ {
    xs.iter().map(|x| x.to_real::<f64>())
}

/// Numbers that are what they are: where they have overflowed, there is no answer.
fn finite<L: Lane>(xs: &[L]) -> Result<Vec<f64>, Error> {
    xs.iter()
        .position(|x| !x.is_finite())
        .map_or_else(|| Ok(wide(xs).collect()), |index| Err(Error::NonFinite { index }))
}

fn normal<L: Lane>(sums: &mut NormalEquations<L, Vec<L>>) -> Result<Answer, Error> {
    let gram = Answer::new().with_degree(2, "gram", finite(sums.gram())?);
    // A refusal follows from the sums.
    let fit = fit::<f64>(sums.dim(), |query, scratch, answer| sums.solve_in(query, scratch, answer));
    Ok(fit.map_or(gram.clone(), |fit| fit.and(gram)))
}

type Sketched<L, O> = SketchedLeastSquares<L, O, Vec<L>, Vec<u32>>;

fn sketched<L: Lane, O: SketchOperator<L>>(summary: &mut Sketched<L, O>) -> Result<Answer, Error> {
    let mut settled = summary.clone();
    settled.close_block();
    let sums = Answer::new().with_degree(1, "sum", finite(settled.sums())?);
    let fit = fit::<f64>(settled.dim(), |query, scratch, answer| settled.solve_in(query, scratch, answer));
    // Rows that were all removed leave an answer of rank 0, where rows that never came leave none.
    let fit = fit.ok().filter(|fit| fit.numbers().iter().any(|number| number.name == "rank" && number.value > 0.0));
    // Half-widths remember what has gone: `removals.rs` looks at them.
    let fit = fit.map(|fit| if summary.rows_removed() > 0 { fit.without("half-width") } else { fit });
    Ok(fit.map_or(sums.clone(), |fit| fit.and(sums)))
}

laws! {
    streaming_qr<T: f32, f64>: StreamingQr<T, S>,
    Subject::new(|s| StreamingQr::new(StreamingQrParams::new(s.dim).block_len(8)))
        .answer(|m| fit(m.dim(), |query, scratch, answer| m.solve_in(query, scratch, answer)))
        .verb("update_weighted", |m, row, choices| m.update_weighted(row, weight(choices)))
        .verb("downdate", |m, row, _| m.downdate(row))
        .verb("forget", |m, _, choices| m.forget(weight(choices)))
        .verb("poll", |m, _, _| m.poll(&(), 1).map(drop))
        .verb("downdate when settled", |m, row, _| m.downdate(row))
        .columns(2, 12).wire(),
    // Rows are gathered by every update, and a poll before a block is full changes rounding: there is no deferred form of an update
    // to compare with, only polls that end.
    [rows, wire, storage, merge, scale, polled]
}

laws! {
    normal_equations<T: f32, f64, i32, i64>: NormalEquations<T, S>,
    Subject::new(|s| NormalEquations::new(NormalEquationsParams::new(s.dim)))
        .answer(normal).removing(|m, _, row| m.remove(row)).verb("remove", |m, row, _| m.remove(row)).columns(2, 24).wire(),
    [rows, wire, storage, merge, identity, linear, order, remove]
}

laws! {
    normal_equations_scaled<T: f32, f64>: NormalEquations<T, S>,
    Subject::new(|s| NormalEquations::new(NormalEquationsParams::new(s.dim))).answer(normal).columns(2, 24).wire(),
    [scale]
}

laws! {
    normal_equations_compensated<T: f32, f64>: NormalEquations<T, S>,
    Subject::new(|s| NormalEquations::new(NormalEquationsParams::new(s.dim).compensated()))
        .answer(normal).removing(|m, _, row| m.remove(row)).columns(2, 24)
        .verb("remove", |m, row, _| m.remove(row))
        .verb("update_weighted", |m, row, choices| m.update_weighted(row, weight(choices)))
        .verb("forget", |m, _, choices| m.forget(weight(choices)))
        .wire(),
    [rows, wire, storage, merge, identity, linear, order, remove, scale]
}

laws! {
    recursive<T: f32, f64>: RecursiveLeastSquares<T, S>,
    Subject::new(|s| RecursiveLeastSquares::new(RecursiveLeastSquaresParams::new(s.dim - 1).forgetting(0.98)))
        .answer(|m| Ok(Answer::new().with("coefficient", finite(m.coefficients())?)))
        .columns(2, 12).wire(),
    [rows, wire, storage]
}

laws! {
    gradient<T: f32, f64>: Gradient<T, S>,
    Subject::new(|s| Gradient::new(GradientParams::new(s.dim - 1, 1)))
        .answer(|m| {
            Ok(Answer::new().with_degree(2, "sum", wide(m.sums())).with_degree(2, "square", wide(m.residual_squares())))
        })
        .removing(|m, _, row| m.remove(row)).columns(2, 24)
        .verb("update_weighted", |m, row, choices| m.update_weighted(row, weight(choices)))
        .verb("remove", |m, row, _| m.remove(row))
        .verb("remove_weighted", |m, row, choices| m.remove_weighted(row, weight(choices)))
        .verb("start_at", |m, row, _| m.start_at(row.get(1..).unwrap_or_default()))
        .verb("update from there", |m, row, _| m.update(row))
        .wire(),
    [rows, wire, storage, merge, identity, linear, order, remove, scale]
}

laws! {
    sketched_srht<T: f32, f64, i32, i64>: SketchedLeastSquares<T, Srht, S, I>,
    Subject::new(|s| {
        let params = SketchedLeastSquaresParams::new(s.dim, 16).seed(s.seed).block_len(8).ranges(8);
        Sketched::new(params.first_index(s.first), Srht)
    })
    .answer(sketched).removing(|m, i, row| m.remove_at(i, row)).columns(2, 12)
    .verb("update_at", |m, row, choices| m.update_at(number(choices), row))
    .verb("update_at_deferred", |m, row, choices| m.update_at_deferred(number(choices), row))
    .verb("remove_at", |m, row, choices| m.remove_at(number(choices), row))
    .verb("update_batch_at", |m, row, choices| m.update_batch_at(number(choices), MatRef::new(row, 1, row.len())?))
    .verb("update_cell", |m, row, choices| {
        m.update_cell(number(choices), choices.below(14), row.first().copied().unwrap_or_default())
    })
    .wire(),
    [rows, wire, storage, merge, linear, remove]
}

laws! {
    sketched_weighted<T: f32, f64>: SketchedLeastSquares<T, Srht, S, I>,
    Subject::new(|s| {
        let params = SketchedLeastSquaresParams::new(s.dim, 16).seed(s.seed).block_len(4).ranges(4);
        Sketched::new(params.first_index(s.first), Srht)
    })
    .answer(sketched).columns(2, 12)
    .verb("update_weighted", |m, row, choices| m.update_weighted(number(choices), row, weight(choices)))
    .verb("remove_weighted", |m, row, choices| m.remove_weighted(number(choices), row, weight(choices)))
    .verb("forget", |m, _, choices| m.forget(weight(choices)))
    .wire(),
    [rows, wire, merge]
}

laws! {
    sketched_srht_deferred<T: f32, i64>: SketchedLeastSquares<T, Srht, S, I>,
    Subject::new(|s| {
        let params = SketchedLeastSquaresParams::new(s.dim, 16).seed(s.seed).block_len(8).ranges(8).deferred();
        Sketched::new(params.first_index(s.first), Srht)
    })
    .answer(sketched).columns(2, 12).wire(),
    [deferred, deferred_wire, deferred_merge]
}

/// The other operators, which take rows one by one.
macro_rules! sketched {
    ($($name:ident: $operator:ty = $value:expr, [$($scalar:ident),*], [$($group:ident),*];)*) => {$(
        laws! {
            $name<T: $($scalar),*>: SketchedLeastSquares<T, $operator, S, I>,
            Subject::new(|s| {
                let params = SketchedLeastSquaresParams::new(s.dim, 16).seed(s.seed).ranges(8);
                Sketched::new(params.first_index(s.first), $value)
            })
            .answer(sketched).removing(|m, i, row| m.remove_at(i, row)).columns(2, 12).wire(),
            [rows, wire, storage, merge, $($group),*]
        }
    )*};
}

sketched! {
    sketched_srct: Srct = Srct, [f32, i64], [identity, linear, remove];
    sketched_rademacher: RademacherSketch = RademacherSketch, [f32, i64], [identity, linear, remove];
    sketched_count: CountSketch = CountSketch, [f32, i64], [identity, linear, remove];
    sketched_osnap: Osnap = Osnap { nonzeros: 4 }, [f32, i64], [identity, linear, remove];
    sketched_tensor: TensorSrht = TensorSrht { second_len: 6 }, [f32, i64], [identity, linear, remove];
    // Its entries are no integers: sums round.
    sketched_gaussian: GaussianSketch = GaussianSketch, [f64], [identity];
}

laws! {
    sketched_scaled<T: f32, f64>: SketchedLeastSquares<T, Srht, S, I>,
    Subject::new(|s| Sketched::new(SketchedLeastSquaresParams::new(s.dim, 16).seed(s.seed), Srht))
        .answer(sketched).columns(2, 12).wire(),
    [scale]
}
