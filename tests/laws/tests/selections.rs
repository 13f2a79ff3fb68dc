//! Every law of selections can fail: one fault at a time, and the law that catches it.

#![allow(missing_docs)]

use sketchlet_core::stream::Progress;
use sketchlet_core::submodular::{FacilityLocation, LazyDynamic, LazyDynamicParams};
use sketchlet_laws::selection::{self, DeferredVerbs, Law, Selector};

type Lazy = LazyDynamic<f64, u8, Vec<f64>, Vec<u8>>;

fn right() -> Selector<Lazy> {
    Selector::of(|s| {
        let prefix = FacilityLocation::<f64>::prefix_len_of(s.width, s.size);
        LazyDynamic::new(LazyDynamicParams::new(s.capacity, s.size).prefix(prefix))
    })
    .deferring(DeferredVerbs {
        insert: |best, oracle, id, coins| best.insert_deferred(oracle, id, coins),
        delete: |best, oracle, id, coins| best.delete_deferred(oracle, id, coins),
        query: |best, oracle, coins| best.query_deferred(oracle, coins),
        poll: |best, oracle, budget| best.poll(oracle, budget),
    })
}

fn broken(selector: Selector<Lazy>) -> Vec<&'static str> {
    let laws: [(&str, Law<Lazy>); 8] = [
        ("selected_are_alive_and_few", selection::selected_are_alive_and_few),
        ("answers_are_true", selection::answers_are_true),
        ("answers_are_worth_something", selection::answers_are_worth_something),
        ("refused_elements_change_nothing", selection::refused_elements_change_nothing),
        ("clear_is_new", selection::clear_is_new),
        ("deferred_equals_immediate", selection::deferred_equals_immediate),
        ("decoded_chooses_the_same", selection::decoded_chooses_the_same),
        ("damaged_bytes_are_refused", selection::damaged_bytes_are_refused),
    ];
    laws.into_iter()
        .filter(|(name, law)| selection::check(name, &selector, *law).is_err())
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn without_a_fault_all_laws_hold() {
    assert_eq!(broken(right()), [""; 0]);
}

#[test]
fn faults_are_caught() {
    let caught = |law: &str, selector: Selector<Lazy>| {
        let broken = broken(selector);
        assert!(broken.contains(&law), "{law}: caught by {broken:?}");
    };
    let twice = |best: &Lazy| best.selected().iter().chain(best.selected()).map(|&id| u32::from(id)).collect();
    caught("selected_are_alive_and_few", Selector { selected: twice, ..right() });
    let others = |best: &Lazy| best.selected().iter().map(|&id| u32::from(id) ^ 1).collect();
    caught("selected_are_alive_and_few", Selector { selected: others, ..right() });
    caught(
        "answers_are_true",
        Selector {
            query: |best, oracle, coins| {
                best.query(oracle, coins).map(|mut answer| {
                    answer.value *= 1.5;
                    answer
                })
            },
            ..right()
        },
    );
    caught(
        "answers_are_true",
        Selector {
            query: |best, oracle, coins| {
                best.query(oracle, coins).map(|mut answer| {
                    answer.upper_bound = answer.upper_bound.map(|bound| bound / 4.0);
                    answer
                })
            },
            ..right()
        },
    );
    caught("answers_are_worth_something", Selector { selected: |_| Vec::new(), ..right() });
    caught(
        "refused_elements_change_nothing",
        Selector {
            insert: |best, oracle, id, coins| {
                if best.is_alive(id) {
                    best.delete(oracle, id, coins)?;
                }
                best.insert(oracle, id, coins)
            },
            ..right()
        },
    );
    caught("clear_is_new", Selector { clear: |_| (), ..right() });
    let lazy = DeferredVerbs { poll: |_, _, _| Ok(Progress::Done), ..right().deferred.unwrap() };
    caught("deferred_equals_immediate", right().deferring(lazy));
}
