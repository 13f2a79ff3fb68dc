//! Laws of eigen summaries: what their answers are, and what is certified of them.

use sketchlet_core::eigen::TopEigen;
use sketchlet_core::{Difference, Error, Lane, Merge, Real, Wire};
use sketchlet_laws::{Case, Shape, Subject, TestCaseResult};
use sketchlet_tests::answer::{Answer, answer, feed};
use sketchlet_tests::oracle::Oracle;
use sketchlet_tests::streams::{Rows, Source, dot};

/// The rows of a case.
pub(crate) fn rows(case: &Case) -> Rows {
    Rows::new(case.shape.dim, case.table.rows())
}

/// Small integers of the same shape: all sums of products are exact, also in `f32`.
pub(crate) fn exact_rows(case: &Case) -> Rows {
    Rows::new(case.shape.dim, case.table.with_exact_sums().rows())
}

fn filled<M: TopEigen>(subject: &Subject<M>, case: &Case, rows: &Rows) -> M {
    let mut summary = subject.make(&case.shape).unwrap();
    feed(&mut summary, rows);
    summary
}

/// The answer as the common laws compare it.
pub(crate) fn top<M: TopEigen>(summary: &mut M) -> Result<sketchlet_laws::Answer, Error> {
    let got = answer(summary)?;
    let (lower, upper): (Vec<f64>, Vec<f64>) = got.bounds.clone().unwrap_or_default().into_iter().unzip();
    let confidence = got.confidence;
    let numbers = |x: Option<M::Scalar>| x.map(Real::as_f64);
    Ok(sketchlet_laws::Answer::new()
        .with("status", [f64::from(confidence.status as u8)])
        .with("vector", got.vectors_f64())
        .with_degree(2, "value", got.values)
        .with_degree(2, "lower", lower)
        .with_degree(2, "upper", upper)
        .with("gap", numbers(confidence.gap_estimate))
        .with("estimate", numbers(confidence.error_estimate))
        .with("bound", numbers(confidence.error_bound)))
}

/// The answer, or `None` where the law has nothing to check: no energy yet, or a solver that gave up.
fn some_answer<M: TopEigen>(summary: &mut M) -> Option<Answer<M::Scalar>> {
    match answer(summary) {
        Ok(answer) => Some(answer),
        Err(Error::TooFewRows { needed: 1, got: 0 } | Error::NotConverged { .. }) => None,
        Err(e) => panic!("{e}"),
    }
}

/// Relative rounding errors that sums over a few hundred rows may collect.
fn rounding<T: Real>() -> f64 {
    100.0 * T::EPSILON.as_f64()
}

/// What rounding alone may turn a vector by, as `sin^2`; iterative solvers stop at a residual of 1e-6 in `f32` and 1e-12 in
/// `f64`.
fn rounding_error<T: Real>(oracle: &Oracle, rank: usize) -> f64 {
    let next = oracle.values().get(rank).copied().unwrap_or(0.0);
    let gap = (oracle.value(rank - 1) - next) / oracle.value(0);
    let residual = if T::BYTES == 4 { 1e-6 } else { 1e-12 };
    ((rounding::<T>() + residual) / gap).powi(2)
}

/// Unit length to a few rounding errors, orthogonal to each other, first entry that is not noise positive.
pub(crate) fn answers_are_orthonormal_and_signed<M: TopEigen>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let Some(answer) = some_answer(&mut filled(subject, case, &rows(case))) else { return Ok(()) };
    let eps = M::Scalar::EPSILON.as_f64();
    let tolerance = if M::Scalar::BYTES == 4 { 1e-5 } else { 1e-10 };
    let vectors = answer.vectors_f64();
    let vectors: Vec<&[f64]> = vectors.chunks_exact(case.shape.dim).collect();
    assert_eq!(vectors.len(), answer.rank);
    assert!(answer.rank <= case.shape.rank);
    for (i, v) in vectors.iter().enumerate() {
        let norm = dot(v, v).sqrt();
        assert!((norm - 1.0).abs() <= 4.0 * eps, "vector {i} has length 1 + {:e}", norm - 1.0);
        let largest = v.iter().fold(0.0f64, |max, x| max.max(x.abs()));
        let first = v.iter().find(|x| x.abs() > 8.0 * eps * largest).unwrap();
        assert!(*first > 0.0, "vector {i} begins with {first}");
        for (j, u) in vectors[..i].iter().enumerate() {
            assert!(dot(u, v).abs() < tolerance, "vectors {j} and {i}: {:e}", dot(u, v));
        }
    }
    for pair in answer.bounds.iter().flat_map(|bounds| bounds.windows(2)) {
        assert!(pair[0].0 >= pair[1].0 && pair[0].1 >= pair[1].1, "bounds not in order: {pair:?}");
    }
    Ok(())
}

/// All rows times a power of two: the same bits, values times its square.
pub(crate) fn scaling_by_powers_of_two_keeps_bits<M: TopEigen>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    // In f32 the squares of rows 2^60 apart leave the range of the scalar on one side; that is not a matter of scale.
    let exponents = if M::Scalar::BYTES == 4 { 8 } else { 30 };
    let rows = Rows::new(case.shape.dim, sketchlet_laws::Table { exponents, ..case.table }.rows());
    // Entries that the answer owes to numbers below the range may differ.
    let noise = M::Scalar::constant(if M::Scalar::BYTES == 4 { 1e-18 } else { 0.0 });
    let plain = some_answer(&mut filled(subject, case, &rows));
    let mut source = Source::new(case.seed);
    let (down, up) = if M::Scalar::BYTES == 4 { (-60, 50) } else { (-900, 900) };
    for e in [down, up, down + source.below((up - down) as usize) as i32] {
        let scaled = some_answer(&mut filled(subject, case, &rows.times_power_of_two(e)));
        let (Some(plain), Some(scaled)) = (&plain, &scaled) else {
            assert_eq!(plain.is_some(), scaled.is_some(), "times 2^{e}");
            continue;
        };
        for (i, (x, y)) in plain.vectors.iter().zip(&scaled.vectors).enumerate() {
            assert!(x == y || x.abs().max(y.abs()) < noise, "times 2^{e}: entry {i} is {y:e} instead of {x:e}");
        }
        assert_eq!(plain.confidence, scaled.confidence, "times 2^{e}");
        let square = |x: f64| Real::times_power_of_two(x, 2 * e);
        if e.abs() < 400 {
            assert_eq!(plain.values.iter().map(|&x| square(x)).collect::<Vec<_>>(), scaled.values, "times 2^{e}");
        }
    }
    Ok(())
}

/// Nothing but zeros: counted, but no answer.
pub(crate) fn no_energy_is_too_few_rows<M: TopEigen>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = subject.make(&case.shape)?;
    let refused = Err(Error::TooFewRows { needed: 1, got: 0 });
    assert_eq!(answer(&mut summary).map(drop), refused);
    let zeros = Rows::new(case.shape.dim, vec![0.0; case.table.len * case.shape.dim]);
    feed(&mut summary, &zeros);
    assert_eq!(summary.rows_seen(), case.table.len as u64);
    assert_eq!(answer(&mut summary).map(drop), refused);
    // And zeros do no harm to what follows.
    feed(&mut summary, &Rows::new(case.shape.dim, vec![1.0; case.shape.dim]));
    assert!(answer(&mut summary).is_ok());
    Ok(())
}

/// `value_lower <= sigma_i^2 <= value_upper` for every vector.
pub(crate) fn values_are_sandwiched<M: TopEigen>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = rows(case);
    if let Some(answer) = some_answer(&mut filled(subject, case, &rows)) {
        check_sandwich(&answer, &Oracle::of(&rows));
    }
    Ok(())
}

/// The check of [`values_are_sandwiched`] on one answer.
pub(crate) fn check_sandwich<T: Real>(answer: &Answer<T>, oracle: &Oracle) {
    // The oracle rounds, too. In `f32` rounding may leave nothing certain.
    let slack = 1e-10 * oracle.value(0);
    assert!(answer.bounds.is_some() || answer.rank == 0 || T::BYTES == 4, "no bounds");
    for (i, &(lower, upper)) in answer.bounds.iter().flatten().enumerate() {
        let exact = oracle.value(i);
        assert!(lower <= exact + slack, "value {i}: lower bound {lower:e} above {exact:e}");
        assert!(exact <= upper + slack, "value {i}: upper bound {upper:e} below {exact:e}");
        let value = answer.values[i];
        assert!(lower <= value && value <= upper, "value {i}: {value:e} outside [{lower:e}, {upper:e}]");
    }
}

/// `error <= error_bound` wherever there is a bound, up to rounding.
pub(crate) fn error_bound_holds<M: TopEigen>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = rows(case);
    if let Some(answer) = some_answer(&mut filled(subject, case, &rows)) {
        check_error_bound(&answer, &Oracle::of(&rows));
    }
    Ok(())
}

/// The check of [`error_bound_holds`] on one answer.
pub(crate) fn check_error_bound<T: Real>(answer: &Answer<T>, oracle: &Oracle) {
    if let Some(bound) = answer.confidence.error_bound {
        let (bound, error) = (bound.as_f64(), answer.error(oracle));
        assert!((0.0..=1.0).contains(&bound));
        // The bound is computed from rounded values, of which some are differences.
        let next = oracle.values().get(answer.rank).copied().unwrap_or(0.0);
        let gap = (oracle.value(answer.rank - 1) - next) / oracle.value(0);
        let slack = rounding_error::<T>(oracle, answer.rank) + 4.0 * T::EPSILON.as_f64() * bound.sqrt() / gap;
        assert!(error <= bound * (1.0 + 1e-6) + slack, "error {error:e}, bound {bound:e}, rounding {slack:e}");
    }
}

/// Rows and their number add up; what is certified after a merge holds for all rows together, also when the shards differ
/// in scale.
pub(crate) fn merged_answers_are_certified<M: TopEigen + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = rows(case);
    let mut source = Source::new(case.seed);
    let cut = source.below(rows.len() + 1);
    let e = [0, 0, -20, 25][source.below(4)];
    let (left, right) = (rows.slice(0, cut), rows.slice(cut, rows.len() - cut).times_power_of_two(e));
    let mut merged = filled(subject, case, &left);
    merged.merge(&filled(subject, case, &right)).unwrap();
    assert_eq!(merged.rows_seen(), rows.len() as u64);
    if let Some(answer) = some_answer(&mut merged) {
        let oracle = Oracle::of(&left.then(&right));
        if answer.bounds.is_some() {
            check_sandwich(&answer, &oracle);
        }
        check_error_bound(&answer, &oracle);
    }
    // And it goes on from there.
    let more = rows.first(30);
    feed(&mut merged, &more);
    if let Some(answer) = some_answer(&mut merged) {
        let oracle = Oracle::of(&left.then(&right).then(&more));
        if answer.bounds.is_some() {
            check_sandwich(&answer, &oracle);
        }
        check_error_bound(&answer, &oracle);
    }
    Ok(())
}

/// A merge with an empty summary, on either side, changes no vector; sums may move by a rounding error.
pub(crate) fn merge_with_empty_is_identity<M: TopEigen + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = rows(case);
    let mut summary = filled(subject, case, &rows);
    let Some(expected) = some_answer(&mut summary) else { return Ok(()) };
    let mut copy = subject.make(&case.shape)?;
    copy.merge(&summary).unwrap();
    summary.merge(&subject.make(&case.shape)?).unwrap();
    for (mut merged, side) in [(copy, "into an empty one"), (summary, "with an empty one")] {
        assert_eq!(merged.rows_seen(), rows.len() as u64, "{side}");
        let got = some_answer(&mut merged).unwrap();
        assert_eq!(got.vectors, expected.vectors, "{side}");
        assert_eq!(got.confidence.status, expected.confidence.status, "{side}");
        for (x, y) in got.values.iter().zip(&expected.values) {
            assert!((x - y).abs() <= rounding::<M::Scalar>() * expected.values[0], "{side}: {x} instead of {y}");
        }
    }
    Ok(())
}

/// Summaries of another shape are refused, and the state stays.
pub(crate) fn merge_refuses_other_parameters<M: TopEigen + Merge + Wire>(
    subject: &Subject<M>,
    case: &Case,
) -> TestCaseResult {
    let mut summary = filled(subject, case, &rows(case));
    let before = summary.encode();
    let wider = subject.make(&Shape { dim: case.shape.dim + 1, ..case.shape })?;
    assert!(matches!(summary.merge(&wider), Err(Error::Incompatible { what: Difference::Dim, .. })));
    let rank = if case.shape.rank < case.shape.dim { case.shape.rank + 1 } else { case.shape.rank - 1 };
    if rank > 0 {
        let other = subject.make(&Shape { rank, ..case.shape })?;
        assert!(matches!(summary.merge(&other), Err(Error::Incompatible { what: Difference::Rank, .. })));
    }
    assert_eq!(summary.encode(), before);
    Ok(())
}

/// For linear summaries of integers: the merge has the answer of one stream.
pub(crate) fn merge_equals_concatenation<M: TopEigen + Merge>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = exact_rows(case);
    let cut = Source::new(case.seed).below(rows.len() + 1);
    let mut merged = filled(subject, case, &rows.slice(0, cut));
    merged.merge(&filled(subject, case, &rows.slice(cut, rows.len() - cut))).unwrap();
    let whole = some_answer(&mut filled(subject, case, &rows));
    check_close(whole, some_answer(&mut merged), &rows);
    Ok(())
}

/// Updates with a row and then `remove` of it: as if it had not been.
pub(crate) fn remove_undoes_update<M: TopEigen + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let remove = subject.remove().unwrap();
    let remove = |summary: &mut M, row: &[M::Scalar]| remove(summary, 0, row);
    let rows = exact_rows(case);
    let cut = Source::new(case.seed).below(rows.len() + 1);
    let mut summary = filled(subject, case, &rows);
    for row in rows.slice(cut, rows.len() - cut).cast().chunks_exact(case.shape.dim) {
        remove(&mut summary, row).unwrap();
    }
    assert_eq!(summary.rows_seen(), cut as u64);
    let before = summary.encode();
    let mut bad = vec![M::Scalar::ONE; case.shape.dim];
    bad[0] = M::Scalar::INFINITY;
    let refusal = if cut == 0 { Error::TooFewRows { needed: 1, got: 0 } } else { Error::NonFinite { index: 0 } };
    assert_eq!(remove(&mut summary, &bad), Err(refusal));
    assert_eq!(
        remove(&mut summary, &bad[1..]),
        Err(Error::Dimension { expected: case.shape.dim, got: case.shape.dim - 1 })
    );
    assert_eq!(summary.encode(), before, "a refused removal changed the state");
    let kept = rows.slice(0, cut);
    check_close(some_answer(&mut filled(subject, case, &kept)), some_answer(&mut summary), &kept);
    Ok(())
}

/// Two answers for the same rows, equal up to rounding.
fn check_close<T: Real>(expected: Option<Answer<T>>, got: Option<Answer<T>>, rows: &Rows) {
    // Without energy, rounding decides whether there is any.
    let (Some(expected), Some(got)) = (expected, got) else { return };
    let largest = expected.values[0];
    let tolerance = if T::BYTES == 4 { 1e-4 } else { 1e-11 } * largest;
    for (i, (x, y)) in expected.values.iter().zip(&got.values).enumerate() {
        assert!((x - y).abs() <= tolerance, "value {i}: {y} instead of {x}");
    }
    if expected.rank == got.rank {
        let mine = Rows::collect(rows.dim(), expected.vectors_f64().chunks_exact(rows.dim()).map(<[f64]>::to_vec));
        let span = Oracle::of(&mine);
        let slack = 1e4 * rounding_error::<T>(&Oracle::of(rows), expected.rank).max(T::EPSILON.as_f64().powi(2));
        let turned = span.error(&got.vectors_f64());
        assert!(turned <= slack, "turned by {turned:e}, rounding allows {slack:e}");
    }
}

/// Rows turned by a rotation give an answer turned by it.
pub(crate) fn rotation_rotates_the_answer<M: TopEigen>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = exact_rows(case);
    let rotation = Source::new(case.seed).rotation(case.shape.dim);
    let Some(plain) = some_answer(&mut filled(subject, case, &rows)) else { return Ok(()) };
    let turned = rows.rotated(&rotation);
    let Some(answer) = some_answer(&mut filled(subject, case, &turned)) else { return Ok(()) };
    let oracle = Oracle::of(&rows);
    if plain.rank != answer.rank || rounding_error::<M::Scalar>(&oracle, plain.rank) > 1e-16 {
        return Ok(());
    }
    let expected = Rows::new(case.shape.dim, plain.vectors_f64()).rotated(&rotation);
    let error = Oracle::of(&expected).error(&answer.vectors_f64());
    assert!(error < 1e-8, "turned by {error:e}");
    Ok(())
}

/// A buffer that is too short for an answer is refused, and the state stays.
pub(crate) fn short_buffers_change_nothing<M: TopEigen + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let mut summary = filled(subject, case, &rows(case));
    let before = summary.encode();
    let needed = summary.answer_len();
    let mut short = vec![M::Scalar::ZERO; needed - 1];
    assert_eq!(summary.estimate(&mut short).map(drop), Err(Error::Storage { needed, got: needed - 1 }));
    assert_eq!(summary.encode(), before, "a short buffer changed the state");
    Ok(())
}
