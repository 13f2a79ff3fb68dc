//! What a set of rows is worth: a function of the library's, and the numbers that it looks at.

use super::super::Failure;
use super::super::args::{Objective, SummarizeArguments};
use super::graph::Graph;
use super::table::{Table, count, rows_of_file, weights};
use crate::linalg::vector;
use crate::random::drawn;
use crate::submodular::{Concave, Coverage, FacilityLocation, FeatureBased, Kernel, LogDet, Monotone, PrefixOracle};
use crate::{Error, Real};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::path::Path;

/// Exemplars that are drawn where nothing else is said.
const EXEMPLARS: usize = 64;
/// Rows whose distances give the scale of similarities: to exemplars, and among each other.
const SCALE_ROWS: usize = 1000;
const SCALE_PAIRS: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Similarity {
    Given,
    /// With a scale of the data's own, if none is given.
    Rbf(Option<f64>),
    Cosine,
    Dot,
}

impl Similarity {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "given" => Ok(Self::Given),
            "cosine" => Ok(Self::Cosine),
            "dot" => Ok(Self::Dot),
            "rbf:auto" => Ok(Self::Rbf(None)),
            _ => match text.strip_prefix("rbf:").and_then(|gamma| gamma.parse::<f64>().ok()) {
                Some(gamma) if gamma.is_finite() && gamma > 0.0 => Ok(Self::Rbf(Some(gamma))),
                _ => Err(Failure::Usage(format!(
                    "summarize: --similarity {text}: give given, rbf:auto, rbf:GAMMA, cosine or dot"
                ))),
            },
        }
    }
}

fn concave(text: &str) -> Result<Concave, Failure> {
    match text {
        "sqrt" => Ok(Concave::Sqrt),
        "log1p" => Ok(Concave::Log1p),
        _ => match text.strip_prefix("cap:").and_then(|cap| cap.parse::<f64>().ok()) {
            Some(cap) if cap.is_finite() && cap >= 0.0 => Ok(Concave::Cap(cap)),
            _ => Err(Failure::Usage(format!("summarize: --concave {text}: give sqrt, log1p or cap:X"))),
        },
    }
}

/// A function, with all that it looks at.
pub(super) struct Worth<T> {
    kind: Kind<T>,
    weights: Option<Vec<T>>,
    pub(super) elements: usize,
    /// Columns of the input.
    pub(super) dim: usize,
    /// Scale of the similarities, where there is one.
    pub(super) gamma: Option<f64>,
    /// Names of the elements, where they have others than their numbers.
    pub(super) vertices: Option<Vec<u64>>,
    pub(super) warnings: Vec<String>,
}

enum Kind<T> {
    Facility { table: Vec<T>, exemplars: usize },
    Coverage { offsets: Vec<u32>, members: Vec<u32>, items: usize },
    Feature { table: Vec<T>, columns: usize, concave: Concave },
    LogDet { table: Vec<T>, columns: usize, kernel: Kernel, sigma2: f64 },
}

/// Something to be done with a function of whatever type.
pub(super) trait Visit<T: Real> {
    type Output;

    fn visit<O: PrefixOracle<T> + Monotone>(self, oracle: O) -> Result<Self::Output, Failure>;
}

/// Refuses flags that don't belong to the objective.
pub(super) fn check(arguments: &SummarizeArguments) -> Result<(), Failure> {
    let fail = |what: &str| Err(Failure::Usage(format!("summarize: {what}")));
    let similarity = arguments.similarity.as_deref().map(Similarity::parse).transpose()?;
    concave(&arguments.concave)?;
    let objective = arguments.objective;
    let takes_given_only = matches!(objective, Objective::Coverage | Objective::Feature);
    match () {
        () if arguments.edges.is_some() && objective != Objective::Coverage => {
            fail("--edges is for --objective coverage")
        }
        () if takes_given_only && similarity.is_some_and(|similarity| similarity != Similarity::Given) => {
            fail("--objective coverage and feature take the columns as they are: leave --similarity out")
        }
        () if arguments.exemplars.is_some() && objective != Objective::Facility => {
            fail("--exemplars is for --objective facility")
        }
        () if arguments.exemplars.is_some() && similarity == Some(Similarity::Given) => {
            fail("--similarity given holds the exemplars already: leave --exemplars out")
        }
        () if arguments.weights.is_some() && objective == Objective::Logdet => {
            fail("--weights is not for --objective logdet")
        }
        () if arguments.edges.is_none()
            && arguments.input.input == Path::new("-")
            && needs_all_rows(arguments, similarity) =>
        {
            fail("a stream needs --similarity given, or --exemplars FILE with rbf:GAMMA, cosine or dot")
        }
        () => Ok(()),
    }
}

/// Whether something is drawn or measured from rows before the first can be used.
fn needs_all_rows(arguments: &SummarizeArguments, similarity: Option<Similarity>) -> bool {
    let has_file = arguments.exemplars.as_ref().is_some_and(|exemplars| exemplars.parse::<usize>().is_err());
    match (arguments.objective, similarity) {
        (Objective::Coverage | Objective::Feature, _) | (Objective::Facility, Some(Similarity::Given)) => false,
        (_, None | Some(Similarity::Rbf(None))) => true,
        (Objective::Facility, Some(_)) => !has_file,
        (Objective::Logdet, Some(similarity)) => similarity == Similarity::Given,
    }
}

impl<T: Real> Worth<T> {
    pub(super) fn new(arguments: &SummarizeArguments) -> Result<Self, Failure> {
        if let Some(path) = &arguments.edges {
            let Graph { vertices, offsets, members } = Graph::read(path)?;
            let items = vertices.len();
            let kind = Kind::Coverage { offsets, members, items };
            return Self::finish(kind, (items, items, items), arguments, None, Some(vertices), Vec::new());
        }
        let table = Table::<T>::read(&arguments.input)?;
        let (rows, columns, warnings) = (table.rows(), table.columns, table.warnings.clone());
        let similarity = arguments.similarity.as_deref().map(Similarity::parse).transpose()?;
        let not_negative = |what: &str| table.check(|x| x >= T::ZERO, what);
        let (kind, weighted, gamma) = match arguments.objective {
            Objective::Facility => {
                let similarity = similarity.unwrap_or(Similarity::Rbf(None));
                if similarity == Similarity::Given {
                    not_negative("a negative similarity: they are from 0 up")?;
                    (Kind::Facility { table: table.data, exemplars: columns }, columns, None)
                } else {
                    let exemplars = exemplars(&table, arguments)?;
                    let (similarities, gamma) = similarities(&table, &exemplars, similarity);
                    let count = exemplars.len() / columns;
                    (Kind::Facility { table: similarities, exemplars: count }, count, gamma)
                }
            }
            Objective::Coverage => {
                table.check(|x| x == T::ZERO || x == T::ONE, "a cell of --objective coverage is 0 or 1")?;
                let (mut offsets, mut members) = (vec![0], Vec::new());
                for row in table.data.chunks_exact(columns) {
                    members.extend((0..).zip(row).filter(|(_, x)| **x == T::ONE).map(|(item, _): (u32, _)| item));
                    offsets.push(count(members.len())?);
                }
                (Kind::Coverage { offsets, members, items: columns }, columns, None)
            }
            Objective::Feature => {
                not_negative("a negative feature: amounts are from 0 up")?;
                let concave = concave(&arguments.concave)?;
                (Kind::Feature { table: table.data, columns, concave }, columns, None)
            }
            Objective::Logdet => {
                let (kernel, gamma) = match similarity.unwrap_or(Similarity::Rbf(None)) {
                    Similarity::Given => {
                        symmetric(&table)?;
                        (Kernel::Given, None)
                    }
                    Similarity::Dot | Similarity::Cosine => (Kernel::Dot, None),
                    Similarity::Rbf(gamma) => {
                        let gamma = gamma.unwrap_or_else(|| scale_among(&table));
                        (Kernel::Rbf(gamma), Some(gamma))
                    }
                };
                let mut data = table.data;
                if similarity == Some(Similarity::Cosine) {
                    data.chunks_exact_mut(columns).for_each(normalize);
                }
                (Kind::LogDet { table: data, columns, kernel, sigma2: arguments.sigma2 }, 0, gamma)
            }
        };
        Self::finish(kind, (rows, columns, weighted), arguments, gamma, None, warnings)
    }

    fn finish(
        kind: Kind<T>,
        (elements, dim, weighted): (usize, usize, usize),
        arguments: &SummarizeArguments,
        gamma: Option<f64>,
        vertices: Option<Vec<u64>>,
        warnings: Vec<String>,
    ) -> Result<Self, Failure> {
        let weights = arguments.weights.as_deref().map(|path| weights(path, weighted)).transpose()?;
        Ok(Self { kind, weights, elements, dim, gamma, vertices, warnings })
    }

    /// Does something with the function.
    pub(super) fn with<V: Visit<T>>(&self, visit: V) -> Result<V::Output, Failure> {
        match (&self.kind, &self.weights) {
            (Kind::Facility { table, exemplars }, weights) => {
                let oracle = FacilityLocation::new(table, *exemplars)?;
                match weights {
                    None => visit.visit(oracle),
                    Some(weights) => visit.visit(oracle.weights(weights)?),
                }
            }
            (Kind::Coverage { offsets, members, items }, weights) => {
                let oracle = Coverage::new(offsets, members, *items)?;
                match weights {
                    None => visit.visit(oracle),
                    Some(weights) => visit.visit(oracle.weights(weights)?),
                }
            }
            (Kind::Feature { table, columns, concave }, weights) => {
                let oracle = FeatureBased::new(table, *columns, *concave)?;
                match weights {
                    None => visit.visit(oracle),
                    Some(weights) => visit.visit(oracle.weights(weights)?),
                }
            }
            (Kind::LogDet { table, columns, kernel, sigma2 }, _) => {
                let oracle = LogDet::new(table, *columns, *kernel, *sigma2)?;
                oracle.validate()?;
                visit.visit(oracle)
            }
        }
    }
}

/// The exemplars that the flags name, row after row.
fn exemplars<T: Real>(table: &Table<T>, arguments: &SummarizeArguments) -> Result<Vec<T>, Failure> {
    let count = match arguments.exemplars.as_deref() {
        None => EXEMPLARS.min(table.rows()),
        Some(text) => match text.parse::<usize>() {
            Ok(0) => return Err(Failure::Usage("summarize: --exemplars must be at least 1".into())),
            Ok(count) if count <= table.rows() => count,
            Ok(count) => {
                let what = format!("{count} exemplars of {} rows: ask for fewer", table.rows());
                return Err(table.refuse(what).into());
            }
            Err(_) => return Ok(rows_of_file(Path::new(text), table.columns)?),
        },
    };
    let mut order: Vec<usize> = (0..table.rows()).collect();
    drawn::shuffle(&mut order, &mut Xoshiro256PlusPlus::seed_from_u64(arguments.input.seed));
    order.truncate(count);
    order.sort_unstable();
    Ok(order.into_iter().flat_map(|row| table.row(row)).copied().collect())
}

/// Similarities of all rows to exemplars, and their scale.
fn similarities<T: Real>(table: &Table<T>, exemplars: &[T], similarity: Similarity) -> (Vec<T>, Option<f64>) {
    let rows = || table.data.chunks_exact(table.columns);
    let others = || exemplars.chunks_exact(table.columns);
    let gamma = match similarity {
        Similarity::Rbf(None) => {
            let distances = rows().take(SCALE_ROWS).flat_map(|x| others().map(move |y| apart(x, y).as_f64()));
            Some(scale(distances.collect()))
        }
        Similarity::Rbf(gamma) => gamma,
        _ => None,
    };
    let minus_gamma = T::constant(-gamma.unwrap_or(0.0));
    let alike = |x: &[T], y: &[T]| match similarity {
        Similarity::Rbf(_) => (minus_gamma * apart(x, y)).exp(),
        Similarity::Cosine => {
            let norms = vector::norm(x) * vector::norm(y);
            if norms > T::ZERO { vector::dot(x, y) / norms } else { T::ZERO }
        }
        _ => vector::dot(x, y),
    };
    // A set of nothing is worth nothing: what is unlike counts as nothing too.
    let table = rows().flat_map(|x| others().map(move |y| alike(x, y).max(T::ZERO))).collect();
    (table, gamma)
}

/// Square of the distance.
fn apart<T: Real>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).fold(T::ZERO, |sum, (&x, &y)| sum + (x - y) * (x - y))
}

fn scale_among<T: Real>(table: &Table<T>) -> f64 {
    let rows: Vec<&[T]> = table.data.chunks_exact(table.columns).take(SCALE_PAIRS).collect();
    let pairs = rows.iter().enumerate().flat_map(|(i, x)| rows[..i].iter().map(move |y| apart(x, y).as_f64()));
    scale(pairs.collect())
}

/// One over the median; 1 if that says nothing.
fn scale(mut squares: Vec<f64>) -> f64 {
    squares.sort_by(f64::total_cmp);
    let half = squares.len() / 2;
    let median = match squares.len() {
        0 => 0.0,
        even if even % 2 == 0 => squares[half - 1].midpoint(squares[half]),
        _ => squares[half],
    };
    if median > 0.0 && median.is_finite() { 1.0 / median } else { 1.0 }
}

fn normalize<T: Real>(row: &mut [T]) {
    let norm = vector::norm(row);
    if norm > T::ZERO {
        row.iter_mut().for_each(|x| *x /= norm);
    }
}

/// Refuses what is no kernel.
fn symmetric<T: Real>(table: &Table<T>) -> Result<(), Error> {
    let n = table.columns;
    if table.rows() != n {
        return Err(table.refuse(format!("{} rows x {n} columns: a kernel is square", table.rows())));
    }
    let odd = (0..n * n).find(|&i| table.data[i] != table.data[i % n * n + i / n]);
    odd.map_or(Ok(()), |i| {
        Err(table.refuse(format!("the kernel is not symmetric: row {} and row {} differ", i / n, i % n)))
    })
}
