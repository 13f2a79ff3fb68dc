//! Laws of dynamic selection: the guarantee and the certificate against brute force, what must hold of levels, and errors that
//! change nothing.

#![allow(missing_docs)]

use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::submodular::*;

type Lazy = LazyDynamic<f64, u32, Vec<f64>, Vec<u32>>;

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Value of a set, from the definition.
fn value_of(table: &[f64], exemplars: usize, set: &[usize]) -> f64 {
    (0..exemplars).map(|j| set.iter().map(|&e| table[e * exemplars + j]).fold(0.0, f64::max)).sum()
}

/// The best value of any `size` elements.
fn best_of(table: &[f64], exemplars: usize, alive: &[usize], size: usize) -> f64 {
    let mut best = 0f64;
    for set in 0u32..1 << alive.len() {
        if set.count_ones() as usize <= size {
            let set: Vec<usize> = (0..alive.len()).filter(|i| set >> i & 1 == 1).map(|i| alive[i]).collect();
            best = best.max(value_of(table, exemplars, &set));
        }
    }
    best
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(usize),
    Delete(usize),
    Query,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![(0usize..10).prop_map(Op::Insert), (0usize..10).prop_map(Op::Delete), Just(Op::Query)];
    prop::collection::vec(op, 1..100)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn answers_keep_the_guarantee_and_the_certificate(
        ops in ops(),
        table in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..30.0], 30),
        size in 1usize..5,
        steps in prop::sample::select(vec![1u32, 2, 4, 16]),
        seed in any::<u64>(),
        slots in 1usize..9,
    ) {
        let oracle = FacilityLocation::new(&table, 3).unwrap();
        let params = LazyDynamicParams::new(10, size).prefix(oracle.prefix_len(size)).ladder_steps(steps);
        let params = params.slots(slots).extra_guesses((seed % 4) as u32);
        let mut best = Lazy::new(params).unwrap();
        let mut bounded = LazyDynamic::<f64, u8, _, _>::new_in(
            params, vec![0.5; params.storage_len()], vec![7; params.index_len::<u8>()]).unwrap();
        let (mut rng, mut other) = (generator(seed), generator(seed));
        let mut alive = Vec::new();
        let ratio = 1.0 + params.ratio().unwrap();
        for op in ops {
            match op {
                Op::Insert(id) => {
                    let inserted = best.insert(&oracle, id as u32, &mut rng);
                    prop_assert_eq!(inserted, bounded.insert(&oracle, id as u32, &mut other));
                    if inserted.is_ok() {
                        alive.push(id);
                    }
                }
                Op::Delete(id) => {
                    let deleted = best.delete(&oracle, id as u32, &mut rng);
                    prop_assert_eq!(deleted, bounded.delete(&oracle, id as u32, &mut other));
                    prop_assert_eq!(deleted.is_ok(), alive.contains(&id));
                    alive.retain(|&own| own != id);
                }
                Op::Query => {
                    let optimum = best_of(&table, 3, &alive, size);
                    let answer = best.query(&oracle, &mut rng).unwrap();
                    best.check(&oracle).unwrap();
                    let ids: Vec<usize> = best.selected().iter().map(|&id| id as usize).collect();
                    prop_assert!(ids.iter().all(|id| alive.contains(id)) && ids.len() <= size);
                    prop_assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
                    prop_assert!((answer.value - value_of(&table, 3, &ids)).abs() <= 1e-12 * answer.value);
                    prop_assert!(answer.value >= optimum / ratio * (1.0 - 1e-12), "{} of {}", answer.value, optimum);
                    let bound = answer.upper_bound.unwrap();
                    prop_assert!(bound >= optimum * (1.0 - 1e-12) && bound <= ratio * answer.value * (1.0 + 1e-12));
                    let polished = best.polish(&oracle).unwrap();
                    prop_assert!(polished.value >= answer.value && polished.value <= bound * (1.0 + 1e-12));
                    let answer = bounded.query(&oracle, &mut other).unwrap();
                    bounded.check(&oracle).unwrap();
                    prop_assert!(answer.value >= optimum / ratio * (1.0 - 1e-12));
                    prop_assert!(answer.upper_bound.unwrap() >= optimum * (1.0 - 1e-12));
                }
            }
            prop_assert_eq!(best.live(), alive.len());
        }
    }

    #[test]
    fn work_in_slices_ends_in_the_same_answer(
        ops in ops(),
        table in prop::collection::vec(0.0f64..1.0, 40),
        seed in any::<u64>(),
        budgets in prop::collection::vec(0u64..5, 1..20),
    ) {
        let oracle = FacilityLocation::new(&table, 4).unwrap();
        let params = LazyDynamicParams::new(10, 3).prefix(oracle.prefix_len(3));
        let (mut whole, mut sliced) = (Lazy::new(params).unwrap(), Lazy::new(params).unwrap());
        let (mut rng, mut other) = (generator(seed), generator(seed));
        let mut budgets = budgets.into_iter().cycle();
        for op in ops {
            let outcome = match op {
                Op::Insert(id) => (whole.insert(&oracle, id as u32, &mut rng), sliced.insert_deferred(&oracle, id as u32, &mut other)),
                Op::Delete(id) => (whole.delete(&oracle, id as u32, &mut rng), sliced.delete(&oracle, id as u32, &mut other)),
                Op::Query => (whole.query(&oracle, &mut rng).map(|_| ()), sliced.query_deferred(&oracle, &mut other)),
            };
            prop_assert_eq!(outcome.0, outcome.1);
            let mut idle = 0;
            loop {
                let budget = budgets.next().unwrap();
                idle = if budget == 0 { idle + 1 } else { 0 };
                let counted = Counted::new(oracle);
                let progress = sliced.poll(&counted, budget + u64::from(idle > 50)).unwrap();
                prop_assert!(counted.gains() <= budget + u64::from(idle > 50));
                if progress == Progress::Done {
                    break;
                }
            }
            prop_assert_eq!(whole.selection(), sliced.selection());
            prop_assert_eq!(whole.selected(), sliced.selected());
            prop_assert_eq!(rng.next_u64(), other.next_u64());
        }
    }
}

#[test]
fn lazy_greedy_is_greedy() {
    for seed in 0..200 {
        let mut rng = generator(seed);
        let table: Vec<f64> = (0..120).map(|_| (rng.next_u64() % 8) as f64).collect();
        let oracle = FacilityLocation::new(&table, 4).unwrap();
        let size = 1 + (seed % 9) as usize;
        let params = GreedyParams::new(30, size).prefix(oracle.prefix_len(size));
        let mut lazy = LazyGreedy::<f64, u16, _, _>::new(params).unwrap();
        let answer = lazy.select(&oracle, &(0..30).collect::<Vec<_>>()).unwrap();
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < size {
            let before = value_of(&table, 4, &chosen);
            let gain = |e: usize| value_of(&table, 4, &[&chosen[..], &[e]].concat()) - before;
            let mut best = (0.0, 0);
            for e in 0..30 {
                if gain(e) > best.0 {
                    best = (gain(e), e);
                }
            }
            if best.0 == 0.0 {
                break;
            }
            chosen.push(best.1);
        }
        let ids: Vec<usize> = lazy.selected().iter().map(|&id| id.into()).collect();
        assert_eq!(ids, chosen, "{seed}");
        assert_eq!(answer.value, value_of(&table, 4, &chosen));
    }
}

/// Points of a stream in four dimensions and their similarity to 32 of them.
fn similarities(n: usize, seed: u64) -> Vec<f64> {
    use sketchlet_core::random::keyed::{Domain, normal_pair, word2};
    let point = |i: usize| -> [f64; 4] {
        std::array::from_fn(|j| normal_pair::<f64>(word2(seed, Domain::Coin, i as u64, j as u64)).0)
    };
    let exemplars: Vec<[f64; 4]> = (0..32).map(|j| point(1_000_000 + j)).collect();
    (0..n)
        .flat_map(|i| {
            let x = point(i);
            exemplars
                .iter()
                .map(move |y| (-x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / 4.0).exp())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn cost_of_a_window() {
    let (n, k, updates) = (1000usize, 10, 4000usize);
    let table = similarities(n + updates, 3);
    let oracle = Counted::new(FacilityLocation::new(&table, 32).unwrap());
    let mut best = Lazy::new(LazyDynamicParams::new(n + updates, k).prefix(oracle.prefix_len(k))).unwrap();
    let mut rng = generator(5);
    for id in 0..n {
        best.insert(&oracle, id as u32, &mut rng).unwrap();
    }
    best.query(&oracle, &mut rng).unwrap();
    let before = oracle.gains();
    for i in 0..updates {
        best.delete(&oracle, i as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
        best.insert(&oracle, (n + i) as u32, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
    }
    let gains = (oracle.gains() - before) as f64 / (2 * updates) as f64;
    println!("{gains} gains an update");
    assert!(gains < 130.0);
}
