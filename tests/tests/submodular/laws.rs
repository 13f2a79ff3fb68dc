//! Selections, joined to their laws: one line a type.

use sketchlet_core::submodular::*;
use sketchlet_core::{Error, Id};
use sketchlet_laws::selection::{DeferredVerbs, Ground, Oracle, Selector, to_u32};
use sketchlet_laws::selection_laws;

/// Room for pushes of similarities.
fn prefix(ground: &Ground, pushes: usize) -> PrefixLen {
    FacilityLocation::<f64>::prefix_len_of(ground.width, pushes)
}

/// Verbs of types without the trait, by their names.
macro_rules! verbs {
    ($make:expr) => {
        Selector {
            make: $make,
            insert: |best, oracle, id, coins| best.insert(oracle, id, coins),
            delete: Some(|best, oracle, id, coins| best.delete(oracle, id, coins)),
            query: |best, oracle, coins| best.query(oracle, coins),
            selected: |best| best.selected().iter().map(|&id| to_u32(id)).collect(),
            clear: |best| best.clear(),
            deferred: None,
            window: None,
        }
    };
}

macro_rules! deferred_verbs {
    () => {
        DeferredVerbs {
            insert: |best, oracle, id, coins| best.insert_deferred(oracle, id, coins),
            delete: |best, oracle, id, coins| best.delete_deferred(oracle, id, coins),
            query: |best, oracle, coins| best.query_deferred(oracle, coins),
            poll: |best, oracle, budget| best.poll(oracle, budget),
        }
    };
}

/// Sieves: elements only come, and the answer is always there. They leave no work, and have no byte form.
macro_rules! sieve {
    ($make:expr) => {
        Selector {
            make: $make,
            insert: |sieve, oracle, id, _| sieve.insert(oracle, id),
            delete: None,
            query: |sieve, _, _| Ok(sieve.selection()),
            selected: |sieve| sieve.selected().iter().map(|&id| to_u32(id)).collect(),
            clear: |sieve| sieve.clear(),
            deferred: None,
            window: None,
        }
    };
}

selection_laws! {
    lazy_dynamic: LazyDynamic<f64, u8, Vec<f64>, Vec<u8>>,
    Selector::of(|s| LazyDynamic::new(LazyDynamicParams::new(s.capacity, s.size).prefix(prefix(s, s.size))))
        .deferring(deferred_verbs!()),
    [choice, worth, deferred, wire]
}

selection_laws! {
    dynamic: Dynamic<f64, u16, Vec<f64>, Vec<u16>>,
    Selector::of(|s| Dynamic::new(DynamicParams::new(s.capacity, s.size).prefix(prefix(s, s.size))))
        .deferring(deferred_verbs!()),
    [choice, worth, deferred, wire]
}

selection_laws! {
    non_monotone_dynamic: NonMonotoneDynamic<f64, u8, Vec<f64>, Vec<u8>>,
    verbs!(|s| {
        let params = NonMonotoneDynamicParams::new(s.capacity, s.size, 0.2);
        NonMonotoneDynamic::new(params.prefix(prefix(s, params.pushes())))
    })
    .deferring(deferred_verbs!()),
    // It has no byte form, and its coins may pass over an element that alone is worth something.
    [choice, deferred]
}

/// A selection of so many elements of one group.
#[derive(Debug)]
struct Capped {
    best: PartitionDynamic<f64, u8, Vec<f64>, Vec<u8>>,
    caps: [u32; 1],
}

fn one_group(caps: &[u32; 1]) -> Partition<'_, u8> {
    Partition::new(&[0; 9], caps).unwrap()
}

selection_laws! {
    partition_dynamic: Capped,
    Selector {
        make: |s| {
            let params = PartitionDynamicParams::new(s.capacity, s.size, 0.2);
            let best = PartitionDynamic::new(params.prefix(prefix(s, params.pushes())))?;
            Ok(Capped { best, caps: [s.size as u32] })
        },
        insert: |capped, oracle, id, coins| capped.best.insert(oracle, &one_group(&capped.caps), id, coins),
        delete: Some(|capped, oracle, id, coins| capped.best.delete(oracle, &one_group(&capped.caps), id, coins)),
        query: |capped, oracle, coins| capped.best.query(oracle, &one_group(&capped.caps), coins),
        selected: |capped| capped.best.selected().iter().map(|&id| to_u32(id)).collect(),
        clear: |capped| capped.best.clear(),
        deferred: Some(DeferredVerbs {
            insert: |capped, oracle, id, coins| {
                capped.best.insert_deferred(oracle, &one_group(&capped.caps), id, coins)
            },
            delete: |capped, oracle, id, coins| {
                capped.best.delete_deferred(oracle, &one_group(&capped.caps), id, coins)
            },
            query: |capped, oracle, coins| capped.best.query_deferred(oracle, &one_group(&capped.caps), coins),
            poll: |capped, oracle, budget| capped.best.poll(oracle, &one_group(&capped.caps), budget),
        }),
        window: None,
    },
    // It has no byte form.
    [choice, worth, deferred]
}

/// The elements of a window are in slots, whose numbers follow from the order of arrival.
#[derive(Debug)]
struct Windowed {
    window: SlidingWindow<LazyDynamic<f64, u8, Vec<f64>, Vec<u8>>>,
    /// The element in each slot.
    slots: Vec<u32>,
}

/// Elements by their slots.
struct Slots<'a> {
    oracle: &'a Oracle<'a>,
    slots: &'a [u32],
}

impl GroundSet for Slots<'_> {
    fn elements(&self) -> usize {
        self.slots.len()
    }

    fn prefix_len(&self, size: usize) -> PrefixLen {
        self.oracle.prefix_len(size)
    }
}

impl PrefixOracle<f64> for Slots<'_> {
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, f64, D>, pushes: usize, slot: usize) -> f64 {
        self.oracle.gain(prefix, pushes, self.slots[slot] as usize)
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, f64, D>, pushes: usize, slot: usize) {
        self.oracle.push(prefix, pushes, self.slots[slot] as usize);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, f64, D>, pushes: usize) {
        self.oracle.truncate(prefix, pushes);
    }
}

impl Monotone for Slots<'_> {}

fn window_of(ground: &Ground) -> usize {
    ground.capacity.div_ceil(2)
}

selection_laws! {
    sliding_window: Windowed,
    Selector {
        make: |s| {
            let best = LazyDynamic::new(LazyDynamicParams::new(s.capacity, s.size).prefix(prefix(s, s.size)))?;
            Ok(Windowed { window: SlidingWindow::new(best, window_of(s))?, slots: vec![0; window_of(s)] })
        },
        insert: |windowed, oracle, id, coins| {
            // A window numbers its slots itself: who comes is the caller's to check.
            if id as usize >= oracle.elements() {
                return Err(Error::NotFound { index: id as usize });
            }
            let Windowed { window, slots } = windowed;
            let slot = window.evict(&Slots { oracle, slots }, coins)?;
            slots[slot as usize] = id;
            window.insert(&Slots { oracle, slots }, coins)
        },
        delete: None,
        query: |windowed, oracle, coins| windowed.window.query(&Slots { oracle, slots: &windowed.slots }, coins),
        selected: |windowed| windowed.window.selected().iter().map(|&slot| windowed.slots[usize::from(slot)]).collect(),
        clear: |windowed| windowed.window.clear(),
        deferred: None,
        window: Some(window_of),
    },
    // It leaves no work, and has no byte form: the selection inside has both.
    [choice, worth]
}

selection_laws! {
    bucket_dynamic: BucketDynamic<f64>,
    verbs!(|s| BucketDynamic::new(BucketDynamicParams::new(s.capacity, s.size, 0.2).prefix(prefix(s, s.size)))),
    [choice, worth]
}

selection_laws! {
    level_dynamic: LevelDynamic<f64>,
    verbs!(|s| LevelDynamic::new(LevelDynamicParams::new(s.capacity, s.size, 0.2).prefix(prefix(s, s.size)))),
    [choice, worth]
}

selection_laws! {
    sieve_streaming: SieveStreaming<f64, u8, Vec<f64>, Vec<u8>>,
    sieve!(|s| SieveStreaming::new(SieveParams::new(s.size).prefix(prefix(s, s.size)))),
    [choice, worth]
}

selection_laws! {
    sieve_plus_plus: SievePlusPlus<f64, u8, Vec<f64>, Vec<u8>>,
    sieve!(|s| SievePlusPlus::new(SieveParams::new(s.size).prefix(prefix(s, s.size)))),
    [choice, worth]
}

selection_laws! {
    three_sieves: ThreeSieves<f64, u8, Vec<f64>, Vec<u8>>,
    sieve!(|s| ThreeSieves::new(ThreeSievesParams::new(s.size, 0.2, 5).prefix(prefix(s, s.size)))),
    [choice, worth]
}

type Sieve = SieveStreaming<f64, u8, Vec<f64>, Vec<u8>>;

/// A chain keeps no list of the elements that are there: who comes and goes is the caller's to check.
#[derive(Debug)]
struct Chain {
    sieves: RobustCascade<f64, u8, Vec<f64>, Vec<u8>, Vec<Sieve>>,
    there: Vec<u32>,
}

selection_laws! {
    robust_cascade: Chain,
    Selector {
        make: |s| {
            let sieve = Sieve::new(SieveParams::new(s.size).prefix(prefix(s, s.size)))?;
            // More than the deletions of any script.
            Ok(Chain { sieves: RobustCascade::new(vec![sieve; 21])?, there: Vec::new() })
        },
        insert: |chain, oracle, id, _| {
            let index = id as usize;
            if chain.there.contains(&id) {
                return Err(Error::AlreadyPresent { index });
            }
            chain.sieves.insert(oracle, id)?;
            chain.there.push(id);
            Ok(())
        },
        delete: Some(|chain, oracle, id, _| {
            let place = chain.there.iter().position(|&there| there == id).ok_or(Error::NotFound { index: id as usize })?;
            chain.there.remove(place);
            chain.sieves.delete(oracle, id)
        }),
        query: |chain, _, _| Ok(chain.sieves.selection()),
        selected: |chain| chain.sieves.selected().iter().map(|&id| to_u32(id)).collect(),
        clear: |chain| {
            chain.sieves.clear();
            chain.there.clear();
        },
        deferred: None,
        window: None,
    },
    // It leaves no work, and has no byte form.
    [choice, worth]
}
