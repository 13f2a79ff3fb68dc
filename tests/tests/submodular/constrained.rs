//! Selections under a matroid constraint and of non-monotone objectives: against brute force, and what must hold of their levels.

use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::stream::{Deferred, Progress};
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Id, Real, Rule};

const N: usize = 9;
const M: usize = 3;

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Value of a set, from the definition.
fn facilities(table: &[f64], set: &[usize]) -> f64 {
    (0..M).map(|j| set.iter().map(|&e| table[e * M + j]).fold(0.0, f64::max)).sum()
}

/// The best value of all sets of elements alive that may be chosen.
fn best_of(alive: &[usize], may: impl Fn(&[usize]) -> bool, value: impl Fn(&[usize]) -> f64) -> f64 {
    let sets = (0u32..1 << alive.len())
        .map(|set| (0..alive.len()).filter(|i| set >> i & 1 == 1).map(|i| alive[i]).collect::<Vec<_>>());
    sets.filter(|set| may(set)).map(|set| value(&set)).fold(0.0, f64::max)
}

fn are_within(groups: &[u8], caps: &[u32], set: &[usize]) -> bool {
    (0..caps.len())
        .all(|group| set.iter().filter(|&&e| usize::from(groups[e]) == group).count() <= caps[group] as usize)
}

/// The best of three sieves for every guess, from their definition.
fn salsa_by_definition(table: &[f64], order: &[u32], size: usize, steps: u32) -> f64 {
    let oracle = FacilityLocation::new(table, M).unwrap();
    let len = oracle.prefix_len(size);
    let mut scalars = vec![0.0; len.scalars];
    let mut prefix = Prefix::<_, u8> { size, scalars: &mut scalars, indices: &mut [], scratch: &mut [] };
    let largest = (0..N).map(|id| table[id * M..][..M].iter().sum::<f64>()).fold(0.0, f64::max);
    let (mut best, mut guess) = (0f64, -40 * steps as i32);
    while largest > 0.0 && guess < 40 * steps as i32 {
        let value_of_guess = 2f64.powi(guess.div_euclid(steps as i32))
            * 2f64.powf(f64::from(guess.rem_euclid(steps as i32)) / f64::from(steps));
        guess += 1;
        let ratio = 2f64.powf(1.0 / f64::from(steps));
        if value_of_guess * ratio <= largest * (1.0 + 1e-12) || value_of_guess > size as f64 * largest * (1.0 + 1e-12) {
            continue;
        }
        for (first, turn, last) in [(10.0, 0.8, 0.2), (0.55, 0.1, 0.475), (2.0 / 3.0, 1.0, 2.0 / 3.0)] {
            let (mut value, mut chosen) = (0.0, 0);
            for (place, &id) in order.iter().enumerate() {
                let factor = if (place as f64) < turn * N as f64 { first } else { last };
                let gain = if chosen == size { 0.0 } else { oracle.gain(&mut prefix, chosen, id as usize) };
                if gain > 0.0 && gain >= value_of_guess / size as f64 * factor {
                    oracle.push(&mut prefix, chosen, id as usize);
                    value += gain;
                    chosen += 1;
                }
            }
            best = best.max(value);
        }
    }
    best
}

/// Levels of a guess from their definition: what is there after each push, and whether an element belongs to the next level.
struct Levels<'a> {
    threshold: f64,
    factor: f64,
    /// Gain of an element given what is there, or all that was ever pushed.
    gain: &'a dyn Fn(&[usize], usize) -> f64,
    keeps_all: bool,
    /// Whether two elements compete for places, and how many places.
    compete: &'a dyn Fn(usize, usize) -> bool,
    places: &'a dyn Fn(usize) -> usize,
}

impl Levels<'_> {
    /// Goes through the pivots of a guess: each belongs to its level, and no other candidate to all of them.
    fn check(&self, pivots: &[usize], members: &[usize], most: usize) {
        let (mut there, mut pushed): (Vec<(usize, f64)>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut candidates = members.to_vec();
        for (level, &pivot) in pivots.iter().enumerate() {
            assert!(candidates.contains(&pivot), "level {level}");
            let (gain, replaced) = self.look(&there, &pushed, pivot);
            there.retain(|&(id, _)| Some(id) != replaced);
            there.push((pivot, gain));
            pushed.push(pivot);
            candidates.retain(|&id| id != pivot && level + 1 < most && self.admits(&there, &pushed, id));
        }
        assert!(candidates.is_empty(), "{candidates:?} left");
    }

    fn look(&self, there: &[(usize, f64)], pushed: &[usize], id: usize) -> (f64, Option<usize>) {
        let now: Vec<usize> = there.iter().map(|own| own.0).collect();
        let gain = (self.gain)(if self.keeps_all { pushed } else { &now }, id);
        let rivals: Vec<&(usize, f64)> = there.iter().filter(|own| (self.compete)(own.0, id)).collect();
        let weakest = rivals.iter().rev().min_by(|x, y| x.1.total_cmp(&y.1));
        (gain, weakest.filter(|_| rivals.len() >= (self.places)(id)).map(|own| own.0))
    }

    fn admits(&self, there: &[(usize, f64)], pushed: &[usize], id: usize) -> bool {
        let (gain, replaced) = self.look(there, pushed, id);
        let weight = replaced.map_or(0.0, |other| there.iter().find(|own| own.0 == other).unwrap().1);
        gain >= self.threshold && gain >= self.factor * weight
    }
}

/// Comes if it is not there, goes if it is.
fn toggles() -> impl Strategy<Value = Vec<Option<u32>>> {
    prop::collection::vec(prop_oneof![3 => (0..N as u32).prop_map(Some), 1 => Just(None)], 1..80)
}

fn tables() -> impl Strategy<Value = Vec<f64>> {
    let entry = prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..30.0];
    let whole = prop::collection::vec((0u32..12).prop_map(f64::from), N * M);
    prop_oneof![prop::collection::vec(entry, N * M), prop::collection::vec(0.3f64..2.0, N * M), whole]
}

macro_rules! check_caps {
    ($best:expr, $ops:expr, $table:expr, $groups:expr, $caps:expr, $seed:expr, $share:expr, $budgets:expr) => {{
        let (mut best, mut rng, mut alive, mut answers) = ($best.unwrap(), generator($seed), Vec::new(), Vec::new());
        let oracle = FacilityLocation::new(&$table, M).unwrap();
        let partition = Partition::new(&$groups, &$caps).unwrap();
        let mut budgets = $budgets.iter().copied().cycle();
        for op in &$ops {
            match *op {
                Some(id) if alive.contains(&(id as usize)) => {
                    best.delete_deferred(&oracle, &partition, id, &mut rng).unwrap();
                    alive.retain(|&own| own != id as usize);
                    assert!(!best.selected().iter().any(|&own| u32::from(own) == id));
                }
                Some(id) => {
                    best.insert_deferred(&oracle, &partition, id, &mut rng).unwrap();
                    alive.push(id as usize);
                }
                None => {
                    let optimum =
                        best_of(&alive, |set| are_within(&$groups, &$caps, set), |set| facilities(&$table, set));
                    for polished in [false, true] {
                        let answer = if polished {
                            best.polish(&oracle, &partition).unwrap()
                        } else {
                            best.query(&oracle, &partition, &mut rng).unwrap()
                        };
                        let ids: Vec<usize> = best.selected().iter().map(|&id| id.into()).collect();
                        assert!(ids.iter().all(|id| alive.contains(id)) && are_within(&$groups, &$caps, &ids));
                        assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
                        assert!((answer.value - facilities(&$table, &ids)).abs() <= 1e-12 * answer.value);
                        assert!(answer.value >= $share * optimum * (1.0 - 1e-12), "{} of {optimum}", answer.value);
                        assert_eq!((answer.upper_bound, answer.stale, answer.len), (None, false, ids.len()));
                        answers.push((ids, answer.value));
                    }
                    best.check(&oracle, &partition).unwrap();
                    // Whole numbers, so that gains are exact.
                    for j in best.guesses().into_iter().flat_map(|(low, high)| low..=high) {
                        let Some(guess) = best.guess(j).filter(|_| $table.iter().all(|x| x.fract() == 0.0)) else {
                            continue;
                        };
                        let gain = |set: &[usize], id: usize| {
                            facilities(&$table, &[set, &[id]].concat()) - facilities(&$table, set)
                        };
                        let levels = Levels {
                            threshold: guess.threshold,
                            factor: 2.0,
                            gain: &gain,
                            keeps_all: true,
                            compete: &|x, y| $groups[x] == $groups[y],
                            places: &|id| $caps[usize::from($groups[id])] as usize,
                        };
                        let wide = |ids: &[_]| ids.iter().map(|&id| usize::from(id)).collect::<Vec<_>>();
                        levels.check(&wide(guess.pivots), &wide(guess.members), best.params().pushes());
                    }
                }
            }
            loop {
                let (counted, budget) = (Counted::new(oracle), budgets.next().unwrap());
                let progress = best.poll(&counted, &partition, budget).unwrap();
                assert!(counted.gains() <= budget);
                if progress == Progress::Done {
                    break;
                }
                assert_eq!(best.query(&oracle, &partition, &mut rng), Err(Error::Pending));
            }
            assert_eq!(best.live(), alive.len());
        }
        answers
    }};
}

/// Undirected edges between elements, weighted, as neighbours of each.
struct Graph {
    offsets: Vec<u32>,
    neighbours: Vec<u32>,
    weights: Vec<f64>,
}

impl Graph {
    /// From the weights of all pairs; a weight of 0 is no edge.
    fn new(n: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let mut graph = Self { offsets: vec![0], neighbours: Vec::new(), weights: Vec::new() };
        for i in 0..n {
            for j in (0..n).filter(|&j| j != i) {
                let weight = weight(i.min(j), i.max(j));
                if weight > 0.0 {
                    graph.neighbours.push(j as u32);
                    graph.weights.push(weight);
                }
            }
            graph.offsets.push(graph.neighbours.len() as u32);
        }
        graph
    }

    fn of(n: usize, pairs: &[f64]) -> Self {
        Self::new(n, |i, j| pairs[i * n + j])
    }

    fn oracle(&self) -> GraphCut<'_, f64> {
        GraphCut::new(&self.offsets, &self.neighbours).unwrap().weights(&self.weights).unwrap()
    }

    fn value(&self, set: &[usize]) -> f64 {
        let edges = |i: usize| self.offsets[i] as usize..self.offsets[i + 1] as usize;
        let is_cut = |&place: &usize| !set.contains(&(self.neighbours[place] as usize));
        set.iter().map(|&i| edges(i).filter(is_cut).map(|place| self.weights[place]).sum::<f64>()).sum()
    }
}

macro_rules! check_cuts {
    ($best:expr, $ops:expr, $graph:expr, $size:expr, $seed:expr, $budgets:expr) => {{
        let (mut best, mut rng, mut alive, mut answers) = ($best.unwrap(), generator($seed), Vec::new(), Vec::new());
        let oracle = $graph.oracle();
        let mut budgets = $budgets.iter().copied().cycle();
        for op in &$ops {
            match *op {
                Some(id) if alive.contains(&(id as usize)) => {
                    best.delete_deferred(&oracle, id, &mut rng).unwrap();
                    alive.retain(|&own| own != id as usize);
                    assert!(!best.selected().iter().any(|&own| u32::from(own) == id));
                    assert!(best.selection().stale);
                }
                Some(id) => {
                    best.insert_deferred(&oracle, id, &mut rng).unwrap();
                    alive.push(id as usize);
                }
                None => {
                    let answer = best.query(&oracle, &mut rng).unwrap();
                    let ids: Vec<usize> = best.selected().iter().map(|&id| id.into()).collect();
                    assert!(ids.iter().all(|id| alive.contains(id)) && ids.len() <= $size);
                    assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
                    assert!((answer.value - $graph.value(&ids)).abs() <= 1e-9 * (1.0 + answer.value));
                    assert_eq!((answer.upper_bound, answer.stale, answer.len), (None, false, ids.len()));
                    // Every one adds something to those before.
                    let values: Vec<f64> = (0..=ids.len()).map(|i| $graph.value(&ids[..i])).collect();
                    assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
                    answers.push((ids, answer.value));
                    for j in best.guesses().into_iter().flat_map(|(low, high)| low..=high) {
                        let Some(guess) = best.guess(j) else { continue };
                        let gain = |set: &[usize], id: usize| $graph.value(&[set, &[id]].concat()) - $graph.value(set);
                        let levels = Levels {
                            threshold: guess.threshold,
                            factor: 1.0 + 2f64.sqrt(),
                            gain: &gain,
                            keeps_all: false,
                            compete: &|_, _| true,
                            places: &|_| $size,
                        };
                        let wide = |ids: &[_]| ids.iter().map(|&id| usize::from(id)).collect::<Vec<_>>();
                        levels.check(&wide(guess.pivots), &wide(guess.members), best.params().pushes());
                    }
                }
            }
            loop {
                let (counted, budget) = (Counted::new(oracle), budgets.next().unwrap());
                let progress = best.poll(&counted, budget).unwrap();
                assert!(counted.gains() <= budget);
                if progress == Progress::Done {
                    break;
                }
                assert_eq!(best.query(&oracle, &mut rng), Err(Error::Pending));
            }
            assert_eq!(best.live(), alive.len());
            best.check(&oracle).unwrap();
        }
        answers
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn answers_within_caps_keep_the_guarantee(
        ops in toggles(),
        table in tables(),
        groups in prop::collection::vec(0u8..3, N),
        caps in prop::collection::vec(1u32..3, 3),
        epsilon in prop::sample::select(vec![0.02, 0.2]),
        steps in prop::sample::select(vec![2u32, 4, 16]),
        seed in any::<u64>(),
        budgets in prop::collection::vec(1u64..5, 1..9),
        unit in -40i32..40,
    ) {
        let rank = caps.iter().sum::<u32>() as usize;
        let params = PartitionDynamicParams::new(N, rank, epsilon).ladder_steps(steps);
        let params = params.prefix(FacilityLocation::<f64>::prefix_len_of(M, params.pushes()));
        let share = (1.0 - epsilon * params.ratio().unwrap()) / 4.0;
        let own = PartitionDynamic::<f64, u16, _, _>::new(params);
        let own = check_caps!(own, ops, table, groups, caps, seed, share, [u64::MAX]);
        let storage = (vec![0.5; params.storage_len()], vec![7u8; params.index_len::<u8>()]);
        let few = PartitionDynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1);
        check_caps!(few, ops, table, groups, caps, seed, share, budgets);
        // Slices, another storage with room for all guesses and another unit change nothing.
        let params = params.slots(250);
        let storage = (vec![0.5; params.storage_len()], vec![7u8; params.index_len::<u8>()]);
        let other = PartitionDynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1);
        let scaled: Vec<f64> = table.iter().map(|x| x * 2f64.powi(unit)).collect();
        let other = check_caps!(other, ops, scaled, groups, caps, seed, share, budgets);
        let values = table.chunks(M).map(|row| row.iter().sum::<f64>()).filter(|&value| value > 0.0);
        let (least, most) = values.fold((f64::INFINITY, 0f64), |(least, most), x| (least.min(x), most.max(x)));
        if most <= 20.0 * least && steps < 16 {
            let ids = |answers: Vec<(Vec<usize>, f64)>| answers.into_iter().map(|answer| answer.0).collect::<Vec<_>>();
            prop_assert_eq!(ids(own), ids(other));
        }
    }

    #[test]
    fn greedy_within_caps_keeps_its_promise(
        table in tables(),
        groups in prop::collection::vec(0u8..3, N),
        caps in prop::collection::vec(1u32..3, 3),
        order in Just((0u32..N as u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let partition = Partition::new(&groups, &caps).unwrap();
        let params = GreedyParams::new(N, partition.rank()).prefix(oracle.prefix_len(partition.rank()));
        let mut greedy = PartitionGreedy::<f64, u8, _, _>::new(params).unwrap();
        let answer = greedy.select(&oracle, &order, &partition).unwrap();
        let ids: Vec<usize> = greedy.selected().iter().map(|&id| id.into()).collect();
        let all: Vec<usize> = (0..N).collect();
        let optimum = best_of(&all, |set| are_within(&groups, &caps, set), |set| facilities(&table, set));
        prop_assert!(are_within(&groups, &caps, &ids) && answer.value >= 0.5 * optimum * (1.0 - 1e-12));
        prop_assert!((answer.value - facilities(&table, &ids)).abs() <= 1e-12 * answer.value);
        // Step for step the best that has room.
        for (step, &id) in ids.iter().enumerate() {
            let with = |id: usize| [&ids[..step], &[id]].concat();
            let others = (0..N).filter(|other| !ids[..step].contains(other) && are_within(&groups, &caps, &with(*other)));
            let most = others.map(|other| facilities(&table, &with(other))).fold(0.0, f64::max);
            prop_assert!(facilities(&table, &with(id)) >= most * (1.0 - 1e-12));
        }
    }

    #[test]
    fn salsa_keeps_its_promise_in_any_order(
        table in tables(),
        size in 1usize..5,
        steps in prop::sample::select(vec![1u32, 2, 4, 16]),
        order in Just((0u32..N as u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let mut salsa = Salsa::<f64, u8, _, _>::new(GreedyParams::new(N, size).prefix(oracle.prefix_len(size))).unwrap();
        let answer = salsa.select(&oracle, &order, steps).unwrap();
        let ids: Vec<usize> = salsa.selected().iter().map(|&id| id.into()).collect();
        let all: Vec<usize> = (0..N).collect();
        let optimum = best_of(&all, |set| set.len() <= size, |set| facilities(&table, set));
        let share = f64::min(0.475 / 2f64.powf(1.0 / f64::from(steps)), 0.45);
        prop_assert!(ids.len() <= size && ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
        prop_assert!(answer.value >= share * optimum * (1.0 - 1e-12), "{} of {}", answer.value, optimum);
        prop_assert!((answer.value - facilities(&table, &ids)).abs() <= 1e-12 * answer.value);
        let bound = salsa.bound(&oracle, &order).unwrap();
        prop_assert!(bound >= optimum * (1.0 - 1e-12));
        let mut gains: Vec<f64> =
            all.iter().map(|&id| facilities(&table, &[&ids[..], &[id]].concat()) - answer.value).collect();
        gains.sort_by(|x, y| y.total_cmp(x));
        let expected = answer.value + gains[..size].iter().sum::<f64>();
        prop_assert!((bound - expected).abs() <= 1e-9 * (1.0 + expected));
        prop_assert_eq!(answer.value, salsa_by_definition(&table, &order, size, steps));
    }

    #[test]
    fn cuts_are_what_they_say_and_levels_hold(
        ops in toggles(),
        pairs in prop::collection::vec(
            prop_oneof![2 => Just(0.0), 1 => (1u32..8).prop_map(f64::from), 1 => (0i32..10).prop_map(|e| 2f64.powi(e))],
            N * N,
        ),
        size in 1usize..5,
        steps in prop::sample::select(vec![1u32, 4]),
        keep in prop::sample::select(vec![0.3, 1.0]),
        seed in any::<u64>(),
        budgets in prop::collection::vec(1u64..5, 1..9),
        unit in -40i32..40,
    ) {
        let graph = Graph::of(N, &pairs);
        let params = NonMonotoneDynamicParams::new(N, size, 0.2).prefix(GraphCut::prefix_len_of(N));
        let params = params.ladder_steps(steps).keep(keep);
        let own = check_cuts!(NonMonotoneDynamic::<f64, u16, _, _>::new(params), ops, graph, size, seed, [u64::MAX]);
        let storage = (vec![0.5; params.storage_len()], vec![7u8; params.index_len::<u8>()]);
        let few = NonMonotoneDynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1);
        check_cuts!(few, ops, graph, size, seed, budgets);
        let params = params.slots(150);
        let storage = (vec![0.5; params.storage_len()], vec![7u8; params.index_len::<u8>()]);
        let scaled = Graph::of(N, &pairs.iter().map(|x| x * 2f64.powi(unit)).collect::<Vec<_>>());
        let other = NonMonotoneDynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1);
        let other = check_cuts!(other, ops, scaled, size, seed, budgets);
        let ids = |answers: Vec<(Vec<usize>, f64)>| answers.into_iter().map(|answer| answer.0).collect::<Vec<_>>();
        prop_assert_eq!(ids(own), ids(other));
    }
}

/// Edges of a graph of five vertices, of which those may be chosen together that close no ring: a matroid of rank 4. The last is a
/// loop, which can never be chosen.
struct Forests;

const ENDS: [[usize; 2]; N] = [[0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 2], [0, 3], [1, 4], [3, 3]];

impl Forests {
    /// Places of edges that lead from one vertex to another.
    fn path(edges: &[(usize, usize, f64)], from: usize, to: usize, seen: &mut Vec<usize>) -> Option<Vec<(usize, f64)>> {
        if from == to {
            return Some(Vec::new());
        }
        seen.push(from);
        for &(place, edge, weight) in edges {
            let [one, other] = ENDS[edge];
            let next = if one == from { other } else { one };
            if (one == from || other == from)
                && !seen.contains(&next)
                && let Some(mut rest) = Self::path(edges, next, to, seen)
            {
                rest.push((place, weight));
                return Some(rest);
            }
        }
        None
    }
}

impl Matroid for Forests {
    fn elements(&self) -> usize {
        N
    }

    fn rank(&self) -> usize {
        4
    }

    fn exchange<T: Real, D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange {
        let [one, other] = ENDS[id];
        if one == other {
            return Exchange::Barred;
        }
        let edges: Vec<_> = chosen.iter().map(|(place, id, weight)| (place, id, weight.as_f64())).collect();
        match Self::path(&edges, one, other, &mut Vec::new()) {
            None => Exchange::Joins,
            Some(ring) => Exchange::Replaces(ring.into_iter().min_by(|x, y| x.1.total_cmp(&y.1)).unwrap().0),
        }
    }
}

/// Whether edges close no ring.
fn is_forest(set: &[usize]) -> bool {
    let mut root: [usize; 5] = [0, 1, 2, 3, 4];
    set.iter().all(|&edge| {
        let [one, other] = ENDS[edge].map(|end| root[end]);
        root.iter_mut().filter(|own| **own == one).for_each(|own| *own = other);
        one != other
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn answers_in_any_matroid_keep_the_guarantee(ops in toggles(), table in tables(), seed in any::<u64>()) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let params = PartitionDynamicParams::new(N, 4, 0.1);
        let params = params.prefix(oracle.prefix_len(params.pushes()));
        let share = (1.0 - 0.1 * params.ratio().unwrap()) / 4.0;
        let mut best = PartitionDynamic::<f64, u8, _, _>::new(params).unwrap();
        let params = GreedyParams::new(N, 4).prefix(oracle.prefix_len(4));
        let mut greedy = PartitionGreedy::<f64, u8, _, _>::new(params).unwrap();
        let (mut rng, mut alive) = (generator(seed), Vec::new());
        for op in ops {
            match op {
                Some(id) if alive.contains(&(id as usize)) => {
                    best.delete(&oracle, &Forests, id, &mut rng).unwrap();
                    alive.retain(|&own| own != id as usize);
                }
                Some(id) => {
                    best.insert(&oracle, &Forests, id, &mut rng).unwrap();
                    alive.push(id as usize);
                }
                None => {
                    best.check(&oracle, &Forests).unwrap();
                    let optimum = best_of(&alive, is_forest, |set| facilities(&table, set));
                    let answer = best.query(&oracle, &Forests, &mut rng).unwrap();
                    let ids: Vec<usize> = best.selected().iter().map(|&id| id.into()).collect();
                    prop_assert!(is_forest(&ids) && ids.iter().all(|id| alive.contains(id)));
                    prop_assert!((answer.value - facilities(&table, &ids)).abs() <= 1e-12 * answer.value);
                    prop_assert!(answer.value >= share * optimum * (1.0 - 1e-12));
                    let polished = best.polish(&oracle, &Forests).unwrap();
                    let ids: Vec<usize> = best.selected().iter().map(|&id| id.into()).collect();
                    prop_assert!(is_forest(&ids) && polished.value >= answer.value);
                    let all: Vec<u32> = alive.iter().map(|&id| id as u32).collect();
                    let answer = greedy.select(&oracle, &all, &Forests).unwrap();
                    let ids: Vec<usize> = greedy.selected().iter().map(|&id| id.into()).collect();
                    prop_assert!(is_forest(&ids) && answer.value >= 0.5 * optimum * (1.0 - 1e-12));
                }
            }
        }
    }
}

/// Share of the best cut that a method finds on average over seeds, and its standard deviation from that.
fn mean_share(optimum: f64, seeds: u64, mut value: impl FnMut(u64) -> f64) -> (f64, f64) {
    let shares: Vec<f64> = (0..seeds).map(|seed| value(seed) / optimum).collect();
    let mean = shares.iter().sum::<f64>() / seeds as f64;
    let spread = shares.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (seeds - 1) as f64;
    (mean, (spread / seeds as f64).sqrt())
}

#[test]
fn cuts_keep_the_promise_on_average() {
    for kind in 0..4u64 {
        let mut source = generator(kind);
        let pairs: Vec<f64> = (0..144)
            .map(|_| {
                let word = source.next_u64();
                // Dense and sparse, alike and of very different weight.
                let weight = if kind % 2 == 0 { 1.0 } else { 2f64.powi((word >> 8) as i32 % 8) };
                if word.is_multiple_of(2 + 2 * (kind / 2)) { weight } else { 0.0 }
            })
            .collect();
        let graph = Graph::of(12, &pairs);
        let all: Vec<usize> = (0..12).collect();
        for size in [2, 5] {
            let optimum = best_of(&all, |set| set.len() <= size, |set| graph.value(set));
            let oracle = graph.oracle();
            let (mean, deviation) = mean_share(optimum, 400, |seed| {
                let params = NonMonotoneDynamicParams::new(12, size, 0.1).prefix(oracle.prefix_len(0));
                let mut best = NonMonotoneDynamic::<f64, u8, _, _>::new(params).unwrap();
                let mut rng = generator(seed);
                all.iter().for_each(|&id| best.insert(&oracle, id as u32, &mut rng).unwrap());
                // Some go and come back.
                for id in [3, 7, 3] {
                    match best.is_alive(id) {
                        true => best.delete(&oracle, id, &mut rng).unwrap(),
                        false => best.insert(&oracle, id, &mut rng).unwrap(),
                    }
                }
                best.insert(&oracle, 7, &mut rng).unwrap();
                best.query(&oracle, &mut rng).unwrap().value
            });
            assert!(mean - 6.0 * deviation > 1.0 / 5.93, "{kind} {size}: {mean} {deviation}");
            let params = GreedyParams::new(12, size).prefix(oracle.prefix_len(size));
            let mut greedy = RandomGreedy::<f64, u8, _, _>::new(params).unwrap();
            let ids: Vec<u32> = (0..12).rev().collect();
            let (mean, deviation) = mean_share(optimum, 400, |seed| {
                let answer = greedy.select(&oracle, &ids, &mut generator(seed)).unwrap();
                let chosen: Vec<usize> = greedy.selected().iter().map(|&id| id.into()).collect();
                assert!((answer.value - graph.value(&chosen)).abs() < 1e-9 && chosen.len() <= size);
                answer.value
            });
            assert!(mean - 6.0 * deviation > 1.0 / std::f64::consts::E, "{kind} {size}: {mean} {deviation}");
        }
    }
}

/// Chi-square of counts that should be equal.
fn chi_square(counts: &[u32]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
}

#[test]
fn pivots_are_uniform_in_their_level() {
    const SEEDS: u32 = 30_000;
    let script = ["+0", "+1", "+2", "+3", "+4", "-1", "-3", "+5", "+6", "+7", "-0", "+8", "+9"];
    let alive = [2usize, 4, 5, 6, 7, 8, 9];
    // Ten elements, each worth 1 whatever else is there: facilities of their own, and edges to a neighbour of their own.
    let table: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i % 11 == 0))).collect();
    let sum = FacilityLocation::new(&table, 10).unwrap();
    let (groups, caps) = ([0u8; 10], [4u32]);
    let partition = Partition::new(&groups, &caps).unwrap();
    let pairs = Graph::new(20, |i, j| f64::from(u8::from(j == i + 10)));
    let cut = pairs.oracle();
    let (mut of_caps, mut of_cuts) = ([[0u32; 10]; 10], [[0u32; 10]; 10]);
    for seed in 0..SEEDS {
        let (mut rng, mut other) = (generator(seed.into()), generator(seed.into()));
        let params = PartitionDynamicParams::new(10, 4, 0.2);
        let params = params.prefix(sum.prefix_len(params.pushes())).ladder_steps(1);
        let mut within = PartitionDynamic::<f64, u8, _, _>::new(params).unwrap();
        let params = NonMonotoneDynamicParams::new(20, 4, 0.2).prefix(cut.prefix_len(0)).ladder_steps(1).keep(1.0);
        let mut cuts = NonMonotoneDynamic::<f64, u8, _, _>::new(params).unwrap();
        for step in script {
            let id = u32::from(step.as_bytes()[1] - b'0');
            if step.starts_with('+') {
                within.insert(&sum, &partition, id, &mut rng).unwrap();
                cuts.insert(&cut, id, &mut other).unwrap();
            } else {
                within.delete(&sum, &partition, id, &mut rng).unwrap();
                cuts.delete(&cut, id, &mut other).unwrap();
            }
        }
        for (guess, pairs) in [(within.guess(0), &mut of_caps), (cuts.guess(0), &mut of_cuts)] {
            let guess = guess.unwrap();
            assert_eq!((guess.pivots.len(), guess.members.len()), (4, 7));
            pairs[usize::from(guess.pivots[0])][usize::from(guess.pivots[1])] += 1;
        }
    }
    for pairs in [of_caps, of_cuts] {
        let firsts = alive.map(|first| pairs[first].iter().sum::<u32>());
        assert_eq!(firsts.iter().sum::<u32>(), SEEDS);
        // 6 and 41 degrees of freedom.
        assert!(chi_square(&firsts) < 38.3, "{firsts:?}");
        let ordered = alive.iter().flat_map(|&i| alive.iter().map(move |&j| (i, j))).filter(|(i, j)| i != j);
        let both: Vec<u32> = ordered.map(|(i, j)| pairs[i][j]).collect();
        assert!(chi_square(&both) < 99.2, "{both:?}");
    }
}

#[test]
fn coins_keep_the_share_that_they_say() {
    // A vertex that alone cuts everything is in the answer exactly if its coin says so.
    let star = Graph::new(6, |i, _| f64::from(u8::from(i == 0)));
    let params = NonMonotoneDynamicParams::new(6, 1, 0.2).prefix(GraphCut::prefix_len_of(6));
    let mut best = NonMonotoneDynamic::<f64, u8, _, _>::new(params).unwrap();
    let kept = (0..20_000).filter(|&seed| {
        best.clear();
        let mut rng = generator(seed);
        best.insert(&star.oracle(), 0, &mut rng).unwrap();
        best.query(&star.oracle(), &mut rng).unwrap().value == 5.0
    });
    // 5858 on average, standard deviation 64.
    let kept = kept.count();
    assert!((5470..6250).contains(&kept), "{kept}");
}

#[test]
fn a_place_is_taken_only_by_what_adds_twice_as_much() {
    // One exemplar each, one may be chosen: 1, then 1.9 and 2.
    let partition = Partition::new(&[0u8; 3], &[1]).unwrap();
    for (value, swapped) in [(1.9, false), (2.0, true)] {
        let table = [1.0, 0.0, 0.0, 0.0, value, 0.0, 0.0, 0.0, 0.0];
        let oracle = FacilityLocation::new(&table, 3).unwrap();
        let params = PartitionDynamicParams::new(3, 1, 0.5);
        let params = params.prefix(oracle.prefix_len(params.pushes())).ladder_steps(1);
        let (mut first, mut other) = (0, 0);
        for seed in 0..200 {
            let mut best = PartitionDynamic::<f64, u8, _, _>::new(params).unwrap();
            let mut rng = generator(seed);
            for id in 0..2 {
                best.insert(&oracle, &partition, id, &mut rng).unwrap();
            }
            // Of the guess that both belong to.
            let pivots = best.guess(1).unwrap().pivots.to_vec();
            match pivots[..] {
                [1] => other += 1,
                [0] => assert!(!swapped),
                [0, 1] => assert!(swapped),
                _ => panic!("{pivots:?}"),
            }
            first += u32::from(pivots[0] == 0);
        }
        assert!(first > 60 && other > 60);
    }
}

#[test]
fn parameters_and_partitions_that_make_no_sense_are_refused() {
    let refused = |params: PartitionDynamicParams, name, rule| {
        let made = PartitionDynamic::<f64, u8, _, _>::new(params).map(|_| ());
        assert_eq!(made, Err(Error::Parameter { name, rule }));
    };
    refused(PartitionDynamicParams::new(0, 2, 0.1), &"capacity", Rule::POSITIVE);
    refused(PartitionDynamicParams::new(2, 0, 0.1), &"rank", Rule::POSITIVE);
    for epsilon in [0.0, 1.0, f64::NAN] {
        refused(PartitionDynamicParams::new(2, 2, epsilon), &"epsilon", Rule::FRACTION);
    }
    refused(PartitionDynamicParams::new(2, 2, 1e-300), &"epsilon", Rule::NOT_TOO_SMALL);
    refused(PartitionDynamicParams::new(2, 2, 0.1).ladder_steps(3), &"ladder_steps", Rule::LADDER_STEPS);
    refused(PartitionDynamicParams::new(2, 2, 0.1).slots(3), &"slots", Rule::ENOUGH_GUESSES);
    refused(PartitionDynamicParams::new(256, 2, 0.1), &"capacity", Rule::WITHIN_IDS);
    refused(PartitionDynamicParams::new(200, 40, 0.1), &"rank", Rule::WITHIN_IDS);
    let refused = |params: NonMonotoneDynamicParams, name, rule| {
        let made = NonMonotoneDynamic::<f64, u8, _, _>::new(params).map(|_| ());
        assert_eq!(made, Err(Error::Parameter { name, rule }));
    };
    refused(NonMonotoneDynamicParams::new(0, 2, 0.1), &"capacity", Rule::POSITIVE);
    refused(NonMonotoneDynamicParams::new(2, 0, 0.1), &"size", Rule::POSITIVE);
    refused(NonMonotoneDynamicParams::new(2, 2, 1.5), &"epsilon", Rule::FRACTION);
    refused(NonMonotoneDynamicParams::new(2, 2, 1e-12), &"epsilon", Rule::NOT_TOO_SMALL);
    refused(NonMonotoneDynamicParams::new(2, 2, 0.1).keep(0.0), &"keep", Rule::FRACTION);
    refused(NonMonotoneDynamicParams::new(2, 2, 0.1).keep(1.1), &"keep", Rule::FRACTION);
    refused(NonMonotoneDynamicParams::new(2, 2, 0.1).slots(3), &"slots", Rule::ENOUGH_GUESSES);
    let caps = |caps: &[u32]| Partition::new(&[0u8, 1, 0], caps).map(|_| ());
    assert_eq!(caps(&[1, 0]), Err(Error::Parameter { name: &"caps", rule: Rule::POSITIVE }));
    assert_eq!(caps(&[]), Err(Error::Parameter { name: &"caps", rule: Rule::POSITIVE }));
    assert_eq!(caps(&[3]), Err(Error::NotFound { index: 1 }));
    let params = PartitionDynamicParams::new(4, 2, 0.1);
    let made = PartitionDynamic::<f64, u8, _, _>::new_in(params, [0.0; 3], [0; 3]).map(|_| ());
    assert_eq!(made, Err(Error::Storage { needed: params.storage_len(), got: 3 }));
}

#[test]
fn calls_that_make_no_sense_change_nothing() {
    let table = [1.0, f64::NAN, 2.0, 3.0, -1.0];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let (groups, caps) = ([0u8, 0, 1, 1], [1u32, 1]);
    let partition = Partition::new(&groups, &caps).unwrap();
    let params = PartitionDynamicParams::new(4, 2, 0.1);
    let params = params.prefix(oracle.prefix_len(params.pushes()));
    let mut best = PartitionDynamic::<f64, u8, _, _>::new(params).unwrap();
    let mut rng = generator(1);
    best.insert(&oracle, &partition, 0, &mut rng).unwrap();
    best.query(&oracle, &partition, &mut rng).unwrap();
    let before = format!("{best:?}");
    let mut insert = |partition: &Partition<'_, u8>, id| best.insert(&oracle, partition, id, &mut rng);
    assert_eq!(insert(&partition, 0), Err(Error::AlreadyPresent { index: 0 }));
    assert_eq!(insert(&partition, 1), Err(Error::NonFinite { index: 1 }));
    // The fifth has no group, the sixth is no element.
    assert_eq!(insert(&partition, 4), Err(Error::NotFound { index: 4 }));
    assert_eq!(insert(&partition, 5), Err(Error::NotFound { index: 5 }));
    let wider = Partition::new(&groups, &[2, 1]).unwrap();
    assert_eq!(insert(&wider, 2), Err(Error::Capacity { limit: 2 }));
    let shorter = Partition::new(&groups[..0], &caps).unwrap();
    assert_eq!(best.delete(&oracle, &shorter, 0, &mut rng), Err(Error::NotFound { index: 0 }));
    assert_eq!(best.delete(&oracle, &partition, 2, &mut rng), Err(Error::NotFound { index: 2 }));
    let longer = FacilityLocation::new(&table, 5).unwrap();
    assert!(matches!(best.insert(&longer, &partition, 0, &mut rng), Err(Error::Storage { .. })));
    assert_eq!(format!("{best:?}"), before);
    let graph = Graph::new(4, |i, j| if (i, j) == (0, 3) { 1e308 } else { 1.0 });
    let oracle = graph.oracle();
    let params = NonMonotoneDynamicParams::new(3, 1, 0.2).prefix(GraphCut::prefix_len_of(4)).keep(1.0);
    let mut best = NonMonotoneDynamic::<f64, u8, _, _>::new(params).unwrap();
    best.insert(&oracle, 1, &mut rng).unwrap();
    let before = format!("{best:?}");
    assert_eq!(best.insert(&oracle, 1, &mut rng), Err(Error::AlreadyPresent { index: 1 }));
    assert_eq!(best.insert(&oracle, 0, &mut rng), Err(Error::Scale { index: 0 }));
    assert_eq!(best.insert(&oracle, 3, &mut rng), Err(Error::Capacity { limit: 3 }));
    assert_eq!(best.insert(&oracle, 4, &mut rng), Err(Error::NotFound { index: 4 }));
    assert_eq!(best.delete(&oracle, 0, &mut rng), Err(Error::NotFound { index: 0 }));
    assert_eq!(format!("{best:?}"), before);
    // Greedy within caps: an element without a group.
    let table = [1.0; 5];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let mut greedy =
        PartitionGreedy::<f64, u8, _, _>::new(GreedyParams::new(5, 2).prefix(oracle.prefix_len(2))).unwrap();
    assert_eq!(greedy.select(&oracle, &[1, 4], &partition), Err(Error::NotFound { index: 4 }));
    let mut salsa = Salsa::<f64, u8, _, _>::new(GreedyParams::new(5, 2).prefix(oracle.prefix_len(2))).unwrap();
    let steps = Err(Error::Parameter { name: &"ladder_steps", rule: Rule::LADDER_STEPS });
    assert_eq!(salsa.select(&oracle, &[0], 3), steps);
    assert_eq!(salsa.select(&oracle, &[3, 1, 3], 4), Err(Error::AlreadyPresent { index: 3 }));
}

/// Polls with the smallest budget until nothing is left, through the contract that all selections share.
fn settle<C, B: Deferred<C>>(best: &mut B, context: &C) {
    assert!(!best.is_idle());
    while best.poll(context, 1).unwrap() == Progress::Pending {}
    assert!(best.is_idle());
    assert_eq!(best.poll(context, 1), Ok(Progress::Done));
}

#[test]
fn deferred_work_has_one_contract() {
    let table = [4.0, 1.0, 1.0, 3.0, 2.0, 2.0];
    let oracle = FacilityLocation::new(&table, 2).unwrap();
    let partition = Partition::new(&[0u8, 0, 1], &[1, 1]).unwrap();
    let mut rng = generator(4);
    macro_rules! check {
        ($best:expr, $context:expr, ($($matroid:expr)?)) => {{
            let mut best = $best.unwrap();
            for id in 0..3 {
                best.insert_deferred(&oracle, $($matroid,)? id, &mut rng).unwrap();
                assert_eq!(best.insert(&oracle, $($matroid,)? 2, &mut rng), Err(Error::Pending));
                assert_eq!(best.delete(&oracle, $($matroid,)? 0, &mut rng), Err(Error::Pending));
                settle(&mut best, &$context);
            }
            best.delete_deferred(&oracle, $($matroid,)? 0, &mut rng).unwrap();
            if !best.is_idle() {
                settle(&mut best, &$context);
            }
            assert_eq!(best.query(&oracle, $($matroid,)? &mut rng).unwrap().value, 5.0);
        }};
    }
    let params = LazyDynamicParams::new(3, 2).prefix(oracle.prefix_len(2));
    check!(LazyDynamic::<f64, u8, _, _>::new(params), oracle, ());
    let params = DynamicParams::new(3, 2).prefix(oracle.prefix_len(2));
    check!(Dynamic::<f64, u8, _, _>::new(params), oracle, ());
    let params = PartitionDynamicParams::new(3, 2, 0.1);
    let params = params.prefix(oracle.prefix_len(params.pushes()));
    check!(PartitionDynamic::<f64, u8, _, _>::new(params), (&oracle, &partition), (&partition));
    let params = NonMonotoneDynamicParams::new(3, 2, 0.1).keep(1.0);
    let params = params.prefix(oracle.prefix_len(params.pushes()));
    check!(NonMonotoneDynamic::<f64, u8, _, _>::new(params), oracle, ());
}
