//! Laws of dynamic selection: the guarantee and the certificate against brute force, what must hold of levels, and errors that
//! change nothing.

use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use sketchlet_core::stream::Progress;
use sketchlet_core::submodular::*;
use sketchlet_core::{Difference, Error, Id, Wire};

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

/// Elements of a run, and exemplars.
const N: usize = 10;
const M: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(u32),
    Delete(u32),
    Query,
}

/// Updates and answers of a set of elements.
#[derive(Clone, Debug)]
struct Run {
    ops: Vec<Op>,
    table: Vec<f64>,
    size: usize,
    steps: u32,
    seed: u64,
}

impl Run {
    fn oracle(&self) -> FacilityLocation<'_, f64> {
        FacilityLocation::new(&self.table, M).unwrap()
    }

    /// Whether values of single elements are zero or within a factor.
    fn spans_at_most(&self, factor: f64) -> bool {
        let values = self.table.chunks(M).map(|row| row.iter().sum::<f64>()).filter(|&value| value > 0.0);
        let (least, most) = values.fold((f64::INFINITY, 0f64), |(least, most), x| (least.min(x), most.max(x)));
        most <= factor * least
    }
}

fn run() -> impl Strategy<Value = Run> {
    let id = 0u32..N as u32;
    let op = prop_oneof![id.clone().prop_map(Op::Insert), id.prop_map(Op::Delete), Just(Op::Query)];
    let entry = prop_oneof![Just(0.0), 0.0f64..1.0, 0.0f64..30.0];
    let table = prop_oneof![prop::collection::vec(entry, N * M), prop::collection::vec(0.3f64..2.0, N * M)];
    let steps = prop::sample::select(vec![1u32, 2, 4, 16]);
    (prop::collection::vec(op, 1..100), table, 1usize..5, steps, any::<u64>())
        .prop_map(|(ops, table, size, steps, seed)| Run { ops, table, size, steps, seed })
}

/// What tests ask of a dynamic selection besides its verbs.
trait Selector: DynamicSelection<Scalar = f64> {
    fn defer<O: PrefixOracle<f64> + Monotone>(
        &mut self,
        oracle: &O,
        op: Op,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<(), Error> {
        match op {
            Op::Insert(id) => self.insert_deferred(oracle, id, rng),
            Op::Delete(id) => self.delete_deferred(oracle, id, rng),
            Op::Query => self.query_deferred(oracle, rng),
        }
    }

    fn ids(&self) -> Vec<usize> {
        self.selected().iter().map(|id| id.to_usize()).collect()
    }
}

impl<B: DynamicSelection<Scalar = f64>> Selector for B {}

/// Goes through a run and checks every answer against all sets that there are; what was answered.
fn check_run<M2: Selector>(run: &Run, ratio: f64, mut best: M2) -> Vec<(Vec<usize>, Selection<f64>)> {
    let (oracle, mut rng) = (run.oracle(), generator(run.seed));
    let (mut alive, mut answers) = (Vec::new(), Vec::new());
    for &op in &run.ops {
        match op {
            Op::Insert(id) => {
                let (inserted, id) = (best.insert(&oracle, id, &mut rng), id as usize);
                let is_new = !alive.contains(&id);
                assert_eq!(inserted, if is_new { Ok(()) } else { Err(Error::AlreadyPresent { index: id }) });
                if is_new {
                    alive.push(id);
                }
            }
            Op::Delete(id) => {
                let (deleted, id) = (best.delete(&oracle, id, &mut rng), id as usize);
                let is_there = alive.contains(&id);
                assert_eq!(deleted, if is_there { Ok(()) } else { Err(Error::NotFound { index: id }) });
                alive.retain(|&own| own != id);
                assert!(!best.ids().contains(&id));
            }
            Op::Query => {
                let optimum = best_of(&run.table, M, &alive, run.size);
                let answer = best.query(&oracle, &mut rng).unwrap();
                best.check(&oracle).unwrap();
                let ids = best.ids();
                assert!(ids.iter().all(|id| alive.contains(id)) && ids.len() <= run.size && ids.len() == answer.len);
                assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)));
                assert!((answer.value - value_of(&run.table, M, &ids)).abs() <= 1e-12 * answer.value);
                assert!(answer.value >= optimum / ratio * (1.0 - 1e-12), "{} of {optimum}", answer.value);
                let bound = answer.upper_bound.unwrap();
                assert!(bound >= optimum * (1.0 - 1e-12) && bound <= ratio * answer.value * (1.0 + 1e-12));
                answers.push((ids, answer));
                let polished = best.polish(&oracle).unwrap();
                assert!(polished.value >= answer.value && polished.value <= bound * (1.0 + 1e-12));
                answers.push((best.ids(), polished));
            }
        }
        assert_eq!(best.live(), alive.len());
    }
    answers
}

/// Goes through a run at once and in slices, with budgets one after the other.
fn check_slices<M2: Selector>(run: &Run, budgets: &[u64], new: impl Fn() -> M2) {
    let oracle = run.oracle();
    let (mut whole, mut sliced) = (new(), new());
    let (mut rng, mut other) = (generator(run.seed), generator(run.seed));
    let mut budgets = budgets.iter().copied().cycle();
    for &op in &run.ops {
        let before = (sliced.ids(), sliced.selection());
        let outcome = match op {
            Op::Insert(id) => whole.insert(&oracle, id, &mut rng),
            Op::Delete(id) => whole.delete(&oracle, id, &mut rng),
            Op::Query => whole.query(&oracle, &mut rng).map(|_| ()),
        };
        assert_eq!(sliced.defer(&oracle, op, &mut other), outcome);
        loop {
            // A budget of 0 is one of 1: else all of them may be 0, and nothing ever ends.
            let budget = budgets.next().unwrap();
            let counted = Counted::new(oracle);
            let progress = sliced.poll(&counted, budget).unwrap();
            assert!(counted.gains() <= budget.max(1), "{} of {budget}", counted.gains());
            if progress == Progress::Done {
                break;
            }
            // Meanwhile the answer is that of before, without what has gone.
            let left: Vec<usize> = match op {
                Op::Delete(gone) => before.0.iter().copied().filter(|&id| id != gone as usize).collect(),
                _ => before.0.clone(),
            };
            assert_eq!((sliced.ids(), sliced.selection().value), (left, before.1.value));
            assert_eq!(sliced.defer(&oracle, Op::Query, &mut other.clone()), Err(Error::Pending));
        }
        assert_eq!((whole.ids(), whole.selection()), (sliced.ids(), sliced.selection()));
        assert_eq!(rng.next_u64(), other.next_u64());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn lazy_answers_keep_the_guarantee_and_the_certificate(run in run(), slots in 1usize..9, extras in 0u32..4, many in 30usize..60) {
        let oracle = run.oracle();
        let params = LazyDynamicParams::new(N, run.size).prefix(oracle.prefix_len(run.size)).ladder_steps(run.steps);
        let params = params.slots(slots).extra_guesses(extras);
        let ratio = 1.0 + params.ratio().unwrap();
        let own = check_run(&run, ratio, Lazy::new(params).unwrap());
        let storage = (vec![0.5; params.storage_len()], vec![7; params.index_len::<u8>()]);
        check_run(&run, ratio, LazyDynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1).unwrap());
        // With slots for all guesses the caller's storage gives the same ids.
        let params = params.slots(many);
        let storage = (vec![0.5; params.storage_len()], vec![7; params.index_len::<u8>()]);
        let bounded = check_run(&run, ratio, LazyDynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1).unwrap());
        if run.spans_at_most(20.0) && run.steps < 16 {
            prop_assert_eq!(own, bounded);
        }
    }

    #[test]
    fn eager_answers_keep_the_guarantee_and_the_certificate(run in run(), many in 120usize..140) {
        let oracle = run.oracle();
        let params = DynamicParams::new(N, run.size).prefix(oracle.prefix_len(run.size)).ladder_steps(run.steps);
        let ratio = 1.0 + params.ratio().unwrap();
        let own = check_run(&run, ratio, Dynamic::<f64, u16, _, _>::new(params).unwrap());
        let storage = (vec![0.5; params.storage_len()], vec![7; params.index_len::<u8>()]);
        check_run(&run, ratio, Dynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1).unwrap());
        let params = params.slots(many);
        let storage = (vec![0.5; params.storage_len()], vec![7; params.index_len::<u8>()]);
        let bounded = check_run(&run, ratio, Dynamic::<f64, u8, _, _>::new_in(params, storage.0, storage.1).unwrap());
        if run.spans_at_most(20.0) && run.steps < 16 {
            prop_assert_eq!(own, bounded);
        }
    }

    #[test]
    fn work_in_slices_ends_in_the_same_answer(run in run(), budgets in prop::collection::vec(0u64..5, 1..20)) {
        let oracle = run.oracle();
        let prefix = oracle.prefix_len(run.size);
        let params = LazyDynamicParams::new(N, run.size).prefix(prefix).ladder_steps(run.steps);
        check_slices(&run, &budgets, || Lazy::new(params).unwrap());
        let params = DynamicParams::new(N, run.size).prefix(prefix).ladder_steps(run.steps);
        check_slices(&run, &budgets, || {
            let storage = (vec![0.5; params.storage_len()], vec![7u8; params.index_len::<u8>()]);
            Dynamic::new_in(params, storage.0, storage.1).unwrap()
        });
    }
}

/// Goes through a run in slices; after each the byte form is read back, into storage of its own and of the caller, and goes on in
/// its place.
macro_rules! check_byte_form {
    ($type:ident, $run:expr, $params:expr, $budgets:expr) => {{
        type Own<D> = $type<f64, D, Vec<f64>, Vec<D>>;
        let run = $run;
        let oracle = run.oracle();
        let (mut rng, mut other) = (generator(run.seed), generator(run.seed));
        let mut whole = Own::<u16>::new($params).unwrap();
        let mut sent = Own::<u16>::new($params).unwrap();
        let mut budgets = $budgets.iter().copied().cycle();
        for &op in &run.ops {
            let outcome = match op {
                Op::Insert(id) => whole.insert(&oracle, id, &mut rng),
                Op::Delete(id) => whole.delete(&oracle, id, &mut rng),
                Op::Query => whole.query(&oracle, &mut rng).map(|_| ()),
            };
            let before = sent.encode();
            let own = Selector::defer(&mut sent, &oracle, op, &mut other);
            assert_eq!(own, outcome);
            if outcome.is_err() {
                // What was refused has changed nothing.
                assert_eq!(sent.encode(), before);
            }
            loop {
                let bytes = sent.encode();
                // Ids of any type that can hold them, and storage of the caller.
                let narrow = Own::<u8>::decode(&bytes).unwrap();
                assert_eq!(narrow.encode(), bytes);
                let lens = (Own::<u32>::storage_needed(&bytes).unwrap(), Own::<u32>::indices_needed(&bytes).unwrap());
                let storage = (vec![0.5; lens.0], vec![9u32; lens.1]);
                let wide = $type::<f64, u32, _, _>::decode_in(&bytes, storage).unwrap();
                assert_eq!((wide.live(), wide.ids(), wide.selection()), (sent.live(), sent.ids(), sent.selection()));
                // What was bounded so can be sent on.
                let mut again = Own::<u16>::decode(&wide.encode()).unwrap();
                assert_eq!((again.ids(), again.encode()), (sent.ids(), wide.encode()));
                again.poll(&oracle, u64::MAX).unwrap();
                again.check(&oracle).unwrap();
                let alive: Vec<usize> = (0..N).filter(|&id| again.is_alive(id as u32)).collect();
                let (optimum, answer) =
                    (best_of(&run.table, M, &alive, run.size), again.query(&oracle, &mut rng.clone()).unwrap());
                assert!(answer.value >= optimum / (1.0 + again.params().ratio().unwrap()) * (1.0 - 1e-12));
                assert!(again.ids().iter().all(|id| alive.contains(id)));
                sent = Own::<u16>::decode(&narrow.encode()).unwrap();
                assert_eq!(sent.encode(), bytes);
                sent.verify(&oracle).unwrap();
                if sent.poll(&oracle, budgets.next().unwrap()).unwrap() == Progress::Done {
                    break;
                }
            }
            assert_eq!((whole.ids(), whole.selection()), (sent.ids(), sent.selection()));
            if let Op::Query = op {
                assert_eq!(whole.polish(&oracle), sent.polish(&oracle));
                assert_eq!(whole.ids(), sent.ids());
            }
        }
        // Beside other data it is not to be gone on with.
        let changed: Vec<f64> = run.table.iter().map(|x| x * 1.5 + 1.0).collect();
        let verified = sent.verify(&FacilityLocation::new(&changed, M).unwrap());
        let is_refused = matches!(verified, Err(Error::Incompatible { what: Difference::Value, .. }));
        assert!(is_refused || sent.live() == 0 && verified.is_ok(), "{verified:?}");
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn a_summary_that_was_sent_goes_on_to_the_same_bits(run in run(), budgets in prop::collection::vec(1u64..6, 1..12)) {
        let prefix = run.oracle().prefix_len(run.size);
        let params = LazyDynamicParams::new(N, run.size).prefix(prefix).ladder_steps(run.steps).hysteresis(0.05);
        check_byte_form!(LazyDynamic, &run, params, budgets);
        check_byte_form!(Dynamic, &run, DynamicParams::new(N, run.size).prefix(prefix).ladder_steps(run.steps), budgets);
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

/// Gains an update of a window, with an answer after each.
fn gains_an_update<M2: Selector>(table: &[f64], n: usize, updates: usize, mut best: M2) -> f64 {
    let oracle = Counted::new(FacilityLocation::new(table, 32).unwrap());
    let mut rng = generator(5);
    for id in 0..n {
        best.insert(&oracle, id as u32, &mut rng).unwrap();
    }
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

#[test]
fn cost_of_a_window() {
    // Limits: twelve standard deviations of one run above the mean.
    let (n, k, updates) = (1000usize, 10, 8000usize);
    let table = similarities(n + updates / 2, 3);
    let prefix = FacilityLocation::<f64>::prefix_len_of(32, k);
    let params = LazyDynamicParams::new(n + updates / 2, k).prefix(prefix);
    let lazy = gains_an_update(&table, n, updates, Lazy::new(params).unwrap());
    assert!(lazy < 130.0, "{lazy}");
    let params = DynamicParams::new(n + updates / 2, k).prefix(prefix);
    let eager = gains_an_update(&table, n, updates, Dynamic::<f64, u16, _, _>::new(params).unwrap());
    assert!(eager < 275.0, "{eager}");
    println!("{lazy} {eager} gains an update");
}
