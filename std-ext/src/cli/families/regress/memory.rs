//! Regression with all rows in memory, by `lstsq`.

use super::job::{Job, ROWS_PER_COEFFICIENT};
use super::stored::Number;
use crate::cli::args::{Operator, Solve};
use crate::cli::failure::Failure;
use crate::cli::input::open;
use crate::cli::report::Report;

/// Whether all rows are needed at once: for digits of the data themselves, and where a sketch would be as large as they are.
pub(super) fn is_needed<T: Number>(job: &Job<'_, T>) -> Result<bool, Failure> {
    let (task, arguments) = (job.task, job.task.arguments);
    if task.solve != Solve::Sketched || job.operator == Operator::Pooled {
        return Ok(true);
    }
    // Rows that were asked for are taken; rows that an error asks for are too many if the data have hardly more.
    if arguments.epsilon.is_none() || task.is_streaming || arguments.save.is_some() {
        return Ok(false);
    }
    let mut reader = open::<T>(&arguments.input, task.other_columns())?;
    let mut count = 0;
    while let Some(rows) = reader.next_batch()? {
        count += rows.rows();
    }
    Ok(job.sketch_rows(ROWS_PER_COEFFICIENT)? > count / 4)
}

#[cfg(not(feature = "faer"))]
pub(super) fn run<T: Number>(_: Job<'_, T>) -> Result<Report, Failure> {
    Err(crate::Error::request("this build has no solver for rows in memory: use --streaming, or build with faer")
        .into())
}

#[cfg(feature = "faer")]
pub(super) use solver::run;

#[cfg(feature = "faer")]
mod solver {
    use super::super::inference::Inference;
    use super::super::job::too_large;
    use super::super::stored::Answer;
    use super::{Failure, Job, Number, Operator, Report, Solve};
    use crate::lstsq::{LeastSquaresFit, LeastSquaresParams, Path, Sketch, Warning, lstsq};
    use crate::regression::NoHalfWidths;
    use crate::{CoreError, Error, MatRef, Real};

    /// Rows of the sketch a coefficient that guides a refinement.
    const ROWS_PER_COEFFICIENT: usize = 12;

    pub(in super::super) fn run<T: Number>(mut job: Job<'_, T>) -> Result<Report, Failure> {
        let arguments = job.task.arguments;
        let (mut features, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let constants = usize::from(arguments.intercept);
        let (feature_columns, target_columns) = (job.roles.features[constants..].to_vec(), job.roles.targets.clone());
        let mut rows = 0;
        // Reading is not part of the time that solving takes.
        let mut clock = job.clock;
        job.for_each_batch(|batch, of_rows| {
            if let Some(row) = of_rows.and_then(|weights| weights.iter().position(|&weight| weight < T::ZERO)) {
                let error = CoreError::Parameter { name: &"weight", rule: crate::Rule::NOT_NEGATIVE };
                return Err(Error::from(error).at_row(row as u64 + 1));
            }
            for row in batch.iter_rows() {
                features.extend(feature_columns.iter().map(|&i| row[i]));
                targets.extend(target_columns.iter().map(|&i| row[i]));
            }
            weights.extend_from_slice(of_rows.unwrap_or_default());
            rows += batch.rows();
            Ok(())
        })?;
        // Features first, then targets.
        let columns: Vec<usize> = feature_columns.iter().chain(&target_columns).copied().collect();
        let names = job.names(&columns);
        // Whatever overflowed, the column to blame is the one that is furthest from one.
        let extreme = || {
            let exponent = |entries: &[T], columns: usize, j: usize| {
                let largest =
                    entries.iter().skip(j).step_by(columns).fold(T::ZERO, |max, x| Real::max(max, Real::abs(*x)));
                if largest == T::ZERO { 0 } else { Real::exponent(largest).unsigned_abs() }
            };
            let sides = [(&features, feature_columns.len()), (&targets, target_columns.len())];
            let exponents = sides.iter().flat_map(|&(entries, n)| (0..n).map(move |j| exponent(entries, n, j)));
            exponents.enumerate().max_by_key(|&(_, e)| e).map_or(0, |(column, _)| column)
        };
        let place = |error: Error| match error.core() {
            Some(CoreError::NonFinite { .. }) => too_large::<T>(&names, extreme()).in_file(job.reader.name()),
            _ => error.in_file(job.reader.name()),
        };
        job.reader.check_not_empty()?;
        let params = params(&job, &weights)?;
        let a = MatRef::new(&features, rows, feature_columns.len())?;
        let b = MatRef::new(&targets, rows, target_columns.len())?;
        let fit = clock.count(|| lstsq(a, b, &params)).map_err(place)?;
        // The rank is told of whatever solved, and half-widths that are missing.
        let others = fit
            .warnings
            .iter()
            .filter(|warning| !matches!(warning, Warning::RankDeficient { .. } | Warning::NoHalfWidths { .. }));
        job.warnings.extend(others.map(ToString::to_string));
        if job.task.solve == Solve::Sketched && !fit.residual_is_estimate {
            job.warnings.push("the sketch would be as large as the data: solved exactly".into());
        }
        let held = size_of_val(&features[..]) + size_of_val(&targets[..]) + size_of_val(&weights[..]);
        let mut answer = answer(&fit, target_columns.len());
        if let Some(errors) = &fit.standard_errors {
            let is_about_mean = arguments.intercept;
            let wide = |xs: &[T]| xs.iter().map(|x| crate::Real::as_f64(*x)).collect();
            let errors = errors.chunks_exact(job.roles.features.len()).map(wide).collect();
            let norms: Vec<f64> =
                (0..b.cols()).map(|target| norm_of_target(b, target, &weights, is_about_mean)).collect();
            let (found, residuals) = (&answer.coefficients, &answer.residual_norms);
            answer.inference = Inference::new(found, errors, residuals, &norms, fit.rows, is_about_mean);
        }
        clock.note_threads(params.threads_for(rows, a.cols() + b.cols()).get());
        Ok(job.question(fit.rows, held as u64).report(&answer, clock.cost(), clock.threads()))
    }

    /// Norm of a target about its mean or about 0, of the weighted rows if there are weights.
    fn norm_of_target<T: Number>(b: MatRef<'_, T>, target: usize, weights: &[T], is_about_mean: bool) -> f64 {
        let wide = |x: T| crate::Real::as_f64(x);
        let largest = |xs: &mut dyn Iterator<Item = f64>| xs.fold(0.0, |largest: f64, x| largest.max(x.abs()));
        let scale = largest(&mut b.iter_rows().map(|row| wide(row[target])));
        let heaviest = if weights.is_empty() { 1.0 } else { largest(&mut weights.iter().map(|&weight| wide(weight))) };
        if scale == 0.0 {
            return 0.0;
        }
        // Weights and entries of at most 1, whose squares stay within the range.
        let rows = || {
            b.iter_rows().enumerate().map(|(i, row)| {
                let weight = weights.get(i).map_or(1.0, |&weight| wide(weight) / heaviest);
                (weight, wide(row[target]) / scale)
            })
        };
        let mean = if is_about_mean {
            let (sum, all) = rows().fold((0.0, 0.0), |(sum, all), (weight, y)| (sum + weight * y, all + weight));
            sum / all
        } else {
            0.0
        };
        let square: f64 = rows().map(|(weight, y)| weight * (y - mean) * (y - mean)).sum();
        scale * heaviest.sqrt() * square.sqrt()
    }

    fn params<'b, T: Number>(job: &Job<'_, T>, weights: &'b [T]) -> Result<LeastSquaresParams<'b, T>, Failure> {
        let arguments = job.task.arguments;
        let (path, per_coefficient) = match job.task.solve {
            Solve::Refined => (Path::Auto, ROWS_PER_COEFFICIENT),
            Solve::Sketched if job.operator == Operator::Pooled => (Path::Sketched, super::ROWS_PER_COEFFICIENT),
            // Sketched only where the sketch would be as large as the data.
            Solve::Exact | Solve::Sketched => (Path::Exact, ROWS_PER_COEFFICIENT),
        };
        let sketch = match job.operator {
            Operator::Srht | Operator::None => Sketch::Srht,
            Operator::Srct => Sketch::Srct,
            Operator::Gaussian => Sketch::Gaussian,
            Operator::Rademacher => Sketch::Rademacher,
            Operator::Countsketch => Sketch::CountSketch,
            Operator::Osnap => Sketch::Osnap { nonzeros: arguments.nonzeros as usize },
            Operator::Pooled => Sketch::Pooled,
        };
        let rows = job.sketch_rows(per_coefficient)?;
        if path != Path::Exact {
            job.check_sketch_rows(rows)?;
        }
        let params = LeastSquaresParams::new()
            .path(path)
            .sketch(sketch)
            .rows(rows)
            .ridge(arguments.ridge.unwrap_or(0.0))
            .intercept(arguments.intercept)
            .threads(arguments.input.threads())
            .seed(arguments.input.seed)
            .failure(arguments.failure)
            .standard_errors(true);
        Ok(if job.roles.has_weights() { params.weights(weights) } else { params })
    }

    fn answer<T: Number>(fit: &LeastSquaresFit<T>, targets: usize) -> Answer {
        let wide = |xs: &[T]| xs.iter().map(|x| crate::Real::as_f64(*x)).collect::<Vec<_>>();
        let rows = |xs: &[T]| xs.chunks_exact((xs.len() / targets.max(1)).max(1)).map(wide).collect::<Vec<_>>();
        Answer {
            coefficients: rows(&fit.coefficients),
            half_widths: fit.half_widths.as_deref().map(rows),
            no_half_widths: fit.warnings.iter().find_map(|warning| match *warning {
                Warning::NoBound => Some(NoHalfWidths::Sparse),
                Warning::NoHalfWidths { reason } => Some(reason),
                _ => None,
            }),
            inference: None,
            residual_norms: wide(&fit.residual_norms),
            residual_is_estimate: fit.residual_is_estimate,
            rank: fit.rank,
            condition: crate::Real::as_f64(fit.condition),
            backward_errors: fit.backward_error.as_deref().map(wide),
            path: fit.path.name(),
            iterations: fit.iterations,
            sketch_rows: fit.sketch_rows,
        }
    }
}
