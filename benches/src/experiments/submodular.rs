//! Claims of the submodular family, measured, and what its methods cost.

use super::Claim;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use sketchlet_core::random::drawn;
use sketchlet_core::random::keyed::{Domain, below, normal_pair, unit, word, word2};
use sketchlet_core::submodular::{
    BucketDynamic, BucketDynamicParams, Concave, Counted, Coverage, Dynamic, DynamicParams, DynamicSelection,
    FacilityLocation, FeatureBased, GraphCut, GreedyParams, GroundSet, Kernel, LazyDynamic, LazyDynamicParams,
    LazyGreedy, LevelDynamic, LevelDynamicParams, LogDet, Monotone, NonMonotoneDynamic, NonMonotoneDynamicParams,
    Partition, PartitionDynamic, PartitionDynamicParams, PartitionGreedy, PrefixOracle, RandomGreedy, RobustCascade,
    Salsa, SieveParams, SievePlusPlus, SieveStreaming, ThreeSieves, ThreeSievesParams,
};
use sketchlet_tests::streams;

type Lazy = LazyDynamic<f64, u32, Vec<f64>, Vec<u32>>;
type Eager = Dynamic<f64, u32, Vec<f64>, Vec<u32>>;

fn lazy<O: GroundSet>(oracle: &O, size: usize) -> Lazy {
    let params = LazyDynamicParams::new(oracle.elements(), size).prefix(oracle.prefix_len(size));
    LazyDynamic::new(params).unwrap()
}

fn eager<O: GroundSet>(oracle: &O, size: usize) -> Eager {
    let params = DynamicParams::new(oracle.elements(), size).prefix(oracle.prefix_len(size));
    Dynamic::new(params).unwrap()
}

fn greedy<O: PrefixOracle<f64> + Monotone>(oracle: &O, ids: &[u32], size: usize) -> f64 {
    let params = GreedyParams::new(ids.len(), size).prefix(oracle.prefix_len(size));
    LazyGreedy::<f64, u32, _, _>::new(params).unwrap().select(oracle, ids).unwrap().value
}

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn claim(claim: impl Into<String>, source: &'static str, expected: &str, measured: String, holds: bool) -> Claim {
    Claim { claim: claim.into(), source, expected: expected.into(), measured, holds }
}

/// All claims of the family.
pub fn claims() -> Vec<Claim> {
    let mut claims = flat();
    claims.extend(descending());
    claims.push(dominant());
    claims.extend(digits());
    claims.push(adaptive());
    claims.push(restarted());
    claims.extend(sampled());
    claims.push(halved());
    claims.push(capped());
    claims.push(cut());
    claims.extend(sieved());
    claims.push(robust());
    claims
}

/// Similarities of normal points in four dimensions to 32 others.
fn points(n: usize, seed: u64) -> Vec<f64> {
    let point = |i: usize| -> [f64; 4] {
        std::array::from_fn(|j| normal_pair::<f64>(word2(seed, Domain::Coin, i as u64, j as u64)).0)
    };
    let exemplars: Vec<[f64; 4]> = (0..32).map(|j| point(usize::MAX - j)).collect();
    let alike =
        |x: &[f64; 4], y: &[f64; 4]| (-x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / 4.0).exp();
    (0..n).map(point).flat_map(|x| exemplars.iter().map(|y| alike(&x, y)).collect::<Vec<_>>()).collect()
}

/// Gains an update of a window of `n`, with an answer after each.
fn window<B: DynamicSelection<Scalar = f64>>(
    table: &[f64],
    n: usize,
    updates: usize,
    new: fn(&FacilityLocation<'_, f64>, usize) -> B,
) -> f64 {
    let facilities = FacilityLocation::new(table, 32).unwrap();
    let (mut best, mut rng) = (new(&facilities, 10), generator(3));
    let oracle = Counted::new(facilities);
    (0..n).for_each(|id| best.insert(&oracle, id as u32, &mut rng).unwrap());
    best.query(&oracle, &mut rng).unwrap();
    let before = oracle.gains();
    for i in 0..updates / 2 {
        best.delete(&oracle, i as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
        best.insert(&oracle, (n + i) as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
    }
    (oracle.gains() - before) as f64 / updates as f64
}

/// What an update costs doesn't depend on the number of elements; what recomputing costs does.
fn flat() -> Vec<Claim> {
    let (updates, sizes) = (20_000, [500usize, 4000, 32_000]);
    let table = points(sizes[2] + updates / 2, 1);
    let lazy = sizes.map(|n| window(&table, n, updates, |oracle, size| lazy(oracle, size)));
    let eager = sizes.map(|n| window(&table, n, updates, |oracle, size| eager(oracle, size)));
    let recomputed = sizes.map(|n| {
        let oracle = Counted::new(FacilityLocation::new(&table, 32).unwrap());
        greedy(&oracle, &(0..n as u32).collect::<Vec<_>>(), 10);
        oracle.gains() as f64
    });
    let shown = |gains: [f64; 3]| gains.map(|gains| format!("{gains:.0}")).join(" ");
    vec![
        claim(
            "gains an update of a window of 500, 4,000, 32,000, k = 10, an answer after each: lazy",
            "prototype 3.12, E1",
            "86 81 54; the last at most 1.6 times the first",
            shown(lazy),
            lazy[2] <= 1.6 * lazy[0] && lazy.iter().all(|&gains| gains < 130.0),
        ),
        claim(
            "the same, eager",
            "prototype 3.12, E1",
            "188 207 185; the last at most 1.6 times the first",
            shown(eager),
            eager[2] <= 1.6 * eager[0] && eager.iter().all(|&gains| gains < 275.0),
        ),
        claim(
            "gains of lazy greedy over the window, once",
            "prototype 3.12",
            "1537 (500), 6164 (2,000), 93050 (32,000)",
            shown(recomputed),
            recomputed[2] > 30.0 * recomputed[0],
        ),
    ]
}

/// Sets of very different size, the largest first to go.
fn descending() -> Vec<Claim> {
    let (sets, items, size) = (3000usize, 300u64, 10);
    let mut lists: Vec<Vec<u32>> = (0..sets as u64)
        .map(|i| {
            let length = (1.5 / unit::<f64>(word(5, Domain::Coin, i)).max(1e-9)).min(60.0) as u64;
            let mut list: Vec<u32> =
                (0..length.max(1)).map(|j| below(word2(6, Domain::Coin, i, j), items) as u32).collect();
            list.sort_unstable();
            list.dedup();
            list
        })
        .collect();
    lists.sort_by_key(|list| std::cmp::Reverse(list.len()));
    let mut offsets = vec![0u32];
    lists.iter().for_each(|list| offsets.push(offsets.last().unwrap() + list.len() as u32));
    let members = lists.concat();
    let coverage = Coverage::new(&offsets, &members, items as usize).unwrap();
    let (lazy, eager) =
        (descend(coverage, size, lazy(&coverage, size)), descend(coverage, size, eager(&coverage, size)));
    vec![claim(
        "3,000 sets of very different size, deleted from the largest down: gains a deletion lazy, eager; share of greedy",
        "prototype E2 (another draw of sets)",
        "268, 452; .95 and more",
        format!("{:.0}, {:.0}; {:.3}, {:.3}", lazy.0, eager.0, lazy.1, eager.1),
        lazy.0 < 500.0 && eager.0 < 900.0 && lazy.1 > 0.9 && eager.1 > 0.9,
    )]
}

/// Gains a deletion, and the share of greedy, of sets deleted from the largest down.
fn descend<B: DynamicSelection<Scalar = f64>>(coverage: Coverage<'_>, size: usize, mut best: B) -> (f64, f64) {
    let sets = coverage.elements();
    let (oracle, mut rng) = (Counted::new(coverage), generator(7));
    let mut order: Vec<usize> = (0..sets).collect();
    drawn::shuffle(&mut order, &mut rng);
    order.iter().for_each(|&id| best.insert(&oracle, id as u32, &mut rng).unwrap());
    let (before, mut shares) = (oracle.gains(), Vec::new());
    let (mut polished, mut deletions) = (0, 0);
    for id in 0..sets - size {
        best.delete(&oracle, id as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
        deletions += 1;
        if id % 150 == 0 {
            let until = oracle.gains();
            let answer = best.polish(&oracle).unwrap();
            polished += oracle.gains() - until;
            let alive: Vec<u32> = (id as u32 + 1..sets as u32).collect();
            shares.push(answer.value / greedy(&coverage, &alive, size));
        }
    }
    let gains = (oracle.gains() - before - polished) as f64 / f64::from(deletions);
    (gains, shares.iter().sum::<f64>() / shares.len() as f64)
}

/// One element that is worth more than all others comes and goes.
fn dominant() -> Claim {
    let n = 400usize;
    let mut table = points(n, 8);
    table.extend([1000.0; 32]);
    let oracle = FacilityLocation::new(&table, 32).unwrap();
    let ids: Vec<u32> = (0..n as u32).collect();
    let values = (greedy(&oracle, &ids, 10), 32_000.0);
    let lazy = come_and_go(&oracle, values, lazy(&oracle, 10));
    let eager = come_and_go(&oracle, values, eager(&oracle, 10));
    claim(
        "an element worth more than all others comes and goes every 20 steps: least share of greedy, lazy, eager",
        "prototype E3",
        "at least .70 (.830, .845 on another input)",
        format!("{lazy:.3}, {eager:.3}"),
        lazy.min(eager) >= 0.70,
    )
}

/// The least share of greedy while the last element comes and goes, with it or without.
fn come_and_go<B: DynamicSelection<Scalar = f64>>(
    oracle: &FacilityLocation<'_, f64>,
    (without, with): (f64, f64),
    mut best: B,
) -> f64 {
    let last = oracle.elements() as u32 - 1;
    let mut rng = generator(9);
    (0..last).for_each(|id| best.insert(oracle, id, &mut rng).unwrap());
    let mut least = f64::INFINITY;
    for step in 0..400 {
        if step % 20 == 0 {
            let changed =
                if step % 40 == 0 { best.insert(oracle, last, &mut rng) } else { best.delete(oracle, last, &mut rng) };
            changed.unwrap();
        }
        let answer = best.query(oracle, &mut rng).unwrap();
        least = f64::min(least, answer.value / if step / 20 % 2 == 0 { with } else { without });
    }
    least
}

/// A window of 500 digits under three functions.
fn digits() -> Vec<Claim> {
    let rows = streams::digits();
    let n = rows.len();
    let data: Vec<f64> = (0..n).flat_map(|i| rows.row(i).to_vec()).collect();
    let apart = |i: usize, j: usize| {
        data[i * 64..][..64].iter().zip(&data[j * 64..][..64]).map(|(x, y)| (x - y) * (x - y)).sum::<f64>()
    };
    let mut squares: Vec<f64> = (0..300).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| apart(i, j)).collect();
    squares.sort_by(f64::total_cmp);
    let gamma = 1.0 / squares[squares.len() / 2];
    let similarities: Vec<f64> =
        (0..n).flat_map(|i| (0..64).map(move |j| (i, 28 * j))).map(|(i, j)| (-gamma * apart(i, j)).exp()).collect();
    vec![
        window_of_digits(
            "facility location",
            ".965 to .984 (.958 to .968); .73 to .76",
            &FacilityLocation::new(&similarities, 64).unwrap(),
        ),
        window_of_digits(
            "square roots of features",
            ".965 to .984; .62",
            &FeatureBased::new(&data, 64, Concave::Sqrt).unwrap(),
        ),
        window_of_digits(
            "log-determinant",
            ".965 to .984; .83 to .90",
            &LogDet::new(&data, 64, Kernel::Rbf(gamma), 1.0).unwrap(),
        ),
    ]
}

fn window_of_digits<O: PrefixOracle<f64> + Monotone>(name: &str, expected: &str, function: &O) -> Claim {
    let (n, width, size) = (function.elements(), 500usize, 16);
    let (oracle, mut best, mut rng) = (Counted::new(function), lazy(function, size), generator(0));
    (0..width).for_each(|id| best.insert(&oracle, id as u32, &mut rng).unwrap());
    best.query(&oracle, &mut rng).unwrap();
    let (before, mut polished) = (oracle.gains(), 0);
    let (mut shares, mut proofs) = (Vec::new(), Vec::new());
    for newest in width..n {
        best.delete(&oracle, (newest - width) as u32, &mut rng).unwrap();
        best.insert(&oracle, newest as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
        if newest % 20 == 0 {
            let until = oracle.gains();
            let answer = best.polish(&oracle).unwrap();
            polished += oracle.gains() - until;
            let alive: Vec<u32> = (newest as u32 + 1 - width as u32..=newest as u32).collect();
            shares.push(answer.value / greedy(function, &alive, size));
            proofs.push(answer.ratio().unwrap());
        }
    }
    let gains = (oracle.gains() - before - polished) as f64 / (2 * (n - width)) as f64;
    claim(
        format!("digits, window 500, k = 16, {name}: polished over greedy; share proven; gains an update"),
        "prototype E4",
        &format!("{expected}; 36 to 330"),
        format!("{:.3}; {:.2}; {gains:.0}", mean(&shares), mean(&proofs)),
        mean(&shares) > 0.95 && mean(&proofs) > 0.55 && gains < 500.0,
    )
}

/// Somebody deletes what is reported, again and again.
fn adaptive() -> Claim {
    let mut costs = Vec::new();
    let mut least = f64::INFINITY;
    for n in [500usize, 2000, 8000] {
        let table = points(n, 11);
        let facilities = FacilityLocation::new(&table, 32).unwrap();
        let (oracle, mut best, mut rng) = (Counted::new(facilities), lazy(&facilities, 10), generator(12));
        (0..n).for_each(|id| best.insert(&oracle, id as u32, &mut rng).unwrap());
        best.query(&oracle, &mut rng).unwrap();
        let before = oracle.gains();
        let updates = 300;
        for _ in 0..updates {
            let id = best.selected()[0];
            best.delete(&oracle, id, &mut rng).unwrap();
            least = least.min(best.query(&oracle, &mut rng).unwrap().ratio().unwrap());
        }
        costs.push((oracle.gains() - before) as f64 / f64::from(updates));
    }
    let promised = 1.0 / (1.0 + LazyDynamicParams::new(1, 1).ratio().unwrap());
    claim(
        "what is reported is deleted again and again, n = 500, 2,000, 8,000: gains an update, least share proven",
        "prototype E5, theorem B",
        "476 1512 5216, linear in n; at least .457",
        format!("{}; {least:.2}", costs.iter().map(|cost| format!("{cost:.0}")).collect::<Vec<_>>().join(" ")),
        least >= promised && costs[2] > costs[0],
    )
}

/// A sieve that is shown everything anew whenever an element of its answer leaves.
fn restarted() -> Claim {
    let cost = |n: usize| {
        let updates = 200;
        let table = points(n + updates, 1);
        let facilities = FacilityLocation::new(&table, 32).unwrap();
        let oracle = Counted::new(facilities);
        let new =
            || SieveStreaming::<f64, u32, _, _>::new(SieveParams::new(10).prefix(facilities.prefix_len(10))).unwrap();
        let mut sieve = new();
        (0..n as u32).for_each(|id| sieve.insert(&oracle, id).unwrap());
        let before = oracle.gains();
        for i in 0..(updates / 2) as u32 {
            if sieve.selected().contains(&i) {
                sieve = new();
                (i + 1..n as u32 + i).for_each(|id| sieve.insert(&oracle, id).unwrap());
            }
            sieve.insert(&oracle, n as u32 + i).unwrap();
        }
        (oracle.gains() - before) as f64 / updates as f64
    };
    let costs = [500, 2000, 8000].map(cost);
    claim(
        "a sieve that begins anew when an element of its answer leaves, window of 500, 2,000, 8,000: gains an update",
        "prototype E1",
        "2884 10988 42860, linear in n",
        costs.map(|cost| format!("{cost:.0}")).join(" "),
        costs[2] > 8.0 * costs[0],
    )
}

/// Gains an update of a window, and what its answers keep of greedy's; an answer every twentieth of the updates.
macro_rules! window_of {
    ($best:expr, $table:expr, $n:expr, $k:expr, $updates:expr) => {{
        let (n, updates) = ($n, $updates);
        let facilities = FacilityLocation::new($table, 32).unwrap();
        let (oracle, mut best, mut rng) = (Counted::new(facilities), $best(&facilities).unwrap(), generator(3));
        (0..n as u32).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
        let before = oracle.gains();
        let mut shares = Vec::new();
        for i in 0..(updates / 2) as u32 {
            best.delete(&oracle, i, &mut rng).unwrap();
            best.insert(&oracle, n as u32 + i, &mut rng).unwrap();
            if i % (updates / 20) as u32 == 0 {
                let ids: Vec<u32> = (i + 1..=n as u32 + i).collect();
                shares.push(best.query(&oracle, &mut rng).unwrap().value / greedy(&facilities, &ids, $k));
            }
        }
        ((oracle.gains() - before) as f64 / updates as f64, mean(&shares))
    }};
}

/// Samples of alike elements against one pivot at a time.
fn sampled() -> Vec<Claim> {
    let cases = [(10usize, 2000usize, 8000usize), (50, 2000, 4000), (200, 4000, 1500)];
    let measured = cases.map(|(k, n, updates)| {
        let table = points(n + updates, 1);
        let bucket = |oracle: &FacilityLocation<'_, f64>| {
            BucketDynamic::<f64>::new(BucketDynamicParams::new(n + updates, k, 0.2).prefix(oracle.prefix_len(k)))
        };
        let eager = |oracle: &FacilityLocation<'_, f64>| {
            Dynamic::<f64, u32, _, _>::new(DynamicParams::new(n + updates, k).prefix(oracle.prefix_len(k)))
        };
        (window_of!(eager, &table, n, k, updates), window_of!(bucket, &table, n, k, updates))
    });
    let shown = |gains: [f64; 3]| gains.map(|gains| format!("{gains:.0}")).join(" ");
    let shares = measured.map(|(_, (_, share))| share);
    let eager = shown(measured.map(|((gains, _), _)| gains));
    let bucket = shown(measured.map(|(_, (gains, _))| gains));
    vec![claim(
        "k = 10, 50, 200 of a window of 2,000, 2,000, 4,000: gains an update, eager and by samples (epsilon .2); value over \
         greedy",
        "prototype E6",
        "174 998 2532 and 197 1078 2381; about .9",
        format!("{eager} and {bucket}; {}", shares.iter().map(|x| format!("{x:.2}")).collect::<Vec<_>>().join(" ")),
        shares.iter().all(|&share| share > 0.85) && measured.iter().all(|case| case.1.0 < 1.6 * case.0.0),
    )]
}

/// Levels of halving size, the baseline.
fn halved() -> Claim {
    let (n, k, updates) = (2000usize, 10usize, 8000usize);
    let table = points(n + updates, 1);
    let levels = |oracle: &FacilityLocation<'_, f64>| {
        LevelDynamic::<f64>::new(LevelDynamicParams::new(n + updates, k, 0.2).prefix(oracle.prefix_len(k)))
    };
    let (gains, share) = window_of!(levels, &table, n, k, updates);
    claim(
        "levels of halving size, k = 10, window of 2,000: gains an update; value over greedy",
        "prototype 3.5",
        "125 to 276; about .9",
        format!("{gains:.0}; {share:.2}"),
        gains < 500.0 && share > 0.85,
    )
}

/// Five groups of which two each may be chosen.
fn capped() -> Claim {
    let measured = [500usize, 2000].map(|n| {
        let updates = 4000usize;
        let table = points(n + updates, 1);
        let groups: Vec<u8> = (0..n + updates).map(|i| (word(8, Domain::Coin, i as u64) % 5) as u8).collect();
        let partition = Partition::new(&groups, &[2; 5]).unwrap();
        let facilities = FacilityLocation::new(&table, 32).unwrap();
        let params = PartitionDynamicParams::new(n + updates, 10, 0.1);
        let params = params.prefix(facilities.prefix_len(params.pushes()));
        let (mut best, mut rng) = (PartitionDynamic::<f64, u32, _, _>::new(params).unwrap(), generator(3));
        let oracle = Counted::new(facilities);
        (0..n as u32).for_each(|id| best.insert(&oracle, &partition, id, &mut rng).unwrap());
        let before = oracle.gains();
        let params = GreedyParams::new(n, 10).prefix(facilities.prefix_len(10));
        let mut greedy = PartitionGreedy::<f64, u32, _, _>::new(params).unwrap();
        let mut shares = Vec::new();
        for i in 0..(updates / 2) as u32 {
            best.delete(&oracle, &partition, i, &mut rng).unwrap();
            best.insert(&oracle, &partition, n as u32 + i, &mut rng).unwrap();
            if i % 200 == 0 {
                let ids: Vec<u32> = (i + 1..=n as u32 + i).collect();
                let most = greedy.select(&facilities, &ids, &partition).unwrap().value;
                shares.push(best.query(&facilities, &partition, &mut rng).unwrap().value / most);
            }
        }
        ((oracle.gains() - before) as f64 / updates as f64, mean(&shares))
    });
    claim(
        "five groups, two of each, window of 500 and 2,000, epsilon .1: gains an update; value over greedy within caps",
        "prototype 3.6",
        "325 352; .92 .91",
        format!("{:.0} {:.0}; {:.2} {:.2}", measured[0].0, measured[1].0, measured[0].1, measured[1].1),
        measured.iter().all(|case| case.0 < 900.0 && case.1 > 0.85),
    )
}

/// Cuts of a sparse random graph whose vertices come and go.
fn cut() -> Claim {
    let (n, k) = (400usize, 20usize);
    let mut neighbours = vec![Vec::new(); n];
    for edge in 0..1600u64 {
        let ends = [0, 1].map(|end| below(word2(21, Domain::Coin, edge, end), n as u64) as usize);
        if ends[0] != ends[1] && !neighbours[ends[0]].contains(&(ends[1] as u32)) {
            neighbours[ends[0]].push(ends[1] as u32);
            neighbours[ends[1]].push(ends[0] as u32);
        }
    }
    let mut offsets = vec![0u32];
    neighbours.iter().for_each(|list| offsets.push(offsets[offsets.len() - 1] + list.len() as u32));
    let ends = neighbours.concat();
    let oracle = GraphCut::new(&offsets, &ends).unwrap();
    let ids: Vec<u32> = (0..n as u32).collect();
    let mut greedy = RandomGreedy::<f64, u32, _, _>::new(GreedyParams::new(n, k).prefix(oracle.prefix_len(k))).unwrap();
    let seeds = 20;
    let random: Vec<f64> =
        (0..seeds).map(|seed| greedy.select(&oracle, &ids, &mut generator(seed)).unwrap().value).collect();
    let dynamic = |keep: Option<f64>| {
        let mut values = Vec::new();
        for seed in 0..seeds {
            let mut params = NonMonotoneDynamicParams::new(n, k, 0.2).prefix(oracle.prefix_len(0)).ladder_steps(1);
            if let Some(keep) = keep {
                params = params.keep(keep);
            }
            let (mut best, mut rng) = (NonMonotoneDynamic::<f64, u32, _, _>::new(params).unwrap(), generator(seed));
            ids.iter().for_each(|&id| best.insert(&oracle, id, &mut rng).unwrap());
            // A quarter goes and comes back.
            (0..100).for_each(|id| best.delete(&oracle, id, &mut rng).unwrap());
            (0..100).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
            values.push(best.query(&oracle, &mut rng).unwrap().value);
        }
        mean(&values) / mean(&random)
    };
    let (promised, all) = (dynamic(None), dynamic(Some(1.0)));
    claim(
        "cut of 20 of 400 vertices, 1,600 edges, mean of 20 seeds over random greedy's: kept with .29, all kept",
        "prototype 3.7",
        "at least e / 5.83 = .47",
        format!("{promised:.2} {all:.2}"),
        promised > 0.47 && all > promised,
    )
}

/// What sieves find, and what they cost.
fn sieved() -> Vec<Claim> {
    let (n, k) = (5000usize, 20usize);
    let table = points(n, 4);
    let facilities = FacilityLocation::new(&table, 32).unwrap();
    let (prefix, ids) = (facilities.prefix_len(k), (0..n as u32).collect::<Vec<_>>());
    let most = greedy(&facilities, &ids, k);
    let largest = table.chunks(32).map(|row| row.iter().sum::<f64>()).fold(0.0, f64::max);
    macro_rules! sieve {
        ($sieve:expr) => {{
            let (oracle, mut sieve) = (Counted::new(facilities), $sieve.unwrap());
            ids.iter().for_each(|&id| sieve.insert(&oracle, id).unwrap());
            let kept = ids.iter().filter(|&&id| sieve.is_kept(id)).count();
            (sieve.selection().value / most, oracle.gains() as f64 / n as f64, kept)
        }};
    }
    let params = SieveParams::new(k).prefix(prefix);
    let patient = |patience| ThreeSievesParams::new(k, largest, patience).prefix(prefix);
    let oracle = Counted::new(facilities);
    let mut salsa = Salsa::<f64, u32, _, _>::new(GreedyParams::new(n, k).prefix(prefix)).unwrap();
    let value = salsa.select(&oracle, &ids, 4).unwrap().value;
    let rows = [
        ("sieve", ".913 14 210", sieve!(SieveStreaming::<f64, u32, _, _>::new(params)), 0.85),
        ("sieve++", ".811 18 98", sieve!(SievePlusPlus::<f64, u32, _, _>::new(params)), 0.75),
        ("three sieves, patience 50", ".927 .89 20", sieve!(ThreeSieves::<f64, u32, _, _>::new(patient(50))), 0.85),
        (
            "three sieves, patience 500",
            ".501, two chosen",
            sieve!(ThreeSieves::<f64, u32, _, _>::new(patient(500))),
            0.4,
        ),
        ("salsa", ".886 54", (value / most, oracle.gains() as f64 / n as f64, k), 0.85),
    ];
    rows.map(|(name, expected, (share, gains, kept), least)| {
        claim(
            format!("{name}, 5,000 elements, k = 20: value over greedy, gains an element, kept"),
            "prototype 3.8",
            expected,
            format!("{share:.3} {gains:.2} {kept}"),
            share > least,
        )
    })
    .into()
}

/// Elements of the answer are taken away from a chain of sieves, one after the other.
fn robust() -> Claim {
    let (n, k) = (2000usize, 20usize);
    let table = points(n, 4);
    let facilities = FacilityLocation::new(&table, 32).unwrap();
    let params = SieveParams::new(k).prefix(facilities.prefix_len(k));
    let measured = [1usize, 5, 20].map(|deletions| {
        let sieves: Vec<_> = (0..=deletions).map(|_| SieveStreaming::<f64, u32, _, _>::new(params).unwrap()).collect();
        let (oracle, mut chain) = (Counted::new(facilities), RobustCascade::new(sieves).unwrap());
        (0..n as u32).for_each(|id| chain.insert(&oracle, id).unwrap());
        let cost = oracle.gains() as f64 / n as f64;
        let mut left: Vec<u32> = (0..n as u32).collect();
        for _ in 0..deletions {
            let id = chain.selected()[0];
            chain.delete(&oracle, id).unwrap();
            left.retain(|&own| own != id);
        }
        (cost, chain.selection().value / greedy(&facilities, &left, k))
    });
    claim(
        "a chain of 2, 6, 21 sieves, 2,000 elements, k = 20: gains an element; value over greedy after 1, 5, 20 deletions of \
         what is reported",
        "prototype 3.9",
        "33 88 248; .85 .83 .73",
        format!(
            "{}; {}",
            measured.map(|case| format!("{:.0}", case.0)).join(" "),
            measured.map(|case| format!("{:.2}", case.1)).join(" ")
        ),
        measured.iter().all(|case| case.1 > 0.6),
    )
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}
