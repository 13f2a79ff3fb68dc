//! All rows in memory: answers to the last digit.

use super::stored::Number;
use super::{Failure, Job};
use std::time::Instant;

#[cfg(not(feature = "faer"))]
impl<T: Number> Job<'_, T> {
    #[allow(clippy::unused_self, reason = "as with the feature")]
    pub(super) fn solve_in_memory(self, _: Instant) -> Result<String, Failure> {
        Err(crate::Error::request("this build has no solver for rows in memory: use --streaming, or build with faer")
            .into())
    }
}

#[cfg(feature = "faer")]
mod solver {
    use super::super::stored::Answer;
    use super::super::{Operator, Solve, solver};
    use super::{Failure, Instant, Job, Number};
    use crate::lstsq::{LeastSquaresFit, LeastSquaresParams, Path, Sketch, Warning, lstsq};
    use crate::{CoreError, Error, MatRef};
    use std::num::NonZero;

    /// Rows of the sketch a coefficient that guides a refinement.
    const ROWS_PER_COEFFICIENT: usize = 12;

    impl<T: Number> Job<'_, T> {
        pub(in super::super) fn solve_in_memory(mut self, start: Instant) -> Result<String, Failure> {
            let arguments = self.arguments;
            let (mut features, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
            let constants = usize::from(arguments.intercept);
            let (feature_columns, target_columns) =
                (self.roles.features[constants..].to_vec(), self.roles.targets.clone());
            let mut rows = 0;
            // Reading is not part of the time that solving takes.
            let times = self.times;
            self.for_each_row(|row, weight| {
                if weight.is_some_and(|weight| weight < T::ZERO) {
                    return Err(CoreError::Parameter { name: &"weight", rule: crate::Rule::NOT_NEGATIVE }.into());
                }
                features.extend(feature_columns.iter().map(|&i| row[i]));
                targets.extend(target_columns.iter().map(|&i| row[i]));
                weights.extend(weight);
                rows += 1;
                Ok(())
            })?;
            self.times = times;
            if rows == 0 {
                let error = Error::from(CoreError::TooFewRows { needed: 1, got: 0 });
                return Err(error.in_file(self.reader.name()).into());
            }
            let params = self.params(&weights)?;
            let (a, b) = (
                MatRef::new(&features, rows, feature_columns.len())?,
                MatRef::new(&targets, rows, target_columns.len())?,
            );
            let mut times = self.times;
            let fit = times.count(|| lstsq(a, b, &params)).map_err(|error| error.in_file(self.reader.name()))?;
            times.seconds_total = start.elapsed().as_secs_f64();
            self.times = times;
            // The rank is told of whatever solved.
            let others = fit.warnings.iter().filter(|warning| !matches!(warning, Warning::RankDeficient { .. }));
            self.warnings.extend(others.map(ToString::to_string));
            if solver(arguments) == Solve::Sketched && !fit.residual_is_estimate {
                self.warnings.push("the sketch would be as large as the data: solved exactly".into());
            }
            let held = size_of_val(&features[..]) + size_of_val(&targets[..]) + size_of_val(&weights[..]);
            self.outcome(&answer(&fit, target_columns.len()), fit.rows, held as u64).emit(&arguments.output, None)
        }

        fn params<'b>(&self, weights: &'b [T]) -> Result<LeastSquaresParams<'b, T>, Failure> {
            let arguments = self.arguments;
            let (path, per_coefficient) = match solver(arguments) {
                Solve::Refined => (Path::Auto, ROWS_PER_COEFFICIENT),
                Solve::Sketched if arguments.sketch == Operator::Pooled => {
                    (Path::Sketched, super::super::ROWS_PER_COEFFICIENT)
                }
                // Sketched only where the sketch would be as large as the data.
                Solve::Exact | Solve::Sketched => (Path::Exact, ROWS_PER_COEFFICIENT),
            };
            let sketch = match arguments.sketch {
                Operator::Srht | Operator::None => Sketch::Srht,
                Operator::Srct => Sketch::Srct,
                Operator::Gaussian => Sketch::Gaussian,
                Operator::Rademacher => Sketch::Rademacher,
                Operator::Countsketch => Sketch::CountSketch,
                Operator::Osnap => Sketch::Osnap { nonzeros: arguments.nonzeros as usize },
                Operator::Pooled => Sketch::Pooled,
            };
            let rows = self.sketch_rows(per_coefficient)?;
            if path != Path::Exact {
                self.check_sketch_rows(rows)?;
            }
            let threads = arguments.input.threads.and_then(|count| NonZero::new(count as usize));
            let threads =
                threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
            let params = LeastSquaresParams::new()
                .path(path)
                .sketch(sketch)
                .rows(rows)
                .ridge(arguments.ridge.unwrap_or(0.0))
                .intercept(arguments.intercept)
                .threads(threads)
                .seed(arguments.input.seed)
                .failure(arguments.failure);
            Ok(if self.roles.has_weights() { params.weights(weights) } else { params })
        }
    }

    fn answer<T: Number>(fit: &LeastSquaresFit<T>, targets: usize) -> Answer {
        let wide = |xs: &[T]| xs.iter().map(|x| crate::Real::as_f64(*x)).collect::<Vec<_>>();
        let rows = |xs: &[T]| xs.chunks_exact((xs.len() / targets.max(1)).max(1)).map(wide).collect::<Vec<_>>();
        Answer {
            coefficients: rows(&fit.coefficients),
            half_widths: fit.half_widths.as_deref().map(rows),
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
