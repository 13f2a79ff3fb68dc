//! Degenerate and hostile input to every selection. After an error the state, storage included, is
//! what it was.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::stream::Progress;
use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Real, Rule};
use std::cell::RefCell;

fn generator() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(1)
}

/// Runs a block for both dynamic methods: an empty summary for a function, its capacity and size.
macro_rules! for_both {
    ($t:ty, $oracle:expr, $capacity:expr, $size:expr, |$best:ident| $body:block) => {{
        let prefix = $oracle.prefix_len($size);
        {
            let params = LazyDynamicParams::new($capacity, $size).prefix(prefix);
            #[allow(unused_mut)]
            let mut $best = LazyDynamic::<$t, u16, _, _>::new(params).unwrap();
            $body
        }
        {
            let params = DynamicParams::new($capacity, $size).prefix(prefix);
            #[allow(unused_mut)]
            let mut $best = Dynamic::<$t, u16, _, _>::new(params).unwrap();
            $body
        }
    }};
}

#[test]
fn parameters_out_of_range_are_refused() {
    let lazy = |params| LazyDynamic::<f64, u8, _, _>::new(params).map(|_| ());
    let eager = |params| Dynamic::<f64, u8, _, _>::new(params).map(|_| ());
    let refused = |name, rule| Err(Error::Parameter { name, rule });
    for (made, other) in [
        (lazy(LazyDynamicParams::new(0, 3)), eager(DynamicParams::new(0, 3))),
        (lazy(LazyDynamicParams::new(3, 0)), eager(DynamicParams::new(3, 0))),
        (lazy(LazyDynamicParams::new(256, 3)), eager(DynamicParams::new(256, 3))),
        (lazy(LazyDynamicParams::new(3, usize::MAX)), eager(DynamicParams::new(3, usize::MAX))),
        (lazy(LazyDynamicParams::new(3, 3).ladder_steps(3)), eager(DynamicParams::new(3, 3).ladder_steps(32))),
    ] {
        assert!(matches!(made, Err(Error::Parameter { .. })) && made == other, "{made:?} {other:?}");
    }
    assert_eq!(lazy(LazyDynamicParams::new(0, 3)), refused(&"capacity", Rule::POSITIVE));
    assert_eq!(lazy(LazyDynamicParams::new(3, 0)), refused(&"size", Rule::POSITIVE));
    assert_eq!(lazy(LazyDynamicParams::new(256, 3)), refused(&"capacity", Rule::WITHIN_IDS));
    assert_eq!(lazy(LazyDynamicParams::new(3, 3).slots(0)), refused(&"slots", Rule::POSITIVE));
    assert_eq!(lazy(LazyDynamicParams::new(3, 3).rebuild_fraction(0)), refused(&"rebuild_fraction", Rule::POSITIVE));
    assert_eq!(lazy(LazyDynamicParams::new(3, 3).hysteresis(-0.1)), refused(&"hysteresis", Rule::NOT_NEGATIVE));
    assert_eq!(lazy(LazyDynamicParams::new(3, 3).hysteresis(f64::NAN)), refused(&"hysteresis", Rule::NOT_NEGATIVE));
    assert_eq!(eager(DynamicParams::new(3, 3).slots(4)), refused(&"slots", Rule::ENOUGH_GUESSES));
    let params = LazyDynamicParams::new(5, 2);
    let (scalars, ids) = (params.storage_len(), params.index_len::<u8>());
    let made = LazyDynamic::new_in(params, vec![0f32; scalars - 1], vec![0u8; ids]).map(|_| ());
    assert_eq!(made, Err(Error::Storage { needed: scalars, got: scalars - 1 }));
    let made = LazyDynamic::new_in(params, vec![0f32; scalars], vec![0u8; ids + 1]).map(|_| ());
    assert_eq!(made, Err(Error::Storage { needed: ids, got: ids + 1 }));
    let greedy = |params| LazyGreedy::<f64, u8, _, _>::new(params).map(|_| ());
    assert_eq!(greedy(GreedyParams::new(0, 1)), refused(&"capacity", Rule::POSITIVE));
    assert_eq!(greedy(GreedyParams::new(1, 0)), refused(&"size", Rule::POSITIVE));
    assert_eq!(greedy(GreedyParams::new(300, 1)), refused(&"capacity", Rule::WITHIN_IDS));
}

#[test]
fn elements_that_can_not_come_or_go_change_nothing() {
    // Values of elements 0 to 6: fine, NaN, infinite, negative, far too small, far too large, fine.
    let table = [1.0, f64::NAN, f64::INFINITY, -1.0, 1e-300, 1e308, 2.0];
    /// Gains that are what the table says, whatever was pushed.
    struct Sum<'a>(&'a [f64]);
    impl GroundSet for Sum<'_> {
        fn elements(&self) -> usize {
            self.0.len()
        }
        fn prefix_len(&self, _: usize) -> PrefixLen {
            PrefixLen::default()
        }
    }
    impl PrefixOracle<f64> for Sum<'_> {
        fn gain<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize, id: usize) -> f64 {
            self.0[id]
        }
        fn push<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize, _: usize) {}
        fn truncate<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize) {}
    }
    impl Monotone for Sum<'_> {}
    let oracle = Sum(&table);
    for_both!(f64, oracle, 7, 2, |best| {
        let mut rng = generator();
        best.insert(&oracle, 0, &mut rng).unwrap();
        best.query(&oracle, &mut rng).unwrap();
        let before = format!("{best:?}");
        assert_eq!(best.insert(&oracle, 0, &mut rng), Err(Error::AlreadyPresent { index: 0 }));
        assert_eq!(best.insert(&oracle, 1, &mut rng), Err(Error::NonFinite { index: 1 }));
        assert_eq!(best.insert(&oracle, 2, &mut rng), Err(Error::NonFinite { index: 2 }));
        assert_eq!(best.insert(&oracle, 3, &mut rng), Err(Error::Negative { index: 3 }));
        assert_eq!(best.insert(&oracle, 4, &mut rng), Err(Error::Scale { index: 4 }));
        assert_eq!(best.insert(&oracle, 5, &mut rng), Err(Error::Scale { index: 5 }));
        assert_eq!(best.insert(&oracle, 7, &mut rng), Err(Error::NotFound { index: 7 }));
        assert_eq!(best.delete(&oracle, 6, &mut rng), Err(Error::NotFound { index: 6 }));
        assert_eq!(best.delete(&oracle, 99, &mut rng), Err(Error::NotFound { index: 99 }));
        // A function that has lost elements, or needs a longer state.
        assert_eq!(best.query(&Sum(&table[..0]), &mut rng), Err(Error::NotFound { index: 0 }));
        let longer = FacilityLocation::new(&table, 1).unwrap();
        assert!(matches!(best.query(&longer, &mut rng), Err(Error::Storage { got: 0, .. })));
        assert!(matches!(best.insert(&longer, 6, &mut rng), Err(Error::Storage { got: 0, .. })));
        assert_eq!(format!("{best:?}"), before);
        best.insert(&oracle, 6, &mut rng).unwrap();
        assert_eq!(best.query(&oracle, &mut rng).unwrap().value, 3.0);
    });
    for_both!(f64, oracle, 3, 2, |best| {
        assert_eq!(best.insert(&oracle, 6, &mut generator()), Err(Error::Capacity { limit: 3 }));
    });
}

#[test]
fn worthless_elements_duplicates_and_few_elements_have_an_answer() {
    // Rows of zeros, a row three times, and an empty set.
    let table = [0.0, 0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 0.0, 0.0, 3.0, 0.0];
    let oracle = FacilityLocation::new(&table, 2).unwrap();
    for_both!(f64, oracle, 6, 4, |best| {
        let mut rng = generator();
        let nothing = Selection { value: 0.0, upper_bound: Some(0.0), len: 0, stale: false };
        assert_eq!(best.query(&oracle, &mut rng), Ok(nothing));
        assert_eq!(nothing.ratio(), Some(1.0));
        best.insert(&oracle, 0, &mut rng).unwrap();
        best.insert(&oracle, 4, &mut rng).unwrap();
        assert_eq!(best.query(&oracle, &mut rng), Ok(nothing));
        assert_eq!((best.live(), best.is_alive(4), best.is_alive(1)), (2, true, false));
        for id in [1, 2, 3, 5] {
            best.insert(&oracle, id, &mut rng).unwrap();
            assert!(best.selection().stale);
        }
        best.query(&oracle, &mut rng).unwrap();
        let answer = best.polish(&oracle).unwrap();
        // One of the three, and the last: nothing that adds nothing.
        assert_eq!((answer.value, answer.len), (5.0, 2));
        assert!(answer.upper_bound.unwrap() >= 5.0);
        for id in 0..6 {
            best.delete(&oracle, id, &mut rng).unwrap();
            assert!(!best.selected().contains(&(id as u16)));
        }
        assert_eq!((best.query(&oracle, &mut rng), best.live()), (Ok(nothing), 0));
    });
}

/// Similarities that may change between two calls.
struct Changing(RefCell<Vec<f64>>);

impl GroundSet for Changing {
    fn elements(&self) -> usize {
        self.0.borrow().len() / 2
    }
    fn prefix_len(&self, size: usize) -> PrefixLen {
        FacilityLocation::<f64>::prefix_len_of(2, size)
    }
}

impl<T: Real> PrefixOracle<T> for Changing {
    fn gain<D: sketchlet_core::Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        FacilityLocation::new(&self.0.borrow(), 2).unwrap().gain(prefix, pushes, id)
    }
    fn push<D: sketchlet_core::Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        FacilityLocation::new(&self.0.borrow(), 2).unwrap().push(prefix, pushes, id);
    }
    fn truncate<D: sketchlet_core::Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        FacilityLocation::new(&self.0.borrow(), 2).unwrap().truncate(prefix, pushes);
    }
}

impl Monotone for Changing {}

#[test]
fn a_faulty_function_is_told_of_until_all_is_cleared() {
    let oracle = Changing(RefCell::new((0..40).map(|i| f64::from(i % 7) + 0.5).collect()));
    for_both!(f64, oracle, 20, 3, |best| {
        let mut rng = generator();
        *oracle.0.borrow_mut() = (0..40).map(|i| f64::from(i % 7) + 0.5).collect();
        (0..20).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
        best.query(&oracle, &mut rng).unwrap();
        // The data of some elements go bad behind its back; all answers stay possible ones.
        for id in 0..20 {
            oracle.0.borrow_mut()[2 * id] = f64::NAN;
        }
        let mut seen = false;
        for id in 0..10 {
            let _ = best.delete(&oracle, id, &mut rng);
            match best.query(&oracle, &mut rng) {
                Err(Error::OracleFault { index }) => {
                    assert!(index < 20);
                    seen = true;
                }
                other => assert!(!seen && other.is_ok(), "{other:?}"),
            }
            assert!(best.selected().len() <= 3 && best.selected().iter().all(|&id| best.is_alive(id.into())));
        }
        assert!(seen);
        assert!(matches!(best.polish(&oracle), Err(Error::OracleFault { .. })));
        best.clear();
        *oracle.0.borrow_mut() = vec![1.0; 40];
        best.insert(&oracle, 5, &mut rng).unwrap();
        assert_eq!(best.query(&oracle, &mut rng).unwrap().value, 2.0);
    });
    let mut greedy = LazyGreedy::<f64, u8, _, _>::new(GreedyParams::new(20, 3).prefix(oracle.prefix_len(3))).unwrap();
    oracle.0.borrow_mut()[4] = f64::NAN;
    assert_eq!(greedy.select(&oracle, &[0, 1, 2]), Err(Error::OracleFault { index: 2 }));
    assert_eq!(greedy.selected().len(), 1);
}

#[test]
fn a_function_that_is_not_submodular_is_found_out_and_harmless() {
    /// The more is there, the more everything adds.
    struct Growing;
    impl GroundSet for Growing {
        fn elements(&self) -> usize {
            30
        }
        fn prefix_len(&self, _: usize) -> PrefixLen {
            PrefixLen::default()
        }
    }
    impl PrefixOracle<f64> for Growing {
        fn gain<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, pushes: usize, id: usize) -> f64 {
            // Up and down, so that searches are misled.
            1.0 + ((pushes * 7 + id * 3) % 5) as f64
        }
        fn push<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize, _: usize) {}
        fn truncate<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize) {}
    }
    impl Monotone for Growing {}
    for_both!(f64, Growing, 30, 5, |best| {
        let mut rng = generator();
        let mut found_out = false;
        for step in 0..300u32 {
            let id = step * 7 % 30;
            if best.is_alive(id) {
                best.delete(&Growing, id, &mut rng).unwrap();
            } else {
                best.insert(&Growing, id, &mut rng).unwrap();
            }
            best.query(&Growing, &mut rng).unwrap();
            assert!(best.selected().iter().all(|&id| best.is_alive(id.into())));
            found_out |= matches!(best.check(&Growing), Err(Error::BoundViolated { .. }));
        }
        assert!(found_out);
    });
}

#[test]
fn units_that_are_powers_of_two_change_no_id() {
    let table: Vec<f64> = (0..60 * 4).map(|i| f64::from(i * i * 31 % 97) / 97.0).collect();
    let run = |unit: i32| {
        let scaled: Vec<f64> = table.iter().map(|x| x * 2f64.powi(unit)).collect();
        let oracle = FacilityLocation::new(&scaled, 4).unwrap();
        let mut all = Vec::new();
        for_both!(f64, oracle, 60, 5, |best| {
            let mut rng = generator();
            for step in 0..200u32 {
                let id = step * 17 % 60;
                if best.is_alive(id) {
                    best.delete(&oracle, id, &mut rng).unwrap();
                } else {
                    best.insert(&oracle, id, &mut rng).unwrap();
                }
                let answer = best.query(&oracle, &mut rng).unwrap();
                all.push((best.selected().to_vec(), answer.value * 2f64.powi(-unit)));
                best.polish(&oracle).unwrap();
                all.push((best.selected().to_vec(), answer.upper_bound.unwrap() * 2f64.powi(-unit)));
            }
        });
        all
    };
    let plain = run(0);
    for unit in [1, 40, -40, -200, 300] {
        assert_eq!(run(unit), plain, "{unit}");
    }
}

#[test]
fn an_answer_stays_while_nothing_is_worth_much_more() {
    // An exemplar for each element: a sum.
    let table: Vec<f64> = (0..1600).map(|i| if i % 41 == 0 { 1.0 + f64::from(i % 9) * 0.01 } else { 0.0 }).collect();
    let oracle = FacilityLocation::new(&table, 40).unwrap();
    let params = LazyDynamicParams::new(40, 3).prefix(oracle.prefix_len(3)).hysteresis(0.5);
    let mut best = LazyDynamic::<f64, u8, _, _>::new(params).unwrap();
    let mut rng = generator();
    (0..10).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
    best.query(&oracle, &mut rng).unwrap();
    let first = best.selected().to_vec();
    (10..40).for_each(|id| best.insert(&oracle, id, &mut rng).unwrap());
    let answer = best.query(&oracle, &mut rng).unwrap();
    assert_eq!((best.selected(), answer.stale), (&first[..], false));
    best.delete(&oracle, first[0].into(), &mut rng).unwrap();
    let answer = best.query(&oracle, &mut rng).unwrap();
    assert!(!best.selected().contains(&first[0]));
    // Not what is left of the old one, with the value of before.
    let value: f64 = best.selected().iter().map(|&id| table[41 * usize::from(id)]).sum();
    assert!((answer.value - value).abs() < 1e-12, "{} {value}", answer.value);
}

#[test]
fn every_storage_and_every_id_gives_the_same_answers() {
    const PARAMS: LazyDynamicParams =
        LazyDynamicParams::new(20, 3).prefix(FacilityLocation::<f32>::prefix_len_of(3, 3)).slots(4);
    let table: Vec<f32> = (0..60u16).map(|i| f32::from(i * 37 % 53)).collect();
    let oracle = FacilityLocation::new(&table, 3).unwrap();
    macro_rules! answers {
        ($new:expr) => {{
            let mut best = $new.unwrap();
            let (mut rng, mut all) = (generator(), Vec::new());
            for step in 0..120u32 {
                let id = step * 7 % 20;
                if best.is_alive(id) {
                    best.delete(&oracle, id, &mut rng).unwrap();
                } else {
                    best.insert(&oracle, id, &mut rng).unwrap();
                }
                best.query(&oracle, &mut rng).unwrap();
                best.polish(&oracle).unwrap();
                all.push((best.selected().iter().map(|&id| u32::from(id)).collect::<Vec<_>>(), best.selection()));
            }
            all
        }};
    }
    let owned = (vec![5f32; PARAMS.storage_len()], vec![9u32; PARAMS.index_len::<u32>()]);
    let expected = answers!(LazyDynamic::new_in(PARAMS, owned.0, owned.1));
    let arrays = ([1f32; PARAMS.storage_len()], [1u8; PARAMS.index_len::<u8>()]);
    assert_eq!(answers!(LazyDynamic::new_in(PARAMS, arrays.0, arrays.1)), expected);
    let mut buffers = (vec![7f32; PARAMS.storage_len()], vec![7u16; PARAMS.index_len::<u16>()]);
    assert_eq!(answers!(LazyDynamic::new_in(PARAMS, &mut buffers.0[..], &mut buffers.1[..])), expected);
    let mut fixed = heapless::Vec::<f32, 1024>::new();
    fixed.resize(PARAMS.storage_len(), 2.0).unwrap();
    assert_eq!(answers!(LazyDynamic::new_in(PARAMS, fixed, vec![0u8; PARAMS.index_len::<u8>()])), expected);
}

#[test]
fn a_function_that_shrinks_before_the_work_is_done_is_refused() {
    let (table, partition) = ([1.0; 10], Partition::new(&[0u8; 10], &[2]).unwrap());
    let (whole, part) = (FacilityLocation::new(&table, 1).unwrap(), FacilityLocation::new(&table[..5], 1).unwrap());
    let mut rng = generator();
    let gone = Err(Error::NotFound { index: 9 });
    let prefix = whole.prefix_len(2);
    let mut lazy = LazyDynamic::<f64, u8, _, _>::new(LazyDynamicParams::new(10, 2).prefix(prefix)).unwrap();
    lazy.insert_deferred(&whole, 9, &mut rng).unwrap();
    assert_eq!(lazy.poll(&part, 5), gone);
    let mut eager = Dynamic::<f64, u8, _, _>::new(DynamicParams::new(10, 2).prefix(prefix)).unwrap();
    eager.insert_deferred(&whole, 9, &mut rng).unwrap();
    assert_eq!(eager.poll(&part, 5), gone);
    let params = PartitionDynamicParams::new(10, 2, 0.1);
    let mut capped = PartitionDynamic::<f64, u8, _, _>::new(params.prefix(whole.prefix_len(params.pushes()))).unwrap();
    capped.insert_deferred(&whole, &partition, 9, &mut rng).unwrap();
    let fewer = Partition::new(&[0u8; 5], &[2]).unwrap();
    assert_eq!(capped.poll(&whole, &fewer, 5), gone);
    capped.insert_deferred(&whole, &partition, 9, &mut rng).unwrap();
    assert_eq!(capped.poll(&part, &partition, 5), gone);
    // The request is over, and nothing has come.
    assert_eq!((lazy.live(), lazy.poll(&whole, 5)), (0, Ok(Progress::Done)));
    assert_eq!((eager.live(), eager.poll(&whole, 5)), (0, Ok(Progress::Done)));
    assert_eq!((capped.live(), capped.poll(&whole, &partition, 5)), (0, Ok(Progress::Done)));
}

/// A sum whose searches in one pass answer whatever they like.
struct Liar(usize);

impl GroundSet for Liar {
    fn elements(&self) -> usize {
        20
    }
    fn prefix_len(&self, _: usize) -> PrefixLen {
        PrefixLen::default()
    }
}

impl PrefixOracle<f64> for Liar {
    const ONE_PASS: bool = true;

    fn gain<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, pushes: usize, id: usize) -> f64 {
        if pushes > 2 + id % 3 { 0.0 } else { 1.0 }
    }
    fn push<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize, _: usize) {}
    fn truncate<D: sketchlet_core::Id>(&self, _: &mut Prefix<'_, f64, D>, _: usize) {}
    fn first_below<D: sketchlet_core::Id>(
        &self,
        _: &mut Prefix<'_, f64, D>,
        _: usize,
        _: f64,
        _: (usize, usize),
    ) -> usize {
        self.0
    }
}

impl Monotone for Liar {}

#[test]
fn searches_that_answer_nonsense_are_harmless() {
    for answer in [0, 1, 7, usize::MAX] {
        let (liar, mut rng) = (Liar(answer), generator());
        let mut lazy = LazyDynamic::<f64, u8, _, _>::new(LazyDynamicParams::new(20, 5)).unwrap();
        let mut eager = Dynamic::<f64, u8, _, _>::new(DynamicParams::new(20, 5)).unwrap();
        for step in 0..200u32 {
            let id = step * 7 % 20;
            if lazy.is_alive(id) {
                lazy.delete(&liar, id, &mut rng).unwrap();
                eager.delete(&liar, id, &mut rng).unwrap();
            } else {
                lazy.insert(&liar, id, &mut rng).unwrap();
                eager.insert(&liar, id, &mut rng).unwrap();
            }
            lazy.query(&liar, &mut rng).unwrap();
            eager.query(&liar, &mut rng).unwrap();
            assert!(lazy.selected().iter().all(|&id| lazy.is_alive(id.into())));
            assert!(eager.selected().iter().all(|&id| eager.is_alive(id.into())));
        }
    }
}
