//! The dynamic selections that allocate: what their answers are, what they find on average, and what they cost.

use proptest::prelude::*;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::random::keyed::{Domain, normal_pair, word2};
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Rule};

const N: usize = 12;
const M: usize = 4;

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn value_of(table: &[f64], set: &[u32]) -> f64 {
    (0..M).map(|j| set.iter().map(|&e| table[e as usize * M + j]).fold(0.0, f64::max)).sum()
}

fn best_of(table: &[f64], alive: &[u32], size: usize) -> f64 {
    let sets = (0u32..1 << alive.len()).filter(|set| set.count_ones() as usize <= size);
    let ids = |set: u32| (0..alive.len()).filter(|i| set >> i & 1 == 1).map(|i| alive[i]).collect::<Vec<_>>();
    sets.map(|set| value_of(table, &ids(set))).fold(0.0, f64::max)
}

/// Goes through a run; what was answered.
macro_rules! run {
    ($best:expr, $ops:expr, $table:expr, $size:expr, $seed:expr) => {{
        let (mut best, mut rng, mut alive, mut answers) = ($best.unwrap(), generator($seed), Vec::new(), Vec::new());
        let oracle = FacilityLocation::new(&$table, M).unwrap();
        for &id in &$ops {
            if alive.contains(&id) {
                best.delete(&oracle, id, &mut rng).unwrap();
                alive.retain(|&own| own != id);
                assert!(!best.selected().contains(&id) && best.selection().stale);
            } else {
                best.insert(&oracle, id, &mut rng).unwrap();
                alive.push(id);
            }
            best.check(&oracle).unwrap();
            let answer = best.query(&oracle, &mut rng).unwrap();
            let ids = best.selected().to_vec();
            assert!(ids.iter().all(|id| alive.contains(id)) && ids.len() <= $size && ids.len() == answer.len);
            assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
            assert!((answer.value - value_of(&$table, &ids)).abs() <= 1e-12 * answer.value);
            assert_eq!((answer.upper_bound, best.live(), best.is_alive(id)), (None, alive.len(), alive.contains(&id)));
            answers.push(ids);
        }
        answers
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn answers_are_what_they_say(
        ops in prop::collection::vec(0..N as u32, 1..80),
        table in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..30.0], N * M),
        size in 1usize..5,
        epsilon in prop::sample::select(vec![0.05, 0.2, 0.6]),
        seed in any::<u64>(),
        unit in -40i32..40,
    ) {
        let prefix = FacilityLocation::<f64>::prefix_len_of(M, size);
        let scaled: Vec<f64> = table.iter().map(|x| x * 2f64.powi(unit)).collect();
        let params = BucketDynamicParams::new(N, size, epsilon).prefix(prefix);
        let own = run!(BucketDynamic::<f64>::new(params), ops, table, size, seed);
        prop_assert_eq!(own, run!(BucketDynamic::<f64>::new(params), ops, scaled, size, seed));
        let params = LevelDynamicParams::new(N, size, epsilon).prefix(prefix).ladder_steps(1);
        let own = run!(LevelDynamic::<f64>::new(params), ops, table, size, seed);
        prop_assert_eq!(own, run!(LevelDynamic::<f64>::new(params), ops, scaled, size, seed));
    }
}

#[test]
fn answers_are_good_on_average_also_after_the_best_has_left() {
    for kind in 0..3u64 {
        let table: Vec<f64> = (0..N * M)
            .map(|i| {
                let x = normal_pair::<f64>(word2(kind, Domain::Coin, i as u64, 0)).0.abs();
                if kind == 2 && i < M { 100.0 * x } else { x.powi(1 + kind as i32) }
            })
            .collect();
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let alive: Vec<u32> = (1..N as u32).collect();
        let (size, epsilon) = (3, 0.1);
        let optimum = best_of(&table, &alive, size);
        macro_rules! share {
            ($type:ident, $params:ident) => {{
                let params = $params::new(N, size, epsilon).prefix(oracle.prefix_len(size));
                let shares: Vec<f64> = (0..200)
                    .map(|seed| {
                        let (mut best, mut rng) = ($type::<f64>::new(params).unwrap(), generator(seed));
                        // All come, the first and others go, others come back.
                        (0..N as u32).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
                        (0..6).for_each(|id| best.delete(&oracle, id, &mut rng).unwrap());
                        (1..6).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
                        best.query(&oracle, &mut rng).unwrap().value / optimum
                    })
                    .collect();
                let mean = shares.iter().sum::<f64>() / 200.0;
                let deviation = (shares.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 199.0 / 200.0).sqrt();
                assert!(mean - 6.0 * deviation > 0.75, "{kind}: {mean} {deviation}");
            }};
        }
        share!(BucketDynamic, BucketDynamicParams);
        share!(LevelDynamic, LevelDynamicParams);
    }
}

#[test]
fn answers_are_good_after_the_answers_have_left() {
    let table: Vec<f64> =
        (0..N * M).map(|i| normal_pair::<f64>(word2(9, Domain::Coin, i as u64, 0)).0.abs().powi(2)).collect();
    let oracle = FacilityLocation::new(&table, M).unwrap();
    macro_rules! share {
        ($type:ident, $params:ident) => {{
            let params = $params::new(N, 3, 0.1).prefix(oracle.prefix_len(3));
            for seed in 0..100 {
                let (mut best, mut rng) = ($type::<f64>::new(params).unwrap(), generator(seed));
                let mut alive: Vec<u32> = (0..N as u32).collect();
                alive.iter().for_each(|&id| best.insert(&oracle, id, &mut rng).unwrap());
                // Nothing comes that could mend what has been lost.
                while alive.len() > 3 {
                    let value = best.query(&oracle, &mut rng).unwrap().value;
                    let optimum = best_of(&table, &alive, 3);
                    assert!(value >= 0.35 * optimum, "{value} of {optimum}");
                    let id = best.selected()[0];
                    best.delete(&oracle, id, &mut rng).unwrap();
                    alive.retain(|&own| own != id);
                }
            }
        }};
    }
    share!(BucketDynamic, BucketDynamicParams);
    share!(LevelDynamic, LevelDynamicParams);
}

#[test]
fn a_window_costs_and_finds_what_the_design_says() {
    let (n, k, updates) = (2000usize, 10, 4000usize);
    let point = |i: usize| -> [f64; 4] {
        std::array::from_fn(|j| normal_pair::<f64>(word2(3, Domain::Coin, i as u64, j as u64)).0)
    };
    let exemplars: Vec<[f64; 4]> = (0..32).map(|j| point(1_000_000 + j)).collect();
    let alike =
        |x: &[f64; 4], y: &[f64; 4]| (-x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / 4.0).exp();
    let table: Vec<f64> = (0..n + updates / 2)
        .map(point)
        .flat_map(|x| exemplars.iter().map(|y| alike(&x, y)).collect::<Vec<_>>())
        .collect();
    let prefix = FacilityLocation::<f64>::prefix_len_of(32, k);
    let capacity = n + updates / 2;
    let mut greedy = LazyGreedy::<f64, u32, _, _>::new(GreedyParams::new(n, k).prefix(prefix)).unwrap();
    macro_rules! window {
        ($best:expr) => {{
            let (mut best, mut rng) = ($best.unwrap(), generator(5));
            let oracle = Counted::new(FacilityLocation::new(&table, 32).unwrap());
            (0..n as u32).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
            let (before, mut shares) = (oracle.gains(), Vec::new());
            for i in 0..(updates / 2) as u32 {
                best.delete(&oracle, i, &mut rng).unwrap();
                best.insert(&oracle, n as u32 + i, &mut rng).unwrap();
                if i % 200 == 199 {
                    let ids: Vec<u32> = (i + 1..=n as u32 + i).collect();
                    let most = greedy.select(oracle.inner(), &ids).unwrap().value;
                    shares.push(best.query(&oracle, &mut rng).unwrap().value / most);
                }
            }
            let share = shares.iter().sum::<f64>() / shares.len() as f64;
            ((oracle.gains() - before) as f64 / updates as f64, share)
        }};
    }
    // Design 3.12 and 3.5: 197 gains an update, and 125 to 276.
    let (gains, share) = window!(BucketDynamic::<f64>::new(BucketDynamicParams::new(capacity, k, 0.2).prefix(prefix)));
    println!("{gains} {share}");
    assert!(gains < 400.0 && share > 0.85, "{gains} {share}");
    let (gains, share) = window!(LevelDynamic::<f64>::new(LevelDynamicParams::new(capacity, k, 0.2).prefix(prefix)));
    println!("{gains} {share}");
    assert!(gains < 600.0 && share > 0.85, "{gains} {share}");
}

#[test]
fn calls_that_make_no_sense_are_refused_and_change_nothing() {
    macro_rules! refused {
        ($params:ident, $type:ident) => {
            let refused = |params: $params, name, rule| {
                assert_eq!($type::<f64>::new(params).map(|_| ()), Err(Error::Parameter { name, rule }));
            };
            refused($params::new(0, 1, 0.1), &"capacity", Rule::POSITIVE);
            refused($params::new(1, 0, 0.1), &"size", Rule::POSITIVE);
            refused($params::new(1, 1, 0.0), &"epsilon", Rule::FRACTION);
            refused($params::new(1, 1, f64::NAN), &"epsilon", Rule::FRACTION);
            refused($params::new(1, 1, 0.1).ladder_steps(6), &"ladder_steps", Rule::LADDER_STEPS);
            refused($params::new(1 << 33, 1, 0.1), &"capacity", Rule::WITHIN_IDS);
            if stringify!($type) == "BucketDynamic" {
                refused($params::new(1, 1, 1e-300), &"epsilon", Rule::NOT_TOO_SMALL);
            }
            let table = [1.0, f64::NAN, -1.0, 0.0, 1e308, 2.0];
            let oracle = FacilityLocation::new(&table, 1).unwrap();
            let params = $params::new(5, 2, 0.1).prefix(oracle.prefix_len(2));
            let (mut best, mut rng) = ($type::<f64>::new(params).unwrap(), generator(1));
            best.insert(&oracle, 0, &mut rng).unwrap();
            best.query(&oracle, &mut rng).unwrap();
            let before = format!("{best:?}");
            assert_eq!(best.insert(&oracle, 0, &mut rng), Err(Error::AlreadyPresent { index: 0 }));
            assert_eq!(best.insert(&oracle, 1, &mut rng), Err(Error::NonFinite { index: 1 }));
            assert_eq!(best.insert(&oracle, 4, &mut rng), Err(Error::Scale { index: 4 }));
            assert_eq!(best.insert(&oracle, 5, &mut rng), Err(Error::Capacity { limit: 5 }));
            assert_eq!(best.insert(&oracle, 6, &mut rng), Err(Error::NotFound { index: 6 }));
            assert_eq!(best.delete(&oracle, 3, &mut rng), Err(Error::NotFound { index: 3 }));
            let none = FacilityLocation::new(&table[..0], 1).unwrap();
            assert_eq!(best.insert(&none, 3, &mut rng), Err(Error::NotFound { index: 0 }));
            assert_eq!(best.check(&none), Err(Error::NotFound { index: 0 }));
            assert_eq!(best.query(&none, &mut rng).map(|_| ()), Err(Error::NotFound { index: 0 }));
            let wide = FacilityLocation::new(&table, 3).unwrap();
            assert!(matches!(best.delete(&wide, 0, &mut rng), Err(Error::Storage { .. })));
            assert_eq!(format!("{best:?}"), before);
            // Worthless ones are there and not chosen.
            best.insert(&oracle, 3, &mut rng).unwrap();
            best.insert(&oracle, 2, &mut rng).unwrap();
            assert_eq!((best.live(), best.query(&oracle, &mut rng).unwrap().value), (3, 1.0));
            best.delete(&oracle, 0, &mut rng).unwrap();
            assert_eq!((best.query(&oracle, &mut rng).unwrap().value, best.guesses()), (0.0, None));
            best.clear();
            assert_eq!((best.live(), best.selected().len()), (0, 0));
        };
    }
    refused!(BucketDynamicParams, BucketDynamic);
    refused!(LevelDynamicParams, LevelDynamic);
}
