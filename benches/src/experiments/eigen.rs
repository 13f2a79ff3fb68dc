//! Claims of the eigen family, measured. "Prototype" is the program that the family was designed with, which is not published: its figures
//! are the expected ones, and a number such as 7.1 is that of one of its experiments.
//!
//! Errors are `sin^2` of the angle to the exact vector. Synthetic inputs are drawn anew here, with the prototype's shapes and
//! gaps, so that figures are those of other streams of the same kind.

use super::Claim;
use sketchlet_core::RowSummary;
use sketchlet_core::eigen::{
    AdaptiveOja, AdaptiveOjaParams, BlockPower, BlockPowerParams, CandidIncremental, CandidIncrementalParams,
    ExactEigen, ExactEigenParams, FrequentDirections, FrequentDirectionsParams, HistoryPca, HistoryPcaParams,
    NystromSketch, NystromSketchParams, Oja, OjaParams, RandomOrderEigen, RandomOrderEigenParams, Rate, Shrink, Status,
    TopEigen,
};
use sketchlet_core::stream::{ShuffleBuffer, WarmUp};
use sketchlet_tests::answer::{Answer, answer, feed_batch};
use sketchlet_tests::oracle::Oracle;
use sketchlet_tests::runs::{geometric_mean, median, run};
use sketchlet_tests::streams::{self, Rows, decay, heavy_away, heavy_mix, late_heavy, spiked};

/// Below this an error is rounding.
const ROUNDING: f64 = 1e-12;

type Method = Box<dyn TopEigen<Scalar = f64>>;

/// A method at one size, for streams of `n` rows of `dim` entries.
#[derive(Clone, Copy)]
enum Kind {
    RandomOrder { width: usize, heavy: usize },
    Blocks { count: usize, heavy: usize },
    Doubling { heavy: usize },
    Directions(usize),
    Incremental(usize),
    Nystrom,
    AdaptiveOja,
    OjaDecay(Option<f64>),
    OjaFixed(f64),
    Candid(f64),
    History,
    Exact,
}

const DEFAULT: Kind = Kind::RandomOrder { width: 3, heavy: 16 };

impl Kind {
    fn name(self) -> String {
        match self {
            Self::RandomOrder { width, heavy } => format!("random order, width {width}, heavy {heavy}"),
            Self::Blocks { count, heavy: 0 } => format!("block power, {count} blocks"),
            Self::Blocks { count, heavy } => format!("the paper's step, {count} equal blocks, heavy {heavy}"),
            Self::Doubling { heavy } => format!("the paper's step, doubling blocks, heavy {heavy}"),
            Self::Directions(l) => format!("frequent directions, l = {l}"),
            Self::Incremental(l) => format!("incremental, l = {l}"),
            Self::Nystrom => "nystrom, r = 16".into(),
            Self::AdaptiveOja => "adaptive oja".into(),
            Self::OjaDecay(Some(c)) => format!("oja, decay {c}"),
            Self::OjaDecay(None) => "oja, decay d".into(),
            Self::OjaFixed(rate) => format!("oja, fixed {rate:.1e}"),
            Self::Candid(amnesic) => format!("ccipca, amnesic {amnesic}"),
            Self::History => "history, blocks of 10".into(),
            Self::Exact => "exact".into(),
        }
    }

    fn summary(self, dim: usize, n: usize, seed: u64) -> Method {
        match self {
            Self::RandomOrder { width, heavy } => {
                let params = RandomOrderEigenParams::new(dim).width(width.min(dim)).heavy_capacity(heavy).seed(seed);
                Box::new(RandomOrderEigen::new(params).unwrap())
            }
            Self::Blocks { count, heavy } => {
                let params = BlockPowerParams::new(dim).block_len((n / count) as u64).heavy_capacity(heavy).seed(seed);
                Box::new(BlockPower::new(params).unwrap())
            }
            Self::Doubling { heavy } => {
                Box::new(BlockPower::new(BlockPowerParams::new(dim).heavy_capacity(heavy).seed(seed)).unwrap())
            }
            Self::Directions(l) => {
                Box::new(FrequentDirections::new(FrequentDirectionsParams::new(dim).sketch_rows(l)).unwrap())
            }
            Self::Incremental(l) => {
                let params = FrequentDirectionsParams::new(dim).sketch_rows(l).shrink(Shrink::None);
                Box::new(FrequentDirections::new(params).unwrap())
            }
            Self::Nystrom => {
                let params = NystromSketchParams::new(dim).sketch_rows(dim.min(16)).seed(seed);
                Box::new(NystromSketch::new(params).unwrap())
            }
            Self::AdaptiveOja => Box::new(AdaptiveOja::new(AdaptiveOjaParams::new(dim).seed(seed)).unwrap()),
            Self::OjaDecay(c) => {
                let rate = Rate::Decay { c: c.unwrap_or(dim as f64), t0: 100.0 };
                Box::new(Oja::new(OjaParams::new(dim).rate(rate).seed(seed)).unwrap())
            }
            Self::OjaFixed(rate) => Box::new(Oja::new(OjaParams::new(dim).rate(Rate::Fixed(rate)).seed(seed)).unwrap()),
            Self::Candid(amnesic) => {
                Box::new(CandidIncremental::new(CandidIncrementalParams::new(dim).amnesic(amnesic)).unwrap())
            }
            Self::History => Box::new(HistoryPca::new(HistoryPcaParams::new(dim).seed(seed)).unwrap()),
            Self::Exact => Box::new(ExactEigen::new(ExactEigenParams::new(dim)).unwrap()),
        }
    }
}

/// A stream with its exact answer.
struct Input {
    name: &'static str,
    rows: Rows,
    oracle: Oracle,
}

impl Input {
    fn new(name: &'static str, rows: Rows) -> Self {
        let oracle = Oracle::of(&rows);
        Self { name, rows, oracle }
    }

    /// How far an error may be above the figure of another run: spread between shuffles, and for synthetic inputs between
    /// draws. Textbook methods with one vector spread more.
    fn factor(&self, kind: Kind) -> f64 {
        match kind {
            // One row outweighs the rest: the error depends on where it comes.
            _ if self.name == "shuttle" => 20.0,
            Kind::RandomOrder { width: 3.., .. } | Kind::Exact => 5.0,
            Kind::Directions(_) | Kind::Incremental(_) if !self.name.starts_with("t3") => 5.0,
            // The length of the prototype's stream is not stated.
            _ if self.name.starts_with("t3") => 20.0,
            _ => 10.0,
        }
    }

    /// Whether the rows are those that the prototype's figures were measured on.
    fn is_real(&self) -> bool {
        matches!(self.name, "IMU" | "digits" | "randhie" | "shuttle")
    }

    fn run(&self, kind: Kind, rows: &Rows) -> (f64, Answer<f64>) {
        run(kind.summary(rows.dim(), rows.len(), 0), rows, &self.oracle)
    }

    /// Errors on several orders, each from another start.
    fn errors(&self, kind: Kind, orders: &[Rows]) -> Vec<f64> {
        let summary = |(seed, rows): (u64, &Rows)| kind.summary(rows.dim(), rows.len(), seed);
        (0..).zip(orders).map(|order| run(summary(order), order.1, &self.oracle).0).collect()
    }

    fn shuffles(&self, count: u64) -> Vec<Rows> {
        (0..count).map(|seed| self.rows.shuffled(200 + seed)).collect()
    }
}

fn figure(x: f64) -> String {
    if x.is_nan() {
        "-".into()
    } else if x < ROUNDING {
        "0".into()
    } else {
        format!("{x:.0e}")
    }
}

fn list(figures: impl IntoIterator<Item = f64>) -> String {
    figures.into_iter().map(figure).collect::<Vec<_>>().join(" ")
}

/// Whether an error is within a factor of the figure expected; better is always good.
fn within(measured: f64, expected: f64, factor: f64) -> bool {
    expected.is_nan() || measured <= (expected * factor).max(ROUNDING)
}

/// All claims of the family.
pub(super) fn claims() -> Vec<Claim> {
    let mut claims = Vec::new();
    accuracy(&mut claims);
    large_inputs(&mut claims);
    paper(&mut claims);
    not_random(&mut claims);
    anytime(&mut claims);
    fresh(&mut claims);
    claims
}

/// Figure not given.
const NONE: f64 = f64::NAN;

/// A line of the prototype's table 7.1: a method, and per input the errors in random order, sorted by norm, and sorted by the
/// component along the answer. Two figures differ, both on shuttle. The paper's step with doubling blocks in random order,
/// 0.7, has 1e-2 there, on three shuffles: it depends on how many blocks are left when the heavy row has come. History
/// along the answer, 0.4, has 1e-2 there: nothing is forgotten, so the random start decides.
type Line = (Kind, [[f64; 3]; 8]);

/// Random order only.
const fn random(figures: [f64; 8]) -> [[f64; 3]; 8] {
    let mut line = [[NONE; 3]; 8];
    let mut i = 0;
    while i < 8 {
        line[i][0] = figures[i];
        i += 1;
    }
    line
}

const LINES: [Line; 25] = [
    (
        Kind::RandomOrder { width: 1, heavy: 4 },
        [
            [3e-6, 2e-4, 1e-3],
            [6e-7, 1e-5, 3e-6],
            [2e-7, 2e-4, 6e-5],
            [9e-4, 4e-4, 2e-2],
            [4e-3, 0.9, 3e-3],
            [3e-3, 0.6, 1.0],
            [9e-3, 1e-4, 0.1],
            [3e-5, 2e-2, 3e-6],
        ],
    ),
    (
        Kind::RandomOrder { width: 2, heavy: 4 },
        [
            [5e-8, 7e-5, 2e-5],
            [9e-7, 7e-6, 3e-6],
            [6e-8, 9e-6, 5e-5],
            [4e-6, 6e-4, 3e-7],
            [5e-3, 0.3, 4e-3],
            [3e-3, 0.5, 0.7],
            [8e-3, 2e-4, 3e-2],
            [2e-6, 2e-4, 2e-6],
        ],
    ),
    (
        Kind::RandomOrder { width: 3, heavy: 8 },
        [
            [6e-8, 1e-6, 2e-5],
            [3e-7, 2e-6, 8e-7],
            [4e-9, 3e-6, 1e-7],
            [4e-7, 5e-6, 8e-7],
            [3e-3, 0.1, 3e-3],
            [2e-3, 7e-2, 0.4],
            [3e-4, 6e-5, 5e-3],
            [5e-7, 7e-5, 6e-7],
        ],
    ),
    (
        Kind::RandomOrder { width: 3, heavy: 16 },
        [
            [6e-8, 1e-6, 2e-5],
            [4e-7, 3e-6, 1e-6],
            [4e-9, 3e-6, 9e-8],
            [5e-7, 5e-6, 9e-7],
            [4e-3, 0.3, 3e-3],
            [2e-3, 3e-2, 0.6],
            [2e-5, 6e-5, 1e-7],
            [4e-7, 6e-5, 7e-7],
        ],
    ),
    (
        Kind::RandomOrder { width: 8, heavy: 16 },
        [
            [2e-9, 4e-9, 3e-8],
            [7e-8, 6e-7, 7e-7],
            [5e-15, 2e-11, 2e-13],
            [2e-10, 0.0, 4e-16],
            [3e-3, 6e-2, 3e-3],
            [2e-3, 1e-2, 0.5],
            [2e-5, 4e-5, 3e-8],
            [7e-8, 8e-7, 5e-8],
        ],
    ),
    (
        Kind::Blocks { count: 8, heavy: 8 },
        [
            [5e-4, 7e-2, 0.2],
            [1e-3, 6e-3, 9e-3],
            [1e-4, 3e-2, 0.5],
            [8e-4, 1.0, 2e-3],
            [2e-2, 1e-2, 1.0],
            [5e-2, 4e-2, 1.0],
            [0.1, 7e-2, 3e-2],
            [8e-4, 7e-4, 0.2],
        ],
    ),
    (
        Kind::Doubling { heavy: 8 },
        [
            [4e-5, 8e-3, 4e-2],
            [2e-4, 2e-3, 1e-3],
            [1e-5, 2e-2, 1e-2],
            [0.7, 1.0, 2e-3],
            [4e-2, 0.8, 0.4],
            [1e-2, 2e-2, 0.4],
            [3e-2, 7e-2, 5e-2],
            [2e-4, 0.2, 2e-3],
        ],
    ),
    (Kind::Blocks { count: 4, heavy: 0 }, random([2e-4, 7e-4, 3e-5, 3e-2, 0.3, 0.2, 0.1, 8e-4])),
    (Kind::Blocks { count: 8, heavy: 0 }, random([5e-4, 1e-3, 1e-4, 0.2, 2e-2, 5e-2, 0.3, 8e-4])),
    (Kind::Blocks { count: 12, heavy: 0 }, random([1e-3, 2e-3, 2e-4, 0.7, 4e-2, 9e-2, 0.2, 1e-3])),
    (
        Kind::Directions(2),
        [
            [4e-6, 1e-4, 2e-3],
            [8e-6, 2e-4, 1e-4],
            [3e-7, 2e-4, 2e-4],
            [3e-5, 1e-4, 1e-3],
            [0.9, 0.8, 0.2],
            [1.0, 0.9, 0.6],
            [0.2, 9e-3, 6e-2],
            [3e-4, 2e-4, 2e-4],
        ],
    ),
    (
        Kind::Directions(4),
        [
            [3e-8, 1e-6, 6e-6],
            [1e-6, 1e-5, 2e-5],
            [2e-10, 5e-7, 6e-8],
            [8e-8, 2e-7, 4e-7],
            [0.9, 1.0, 9e-2],
            [1.0, 0.9, 0.5],
            [1e-2, 9e-4, 4e-4],
            [9e-6, 3e-5, 1e-5],
        ],
    ),
    (
        Kind::Directions(8),
        [
            [7e-12, 1e-9, 2e-9],
            [7e-8, 7e-7, 1e-6],
            [1e-16, 2e-12, 2e-13],
            [0.0, 0.0, 0.0],
            [0.9, 0.6, 3e-2],
            [1.0, 0.9, 0.2],
            [1e-3, 3e-4, 9e-6],
            [9e-7, 5e-6, 8e-7],
        ],
    ),
    (
        Kind::Directions(12),
        [
            [0.0, 0.0, 0.0],
            [1e-8, 1e-7, 2e-7],
            [0.0, NONE, NONE],
            [0.0, NONE, NONE],
            [0.8, 0.4, 2e-2],
            [1.0, 0.8, 0.1],
            [4e-4, 2e-4, 3e-6],
            [2e-7, 2e-6, 2e-7],
        ],
    ),
    (
        Kind::Incremental(3),
        [
            [6e-9, 1e-6, 3e-6],
            [8e-8, 9e-6, 3e-6],
            [4e-10, 3e-6, 1e-7],
            [3e-7, 9e-6, 2e-7],
            [2e-2, 7e-2, 2e-3],
            [1e-2, 2e-2, 2e-3],
            [1e-4, 8e-5, 1e-5],
            [3e-7, 7e-5, 4e-7],
        ],
    ),
    (
        Kind::Incremental(8),
        [
            [4e-12, NONE, NONE],
            [6e-9, NONE, NONE],
            [0.0, NONE, NONE],
            [0.0, NONE, NONE],
            [2e-2, 4e-2, 2e-3],
            [7e-3, 1e-2, 2e-3],
            [2e-5, 4e-5, 3e-7],
            [4e-8, 1e-6, 2e-8],
        ],
    ),
    (Kind::Nystrom, random([0.0, 5e-5, 0.0, 0.0, 0.5, 0.7, 6e-3, 1e-3])),
    (
        Kind::AdaptiveOja,
        [
            [1e-3, 0.9, 0.3],
            [3e-3, 3e-2, 3e-2],
            [5e-4, 0.5, 0.6],
            [0.5, 1e-4, 8e-2],
            [4e-2, NONE, NONE],
            [5e-2, NONE, NONE],
            [3e-2, NONE, NONE],
            [3e-3, NONE, NONE],
        ],
    ),
    (Kind::OjaDecay(Some(3.0)), random([4e-5, 1e-3, 1e-5, 1.0, 1.0, 1.0, 0.5, 9e-3])),
    (Kind::OjaDecay(Some(10.0)), random([2e-4, 5e-4, 7e-5, 0.5, 1.0, 1.0, 6e-2, 2e-4])),
    (Kind::OjaDecay(None), random([1e-4, 4e-3, 7e-5, 0.6, 1e-2, 6e-3, 0.2, 1e-3])),
    (Kind::Candid(0.0), random([1e-6, 3e-7, 2e-7, 0.3, 3e-2, 1e-2, 4e-4, 3e-5])),
    (Kind::Candid(2.0), random([4e-5, 2e-4, 2e-5, 8e-2, 2e-3, 6e-3, 5e-2, 1e-4])),
    (
        Kind::History,
        [
            [3e-6, 7e-5, 1e-3],
            [2e-6, 7e-6, 5e-6],
            [2e-7, 2e-4, 3e-5],
            [0.3, 1.0, 0.4],
            [4e-2, 0.3, 2e-3],
            [1e-2, 2e-2, 3e-3],
            [3e-4, 2e-4, 0.1],
            [7e-6, 2e-3, 3e-6],
        ],
    ),
    (Kind::Exact, random([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])),
];

fn table_inputs() -> [Input; 8] {
    [
        Input::new("IMU", streams::imu()),
        Input::new("digits", streams::digits()),
        Input::new("randhie", streams::randhie()),
        Input::new("shuttle", streams::shuttle()),
        Input::new("sp64_R2", streams::eigen::sp64_r2()),
        Input::new("sp256_R3", streams::eigen::sp256_r3()),
        Input::new("hm64", streams::eigen::hm64()),
        Input::new("sd64", streams::eigen::sd64()),
    ]
}

/// Table 7.1: a claim a method and order, then what the table is said to show.
fn accuracy(claims: &mut Vec<Claim>) {
    let inputs = table_inputs();
    let mut reached = vec![[[NONE; 3]; 8]; LINES.len()];
    for (column, input) in inputs.iter().enumerate() {
        // The table has the largest components first, section 7.4 the smallest.
        let down: Vec<f64> = input.oracle.vector(0).iter().map(|x| -x).collect();
        let orders = [input.shuffles(5), vec![input.rows.norm_up()], vec![input.rows.along(&down)]];
        for (reached, (kind, expected)) in reached.iter_mut().zip(&LINES) {
            for ((to, shuffles), expected) in reached[column].iter_mut().zip(&orders).zip(&expected[column]) {
                if !expected.is_nan() {
                    *to = geometric_mean(input.errors(*kind, shuffles));
                }
            }
        }
    }
    for (order, words) in ["random order", "sorted by norm", "sorted along v1"].into_iter().enumerate() {
        for (reached, (kind, expected)) in reached.iter().zip(&LINES) {
            if expected.iter().all(|figures| figures[order].is_nan()) {
                continue;
            }
            // One sorted order of another draw says little: there only the files are judged.
            let judged = inputs.iter().enumerate().filter(|(_, input)| order == 0 || input.is_real());
            let holds =
                judged.into_iter().all(|(i, input)| within(reached[i][order], expected[i][order], input.factor(*kind)));
            claims.push(Claim {
                claim: format!("{}, {words}", kind.name()),
                source: "prototype 7.1, inputs in its order",
                expected: list(expected.iter().map(|figures| figures[order])),
                measured: list(reached.iter().map(|figures| figures[order])),
                holds,
            });
        }
    }

    let of = |wanted: fn(&Kind) -> bool| -> Vec<[f64; 8]> {
        let lines = reached.iter().zip(&LINES).filter(|(_, (kind, _))| wanted(kind));
        lines.map(|(reached, _)| reached.map(|figures| figures[0])).collect()
    };
    let default = of(|kind| matches!(kind, Kind::RandomOrder { width: 3, heavy: 16 }))[0];
    let worst = |figures: &[f64]| figures.iter().copied().fold(0.0, f64::max);
    claims.push(Claim {
        claim: "random order at its defaults is never above 5e-3 in random order".into(),
        source: "prototype 7.1",
        expected: "at most 5e-3".into(),
        measured: figure(worst(&default)),
        holds: worst(&default) <= 5e-3,
    });
    let others = of(|kind| !matches!(kind, Kind::RandomOrder { .. } | Kind::Exact));
    let best_worst = others.iter().map(|figures| worst(figures)).fold(1.0, f64::min);
    claims.push(Claim {
        claim: "every other sketch of up to 25 d words has an entry of at least 1e-2".into(),
        source: "prototype 7.1",
        expected: "at least 1e-2".into(),
        measured: figure(best_worst),
        holds: best_worst >= 1e-2,
    });
    let paper = of(|kind| matches!(kind, Kind::Doubling { heavy: 8 }))[0];
    let gains: Vec<f64> = (0..8).map(|i| paper[i] / default[i]).collect();
    claims.push(Claim {
        claim: "pooling gains orders of magnitude over the last iterate on real data (IMU, digits, randhie, shuttle)"
            .into(),
        source: "prototype 2.3",
        expected: "100 to 10000 times and more".into(),
        measured: list(gains[..4].iter().copied()),
        holds: gains[..4].iter().all(|gain| *gain >= 100.0),
    });
    let noise = [4, 5];
    let directions = of(|kind| matches!(kind, Kind::Directions(8)))[0];
    claims.push(Claim {
        claim: "on noise (sp64_R2, sp256_R3) frequent directions l = 8 is useless, random order is not".into(),
        source: "prototype 7.1; Price and Xun 2024",
        expected: "at least 0.8; 4e-3 2e-3".into(),
        measured: format!("{}; {}", list(noise.map(|i| directions[i])), list(noise.map(|i| default[i]))),
        holds: noise.iter().all(|&i| directions[i] >= 0.8 && default[i] <= 0.02),
    });
    let single = of(|kind| matches!(kind, Kind::AdaptiveOja | Kind::OjaDecay(None)));
    let losses: Vec<f64> =
        (0..4).flat_map(|i| single.iter().map(move |line| (i, line[i]))).map(|(i, x)| x / default[i]).collect();
    claims.push(Claim {
        claim: "oja with decay d and adaptive oja are orders of magnitude behind on real data".into(),
        source: "prototype 7.1",
        expected: "100 times and more".into(),
        measured: list(losses.iter().copied()),
        holds: losses.iter().all(|loss| *loss >= 100.0),
    });
}

/// What is too large for the table.
fn large_inputs(claims: &mut Vec<Claim>) {
    let input = Input::new("heavy away", heavy_away(50_000, 512, 32, 4));
    let shuffled = input.rows.shuffled(1);
    for (kind, expected, status) in [
        (Kind::RandomOrder { width: 3, heavy: 40 }, 7e-4, Status::Ok),
        (Kind::RandomOrder { width: 3, heavy: 32 }, 1.4e-3, Status::Ok),
        (DEFAULT, 7e-3, Status::HeavyOverflow),
        (Kind::Candid(1.0), 8.5e-4, Status::Unverified),
    ] {
        let (error, got) = input.run(kind, &shuffled);
        claims.push(Claim {
            claim: format!("{}: 50,000 x 512, 32 heavy rows orthogonal to the answer", kind.name()),
            source: "prototype 7.1",
            expected: format!("{} {status}", figure(expected)),
            measured: format!("{} {}", figure(error), got.confidence.status),
            holds: within(error, expected, 5.0) && got.confidence.status == status,
        });
    }
    let error = input.run(Kind::Directions(16), &shuffled).0;
    claims.push(Claim {
        claim: "frequent directions, l = 16, on the same: blind".into(),
        source: "prototype 7.1",
        expected: "1.0".into(),
        measured: figure(error),
        holds: error > 0.9,
    });

    let input = Input::new("long", decay(200_000, 64, 4.0, 2.0, 0.7, 6));
    let shuffled = input.rows.shuffled(1);
    let mut reached = Vec::new();
    let kinds = [
        (DEFAULT, 3.2e-7),
        (Kind::Incremental(3), 1.5e-7),
        (Kind::Directions(16), 2.8e-7),
        (Kind::Blocks { count: 12, heavy: 0 }, 2.3e-4),
    ];
    for (kind, expected) in kinds {
        let error = input.run(kind, &shuffled).0;
        reached.push(error);
        claims.push(Claim {
            claim: format!("{}: 200,000 x 64, spectrum 4, 2 i^-0.7", kind.name()),
            source: "prototype 7.1",
            expected: figure(expected),
            measured: figure(error),
            holds: within(error, expected, 5.0),
        });
    }
    claims.push(Claim {
        claim:
            "on the same, random order is within 10 times of incremental l = 3 and 100 times better than block power"
                .into(),
        source: "prototype 8",
        expected: "at most 10; at least 100".into(),
        measured: format!("{:.1}; {:.0}", reached[0] / reached[1], reached[3] / reached[0]),
        holds: reached[0] <= 10.0 * reached[1] && reached[3] >= 100.0 * reached[0],
    });
}

/// Claims of Kacham and Woodruff at small scale.
fn paper(claims: &mut Vec<Claim>) {
    let input = Input::new("24 heavy rows", heavy_mix(10_000, 64, 2.0, 24, 0.6, 7));
    let shuffles = input.shuffles(5);
    let capacities = [0, 4, 8, 16, 24, 32];
    let expected = [3.0e-2, 1.0e-2, 2.9e-3, 9.9e-5, 1.3e-5, 1.3e-5];
    let mut statuses = Vec::new();
    let reached: Vec<f64> = capacities
        .iter()
        .map(|&heavy| {
            let runs: Vec<_> =
                shuffles.iter().map(|rows| input.run(Kind::RandomOrder { width: 3, heavy }, rows)).collect();
            statuses.push(runs.iter().all(|(_, got)| {
                let overflow = got.confidence.status == Status::HeavyOverflow;
                overflow == (heavy < 24) && (overflow || got.confidence.status == Status::Ok)
            }));
            median(runs.iter().map(|run| run.0))
        })
        .collect();
    claims.push(Claim {
        claim: "heavy rows must be paid for: 24 of them hold 60 % of the energy; room for 0, 4, 8, 16, 24, 32".into(),
        source: "Kacham and Woodruff 2024, lower bound h d / R; prototype 7.3",
        expected: list(expected),
        measured: list(reached.iter().copied()),
        holds: reached[0] >= 100.0 * reached[4] && reached.iter().zip(expected).all(|(&m, e)| within(m, e, 5.0)),
    });
    claims.push(Claim {
        claim: "status of the same: heavy-overflow below 24, else ok".into(),
        source: "prototype 7.3",
        expected: "always".into(),
        measured: format!("{} of {} sizes", statuses.iter().filter(|good| **good).count(), statuses.len()),
        holds: statuses.iter().all(|good| *good),
    });

    let late = Input::new("late", late_heavy(&spiked(10_000, 64, 2.0, 11), 1.5));
    let error = |kind| late.run(kind, &late.rows).0;
    let kept = error(Kind::RandomOrder { width: 3, heavy: 1 });
    let blind = [
        error(Kind::RandomOrder { width: 3, heavy: 0 }),
        error(Kind::Blocks { count: 12, heavy: 0 }),
        error(Kind::AdaptiveOja),
        error(Kind::Candid(1.0)),
    ];
    claims.push(Claim {
        claim:
            "one heavy row, last but one, decides alone: room for one; room for none, block power, adaptive oja, ccipca"
                .into(),
        source: "prototype 7.3",
        expected: "0; 1 1 1 1".into(),
        measured: format!("{}; {}", figure(kept), list(blind)),
        holds: kept < ROUNDING && blind.iter().all(|error| *error > 0.9),
    });

    let sweep = [3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0];
    let inputs = [
        Input::new("hm64", streams::eigen::hm64()),
        Input::new("sp64_R4", streams::eigen::sp64_r4()),
        Input::new("IMU", streams::imu()),
    ];
    let mut best = Vec::new();
    let mut pooled = Vec::new();
    for input in &inputs {
        let shuffles = input.shuffles(5);
        let reached = |kind| median(input.errors(kind, &shuffles));
        best.push(sweep.iter().map(|rate| reached(Kind::OjaFixed(rate / input.oracle.value(0)))).fold(1.0, f64::min));
        pooled.push(reached(DEFAULT));
    }
    claims.push(Claim {
        claim: "no fixed rate of oja works with heavy rows: best of seven on hm64; without them on sp64_R4, IMU".into(),
        source: "Kacham and Woodruff 2024, instance R = Omega(log d / log log d); prototype 7.3",
        expected: "at least 0.1; 1e-2 3e-4".into(),
        measured: format!("{}; {}", figure(best[0]), list(best[1..].iter().copied())),
        holds: best[0] >= 0.1 && best[1] <= 0.055 && best[2] <= 1.6e-3,
    });
    claims.push(Claim {
        claim: "random order on the same (hm64, sp64_R4, IMU)".into(),
        source: "prototype 7.3",
        expected: "2e-5 1e-4 5e-8".into(),
        measured: list(pooled.iter().copied()),
        holds: pooled.iter().zip([2e-5, 1e-4, 5e-8]).all(|(&m, e)| within(m, e, 5.0)),
    });

    let mut reached = Vec::new();
    let mut low_gap = true;
    for (ratio, seed) in [(1.2, 31), (2.0, 11), (4.0, 2)] {
        let input = Input::new("spiked", spiked(10_000, 64, ratio, seed));
        let runs: Vec<_> = input.shuffles(5).iter().map(|rows| input.run(DEFAULT, rows)).collect();
        if reached.is_empty() {
            low_gap = runs.iter().all(|(_, got)| got.confidence.status == Status::LowGap);
        }
        reached.push(median(runs.iter().map(|run| run.0)));
    }
    claims.push(Claim {
        claim: "a constant gap suffices: spiked 10,000 x 64, ratio 1.2 (low-gap), 2, 4".into(),
        source: "Kacham and Woodruff 2024; prototype 7.3",
        expected: "0.2 to 0.9, 4e-3 1e-4".into(),
        measured: format!("{}{}", list(reached.iter().copied()), if low_gap { "" } else { ", not low-gap" }),
        holds: low_gap && within(reached[1], 4e-3, 5.0) && within(reached[2], 1e-4, 5.0),
    });
}

/// Orders that are not random: the check sees them, and history is then kept.
fn not_random(claims: &mut Vec<Claim>) {
    let inputs = [
        (Input::new("IMU", streams::imu()), [1e-6, 1e-6, 2e-5, 4e-5]),
        (Input::new("randhie", streams::randhie()), [2e-7, 3e-6, 9e-6, 5e-5]),
        (Input::new("shuttle", streams::shuttle()), [NONE, 2e-6, 4e-5, 9e-7]),
        (Input::new("digits", streams::digits()), [NONE, 3e-6, 3e-6, 3e-6]),
        (Input::new("sp64_R4", streams::eigen::sp64_r4()), [NONE, NONE, NONE, 2e-4]),
        (Input::new("sp64_R2", streams::eigen::sp64_r2()), [NONE, 0.3, NONE, 3e-3]),
    ];
    for (input, expected) in &inputs {
        let orders = [
            input.rows.clone(),
            input.rows.norm_up(),
            input.rows.norm_down(),
            input.rows.along(input.oracle.vector(0)),
        ];
        let runs: Vec<_> = orders
            .iter()
            .zip(expected)
            .map(|(rows, expected)| (!expected.is_nan()).then(|| input.run(DEFAULT, rows)))
            .collect();
        let flagged = runs.iter().flatten().all(|(_, got)| got.confidence.status == Status::NotRandomOrder);
        let reached: Vec<f64> = runs.iter().map(|run| run.as_ref().map_or(NONE, |run| run.0)).collect();
        claims.push(Claim {
            claim: format!("{}, not in random order: as recorded, by norm up, down, along v1; all flagged", input.name),
            source: "prototype 7.4",
            expected: list(expected.iter().copied()),
            measured: format!("{}{}", list(reached.iter().copied()), if flagged { "" } else { ", not all flagged" }),
            holds: flagged && reached.iter().zip(expected).all(|(&m, &e)| within(m, e, input.factor(DEFAULT))),
        });
    }
    for (warm_up, words) in [(WarmUp::Stored, "stored"), (WarmUp::Running, "running")] {
        let mut largest: f64 = 0.0;
        let mut flagged = 0;
        for (input, _) in &inputs[..4] {
            let rows = input.rows.first(5000);
            for seed in 0..150 {
                let params = RandomOrderEigenParams::new(rows.dim()).warm_up(warm_up);
                let summary = RandomOrderEigen::<f64, _>::new(params).unwrap();
                let (_, got) = run(summary, &rows.shuffled(seed), &input.oracle);
                let order = got.confidence.order.unwrap();
                largest = largest.max(order.drift).max(order.runs.abs()).max(order.level);
                flagged += i32::from(got.confidence.status == Status::NotRandomOrder);
            }
        }
        claims.push(Claim {
            claim: format!("600 shuffles of the bundled files, {words} warm-up: false alarms, largest statistic"),
            source: "prototype 3.8",
            expected: "0, below 6 (3.7 in 660)".into(),
            measured: format!("{flagged}, {largest:.1}"),
            holds: flagged == 0,
        });
    }
    // The prototype has 6e-8 for 4096 rows of IMU, with history forgotten although the order is flagged.
    for (capacity, expected) in [(1024, [7e-4, 5e-4]), (4096, [4e-6, 6e-6])] {
        let reached: Vec<f64> = inputs[..2]
            .iter()
            .map(|(input, _)| {
                let sorted = input.rows.along(input.oracle.vector(0));
                median((0..5).map(|seed| {
                    let params = RandomOrderEigenParams::new(sorted.dim());
                    let inner = RandomOrderEigen::<f64, _>::new(params).unwrap();
                    let mut buffer = ShuffleBuffer::new(inner, seed, capacity).unwrap();
                    feed_batch(&mut buffer, &sorted);
                    buffer.drain().unwrap();
                    answer(&mut buffer.into_inner()).unwrap().error(&input.oracle)
                }))
            })
            .collect();
        claims.push(Claim {
            claim: format!("a shuffle buffer of {capacity} rows over IMU and randhie sorted along v1"),
            source: "prototype 7.4",
            expected: list(expected),
            measured: list(reached.iter().copied()),
            holds: reached.iter().zip(expected).all(|(&m, e)| within(m, e, 5.0)),
        });
    }
}

/// Errors against the answer for the prefix. The prototype has one shuffle each, in which the heavy rows of hm64 came early;
/// its figures for IMU after 64 rows (2e-6 9e-8 3e-9) and for hm64 (2e-2 3e-2 1e-5 2e-5) are not those of the median.
fn anytime(claims: &mut Vec<Claim>) {
    let lengths = [64, 256, 1024, 4096];
    let inputs = [
        (Input::new("IMU", streams::imu()), [3e-6, 2e-5, 1e-6, 1e-7]),
        (Input::new("sp64_R4", streams::eigen::sp64_r4()), [0.1, 5e-2, 2e-3, 3e-4]),
        (Input::new("hm64", streams::eigen::hm64()), [0.3, 0.6, 7e-5, 6e-5]),
    ];
    for (input, expected) in &inputs {
        let mut errors = vec![Vec::new(); lengths.len()];
        for rows in input.shuffles(5) {
            let mut summary = DEFAULT.summary(rows.dim(), rows.len(), 0);
            for (errors, &n) in errors.iter_mut().zip(&lengths) {
                let from = summary.rows_seen() as usize;
                feed_batch(&mut summary, &rows.slice(from, n - from));
                errors.push(answer(&mut summary).unwrap().error(&Oracle::of(&rows.first(n))));
            }
        }
        let reached: Vec<f64> = errors.into_iter().map(median).collect();
        claims.push(Claim {
            claim: format!("{} at any time: after 64, 256, 1024, 4096 rows, against the prefix", input.name),
            source: "prototype 7.5",
            expected: list(expected.iter().copied()),
            measured: list(reached.iter().copied()),
            holds: reached.iter().zip(expected).all(|(&m, &e)| within(m, e, 5.0)),
        });
    }
    let rows = streams::digits().shuffled(1);
    let worst =
        (1..=16).map(|n| Input::new("prefix", rows.first(n)).run(DEFAULT, &rows.first(n)).0).fold(0.0, f64::max);
    claims.push(Claim {
        claim: "up to as many rows as heavy ones are kept, nothing is lost (digits, 1 to 16 rows)".into(),
        source: "prototype 7.5",
        expected: "0".into(),
        measured: figure(worst),
        holds: worst < ROUNDING,
    });
}

/// Table 7.6: inputs on which nothing was tuned.
fn fresh(claims: &mut Vec<Claim>) {
    let kinds = [
        DEFAULT,
        Kind::Doubling { heavy: 16 },
        Kind::Directions(8),
        Kind::Directions(12),
        Kind::Incremental(3),
        Kind::Incremental(12),
        Kind::Candid(1.0),
        Kind::AdaptiveOja,
    ];
    let expected = [
        [5e-4, 2e-3, 0.8, 0.7, 2e-3, 2e-3, 6e-4, 4e-2],
        [6e-3, 7e-2, 0.9, 0.2, 2e-2, 7e-3, 2e-3, 4e-2],
        [8e-5, 2e-3, 2e-3, 5e-4, 2e-4, 5e-5, 2e-2, 3e-2],
        [8e-4, 2e-2, 1.0, 1.0, 2e-2, 3e-3, 9e-4, 4e-2],
        [1e-5, 8e-4, 5e-4, 1e-4, 6e-6, 3e-6, 2e-4, 1e-2],
        [6e-5, 8e-4, 2e-3, 2e-4, 4e-4, 9e-5, 2e-4, 2e-3],
        [0.9, 9e-2, 1e-3, 5e-5, 9e-2, 2e-5, 0.5, 0.4],
        [7e-2, 0.9, 4e-4, 5e-5, 3e-2, 9e-6, 0.3, 3e-2],
        [2e-7, 4e-5, 5e-13, 0.0, 3e-8, 0.0, 9e-6, 2e-3],
    ];
    let (mut covered, mut total) = (0, 0);
    for ((name, rows), expected) in streams::eigen::fresh().into_iter().zip(expected) {
        let input = Input::new(name, rows);
        let shuffles = input.shuffles(9);
        let runs: Vec<_> = shuffles.iter().map(|rows| input.run(DEFAULT, rows)).collect();
        for (error, got) in &runs {
            total += 1;
            covered += i32::from(got.confidence.error_estimate.is_some_and(|estimate| estimate >= *error));
        }
        let tied = input.oracle.gap(1) < 1.25;
        let statuses = runs.iter().filter(|(_, got)| got.confidence.status == Status::Ok).count();
        let mut reached = vec![median(runs.iter().map(|run| run.0))];
        reached.extend(kinds[1..].iter().map(|&kind| median(input.errors(kind, &shuffles[..5]))));
        // The block lengths of the prototype's last iterate are not known: shown, not judged.
        let judged = reached.iter().zip(expected).zip(kinds).filter(|(_, kind)| !matches!(kind, Kind::Doubling { .. }));
        let holds = judged.into_iter().all(|((&m, e), kind)| within(m, e, input.factor(kind)))
            && if tied { statuses <= 2 } else { statuses == runs.len() };
        claims.push(Claim {
            claim: format!("{name}: gap {:.2}, concentration {:.3}", input.oracle.gap(1), input.oracle.concentration()),
            source: "prototype 7.6, methods in its order",
            expected: format!("{}, {}", list(expected), if tied { "low-gap" } else { "ok" }),
            measured: format!("{}, ok {statuses} of {}", list(reached.iter().copied()), runs.len()),
            holds,
        });
    }
    claims.push(Claim {
        claim: "error_estimate covers the error on the inputs above".into(),
        source: "prototype 7.6",
        expected: "45 of 45".into(),
        measured: format!("{covered} of {total}"),
        holds: covered == total,
    });
}
