//! Claims of the regression family, measured. "Prototype" is the program that the family was designed with, which is not published: its figures
//! are the expected ones, and a number such as 7.1 is that of one of its experiments.
//!
//! The *eps-form* of an error is `max_j |x'_j - x_j| sqrt(d) / (|r| |A^+|)`, `x` and `r` exact; *predicted* is
//! `z sqrt(d / (m - d - 1))`, `z` the normal quantile at `1 - 0.05 / 2 d`: what the exact law of a Gaussian sketch gives for
//! orthonormal columns.

use super::Claim;
use faer::linalg::solvers::SolveLstsqCore;
use faer::{Conj, Mat};
use sketchlet_core::linalg::hadamard;
use sketchlet_core::random::keyed::{Domain, below, normal_pair, word, word2};
use sketchlet_core::regression::{
    Gradient, GradientParams, Query, SketchedLeastSquares, SketchedLeastSquaresParams, epsilon_for, rows_for,
};
use sketchlet_core::sketch::{
    CountSketch, GaussianSketch, Osnap, RademacherSketch, SketchOperator, Srct, Srht, TensorSrht,
};
use sketchlet_core::{Merge, RowSummary};
use sketchlet_tests::streams;

type Sketched<O> = SketchedLeastSquares<f64, O, Vec<f64>, Vec<u32>>;

fn normal(seed: u64, i: usize, j: usize) -> f64 {
    normal_pair::<f64>(word2(seed, Domain::Coin, i as u64, j as u64)).0
}

/// Student's distribution with 2 degrees of freedom: no variance.
fn heavy(seed: u64, i: usize, j: usize) -> f64 {
    let (x, y) = normal_pair::<f64>(word2(seed, Domain::Coin, i as u64, 2 * j as u64 + 1));
    normal(seed, i, 2 * j) / ((x * x + y * y) / 2.0).sqrt()
}

/// Rows of features and, behind them, a target; and their exact answer.
struct Problem {
    rows: Vec<Vec<f64>>,
    exact: Vec<f64>,
    residual: f64,
    /// Norm of the pseudo-inverse, and the diagonal of the inverse Gram matrix.
    inverse: f64,
    variances: Vec<f64>,
}

impl Problem {
    fn new(n: usize, d: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        Self::of((0..n).map(|i| (0..=d).map(|j| entry(i, j)).collect()).collect())
    }

    fn of(rows: Vec<Vec<f64>>) -> Self {
        let (n, d) = (rows.len(), rows[0].len() - 1);
        let a = Mat::from_fn(n, d, |i, j| rows[i][j]);
        let mut x = Mat::from_fn(n, 1, |i, _| rows[i][d]);
        a.qr().solve_lstsq_in_place_with_conj(Conj::No, x.as_mut());
        let exact: Vec<f64> = (0..d).map(|j| x[(j, 0)]).collect();
        let residual = residual(&rows, &exact);
        let svd = a.thin_svd().unwrap();
        let variances = (0..d).map(|j| (0..d).map(|k| (svd.V()[(j, k)] / svd.S()[k]).powi(2)).sum()).collect();
        Self { exact, residual, inverse: 1.0 / svd.S()[d - 1], variances, rows }
    }

    fn dim(&self) -> usize {
        self.exact.len()
    }

    fn summary<O: SketchOperator<f64>>(&self, operator: O, m: usize, seed: u64) -> Sketched<O> {
        let block = if O::BLOCKED { m.next_power_of_two().min(256) } else { 1 };
        let params = SketchedLeastSquaresParams::new(self.dim() + 1, m).seed(seed).block_len(block);
        let mut summary = Sketched::new(params, operator).unwrap();
        self.rows.iter().for_each(|row| summary.update(row).unwrap());
        summary.close_block();
        summary
    }

    fn answer<O: SketchOperator<f64>>(&self, operator: O, m: usize, seed: u64) -> Answer {
        self.compare(&self.summary(operator, m, seed))
    }

    fn compare<O: SketchOperator<f64>>(&self, summary: &Sketched<O>) -> Answer {
        let d = self.dim();
        let features: Vec<usize> = (0..d).collect();
        let targets = [d];
        let query = Query::new(&features, &targets);
        let (mut scratch, mut answer) = (vec![0f64; query.scratch_len()], vec![0f64; query.answer_len()]);
        let fit = summary.solve_in(&query, &mut scratch, &mut answer).unwrap();
        let errors: Vec<f64> = fit.coefficients.iter().zip(&self.exact).map(|(x, y)| (x - y).abs()).collect();
        let largest = errors.iter().fold(0f64, |max, &x| max.max(x));
        let squares: f64 = errors.iter().zip(&self.variances).map(|(e, v)| e * e / v).sum();
        Answer {
            eps: largest * (d as f64).sqrt() / (self.residual * self.inverse),
            covered: fit.half_widths.map(|widths| errors.iter().zip(widths).all(|(e, w)| e <= w)),
            variance: squares / (d as f64 * self.residual * self.residual),
            excess: residual(&self.rows, fit.coefficients) / self.residual - 1.0,
            rank: fit.rank,
        }
    }

    fn answers<O: SketchOperator<f64>>(&self, operator: O, m: usize, seeds: u64) -> Vec<Answer> {
        (0..seeds).map(|seed| self.answer(operator, m, seed)).collect()
    }
}

fn residual(rows: &[Vec<f64>], x: &[f64]) -> f64 {
    let left = |row: &Vec<f64>| row[x.len()] - row.iter().zip(x).map(|(a, x)| a * x).sum::<f64>();
    rows.iter().map(|row| left(row).powi(2)).sum::<f64>().sqrt()
}

struct Answer {
    eps: f64,
    covered: Option<bool>,
    variance: f64,
    excess: f64,
    rank: usize,
}

fn quantile(answers: &[Answer], share: f64) -> f64 {
    let mut eps: Vec<f64> = answers.iter().map(|answer| answer.eps).collect();
    eps.sort_by(f64::total_cmp);
    eps[((eps.len() - 1) as f64 * share) as usize]
}

fn coverage(answers: &[Answer]) -> f64 {
    answers.iter().filter(|answer| answer.covered == Some(true)).count() as f64 / answers.len() as f64
}

fn mean(answers: &[Answer], what: impl Fn(&Answer) -> f64) -> f64 {
    answers.iter().map(what).sum::<f64>() / answers.len() as f64
}

fn claim(claim: impl Into<String>, source: &'static str, expected: &str, measured: String, holds: bool) -> Claim {
    Claim { claim: claim.into(), source, expected: expected.into(), measured, holds }
}

/// All claims of the family.
pub fn claims() -> Vec<Claim> {
    let mut claims = law();
    claims.extend(coverages());
    claims.extend(spikes());
    claims.extend(real_data());
    claims.extend(row_rule());
    claims.extend(without_replacement());
    claims.extend(numbers_twice());
    claims.extend(tensor());
    claims.extend(preconditioners());
    claims.extend(removal());
    claims.extend(subgroup());
    claims.extend(passes());
    claims.extend(hessian());
    claims
}

fn law() -> Vec<Claim> {
    let seeds = 60;
    let inputs: [(&str, &str, f64, Problem, &[usize]); 5] = [
        ("normal rows, d = 16", ".86 to 1.07", 1.25, Problem::new(2000, 16, |i, j| normal(1, i, j)), &[4, 8, 16]),
        ("normal rows, d = 64", ".77 to 1.01", 1.25, Problem::new(2000, 64, |i, j| normal(2, i, j)), &[4, 8]),
        ("heavy-tailed rows, d = 16", ".74 to .94", 1.25, Problem::new(2000, 16, |i, j| heavy(3, i, j)), &[8]),
        (
            "energy in the last rows, d = 16",
            ".74 to .96",
            1.25,
            Problem::new(2000, 16, |i, j| normal(4, i, j) * if i < 1800 { 0.01 } else { 1.0 }),
            &[8],
        ),
        (
            "powers of one number, d = 8",
            ".33 to .60, loose for correlated columns",
            1.0,
            Problem::new(1000, 8, |i, j| if j == 8 { normal(5, i, 0) } else { (i as f64 / 1000.0).powi(j as i32) }),
            &[8],
        ),
    ];
    let mut claims = Vec::new();
    for (name, expected, limit, problem, multiples) in inputs {
        for &multiple in multiples {
            let (d, m) = (problem.dim(), multiple * problem.dim());
            let predicted = epsilon_for(m, 0.05, d).unwrap();
            let ratios = [
                quantile(&problem.answers(Srht, m, seeds), 0.95),
                quantile(&problem.answers(Srct, m, seeds), 0.95),
                quantile(&problem.answers(RademacherSketch, m, seeds), 0.95),
                quantile(&problem.answers(GaussianSketch, m, seeds), 0.95),
            ]
            .map(|eps| eps / predicted);
            claims.push(claim(
                format!("eps-form at 95 % over predicted, {name}, m = {multiple} d: SRHT, SRCT, signs, Gaussian"),
                "prototype 7.1",
                expected,
                ratios.map(|x| format!("{x:.2}")).join(" "),
                ratios.iter().all(|&x| x < limit),
            ));
        }
    }
    claims
}

fn coverages() -> Vec<Claim> {
    let seeds = 1000u64;
    let mut claims = Vec::new();
    for (name, problem) in [
        ("normal rows", Problem::new(500, 8, |i, j| normal(6, i, j))),
        ("heavy-tailed rows", Problem::new(500, 8, |i, j| heavy(7, i, j))),
    ] {
        let found = [
            coverage(&problem.answers(GaussianSketch, 64, seeds)),
            coverage(&problem.answers(Srht, 64, seeds)),
            coverage(&problem.answers(Srct, 64, seeds)),
            coverage(&problem.answers(RademacherSketch, 64, seeds)),
        ];
        claims.push(claim(
            format!("coverage of half-widths at 95 %, {name}, d = 8, m = 64: Gaussian, SRHT, SRCT, signs"),
            "prototype 7.2",
            ".950 to .967, .945 to .976, .954 to .978, like SRHT",
            found.map(|x| format!("{x:.3}")).join(" "),
            found.iter().all(|&x| x > 0.95 - 6.0 * (0.95f64 * 0.05 / seeds as f64).sqrt()),
        ));
    }
    claims
}

/// Unit spikes on scattered rows and a target on another one.
fn spikes() -> Vec<Claim> {
    let (d, m, seeds) = (64usize, 1024usize, 200u64);
    let features: Vec<usize> = (0..d).collect();
    let targets = [d];
    let query = Query::new(&features, &targets);
    fn run<O: SketchOperator<f64>>(operator: O, (d, m, seeds): (usize, usize, u64), query: &Query<'_>) -> [f64; 4] {
        let (mut eps, mut covered, mut lost) = (Vec::new(), 0, 0);
        for seed in 0..seeds {
            let params = SketchedLeastSquaresParams::new(d + 1, m).seed(seed);
            let mut summary = Sketched::new(params, operator).unwrap();
            for j in 0..=d {
                let row = below(word2(9, Domain::Coin, seed, 0), 16_384) + 16_384 * j as u64;
                summary.update_cell(word(10, Domain::Coin, row) >> 24, j, 1.0).unwrap();
            }
            let (mut scratch, mut answer) = (vec![0f64; query.scratch_len()], vec![0f64; query.answer_len()]);
            let fit = summary.solve_in(query, &mut scratch, &mut answer).unwrap();
            let largest = fit.coefficients.iter().fold(0f64, |max, x| max.max(x.abs()));
            eps.push(largest * (d as f64).sqrt());
            covered +=
                u64::from(fit.half_widths.is_some_and(|w| fit.coefficients.iter().zip(w).all(|(x, w)| x.abs() <= *w)));
            lost += u64::from(fit.rank < d);
        }
        eps.sort_by(f64::total_cmp);
        let at = |share: f64| eps[((seeds - 1) as f64 * share) as usize];
        [at(0.5), at(0.95), covered as f64 / seeds as f64, lost as f64 / seeds as f64]
    }
    let shape = (d, m, seeds);
    let (srht, osnap2, osnap8, count) = (
        run(Srht, shape, &query),
        run(Osnap { nonzeros: 2 }, shape, &query),
        run(Osnap { nonzeros: 8 }, shape, &query),
        run(CountSketch, shape, &query),
    );
    vec![
        claim(
            "spikes, d = 64, m = 1024: eps-form at 95 %, SRHT, OSNAP with 2 and 8 nonzeros",
            "prototype 7.3",
            ".80 4.0 1.29",
            format!("{:.2} {:.2} {:.2}", srht[1], osnap2[1], osnap8[1]),
            srht[1] < 1.1 && osnap2[1] > 2.0 && osnap8[1] > 1.0,
        ),
        claim(
            "spikes: SRHT covers, CountSketch loses rank",
            "prototype 7.3",
            "coverage .96, rank lost in more than .90",
            format!("{:.3} {:.3}", srht[2], count[3]),
            srht[2] > 0.86 && count[3] > 0.8 && srht[3] == 0.0,
        ),
    ]
}

fn table(rows: &streams::Rows, columns: &[usize], target: usize) -> Problem {
    let row = |i: usize| {
        let row = rows.row(i);
        std::iter::once(1.0).chain(columns.iter().map(|&j| row[j])).chain([row[target]]).collect()
    };
    Problem::of((0..rows.len()).map(row).collect())
}

fn real_data() -> Vec<Claim> {
    let (randhie, gait) = (streams::randhie(), streams::imu());
    let problems = [
        ("randhie, visits", table(&randhie, &[1, 2, 3, 4, 5, 6, 7, 8, 9], 0), ".96"),
        ("gait, trunk_vert", table(&gait, &[0, 1, 2, 3, 4, 5, 6, 8], 7), ".97"),
    ];
    let mut claims = Vec::new();
    for (name, problem, expected) in problems {
        let m = 16 * problem.dim();
        let answers = problem.answers(Srht, m, 100);
        let (covered, excess) = (coverage(&answers), mean(&answers, |a| a.excess));
        let predicted = problem.dim() as f64 / (2.0 * (m - problem.dim() - 1) as f64);
        claims.push(claim(
            format!("{name}, m = 16 d: coverage at 95 %, excess residual over d / 2 (m - d - 1)"),
            "prototype 7.4",
            &format!("{expected}, about 1"),
            format!("{covered:.2}, {:.2}", excess / predicted),
            covered > 0.82 && (0.7..1.3).contains(&(excess / predicted)),
        ));
    }
    claims
}

fn row_rule() -> Vec<Claim> {
    let mut claims = Vec::new();
    for (d, epsilon, expected) in [(4usize, 1.0, "31: 18"), (16, 1.0, "158: 14"), (64, 1.0, "789: 5")] {
        // Columns of a Hadamard matrix: the bound in norms is attained.
        let n = 1024usize;
        let columns: Vec<Vec<f64>> = (0..=d)
            .map(|j| {
                let mut column = vec![0.0; n];
                column[(7 * j + 1) % n] = 1.0;
                hadamard::transform(&mut column).unwrap();
                column.iter().map(|x| x / (n as f64).sqrt()).collect()
            })
            .collect();
        let problem = Problem::of((0..n).map(|i| columns.iter().map(|c| c[i]).collect()).collect());
        let m = rows_for(epsilon, 0.05, d).unwrap();
        let answers = problem.answers(Srct, m, 400);
        let failures = answers.iter().filter(|answer| answer.eps > epsilon).count();
        claims.push(claim(
            format!("rows for eps = {epsilon} at failure 5 %, d = {d}: rows, failures of 400"),
            "prototype 7.5, at most about 20",
            expected,
            format!("{m}: {failures}"),
            failures <= 46,
        ));
    }
    claims
}

fn without_replacement() -> Vec<Claim> {
    let problem = Problem::new(1024, 8, |i, j| normal(11, i, j));
    let mut claims = Vec::new();
    for (m, expected) in [(256usize, ".764"), (512, ".512")] {
        let found = mean(&problem.answers(Srht, m, 600), |a| a.variance) * (m - 9) as f64;
        let law = (1024 - m + 8) as f64 / (1024 - 8) as f64;
        claims.push(claim(
            format!("variance of SRHT times m - d - 1, n = 1024, m = {m}: less than 1, rows come without replacement"),
            "prototype 7.6",
            expected,
            format!("{found:.3}"),
            (found / law - 1.0).abs() < 0.15,
        ));
    }
    claims
}

/// Two halves of a stream that both count from 0.
fn numbers_twice() -> Vec<Claim> {
    let gait = streams::imu();
    let problem = table(&gait, &[0, 1, 2, 3, 4, 5, 6, 8], 7);
    let m = 64 * problem.dim();
    let half = problem.rows.len() / 2;
    let run = |second_first: u64| -> Vec<Answer> {
        (0..60)
            .map(|seed| {
                let params = SketchedLeastSquaresParams::new(problem.dim() + 1, m).seed(seed).block_len(256);
                let fill = |rows: &[Vec<f64>], first: u64| {
                    let mut summary = Sketched::new(params.first_index(first), Srht).unwrap();
                    rows.iter().for_each(|row| summary.update(row).unwrap());
                    summary.close_block();
                    summary
                };
                let (mut first, second) = (fill(&problem.rows[..half], 0), fill(&problem.rows[half..], second_first));
                if second_first == 0 {
                    assert!(first.merge(&second).is_err());
                }
                first.merge_overlapping(&second).unwrap();
                problem.compare(&first)
            })
            .collect()
    };
    let (right, wrong) = (run(1 << 40), run(0));
    vec![claim(
        "two devices that count from the same row, merged by force: coverage, excess residual against separate numbers",
        "prototype 7.7",
        ".82 for .98, .0101 for .0070",
        format!(
            "{:.2} for {:.2}, {:.4} for {:.4}",
            coverage(&wrong),
            coverage(&right),
            mean(&wrong, |a| a.excess),
            mean(&right, |a| a.excess)
        ),
        coverage(&right) > 0.8 && mean(&wrong, |a| a.excess) > mean(&right, |a| a.excess),
    )]
}

fn tensor() -> Vec<Claim> {
    // Features are products of three columns over the rows of a grid and four over its columns.
    let (n1, n2) = (64usize, 64usize);
    let problem = Problem::new(n1 * n2, 12, |i, j| {
        if j == 12 { normal(14, i, 0) } else { normal(12, i / n2, j / 4) * normal(13, i % n2, j % 4) }
    });
    let mut claims = Vec::new();
    for (multiple, expected) in [(8usize, ".82 of 1.09, .96"), (32, ".36 of .52, .96")] {
        let m = multiple * 12;
        let answers = problem.answers(TensorSrht { second_len: n2 as u64 }, m, 100);
        let (eps, predicted) = (quantile(&answers, 0.95), epsilon_for(m, 0.05, 12).unwrap());
        claims.push(claim(
            format!("tensor SRHT on a 64 x 64 grid, m = {multiple} d: eps-form at 95 % of predicted, coverage"),
            "prototype 7.8",
            expected,
            format!("{eps:.2} of {predicted:.2}, {:.2}", coverage(&answers)),
            eps < 1.2 * predicted && coverage(&answers) > 0.82,
        ));
    }
    claims
}

/// Condition of the data times the inverse triangle of their sketch.
fn preconditioners() -> Vec<Claim> {
    fn condition<O: SketchOperator<f64>>(problem: &Problem, operator: O, m: usize, seed: u64) -> f64 {
        let (n, d) = (problem.rows.len(), problem.dim());
        let summary = problem.summary(operator, m, seed);
        let sketch = Mat::from_fn(m, d, |i, j| summary.sums()[i * (d + 1) + j]);
        let r = sketch.qr().thin_R().to_owned();
        let a = Mat::from_fn(n, d, |i, j| problem.rows[i][j]);
        let mut product = a.transpose().to_owned();
        faer::linalg::triangular_solve::solve_lower_triangular_in_place(
            r.transpose(),
            product.as_mut(),
            faer::Par::Seq,
        );
        let svd = product.transpose().to_owned().thin_svd().unwrap();
        svd.S()[0] / svd.S()[d - 1]
    }
    let problem = Problem::new(4096, 64, |i, j| normal(15, i, j));
    let spiked = Problem::new(
        4096,
        64,
        |i, j| if i % 64 == j { 1e4 } else { 1e-3 * normal(16, i, j) } * if i < 64 { 1.0 } else { 1e-4 },
    );
    let found = [4usize, 8, 12, 20].map(|multiple| condition(&problem, Srht, multiple * 64, 1));
    let predicted = [4.0f64, 8.0, 12.0, 20.0].map(|multiple| {
        let eta = (1.0 / multiple).sqrt();
        (1.0 + eta) / (1.0 - eta)
    });
    let median = |run: &dyn Fn(u64) -> f64| {
        let mut all: Vec<f64> = (0..9).map(run).collect();
        all.sort_by(f64::total_cmp);
        all[4]
    };
    let (srht, count) = (
        median(&|seed| condition(&spiked, Srht, 768, seed)),
        median(&|seed| condition(&spiked, CountSketch, 768, seed)),
    );
    vec![
        claim(
            "condition of A R^-1 under SRHT, d = 64, m = 4, 8, 12, 20 d",
            "prototype 7.9: (1 + eta) / (1 - eta)",
            "3.00 2.09 1.81 1.58",
            found.map(|x| format!("{x:.2}")).join(" "),
            found.iter().zip(predicted).all(|(x, y)| (x / y - 1.0).abs() < 0.15),
        ),
        claim(
            "the same on rows of spikes, m = 12 d, median of 9: SRHT, CountSketch",
            "prototype 3.8",
            "1.74, beyond use",
            format!("{srht:.2}, {count:.1e}"),
            srht < 2.2 && count > 100.0,
        ),
    ]
}

fn removal() -> Vec<Claim> {
    let rows: Vec<[i64; 5]> = (0..5000)
        .map(|i| std::array::from_fn(|j| (word2(17, Domain::Coin, i, j as u64) >> 52) as i64 - 2048))
        .collect();
    let params = SketchedLeastSquaresParams::new(5, 64).block_len(64);
    let mut all = SketchedLeastSquares::<i64, _, _, _>::new(params, Srht).unwrap();
    let mut kept = all.clone();
    rows.iter().for_each(|row| all.update(row).unwrap());
    rows[..4000].iter().for_each(|row| kept.update(row).unwrap());
    (4000..).zip(&rows[4000..]).for_each(|(i, row)| all.remove_at(i, row).unwrap());
    all.close_block();
    kept.close_block();
    let differ = all.sums().iter().zip(kept.sums()).filter(|(x, y)| x != y).count();
    vec![claim(
        "1000 of 5000 rows of integers taken away: sums that differ from never having seen them",
        "prototype 7.10",
        "0",
        differ.to_string(),
        differ == 0,
    )]
}

/// All energy on rows whose numbers differ in few bits.
fn subgroup() -> Vec<Claim> {
    let (d, m) = (16usize, 128usize);
    let run = |stride: usize| {
        let problem = Problem::new(32 * stride, d, |i, j| match i / stride {
            _ if i % stride != 0 => 0.0,
            k if k < d => f64::from(u8::from(j == k)),
            k => {
                if j == d {
                    normal(18, k, 0)
                } else {
                    0.0
                }
            }
        });
        let answers = problem.answers(Srht, m, 200);
        (quantile(&answers, 0.95), answers.iter().filter(|a| a.rank < d).count())
    };
    let (low, high) = (run(1), run(256));
    vec![claim(
        "spikes on rows 0..16, residual on rows 16..32: eps-form at 95 %, rank lost; the same at stride 256",
        "prototype 7.11",
        // 0 lost in the prototype's run; with replacement, which this is at such a stride, it lost 2 of 200. It is told, not silent.
        "0, 0; 1.09, rarely",
        format!("{:.0e}, {}; {:.2}, {}", low.0, low.1, high.0, high.1),
        low.0 < 1e-10 && low.1 == 0 && high.0 < 1.5 && high.1 <= 8,
    )]
}

impl Problem {
    /// Norm of `A (x - y)`.
    fn distance(&self, x: &[f64], y: &[f64]) -> f64 {
        let of = |row: &Vec<f64>| row.iter().zip(x.iter().zip(y)).map(|(a, (x, y))| a * (x - y)).sum::<f64>();
        self.rows.iter().map(|row| of(row).powi(2)).sum::<f64>().sqrt()
    }

    fn gradient(&self, x: &[f64]) -> Gradient<f64, Vec<f64>> {
        let mut gradient = Gradient::new(GradientParams::new(self.dim(), 1)).unwrap();
        gradient.start_at(x).unwrap();
        self.rows.iter().for_each(|row| gradient.update(row).unwrap());
        gradient
    }
}

/// What a log that is replayed adds to the answer of a sketch.
fn passes() -> Vec<Claim> {
    let problem = Problem::new(2000, 16, |i, j| normal(19, i, j));
    let d = problem.dim();
    let (features, targets): (Vec<usize>, _) = ((0..d).collect(), [d]);
    let query = Query::new(&features, &targets);
    let (mut scratch, mut answer) = (vec![0f64; query.scratch_len()], vec![0f64; query.answer_len()]);
    let mut measured = Vec::new();
    let mut holds = true;
    for multiple in [4usize, 8, 16, 32] {
        let mut squares = [0.0; 4];
        for seed in 0..40 {
            let summary = problem.summary(Srht, multiple * d, seed);
            let mut x = summary.solve_in(&query, &mut scratch, &mut answer).unwrap().coefficients.to_vec();
            for square in &mut squares {
                *square += problem.distance(&x, &problem.exact).powi(2);
                let gradient = problem.gradient(&x);
                let fit = summary.refine_in(&query, &gradient, &mut scratch, &mut answer).unwrap();
                x.copy_from_slice(fit.coefficients);
            }
        }
        let shares: Vec<f64> = squares.windows(2).map(|pair| (pair[1] / pair[0]).sqrt()).collect();
        let stray = ((d as f64).sqrt() + 1.0) / ((multiple * d) as f64).sqrt();
        holds &= shares.iter().all(|&share| share < 2.0 * stray / (1.0 + stray * stray));
        measured.push(shares.iter().map(|share| format!("{share:.2}")).collect::<Vec<_>>().join("/"));
    }
    vec![claim(
        "three passes more: share of the error that each leaves, d = 16, m = 4, 8, 16, 32 d",
        "prototype 3.9",
        ".48/.62/.65 .33/.44/.50 .24/.33/.36 .17/.23/.26, for a step without a margin",
        measured.join(" "),
        holds,
    )]
}

/// Real data whose features predict less than half of the energy of the target, and data where they predict more.
fn hessian() -> Vec<Claim> {
    let (randhie, gait) = (streams::randhie(), streams::imu());
    let problems = [
        ("randhie, visits", table(&randhie, &[1, 2, 3, 4, 5, 6, 7, 8, 9], 0), ".71"),
        ("gait, trunk_vert", table(&gait, &[0, 1, 2, 3, 4, 5, 6, 8], 7), "6.9"),
    ];
    let mut claims = Vec::new();
    for (name, problem, expected) in problems {
        let d = problem.dim();
        let (features, targets): (Vec<usize>, _) = ((0..d).collect(), [d]);
        let query = Query::new(&features, &targets);
        let (mut scratch, mut answer) = (vec![0f64; query.scratch_len()], vec![0f64; query.answer_len()]);
        let start = problem.gradient(&vec![0.0; d]);
        let (mut plain, mut hessian) = (0.0, 0.0);
        for seed in 0..60 {
            let summary = problem.summary(Srht, 16 * d, seed);
            let fit = summary.solve_in(&query, &mut scratch, &mut answer).unwrap();
            plain += problem.distance(fit.coefficients, &problem.exact).powi(2);
            let fit = summary.hessian_sketch_in(&query, &start, &mut scratch, &mut answer).unwrap();
            hessian += problem.distance(fit.coefficients, &problem.exact).powi(2);
        }
        let (ratio, fitted) = ((hessian / plain).sqrt(), problem.distance(&problem.exact, &vec![0.0; d]));
        let predicted = fitted / problem.residual;
        claims.push(claim(
            format!(
                "{name}, m = 16 d: error of the Hessian sketch over that of the sketch, norm of A x over that of r"
            ),
            "prototype 3.11",
            &format!("about {expected}, {expected}"),
            format!("{ratio:.2}, {predicted:.2}"),
            (ratio / predicted - 1.0).abs() < 0.3,
        ));
    }
    claims
}
