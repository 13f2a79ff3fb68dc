//! Sieves against brute force, and what they cost.

use proptest::prelude::*;
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Rule};

const M: usize = 3;
const N: usize = 9;

fn value_of(table: &[f64], set: &[usize]) -> f64 {
    (0..M).map(|j| set.iter().map(|&e| table[e * M + j]).fold(0.0, f64::max)).sum()
}

fn best_of(table: &[f64], seen: &[u32], size: usize) -> f64 {
    (0u32..1 << seen.len())
        .filter(|set| set.count_ones() as usize <= size)
        .map(|set| {
            let set: Vec<usize> = (0..seen.len()).filter(|i| set >> i & 1 == 1).map(|i| seen[i] as usize).collect();
            value_of(table, &set)
        })
        .fold(0.0, f64::max)
}

/// Shows a sieve elements in order and checks its answer after each.
macro_rules! check {
    ($sieve:expr, $table:expr, $order:expr, $size:expr, $ratio:expr) => {{
        let mut sieve = $sieve.unwrap();
        let oracle = FacilityLocation::new(&$table, M).unwrap();
        for (seen, &id) in $order.iter().enumerate() {
            sieve.insert(&oracle, id).unwrap();
            let ids: Vec<usize> = sieve.selected().iter().map(|&id| usize::from(id)).collect();
            let answer = sieve.selection();
            assert!(ids.len() <= $size && ids.iter().all(|&id| $order[..=seen].contains(&(id as u32))));
            assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
            assert!((answer.value - value_of(&$table, &ids)).abs() <= 1e-12 * answer.value);
            let best = best_of(&$table, &$order[..=seen], $size);
            assert!(answer.value >= best / (2.0 * $ratio) * (1.0 - 1e-12), "{} of {best}", answer.value);
            assert!(sieve.selected().iter().all(|&id| sieve.is_kept(id.into())));
        }
        assert_eq!(sieve.seen(), $order.len() as u64);
        (sieve.selected().to_vec(), sieve.selection().value)
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn answers_keep_the_guarantee_after_every_element(
        table in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..40.0], N * M),
        size in 1usize..5,
        steps in prop::sample::select(vec![1u32, 2, 4, 16]),
        order in Just((0u32..N as u32).collect::<Vec<_>>()).prop_shuffle(),
        unit in -300i32..300,
    ) {
        let prefix = FacilityLocation::<f64>::prefix_len_of(M, size);
        let params = SieveParams::new(size).prefix(prefix).ladder_steps(steps);
        let ratio = params.ratio().unwrap();
        let storage = || (vec![0.5; params.storage_len()], vec![3u8; params.index_len()]);
        let scaled: Vec<f64> = table.iter().map(|x| x * 2f64.powi(unit)).collect();
        let plain = check!(SieveStreaming::<f64, u16, _, _>::new(params), table, order, size, ratio);
        let other = check!(SieveStreaming::new_in(params, storage().0, storage().1), scaled, order, size, ratio);
        prop_assert_eq!(plain.0, other.0.into_iter().map(u16::from).collect::<Vec<_>>());
        let plain = check!(SievePlusPlus::<f64, u16, _, _>::new(params), table, order, size, ratio);
        let other = check!(SievePlusPlus::new_in(params, storage().0, storage().1), scaled, order, size, ratio);
        prop_assert_eq!(plain.0, other.0.into_iter().map(u16::from).collect::<Vec<_>>());
    }
}

#[test]
fn sieves_cost_and_find_what_the_design_says() {
    use sketchlet_core::random::keyed::{Domain, normal_pair, word2};
    // Normal points in four dimensions, similarity to 32 others.
    let (n, size) = (5000usize, 20usize);
    let point = |i: usize| -> [f64; 4] {
        std::array::from_fn(|j| normal_pair::<f64>(word2(4, Domain::Coin, i as u64, j as u64)).0)
    };
    let exemplars: Vec<[f64; 4]> = (0..32).map(|j| point(1_000_000 + j)).collect();
    let alike =
        |x: &[f64; 4], y: &[f64; 4]| (-x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / 4.0).exp();
    let table: Vec<f64> =
        (0..n).map(point).flat_map(|x| exemplars.iter().map(|y| alike(&x, y)).collect::<Vec<_>>()).collect();
    let facilities = FacilityLocation::new(&table, 32).unwrap();
    let prefix = facilities.prefix_len(size);
    let ids: Vec<u32> = (0..n as u32).collect();
    let mut greedy = LazyGreedy::<f64, u16, _, _>::new(GreedyParams::new(n, size).prefix(prefix)).unwrap();
    let greedy = greedy.select(&facilities, &ids).unwrap().value;
    macro_rules! run {
        ($type:ident) => {{
            let oracle = Counted::new(facilities);
            let mut sieve = $type::<f64, u16, _, _>::new(SieveParams::new(size).prefix(prefix)).unwrap();
            ids.iter().for_each(|&id| sieve.insert(&oracle, id).unwrap());
            let kept = ids.iter().filter(|&&id| sieve.is_kept(id)).count();
            (sieve.selection().value / greedy, oracle.gains() as f64 / n as f64, kept)
        }};
    }
    // Measured on a prototype, ratio 1.2: .913 of greedy for 14 gains an element, 210 kept; ++ .811, 18 and 98.
    let (share, gains, kept) = run!(SieveStreaming);
    assert!(share > 0.85 && gains < 20.0 && kept < 320, "{share} {gains} {kept}");
    let (share, gains, kept) = run!(SievePlusPlus);
    assert!(share > 0.75 && gains < 25.0 && kept < 200, "{share} {gains} {kept}");
    let largest = ids.iter().map(|&id| table[id as usize * 32..][..32].iter().sum::<f64>()).fold(0.0, f64::max);
    let patient = |patience| {
        let oracle = Counted::new(facilities);
        let params = ThreeSievesParams::new(size, largest, patience).prefix(prefix);
        let mut sieve = ThreeSieves::<f64, u16, _, _>::new(params).unwrap();
        ids.iter().for_each(|&id| sieve.insert(&oracle, id).unwrap());
        assert!(oracle.gains() <= n as u64);
        (sieve.selection().value / greedy, oracle.gains() as f64 / n as f64, sieve.selected().len())
    };
    // .927 for .89 gains; with too much patience for the stream most places stay free.
    let (share, gains, kept) = patient(50);
    println!("{share} {gains}");
    assert!(share > 0.88 && gains < 1.0 && kept == 20, "{share} {gains} {kept}");
    let (share, _, kept) = patient(500);
    assert!(share < 0.85 && kept < 10, "{share} {kept}");
    // .886; no more than a gain for each of three sieves a guess.
    let oracle = Counted::new(facilities);
    let mut salsa = Salsa::<f64, u16, _, _>::new(GreedyParams::new(n, size).prefix(prefix)).unwrap();
    let share = salsa.select(&oracle, &ids, 4).unwrap().value / greedy;
    assert!(share > 0.85 && oracle.gains() < 54 * n as u64, "{share} {}", oracle.gains());
    println!("{share} {}", oracle.gains() as f64 / n as f64);
}

#[test]
fn one_sieve_falls_step_by_step_and_stays_at_the_largest() {
    // One exemplar, two places: half of a guess is asked for, in two parts.
    let table = [4.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let params = |patience| ThreeSievesParams::new(2, 4.0, patience).prefix(oracle.prefix_len(2)).ladder_steps(1);
    for (patience, refused) in [(1, 1), (2, 2), (5, 5)] {
        let mut sieve = ThreeSieves::<f64, u8, _, _>::new(params(patience)).unwrap();
        let asked = |sieve: &ThreeSieves<f64, u8, Vec<f64>, Vec<u8>>, oracle, id| {
            let mut copy = sieve.clone();
            copy.insert(oracle, id).unwrap();
            copy.selected().len() == 1
        };
        // Guess 8 asks for 2, guess 4 for 1, and no guess is lower.
        let two = [2.0, 1.5, 0.99, 0.0, 0.0, 0.0, 0.0, 0.0];
        let twos = FacilityLocation::new(&two, 1).unwrap();
        for id in 1..=refused {
            assert!(asked(&sieve, &twos, 0) && !asked(&sieve, &twos, 1));
            sieve.insert(&oracle, id).unwrap();
        }
        assert!(asked(&sieve, &twos, 1) && !asked(&sieve, &twos, 2));
        for _ in 0..20 {
            sieve.insert(&oracle, 1).unwrap();
        }
        assert!(!asked(&sieve, &twos, 2));
        assert_eq!((sieve.selected().len(), sieve.seen()), (0, u64::from(refused) + 20));
        sieve.insert(&oracle, 0).unwrap();
        sieve.insert(&oracle, 0).unwrap();
        assert_eq!((sieve.selected(), sieve.selection().value, sieve.is_kept(0)), (&[0][..], 4.0, true));
        sieve.clear();
        assert!(!asked(&sieve, &twos, 1));
        assert_eq!((sieve.selected().len(), sieve.seen()), (0, 0));
    }
}

#[test]
fn an_element_that_comes_again_is_not_taken_twice() {
    // More of a feature always adds something.
    let table = [4.0, 1.0];
    let oracle = FeatureBased::new(&table, 1, Concave::Sqrt).unwrap();
    let prefix = oracle.prefix_len(2);
    let mut sieve = SieveStreaming::<f64, u8, _, _>::new(SieveParams::new(2).prefix(prefix)).unwrap();
    let mut fewer = SievePlusPlus::<f64, u8, _, _>::new(SieveParams::new(2).prefix(prefix)).unwrap();
    let mut one = ThreeSieves::<f64, u8, _, _>::new(ThreeSievesParams::new(2, 2.0, 1).prefix(prefix)).unwrap();
    for _ in 0..5 {
        sieve.insert(&oracle, 0).unwrap();
        fewer.insert(&oracle, 0).unwrap();
        one.insert(&oracle, 0).unwrap();
    }
    assert_eq!([sieve.selected(), fewer.selected(), one.selected()], [[0]; 3]);
}

#[test]
fn one_sieve_counts_rejections_anew_after_every_choice() {
    // Guess 8: an element has to add 4 / 3; after the first one, of 2, still 1.
    let table = [2.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.9];
    let oracle = FacilityLocation::new(&table, 2).unwrap();
    let params = ThreeSievesParams::new(3, 2.7, 2).prefix(oracle.prefix_len(3)).ladder_steps(1);
    let mut sieve = ThreeSieves::<f64, u8, _, _>::new(params).unwrap();
    for id in [1, 0, 2] {
        sieve.insert(&oracle, id).unwrap();
    }
    // One rejection before the choice and one after it: the guess has not fallen.
    sieve.clone().insert(&oracle, 3).unwrap();
    let mut next = sieve.clone();
    next.insert(&oracle, 3).unwrap();
    assert_eq!(next.selected(), [0]);
    sieve.insert(&oracle, 2).unwrap();
    sieve.insert(&oracle, 3).unwrap();
    assert_eq!(sieve.selected(), [0, 3]);
}

#[test]
fn one_sieve_refuses_what_makes_no_sense() {
    let refused = |params, name, rule| {
        let made = ThreeSieves::<f32, u8, _, _>::new(params).map(|_| ());
        assert_eq!(made, Err(Error::Parameter { name, rule }));
    };
    refused(ThreeSievesParams::new(0, 1.0, 1), &"size", Rule::POSITIVE);
    refused(ThreeSievesParams::new(1, 1.0, 0), &"patience", Rule::POSITIVE);
    refused(ThreeSievesParams::new(1, 1.0, 1).ladder_steps(7), &"ladder_steps", Rule::LADDER_STEPS);
    refused(ThreeSievesParams::new(256, 1.0, 1), &"size", Rule::WITHIN_IDS);
    for largest in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(ThreeSievesParams::new(1, largest, 1), &"largest", Rule::FINITE_POSITIVE);
    }
    refused(ThreeSievesParams::new(1, 1e60, 1), &"largest", Rule::IN_SCALE);
    refused(ThreeSievesParams::new(1, 1e-50, 1), &"largest", Rule::IN_SCALE);
    let table = [1.0, f32::NAN, 1.0, f32::INFINITY];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let params = ThreeSievesParams::new(2, 1.0, 3).prefix(oracle.prefix_len(2));
    let mut sieve = ThreeSieves::<f32, u8, _, _>::new(params).unwrap();
    for id in [0, 2] {
        let before = format!("{sieve:?}");
        for bad in [1, 3] {
            assert_eq!(sieve.insert(&oracle, bad), Err(Error::NonFinite { index: bad as usize }));
        }
        assert_eq!(sieve.insert(&oracle, 4), Err(Error::NotFound { index: 4 }));
        assert_eq!(format!("{sieve:?}"), before);
        sieve.insert(&oracle, id).unwrap();
    }
    assert_eq!((sieve.selected(), sieve.seen()), (&[0][..], 2));
}

#[test]
fn elements_that_make_no_sense_are_refused_and_change_nothing() {
    let refused = |params, name, rule| {
        let made = SieveStreaming::<f64, u8, _, _>::new(params).map(|_| ());
        assert_eq!(made, Err(Error::Parameter { name, rule }));
    };
    refused(SieveParams::new(0), &"size", Rule::POSITIVE);
    refused(SieveParams::new(3).ladder_steps(5), &"ladder_steps", Rule::LADDER_STEPS);
    refused(SieveParams::new(256), &"size", Rule::WITHIN_IDS);
    let huge = SieveParams::new(1 << 31).prefix(PrefixLen { scalars: usize::MAX, ..PrefixLen::default() });
    let made = SieveStreaming::<f64, u32, _, _>::new(huge).map(|_| ());
    assert_eq!(made, Err(Error::Parameter { name: &"size", rule: Rule::ADDRESSABLE }));
    let table = [1.0, 0.0, f64::NAN, 1e308, 0.0, -5.0, 0.0, 1e-300];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let params = SieveParams::new(2).prefix(FacilityLocation::<f64>::prefix_len_of(1, 2));
    let mut sieve = SieveStreaming::<f64, u8, _, _>::new(params).unwrap();
    assert_eq!((sieve.selection().value, sieve.selected()), (0.0, &[][..]));
    sieve.insert(&oracle, 0).unwrap();
    let before = format!("{sieve:?}");
    assert_eq!(sieve.insert(&oracle, 2), Err(Error::NonFinite { index: 2 }));
    assert_eq!(sieve.insert(&oracle, 3), Err(Error::Scale { index: 3 }));
    assert_eq!(sieve.insert(&oracle, 7), Err(Error::Scale { index: 7 }));
    assert_eq!(sieve.insert(&oracle, 8), Err(Error::NotFound { index: 8 }));
    let longer = FacilityLocation::new(&table, 2).unwrap();
    assert!(matches!(sieve.insert(&longer, 0), Err(Error::Storage { .. })));
    assert_eq!(format!("{sieve:?}"), before);
    // Worthless ones, a negative similarity among them, are seen and not taken; nor is one that is there.
    for id in [1, 4, 5, 0] {
        sieve.insert(&oracle, id).unwrap();
    }
    assert_eq!((sieve.seen(), sieve.selected(), sieve.is_kept(4)), (5, &[0][..], false));
    sieve.clear();
    assert_eq!((sieve.seen(), sieve.selected().len()), (0, 0));
}
