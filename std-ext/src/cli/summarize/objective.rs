//! What a set of rows is worth: a function of the library's, and the numbers that it looks at.

use super::super::Failure;
use super::super::args::{Objective, Selector, SummarizeArguments};
use super::graph::{Graph, Lists};
use super::table::{Table, count, rows_of_file, weights};
use crate::linalg::vector;
use crate::random::drawn;
use crate::submodular::{
    Concave, Coverage, FacilityLocation, FeatureBased, GraphCut, Kernel, LogDet, Monotone, PrefixOracle,
};
use crate::{Error, Real};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::collections::HashMap;
use std::path::Path;

/// Exemplars that are drawn where nothing else is said.
const EXEMPLARS: usize = 64;
/// What is said of entries that are not what they should be.
const NEGATIVE_SIMILARITY: &str = "a negative similarity: they are from 0 up";
const NEGATIVE_FEATURE: &str = "a negative feature: amounts are from 0 up";
const NO_MEMBERSHIP: &str = "a cell of --objective coverage is 0 or 1";

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
    pub(super) about: About,
}

/// What is told of the elements.
pub(super) struct About {
    pub(super) elements: usize,
    /// Columns of the input.
    pub(super) dim: usize,
    /// Scale of the similarities, where there is one.
    pub(super) gamma: Option<f64>,
    /// Names of the elements, where they have others than their numbers.
    pub(super) names: Option<Vec<u64>>,
    pub(super) groups: Option<Groups>,
    pub(super) warnings: Vec<String>,
}

impl About {
    /// Rows to choose.
    pub(super) fn size(&self, arguments: &SummarizeArguments) -> Result<usize, Failure> {
        let Some(groups) = &self.groups else { return Ok(arguments.size.unwrap_or(1) as usize) };
        let rank: u64 = groups.caps.iter().map(|&cap| u64::from(cap)).sum();
        match arguments.size {
            Some(size) if u64::from(size) != rank => Err(Failure::Usage(format!(
                "summarize: --size {size}: {} groups of {} rows each are {rank}: leave it out",
                groups.caps.len(),
                groups.caps[0]
            ))),
            _ => Ok(usize::try_from(rank).unwrap_or(usize::MAX)),
        }
    }
}

/// The group of every row, numbered as they first appear, and how many of each may be chosen.
pub(super) struct Groups {
    pub(super) of: Vec<u32>,
    pub(super) caps: Vec<u32>,
}

enum Kind<T> {
    Facility { table: Vec<T>, exemplars: usize },
    Coverage { offsets: Vec<u32>, members: Vec<u32>, items: usize },
    Feature { table: Vec<T>, columns: usize, concave: Concave },
    LogDet { table: Vec<T>, columns: usize, kernel: Kernel, sigma2: f64 },
    Cut { offsets: Vec<u32>, neighbours: Vec<u32>, weights: Vec<T> },
}

/// A function of rows that are all of one length, without the rows.
pub(super) struct Shape<T> {
    pub(super) function: Function,
    pub(super) stride: usize,
    pub(super) weights: Option<Vec<T>>,
}

#[derive(Clone, Copy)]
pub(super) enum Function {
    Facility,
    Feature(Concave),
    LogDet(Kernel, f64),
}

/// Something to be done with a function of whatever type.
pub(super) trait Visit<T: Real> {
    type Output;

    fn visit<O: PrefixOracle<T> + Monotone>(self, oracle: O) -> Result<Self::Output, Failure>;

    /// The same for a function that may shrink.
    fn visit_any<O: PrefixOracle<T>>(self, oracle: O) -> Result<Self::Output, Failure>;
}

/// Refuses flags that don't belong to the objective.
pub(super) fn check(arguments: &SummarizeArguments) -> Result<(), Failure> {
    let fail = |what: &str| Err(Failure::Usage(format!("summarize: {what}")));
    let similarity = arguments.similarity.as_deref().map(Similarity::parse).transpose()?;
    concave(arguments.concave.as_deref().unwrap_or("sqrt"))?;
    let objective = arguments.objective;
    let takes_given_only = matches!(objective, Objective::Coverage | Objective::Feature);
    match () {
        () if arguments.edges.is_some() && !matches!(objective, Objective::Coverage | Objective::Cut) => {
            fail("--edges is for --objective coverage and cut")
        }
        () if objective == Objective::Cut && arguments.edges.is_none() => {
            fail("--objective cut takes a graph: give --edges FILE")
        }
        () if objective == Objective::Cut && !matches!(arguments.selector(), Selector::Dynamic | Selector::Greedy) => {
            fail("--objective cut is not monotone: take --method dynamic or greedy")
        }
        () if arguments.groups.is_some()
            && !matches!(arguments.selector(), Selector::Dynamic | Selector::Greedy | Selector::Lazy) =>
        {
            fail("--groups is for --method dynamic, greedy and lazy")
        }
        () if arguments.weights.is_some() && objective == Objective::Cut => {
            fail("--weights is not for --objective cut: its weights stand with the edges")
        }
        () if arguments.patience.is_some() && arguments.selector() != Selector::ThreeSieves => {
            fail("--patience is for --method three-sieves")
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
        (Objective::Coverage | Objective::Feature | Objective::Cut, _)
        | (Objective::Facility, Some(Similarity::Given)) => false,
        (_, None | Some(Similarity::Rbf(None))) => true,
        (Objective::Facility, Some(_)) => !has_file,
        (Objective::Logdet, Some(similarity)) => similarity == Similarity::Given,
    }
}

impl<T: Real> Worth<T> {
    pub(super) fn new(arguments: &SummarizeArguments) -> Result<Self, Failure> {
        if let Some(path) = &arguments.edges {
            let is_cut = arguments.objective == Objective::Cut;
            let graph = Graph::read(path, !is_cut)?;
            let items = graph.vertices.len();
            let kind = if is_cut {
                let Lists { offsets, members: neighbours, weights } = graph.neighbours()?;
                Kind::Cut { offsets, neighbours, weights: weights.into_iter().map(T::constant).collect() }
            } else {
                let Lists { offsets, members, .. } = graph.covers()?;
                Kind::Coverage { offsets, members, items }
            };
            return Self::finish(kind, (items, items, items), arguments, None, Some(graph.vertices), Vec::new());
        }
        let (table, labels) = Table::<T>::read(&arguments.input, arguments.groups.as_deref())?;
        let (rows, columns, warnings) = (table.rows(), table.columns, table.warnings.clone());
        let similarity = arguments.similarity.as_deref().map(Similarity::parse).transpose()?;
        let not_negative = |what: &str| table.check(|x| x >= T::ZERO, what);
        let (kind, weighted, gamma) = match arguments.objective {
            Objective::Facility => {
                let similarity = similarity.unwrap_or(Similarity::Rbf(None));
                if similarity == Similarity::Given {
                    not_negative(NEGATIVE_SIMILARITY)?;
                    (Kind::Facility { table: table.data, exemplars: columns }, columns, None)
                } else {
                    let exemplars = exemplars(&table, arguments)?;
                    let (similarities, gamma) = similarities(&table, &exemplars, similarity);
                    let count = exemplars.len() / columns;
                    (Kind::Facility { table: similarities, exemplars: count }, count, gamma)
                }
            }
            Objective::Coverage => {
                table.check(|x| x == T::ZERO || x == T::ONE, NO_MEMBERSHIP)?;
                let (mut offsets, mut members) = (vec![0], Vec::new());
                for row in table.data.chunks_exact(columns) {
                    members.extend((0..).zip(row).filter(|(_, x)| **x == T::ONE).map(|(item, _): (u32, _)| item));
                    offsets.push(count(members.len())?);
                }
                (Kind::Coverage { offsets, members, items: columns }, columns, None)
            }
            Objective::Feature => {
                not_negative(NEGATIVE_FEATURE)?;
                let concave = concave(arguments.concave.as_deref().unwrap_or("sqrt"))?;
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
                (Kind::LogDet { table: data, columns, kernel, sigma2: arguments.sigma2.unwrap_or(1.0) }, 0, gamma)
            }
            // Cuts are of graphs, which were read above.
            Objective::Cut => return Err(Failure::Usage("summarize: --objective cut takes --edges FILE".into())),
        };
        let worth = Self::finish(kind, (rows, columns, weighted), arguments, gamma, None, warnings)?;
        let groups = labels.map(|labels| Groups::new(&labels, arguments.caps.unwrap_or(1))).transpose()?;
        Ok(Self { about: About { groups, ..worth.about }, ..worth })
    }

    /// The function of rows that are all of one length, and those rows; `None` for graphs and kernels.
    pub(super) fn into_rows(self) -> Option<(Shape<T>, Vec<T>, About)> {
        let (function, stride, rows) = match self.kind {
            Kind::Facility { table, exemplars } => (Function::Facility, exemplars, table),
            Kind::Feature { table, columns, concave } => (Function::Feature(concave), columns, table),
            Kind::LogDet { kernel: Kernel::Given, .. } | Kind::Cut { .. } => return None,
            Kind::LogDet { table, columns, kernel, sigma2 } => (Function::LogDet(kernel, sigma2), columns, table),
            // An item is covered as an exemplar is represented, wholly or not at all.
            Kind::Coverage { offsets, members, items } => {
                let mut rows = vec![T::ZERO; (offsets.len() - 1) * items];
                for (row, ends) in rows.chunks_exact_mut(items.max(1)).zip(offsets.windows(2)) {
                    members[ends[0] as usize..ends[1] as usize].iter().for_each(|&item| row[item as usize] = T::ONE);
                }
                (Function::Facility, items, rows)
            }
        };
        Some((Shape { function, stride, weights: self.weights }, rows, self.about))
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
        let about = About { elements, dim, gamma, names: vertices, groups: None, warnings };
        Ok(Self { kind, weights, about })
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
            (Kind::Cut { offsets, neighbours, weights }, _) => {
                visit.visit_any(GraphCut::new(offsets, neighbours)?.weights(weights)?)
            }
        }
    }
}

impl Groups {
    fn new<T: Real>(labels: &[T], cap: u32) -> Result<Self, Error> {
        let (mut numbers, mut of) = (HashMap::new(), Vec::new());
        for label in labels {
            let next = count(numbers.len())?;
            // Minus zero is zero.
            of.push(*numbers.entry((label.as_f64() + 0.0).to_bits()).or_insert(next));
        }
        Ok(Self { of, caps: vec![cap; numbers.len()] })
    }
}

/// What a row of a stream becomes before it is held, and what it must be.
pub(super) struct Form<T> {
    /// Rows of exemplars, if the row is compared with some.
    exemplars: Vec<T>,
    /// Whether the row is to be of length 1.
    is_direction: bool,
    similarity: Similarity,
    /// What entries must be, and what is said of one that isn't.
    holds: fn(T) -> bool,
    what: &'static str,
    pub(super) gamma: Option<f64>,
}

impl<T: Real> Form<T> {
    /// For rows of so many columns; the function of what they become.
    pub(super) fn new(arguments: &SummarizeArguments, columns: usize) -> Result<(Shape<T>, Self), Failure> {
        let similarity = arguments.similarity.as_deref().map(Similarity::parse).transpose()?;
        let (mut similarity, mut exemplars) = (similarity.unwrap_or(Similarity::Given), Vec::new());
        let mut gamma = match similarity {
            Similarity::Rbf(gamma) => gamma,
            _ => None,
        };
        let not_negative = |x: T| x >= T::ZERO;
        let any = |_: T| true;
        let (function, stride, holds, what): (_, _, fn(T) -> bool, _) = match arguments.objective {
            Objective::Facility if similarity == Similarity::Given => {
                (Function::Facility, columns, not_negative, NEGATIVE_SIMILARITY)
            }
            Objective::Facility => {
                let path = arguments.exemplars.as_deref().unwrap_or_default();
                exemplars = rows_of_file(Path::new(path), columns)?;
                (Function::Facility, exemplars.len() / columns.max(1), any, "")
            }
            Objective::Coverage | Objective::Cut => {
                (similarity, gamma) = (Similarity::Given, None);
                (Function::Facility, columns, |x: T| x == T::ZERO || x == T::ONE, NO_MEMBERSHIP)
            }
            Objective::Feature => {
                (similarity, gamma) = (Similarity::Given, None);
                let concave = concave(arguments.concave.as_deref().unwrap_or("sqrt"))?;
                (Function::Feature(concave), columns, not_negative, NEGATIVE_FEATURE)
            }
            Objective::Logdet => {
                let kernel = gamma.map_or(Kernel::Dot, Kernel::Rbf);
                (Function::LogDet(kernel, arguments.sigma2.unwrap_or(1.0)), columns, any, "")
            }
        };
        let weighted = if arguments.objective == Objective::Logdet { 0 } else { stride };
        let weights = arguments.weights.as_deref().map(|path| weights(path, weighted)).transpose()?;
        let is_direction = arguments.objective == Objective::Logdet && similarity == Similarity::Cosine;
        let form = Self { exemplars, is_direction, similarity, holds, what, gamma };
        Ok((Shape { function, stride, weights }, form))
    }

    /// The first entry of a row that is not what it should be, and why.
    pub(super) fn fault(&self, row: &[T]) -> Option<(usize, &'static str)> {
        row.iter().position(|&x| !(self.holds)(x)).map(|column| (column, self.what))
    }

    /// Writes what a row becomes.
    pub(super) fn write(&self, row: &[T], to: &mut [T]) {
        if self.exemplars.is_empty() {
            to.copy_from_slice(row);
            if self.is_direction {
                normalize(to);
            }
        } else {
            let others = self.exemplars.chunks_exact(row.len());
            to.iter_mut().zip(others).for_each(|(to, other)| *to = alike(row, other, self.similarity));
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
    let similarity = if gamma.is_some() { Similarity::Rbf(gamma) } else { similarity };
    (rows().flat_map(|x| others().map(move |y| alike(x, y, similarity))).collect(), gamma)
}

/// How alike two rows are; what is unlike counts as nothing, since a set of nothing is worth nothing.
fn alike<T: Real>(x: &[T], y: &[T], similarity: Similarity) -> T {
    let alike = match similarity {
        Similarity::Rbf(gamma) => (T::constant(-gamma.unwrap_or(0.0)) * apart(x, y)).exp(),
        Similarity::Cosine => {
            let norms = vector::norm(x) * vector::norm(y);
            if norms > T::ZERO { vector::dot(x, y) / norms } else { T::ZERO }
        }
        Similarity::Dot | Similarity::Given => vector::dot(x, y),
    };
    alike.max(T::ZERO)
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
