//! Windows, chains of sieves, and selections that take each other in.

use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::submodular::*;
use sketchlet_core::{Difference, Error, Rule};

const N: usize = 10;
const M: usize = 3;

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

fn tables() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..30.0], N * M)
}

/// Rows go through a window; answers are checked against all sets of the rows in it.
fn check_window<B: DynamicSelection<Scalar = f64>>(best: B, rows: &[f64], window: usize, size: usize, ratio: f64) {
    let mut window_of = SlidingWindow::new(best, window).unwrap();
    let (mut table, mut rng) = (vec![0.0; N * M], generator(3));
    for (tick, row) in rows.chunks(M).enumerate() {
        let slot = window_of.evict(&FacilityLocation::new(&table, M).unwrap(), &mut rng).unwrap() as usize;
        assert_eq!((slot, window_of.age(slot as u32)), (tick % window, None));
        // Evicted once, it stays empty.
        assert_eq!(window_of.evict(&FacilityLocation::new(&table, M).unwrap(), &mut rng), Ok(slot as u32));
        assert_eq!(window_of.live(), tick.min(window - 1));
        table[slot * M..][..M].fill(f64::NAN);
        let refused = window_of.insert(&FacilityLocation::new(&table, M).unwrap(), &mut rng);
        assert_eq!(refused, Err(Error::NonFinite { index: slot }));
        table[slot * M..][..M].copy_from_slice(row);
        let oracle = FacilityLocation::new(&table, M).unwrap();
        window_of.insert(&oracle, &mut rng).unwrap();
        assert_eq!((window_of.age(slot as u32), window_of.live()), (Some(0), (tick + 1).min(window)));
        let alive: Vec<u32> = (0..window_of.live() as u32).collect();
        let oldest = if tick < window { 0 } else { (tick + 1) % window };
        assert_eq!(window_of.age(oldest as u32), Some(window_of.live() - 1));
        let optimum = best_of(&table, &alive, size);
        let answer = window_of.query(&oracle, &mut rng).unwrap();
        assert!(answer.value >= optimum / ratio * (1.0 - 1e-12));
        assert!(window_of.polish(&oracle).unwrap().value >= answer.value);
        if window_of.live() == window {
            assert!(matches!(window_of.insert(&oracle, &mut rng), Err(Error::AlreadyPresent { .. })));
        }
    }
    window_of.clear();
    assert_eq!((window_of.live(), window_of.selected().len()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn windows_hold_the_last_rows(
        rows in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..30.0], 3 * 25),
        window in 1usize..8,
        size in 1usize..4,
    ) {
        let prefix = FacilityLocation::<f64>::prefix_len_of(M, size);
        let params = LazyDynamicParams::new(N, size).prefix(prefix);
        check_window(LazyDynamic::<f64, u8, _, _>::new(params).unwrap(), &rows, window, size, 2.2);
        let params = DynamicParams::new(N, size).prefix(prefix);
        check_window(Dynamic::<f64, u8, _, _>::new(params).unwrap(), &rows, window, size, 2.2);
    }

    #[test]
    fn chains_keep_the_guarantee_while_a_sieve_is_left(
        table in tables(),
        order in Just((0u32..N as u32).collect::<Vec<_>>()).prop_shuffle(),
        size in 1usize..4,
        deletions in 0usize..4,
        early in 0usize..N,
        victims in prop::collection::vec(0usize..10, 4),
    ) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let params = SieveParams::new(size).prefix(oracle.prefix_len(size));
        let ratio = params.ratio().unwrap();
        let sieves = (0..=deletions).map(|_| SieveStreaming::<f64, u8, _, _>::new(params).unwrap()).collect::<Vec<_>>();
        let mut chain = RobustCascade::new(sieves).unwrap();
        let (mut alive, mut victims) = (Vec::new(), victims.into_iter());
        let mut left = deletions;
        for (tick, &id) in order.iter().enumerate() {
            chain.insert(&oracle, id).unwrap();
            alive.push(id);
            // One of the answer is taken away, some on the way, the others in the end.
            while left > 0 && (tick == early || tick == N - 1) && !chain.selected().is_empty() {
                let chosen = chain.selected();
                let id = u32::from(chosen[victims.next().unwrap() % chosen.len()]);
                let before = chain.living();
                chain.delete(&oracle, id).unwrap();
                alive.retain(|&own| own != id);
                left -= 1;
                prop_assert!(chain.living() >= 1 && chain.living() < before && !chain.is_kept(id));
                if tick == early {
                    break;
                }
            }
            let (answer, ids) = (chain.selection(), chain.selected().iter().map(|&id| id.into()).collect::<Vec<u32>>());
            prop_assert!(ids.iter().all(|id| alive.contains(id) && chain.is_kept(*id)) && ids.len() <= size);
            prop_assert!((answer.value - value_of(&table, &ids)).abs() <= 1e-12 * answer.value);
            let optimum = best_of(&table, &alive, size);
            prop_assert!(answer.value >= optimum / (2.0 * ratio) * (1.0 - 1e-12), "{} of {}", answer.value, optimum);
        }
        for id in 0..N as u32 {
            chain.delete(&oracle, id).unwrap();
        }
        let any = table.iter().any(|&x| x > 0.0);
        prop_assert!(!any || deletions > 0 || chain.living() == 0);
        chain.clear();
        prop_assert_eq!((chain.living(), chain.selected().len()), (deletions + 1, 0));
    }

    #[test]
    fn selections_take_each_other_in(
        table in tables(),
        sides in prop::collection::vec(0usize..3, N),
        size in 1usize..4,
        seed in any::<u64>(),
    ) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let prefix = oracle.prefix_len(size);
        let optimum = best_of(&table, &(0..N as u32).filter(|&id| sides[id as usize] < 2).collect::<Vec<_>>(), size);
        macro_rules! join {
            ($type:ident, $params:expr) => {{
                let mut rng = generator(seed);
                let mut own = $type::<f64, u8, _, _>::new($params).unwrap();
                let mut other = $type::<f64, u16, _, _>::new($params).unwrap();
                for id in 0..N as u32 {
                    match sides[id as usize] {
                        0 => own.insert(&oracle, id, &mut rng).unwrap(),
                        1 => other.insert(&oracle, id, &mut rng).unwrap(),
                        _ => {}
                    }
                }
                own.query(&oracle, &mut rng).unwrap();
                own.absorb(&other, &oracle, &mut rng).unwrap();
                prop_assert_eq!(own.live(), sides.iter().filter(|&&side| side < 2).count());
                let answer = own.query(&oracle, &mut rng).unwrap();
                own.check(&oracle).unwrap();
                let ids: Vec<u32> = own.selected().iter().map(|&id| id.into()).collect();
                prop_assert!((answer.value - value_of(&table, &ids)).abs() <= 1e-12 * answer.value);
                prop_assert!(answer.value >= optimum / 2.2 * (1.0 - 1e-12));
                prop_assert!(answer.upper_bound.unwrap() >= optimum * (1.0 - 1e-12));
                // An element of both is refused before anything changes.
                if let Some(both) = sides.iter().position(|&side| side == 1) {
                    let before = format!("{own:?}");
                    prop_assert_eq!(own.absorb(&other, &oracle, &mut rng), Err(Error::AlreadyPresent { index: both }));
                    prop_assert_eq!(format!("{own:?}"), before);
                }
            }};
        }
        join!(LazyDynamic, LazyDynamicParams::new(N, size).prefix(prefix));
        join!(Dynamic, DynamicParams::new(N, size).prefix(prefix));
    }

    #[test]
    fn solutions_are_combined_by_greedy_over_their_union(
        table in tables(),
        first in prop::collection::vec(0u32..N as u32, 0..6),
        second in prop::collection::vec(0u32..N as u32, 0..6),
        size in 1usize..4,
    ) {
        let oracle = FacilityLocation::new(&table, M).unwrap();
        let params = GreedyParams::new(12, size).prefix(oracle.prefix_len(size));
        let mut greedy = LazyGreedy::<f64, u8, _, _>::new(params).unwrap();
        let mut union = [&first[..], &second].concat();
        union.sort_unstable();
        union.dedup();
        let expected = (greedy.select(&oracle, &union).unwrap(), greedy.selected().to_vec());
        let combined = greedy.combine_solutions(&oracle, &[&first, &second]).unwrap();
        prop_assert_eq!((combined, greedy.selected().to_vec()), expected);
    }
}

#[test]
fn many_pivots_that_come_from_another_selection_are_uniform() {
    const SEEDS: u32 = 30_000;
    // Ten elements worth 1 each, five of them from another selection: taken in one by one, and all built anew.
    let table: Vec<f64> = (0..400).map(|i| f64::from(u8::from(i % 21 == 0))).collect();
    let oracle = FacilityLocation::new(&table, 20).unwrap();
    for (own, others) in [(8, 10), (2, 10)] {
        let mut firsts = [0u32; 10];
        for seed in 0..SEEDS {
            let mut rng = generator(seed.into());
            let params = DynamicParams::new(20, 4).prefix(oracle.prefix_len(4));
            let (mut best, mut other) =
                (Dynamic::<f64, u8, _, _>::new(params).unwrap(), Dynamic::<f64, u8, _, _>::new(params).unwrap());
            (0..own).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
            (own..others).for_each(|id| other.insert(&oracle, id, &mut rng).unwrap());
            best.absorb(&other, &oracle, &mut rng).unwrap();
            let guess = best.guess(3).unwrap();
            assert_eq!((guess.members.len(), guess.pivots.len()), (10, 4));
            firsts[usize::from(guess.pivots[0])] += 1;
        }
        let expected = f64::from(SEEDS) / 10.0;
        let chi_square: f64 = firsts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        // 9 degrees of freedom; a false alarm in a million.
        assert!(chi_square < 45.1, "{own}: {firsts:?}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let table = [1.0, 2.0, 3.0];
    let oracle = FacilityLocation::new(&table, 1).unwrap();
    let params = LazyDynamicParams::new(3, 1).prefix(oracle.prefix_len(1));
    let best = || LazyDynamic::<f64, u8, _, _>::new(params).unwrap();
    let positive = Some(Error::Parameter { name: &"window", rule: Rule::POSITIVE });
    assert_eq!(SlidingWindow::new(best(), 0).err(), positive);
    assert_eq!(SlidingWindow::new(best(), 4).err(), Some(Error::Capacity { limit: 3 }));
    let sieve = SieveStreaming::<f64, u8, _, _>::new(SieveParams::new(1).prefix(oracle.prefix_len(1))).unwrap();
    let positive = Some(Error::Parameter { name: &"sieves", rule: Rule::POSITIVE });
    assert_eq!(RobustCascade::new(Vec::<SieveStreaming<f64, u8, Vec<f64>, Vec<u8>>>::new()).err(), positive);
    assert_eq!(RobustCascade::new(vec![sieve.clone(); 65]).err(), Some(Error::Capacity { limit: 64 }));
    let mut chain = RobustCascade::new(vec![sieve; 64]).unwrap();
    chain.insert(&oracle, 0).unwrap();
    assert_eq!(chain.insert(&oracle, 3), Err(Error::NotFound { index: 3 }));
    chain.delete(&oracle, 0).unwrap();
    assert_eq!((chain.living(), chain.selected().len()), (63, 0));
    // Nothing is lost where the function is refused.
    chain.insert(&oracle, 1).unwrap();
    let wide = FacilityLocation::new(&table, 3).unwrap();
    assert!(matches!(chain.delete(&wide, 1), Err(Error::Storage { .. })));
    assert!(matches!(chain.insert(&wide, 0), Err(Error::Storage { .. })));
    assert_eq!((chain.living(), chain.selected()), (63, &[1][..]));
    let other = SieveStreaming::<f64, u8, _, _>::new(SieveParams::new(2)).unwrap();
    let unlike = vec![other, chain.sieves()[0].clone()];
    let unlike = RobustCascade::new(unlike).err();
    assert!(
        matches!(unlike, Some(Error::Incompatible { what: Difference::Size | Difference::Prefix, .. })),
        "{unlike:?}"
    );
    let mut greedy = LazyGreedy::<f64, u8, _, _>::new(GreedyParams::new(3, 1).prefix(oracle.prefix_len(1))).unwrap();
    // More of a feature always adds something: an element of two solutions is still one.
    let features = FeatureBased::new(&table, 1, Concave::Sqrt).unwrap();
    let mut both = LazyGreedy::<f64, u8, _, _>::new(GreedyParams::new(3, 2).prefix(features.prefix_len(2))).unwrap();
    both.combine_solutions(&features, &[&[1], &[1]]).unwrap();
    assert_eq!(both.selected(), [1]);
    greedy.select(&oracle, &[1]).unwrap();
    assert_eq!(greedy.combine_solutions(&oracle, &[&[0, 3]]), Err(Error::NotFound { index: 3 }));
    assert_eq!(greedy.combine_solutions(&oracle, &[&[0, 1], &[1, 2]]), Err(Error::Capacity { limit: 3 }));
    assert_eq!(greedy.selected(), [1]);
    // Too little room for what is taken in, and a request that waits.
    let (mut few, mut many, mut rng) =
        (best(), LazyDynamic::<f64, u8, _, _>::new(LazyDynamicParams::new(9, 1)).unwrap(), generator(1));
    let wide = [1.0; 9];
    let wide = FacilityLocation::new(&wide, 1).unwrap();
    many.insert(&wide, 8, &mut rng).unwrap_err();
    let mut many = LazyDynamic::<f64, u8, _, _>::new(LazyDynamicParams::new(9, 1).prefix(wide.prefix_len(1))).unwrap();
    many.insert(&wide, 8, &mut rng).unwrap();
    assert_eq!(few.absorb(&many, &wide, &mut rng), Err(Error::Capacity { limit: 3 }));
    assert_eq!(few.absorb(&many, &oracle, &mut rng), Err(Error::NotFound { index: 8 }));
    // Fine for one that chooses one, out of scale for one that chooses many.
    let heavy = [1e307];
    let heavy = FacilityLocation::new(&heavy, 1).unwrap();
    let mut one = LazyDynamic::<f64, u8, _, _>::new(LazyDynamicParams::new(1, 1).prefix(heavy.prefix_len(1))).unwrap();
    one.insert(&heavy, 0, &mut rng).unwrap();
    let params = LazyDynamicParams::new(1, 99).prefix(heavy.prefix_len(99));
    let mut choosy = LazyDynamic::<f64, u8, _, _>::new(params).unwrap();
    assert_eq!(choosy.absorb(&one, &heavy, &mut rng), Err(Error::Scale { index: 0 }));
    few.insert_deferred(&oracle, 0, &mut rng).unwrap();
    assert_eq!(few.absorb(&many, &wide, &mut rng), Err(Error::Pending));
    assert_eq!(few.live(), 0);
    let _ = rng.next_u64();
}
