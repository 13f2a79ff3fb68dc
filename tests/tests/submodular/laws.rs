//! Selections, joined to their laws: one line a type.

use sketchlet_core::submodular::*;
use sketchlet_laws::selection::{DeferredVerbs, Ground, Selector, to_u32};
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

/// Sieves: elements only come, and the answer is always there.
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
        deferred: None,
    },
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
