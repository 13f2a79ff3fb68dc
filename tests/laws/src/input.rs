//! What a law is tried on: tables of rows, their orders and shards, weights, and hostile rows, as proptest strategies.

use crate::number::{float, integer};
use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::TryRng;
use sketchlet_core::random::keyed::mix;
use sketchlet_core::{Lane, ScalarType};
use std::convert::Infallible;
use std::ops::RangeInclusive;

/// What a summary is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Entries of a row.
    pub dim: usize,
    /// A second size, from 1 to 3 and at most `dim`: vectors wanted, targets, what the summary has.
    pub rank: usize,
    /// The seed, where a summary has one.
    pub seed: u64,
    /// Number of the first row that the summary will see, where rows are numbered; not 0 for the later shards of a table.
    pub first: u64,
}

/// The kind of rows in a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Small integers: sums of products are exact, also in `f32`.
    Integers,
    /// Small integers times one power of two for all.
    OneScale,
    /// Small integers, each row times a power of two of its own.
    ScalePerRow,
    /// Small integers, each entry times a power of two of its own.
    ScalePerEntry,
    /// Three rows again and again.
    Duplicates,
    /// One entry of a row is 4 or -4, the others are 0: ties, and directions that few rows have.
    Axes,
    /// One direction dominates; every third row is 0.
    Dominated,
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    Kind::Integers,
    Kind::OneScale,
    Kind::ScalePerRow,
    Kind::ScalePerEntry,
    Kind::Duplicates,
    Kind::Axes,
    Kind::Dominated,
];

/// Kinds that integer scalars can hold.
pub const INTEGER_KINDS: &[Kind] = &[Kind::Integers, Kind::Duplicates, Kind::Axes, Kind::Dominated];

/// Rows, as a function of a few numbers. Every entry is the same number in `f32` and in `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Entries of a row.
    pub dim: usize,
    /// Number of rows.
    pub len: usize,
    /// Which rows.
    pub kind: Kind,
    /// Where kinds have powers of two: the largest, up and down.
    pub exponents: i32,
    /// The seed of the rows.
    pub seed: u64,
}

impl Table {
    /// The rows, one after another.
    pub fn rows<L: Lane>(&self) -> Vec<L> {
        let mut choices = Choices::new(self.seed);
        let few: Vec<f64> = (0..3 * self.dim).map(|_| choices.entry()).collect();
        let common = choices.power(self.exponents);
        let mut rows = Vec::with_capacity(self.len * self.dim);
        for _ in 0..self.len {
            let (scale, pick, sign) =
                (choices.power(self.exponents), choices.below(3), 4.0 - 8.0 * choices.unit().round());
            let (place, along) = (choices.below(self.dim), choices.entry());
            for j in 0..self.dim {
                rows.push(match self.kind {
                    Kind::Integers => choices.entry(),
                    Kind::OneScale => choices.entry() * common,
                    Kind::ScalePerRow => choices.entry() * scale,
                    Kind::ScalePerEntry => choices.entry() * choices.power(self.exponents),
                    Kind::Duplicates => few[pick * self.dim + j],
                    Kind::Axes if j == place => sign,
                    Kind::Axes => 0.0,
                    Kind::Dominated if pick == 0 => 0.0,
                    Kind::Dominated => choices.entry() + 8.0 * along * few[j],
                });
            }
        }
        rows.into_iter().map(float).collect()
    }

    /// The same shape with small integers.
    #[must_use]
    pub fn with_exact_sums(self) -> Self {
        Self { kind: Kind::Integers, ..self }
    }
}

/// A sequence of choices, as a function of a seed.
#[derive(Clone, Debug)]
pub struct Choices(u64);

impl Choices {
    /// The choices of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// One of `0..bound`.
    #[allow(clippy::cast_possible_truncation, reason = "below the bound")]
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.word()) * bound as u128) >> 64) as usize
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// An integer from -64 to 64.
    fn entry(&mut self) -> f64 {
        self.below(129) as f64 - 64.0
    }

    /// A power of two with an exponent from `-limit` to `limit`.
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "small")]
    fn power(&mut self, limit: i32) -> f64 {
        2f64.powi(self.below(2 * limit.max(0) as usize + 1) as i32 - limit.max(0))
    }
}

impl TryRng for Choices {
    type Error = Infallible;

    #[allow(clippy::cast_possible_truncation, reason = "half of a word")]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word() as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.iter_mut().for_each(|byte| *byte = self.word().to_le_bytes()[0]);
        Ok(())
    }
}

/// Tables with so many columns, of some kinds, of up to 400 rows; mostly more than 60, sometimes none.
pub fn tables(dims: RangeInclusive<usize>, kinds: &'static [Kind]) -> impl Strategy<Value = Table> {
    let len = prop_oneof![1 => 0usize..4, 2 => 4usize..60, 3 => 60usize..=400];
    (dims, len, proptest::sample::select(kinds), any::<u64>()).prop_map(|(dim, len, kind, seed)| Table {
        dim,
        len,
        kind,
        exponents: 30,
        seed,
    })
}

/// Orders of `0..len`.
pub fn orders(len: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..len).collect::<Vec<_>>()).prop_shuffle()
}

/// Cuts of `0..len` into one to six pieces, some of them empty: the lengths.
pub fn shards(len: usize) -> impl Strategy<Value = Vec<usize>> {
    vec(0..=len, 0..6).prop_map(move |mut cuts| {
        cuts.extend([0, len]);
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    })
}

/// Weights of rows: 0, powers of two, and anything between a thousandth and a thousand.
pub fn weights(len: usize) -> impl Strategy<Value = Vec<f64>> {
    vec(prop_oneof![Just(0.0), (-10i32..=10).prop_map(|e| 2f64.powi(e)), 1e-3..1e3], len)
}

/// What is wrong, or hard, about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hostile {
    /// Not a number: refused.
    Nan,
    /// Positive infinity: refused.
    Infinity,
    /// Negative infinity: refused.
    NegativeInfinity,
    /// More entries or fewer than there are columns: refused.
    Length(usize),
    /// The largest number that the scalar has.
    Largest,
    /// The most negative number.
    MostNegative,
    /// Squares of it overflow.
    Huge,
    /// Squares of it vanish.
    Tiny,
    /// The smallest subnormal number.
    Subnormal,
    /// Zero; of floats, the negative one.
    Zero,
}

/// A row that is degenerate or worse. Integer scalars have the largest, the most negative and zero of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostileRow {
    /// Entries that a row should have.
    pub dim: usize,
    /// What is wrong or hard.
    pub what: Hostile,
    /// In which entry.
    pub at: usize,
    /// Whether in all of them.
    pub everywhere: bool,
}

impl HostileRow {
    /// The row. Entries that are not hostile are 1.
    pub fn row<L: Lane>(&self) -> Vec<L> {
        if let Hostile::Length(len) = self.what {
            return vec![float(1.0); len];
        }
        let x = hostile_number(self.what);
        (0..self.dim).map(|j| if self.everywhere || j == self.at { x } else { float(1.0) }).collect()
    }

    /// Whether every summary has to refuse it.
    pub fn is_refused<L: Lane>(&self) -> bool {
        let row = self.row::<L>();
        row.len() != self.dim || !L::all_finite(&row)
    }
}

fn hostile_number<L: Lane>(what: Hostile) -> L {
    match L::TYPE {
        ScalarType::I32 | ScalarType::I64 => {
            let short = L::TYPE == ScalarType::I32;
            match what {
                Hostile::Nan | Hostile::Infinity | Hostile::Largest | Hostile::Huge => {
                    integer(if short { i64::from(i32::MAX) } else { i64::MAX })
                }
                Hostile::NegativeInfinity | Hostile::MostNegative => {
                    integer(if short { i64::from(i32::MIN) } else { i64::MIN })
                }
                _ => L::default(),
            }
        }
        scalar => {
            let short = scalar == ScalarType::F32;
            float(match what {
                Hostile::Nan => f64::NAN,
                Hostile::Infinity => f64::INFINITY,
                Hostile::NegativeInfinity => f64::NEG_INFINITY,
                Hostile::Largest => {
                    if short {
                        f64::from(f32::MAX)
                    } else {
                        f64::MAX
                    }
                }
                Hostile::MostNegative => {
                    if short {
                        f64::from(f32::MIN)
                    } else {
                        f64::MIN
                    }
                }
                Hostile::Huge => {
                    if short {
                        1e30
                    } else {
                        1e300
                    }
                }
                Hostile::Tiny => {
                    if short {
                        1e-30
                    } else {
                        1e-300
                    }
                }
                Hostile::Subnormal => {
                    if short {
                        f64::from(f32::from_bits(1))
                    } else {
                        f64::from_bits(1)
                    }
                }
                Hostile::Zero | Hostile::Length(_) => -0.0,
            })
        }
    }
}

/// Rows for a summary of `dim` columns that it has to refuse or to survive.
pub fn hostile_rows(dim: usize) -> impl Strategy<Value = HostileRow> {
    let length = prop_oneof![Just(0), Just(dim - 1), Just(dim + 1), Just(2 * dim)]
        .prop_map(move |len| if len == dim { Hostile::Length(dim + 2) } else { Hostile::Length(len) });
    let what = prop_oneof![
        Just(Hostile::Nan),
        Just(Hostile::Infinity),
        Just(Hostile::NegativeInfinity),
        length,
        Just(Hostile::Largest),
        Just(Hostile::MostNegative),
        Just(Hostile::Huge),
        Just(Hostile::Tiny),
        Just(Hostile::Subnormal),
        Just(Hostile::Zero),
    ];
    (what, 0..dim, any::<bool>()).prop_map(move |(what, at, everywhere)| HostileRow { dim, what, at, everywhere })
}

/// Everything that a law of rows needs.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the summary is made for.
    pub shape: Shape,
    /// The rows.
    pub table: Table,
    /// Lengths of the pieces that the rows are cut into.
    pub shards: Vec<usize>,
    /// Hostile rows.
    pub hostile: Vec<HostileRow>,
    /// The seed of further choices.
    pub seed: u64,
}

impl Case {
    /// Choices that a law has to make.
    pub const fn choices(&self) -> Choices {
        Choices::new(self.seed)
    }

    /// Another order of the rows: a function of the seed, so that a case is short to print and quick to make smaller.
    pub fn order(&self) -> Vec<usize> {
        let mut choices = self.choices();
        let mut order: Vec<usize> = (0..self.table.len).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, choices.below(i + 1));
        }
        order
    }

    /// The pieces of rows, and the number of the first row of each.
    pub fn pieces<'a, L>(&self, rows: &'a [L]) -> Vec<(usize, &'a [L])> {
        let starts = self.shards.iter().scan(0, |next, &len| {
            let first = *next;
            *next += len;
            Some((first, len))
        });
        starts.map(|(first, len)| (first, &rows[first * self.shape.dim..][..len * self.shape.dim])).collect()
    }
}

/// Cases with so many columns and rows of some kinds.
pub fn cases(dims: RangeInclusive<usize>, kinds: &'static [Kind]) -> impl Strategy<Value = Case> {
    (tables(dims, kinds), 1usize..=3, any::<u64>()).prop_flat_map(|(table, rank, seed)| {
        let shape = Shape { dim: table.dim, rank: rank.min(table.dim), seed: 0, first: 0 };
        (shards(table.len), vec(hostile_rows(table.dim), 1..8)).prop_map(move |(shards, hostile)| Case {
            shape,
            table,
            shards,
            hostile,
            seed,
        })
    })
}
