//! The greedy methods against brute force and each other.

use proptest::prelude::*;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Rule};

const M: usize = 3;

fn value_of(table: &[f64], set: &[usize]) -> f64 {
    (0..M).map(|j| set.iter().map(|&e| table[e * M + j]).fold(0.0, f64::max)).sum()
}

fn best_of(table: &[f64], n: usize, size: usize) -> f64 {
    (0u32..1 << n)
        .filter(|set| set.count_ones() as usize <= size)
        .map(|set| value_of(table, &(0..n).filter(|i| set >> i & 1 == 1).collect::<Vec<_>>()))
        .fold(0.0, f64::max)
}

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// What greedy promises.
const SHARE: f64 = 1.0 - 1.0 / std::f64::consts::E;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_method_keeps_its_promise(
        table in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, (0u32..5).prop_map(f64::from)], 9 * M),
        size in 1usize..6,
        order in Just((0u32..9).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let params = GreedyParams::new(9, size).prefix(oracle.prefix_len(size));
        let best = best_of(&table, 9, size);
        let mut plain = Greedy::<f64, u8, _, _>::new(params).unwrap();
        let mut lazy = LazyGreedy::<f64, u16, _, _>::new(params).unwrap();
        let mut threshold = ThresholdGreedy::<f64, u8, _, _>::new(params).unwrap();
        let answer = plain.select(&oracle, &order).unwrap();
        prop_assert_eq!(lazy.select(&oracle, &order), Ok(answer));
        let widen = |ids: &[u8]| ids.iter().map(|&id| id.into()).collect::<Vec<usize>>();
        prop_assert_eq!(widen(plain.selected()), lazy.selected().iter().map(|&id| id.into()).collect::<Vec<usize>>());
        prop_assert!(answer.value >= SHARE * best * (1.0 - 1e-12));
        prop_assert!((answer.value - value_of(&table, &widen(plain.selected()))).abs() <= 1e-12 * answer.value);
        for bound in [plain.bound(&oracle, &order), lazy.bound(&oracle, &order)] {
            prop_assert!(bound.unwrap() >= best * (1.0 - 1e-12));
        }
        for epsilon in [0.05, 0.3] {
            let answer = threshold.select(&oracle, &order, epsilon).unwrap();
            prop_assert!(answer.value >= (SHARE - epsilon) * best * (1.0 - 1e-12));
            let ids = widen(threshold.selected());
            prop_assert!((answer.value - value_of(&table, &ids)).abs() <= 1e-12 * answer.value);
            prop_assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)) && ids.len() <= size);
            prop_assert!(threshold.bound(&oracle, &order).unwrap() >= best * (1.0 - 1e-12));
            // The order in which elements are given says nothing.
            let ascending: Vec<u32> = (0..9).collect();
            prop_assert_eq!(threshold.select(&oracle, &ascending, epsilon), Ok(answer));
        }
    }
}

#[test]
fn samples_keep_the_promise_on_average_and_cost_what_they_say() {
    let (n, size, epsilon, seeds) = (200usize, 10, 0.2, 200u64);
    let table: Vec<f64> = (0..n * M).map(|i| (i as f64 * 0.754_877_666).fract().powi(4)).collect();
    let oracle = FacilityLocation::new(&table, M).unwrap();
    let params = GreedyParams::new(n, size).prefix(oracle.prefix_len(size));
    let ids: Vec<u32> = (0..n as u32).collect();
    let mut lazy = LazyGreedy::<f64, u16, _, _>::new(params).unwrap();
    let greedy = lazy.select(&oracle, &ids).unwrap().value;
    let mut stochastic = StochasticGreedy::<f64, u16, _, _>::new(params).unwrap();
    let mut shares = Vec::new();
    for seed in 0..seeds {
        let counted = Counted::new(oracle);
        let answer = stochastic.select(&counted, &ids, epsilon, &mut generator(seed)).unwrap();
        // 200 / 10 ln 5 = 32.2 elements a sample.
        assert_eq!(counted.gains(), 33 * size as u64);
        let chosen: Vec<usize> = stochastic.selected().iter().map(|&id| id.into()).collect();
        assert!((answer.value - value_of(&table, &chosen)).abs() < 1e-12);
        shares.push(answer.value / greedy);
    }
    let mean = shares.iter().sum::<f64>() / seeds as f64;
    let spread = (shares.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (seeds - 1) as f64).sqrt();
    // Six standard deviations of the mean below what is promised of greedy's value, which is at most the best.
    assert!(mean - 6.0 * spread / (seeds as f64).sqrt() > SHARE - epsilon, "{mean} {spread}");
    assert!(mean > 0.9 && spread > 0.0, "{mean} {spread}");
    // All elements in each sample: greedy.
    let all = stochastic.select(&oracle, &ids, 1e-9, &mut generator(0)).unwrap();
    assert_eq!((all.value, stochastic.selected()), (greedy, lazy.selected()));
    // Every element is as likely to be in a sample: whichever is best, it is chosen if it is among 20 of 200.
    let params = GreedyParams::new(n, 1).prefix(oracle.prefix_len(1));
    let mut one = StochasticGreedy::<f64, u16, _, _>::new(params).unwrap();
    let epsilon = (-0.1f64).exp();
    for best in [3u16, 101, 198] {
        let mut table = table.clone();
        table[usize::from(best) * M] = 2.0;
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let hits = (0..4000).filter(|&seed| {
            one.select(&oracle, &ids, epsilon, &mut generator(seed)).unwrap();
            one.selected() == [best]
        });
        // 400 on average, standard deviation 19.
        let hits = hits.count();
        assert!((286..514).contains(&hits), "{best}: {hits}");
    }
}

#[test]
fn thresholds_ask_few_gains_of_many_equal_elements() {
    // A thousand elements, each worth as much as every other, and all of them of its own kind.
    let n = 1000usize;
    let offsets: Vec<u32> = (0..=n as u32).collect();
    let items: Vec<u32> = (0..n as u32).collect();
    let oracle = Counted::new(Coverage::new(&offsets, &items, n).unwrap());
    let params = GreedyParams::new(n, 500).prefix(oracle.prefix_len(500));
    let mut threshold = ThresholdGreedy::<f64, u16, _, _>::new(params).unwrap();
    assert_eq!(threshold.select(&oracle, &items, 0.1).unwrap().value, 500.0);
    assert!(oracle.gains() < 1600, "{}", oracle.gains());
}

#[test]
fn thresholds_leave_what_has_lost_its_gain() {
    // Once the first is taken the second adds one item, the third two.
    let oracle = Coverage::new(&[0, 3, 6, 8], &[0, 1, 2, 0, 1, 3, 4, 5], 6).unwrap();
    let params = GreedyParams::new(3, 2).prefix(oracle.prefix_len(2));
    let mut threshold = ThresholdGreedy::<f64, u16, _, _>::new(params).unwrap();
    assert_eq!(threshold.select(&oracle, &[0, 1, 2], 0.1).unwrap().value, 5.0);
    assert_eq!(threshold.selected(), [0, 2]);
}

#[test]
fn calls_that_make_no_sense_are_refused_and_change_nothing() {
    let table = [1.0, 0.0, 0.0, 0.0, 2.0, 0.0];
    let oracle = FacilityLocation::new(&table, M).unwrap();
    let params = GreedyParams::new(2, 2).prefix(oracle.prefix_len(2));
    let mut plain = Greedy::<f64, u8, _, _>::new(params).unwrap();
    let answer = plain.select(&oracle, &[0, 1]).unwrap();
    assert_eq!(plain.select(&oracle, &[0, 1, 0]), Err(Error::Capacity { limit: 2 }));
    assert_eq!(plain.select(&oracle, &[0, 2]), Err(Error::NotFound { index: 2 }));
    assert_eq!(plain.select(&oracle, &[1, 1]), Err(Error::AlreadyPresent { index: 1 }));
    let longer = FacilityLocation::new(&table, 6).unwrap();
    assert_eq!(plain.select(&longer, &[0]), Err(Error::Storage { needed: 18, got: 9 }));
    assert_eq!((plain.selection(), plain.selected()), (answer, &[1, 0][..]));
    let refused = Err(Error::Parameter { name: &"epsilon", rule: Rule::FRACTION });
    let mut threshold = ThresholdGreedy::<f64, u8, _, _>::new(params).unwrap();
    let mut stochastic = StochasticGreedy::<f64, u8, _, _>::new(params).unwrap();
    for epsilon in [0.0, 1.0, f64::NAN] {
        assert_eq!(threshold.select(&oracle, &[0], epsilon), refused);
        assert_eq!(stochastic.select(&oracle, &[0], epsilon, &mut generator(0)), refused);
    }
    let refused = Err(Error::Parameter { name: &"epsilon", rule: Rule::NOT_TOO_SMALL });
    assert_eq!(threshold.select(&oracle, &[0], 1e-300), refused);
    // Subnormals, among which a threshold can't fall by a tenth.
    let faint = [f32::from_bits(3), f32::from_bits(1), f32::from_bits(2)];
    let faint = FacilityLocation::new(&faint, 1).unwrap();
    let mut few = ThresholdGreedy::<f32, u8, _, _>::new(GreedyParams::new(3, 2).prefix(faint.prefix_len(2))).unwrap();
    assert_eq!(few.select(&faint, &[0, 1, 2], 0.1).unwrap().len, 1);
    // A bound of what is not finite is none.
    let wrong = [1.0, f64::NAN];
    let wrong = FacilityLocation::new(&wrong, 1).unwrap();
    let mut fresh = Greedy::<f64, u8, _, _>::new(GreedyParams::new(2, 2).prefix(wrong.prefix_len(2))).unwrap();
    assert_eq!(fresh.bound(&wrong, &[0, 1]), Err(Error::OracleFault { index: 1 }));
    let storage = ([7.0; 5], [9u8; 6]);
    let mut fresh = Greedy::new_in(GreedyParams::new(2, 2).prefix(wrong.prefix_len(2)), storage.0, storage.1).unwrap();
    assert_eq!(fresh.bound(&wrong, &[0]), Ok(1.0));
    // Ids of the largest number that the type holds, and beyond.
    let many = [1.0; 300];
    let many = FacilityLocation::new(&many, 1).unwrap();
    assert_eq!(fresh.select(&many, &[255]).unwrap().len, 1);
    assert_eq!(fresh.select(&many, &[256]), Err(Error::Capacity { limit: 255 }));
    assert_eq!(fresh.select(&many, &[300]), Err(Error::NotFound { index: 300 }));
    // Nothing to choose from.
    assert_eq!(plain.select(&oracle, &[]).unwrap().len, 0);
    assert_eq!(threshold.select(&oracle, &[], 0.1).unwrap().value, 0.0);
    assert_eq!(stochastic.select(&oracle, &[], 0.1, &mut generator(0)).unwrap().value, 0.0);
}
