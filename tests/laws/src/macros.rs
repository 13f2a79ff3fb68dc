//! `laws!` and `selection_laws!`: each makes a test of every law for a summary, by one line.

/// Joins a summary to the laws: a module with a test for each law.
///
/// `name: Type, subject, [groups]`, and, if the summary has laws of its own, `, module: [laws]`: each of them is a
/// [`Law`](crate::Law) in that module. The name may be followed by scalars: with `name<T: f32, f64>` there is a module for each,
/// in which `T` is the scalar and `S` and `I` stand for `Vec<T>` and `Vec<u32>`, where the type has storage; the group
/// `storage` tries others in their place.
///
/// | group | what the summary is | laws |
/// |---|---|---|
/// | `rows` | a [`RowSummary`](sketchlet_core::RowSummary) | [`rows`](crate::rows), but for the three that have groups of their own, and [`verbs::refused_verbs_change_nothing`](crate::verbs::refused_verbs_change_nothing) |
/// | `wire` | a [`Wire`](sketchlet_core::Wire), which is this library's byte frame, with [`Subject::wire`](crate::Subject::wire) | [`wire`](crate::wire) |
/// | `storage` | generic over its storage, `S` in the type | [`wire::storages_agree`](crate::wire::storages_agree) |
/// | `merge` | a [`Merge`](sketchlet_core::Merge) | [`merging`](crate::merging), but for the next two, and [`verbs::refused_merges_change_nothing`](crate::verbs::refused_merges_change_nothing) |
/// | `identity` | a merge with an empty summary changes no answer | [`merging::merging_with_empty_is_identity`](crate::merging::merging_with_empty_is_identity) |
/// | `linear` | a merge answers as one stream does | [`merging::merging_equals_one_stream`](crate::merging::merging_equals_one_stream) |
/// | `order` | indifferent to the order of rows | [`rows::any_order_gives_the_same_answer`](crate::rows::any_order_gives_the_same_answer) |
/// | `remove` | with [`Subject::removing`](crate::Subject::removing) | [`rows::removal_undoes_update`](crate::rows::removal_undoes_update) |
/// | `scale` | powers of two pass through | [`rows::powers_of_two_keep_bits`](crate::rows::powers_of_two_keep_bits) |
/// | `polled` | a [`Deferred`](sketchlet_core::stream::Deferred) | [`deferred::polls_end`](crate::deferred::polls_end) |
/// | `deferred` | a [`DeferredRows`](sketchlet_core::stream::DeferredRows) | [`deferred`](crate::deferred), but for the one before and the next two |
/// | `deferred_wire` | that and `Wire` | [`deferred::pending_work_travels`](crate::deferred::pending_work_travels) |
/// | `deferred_merge` | that and `Merge` | [`deferred::pending_merges_are_refused`](crate::deferred::pending_merges_are_refused) |
///
/// Each module also has a function `broken()`, which tries all its laws and returns those that are broken.
#[macro_export]
macro_rules! laws {
    ($name:ident: $summary:ty, $subject:expr, [$($group:ident),* $(,)?] $(, $own:ident: [$($law:ident),* $(,)?])? $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::laws!(@module [f64] [$summary] [$subject] [$($group)*] [$($([$law: $own::$law])*)?]);
        }
    };
    ($name:ident<$T:ident: $($scalar:ident),+>: $summary:ty, $subject:expr, [$($group:ident),* $(,)?]
        $(, $own:ident: [$($law:ident),* $(,)?])? $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::laws!(@scalars $T [$($scalar)+] [$summary] [$subject] [$($group)*] [$($([$law: $own::$law])*)?]);
        }
    };
    (@scalars $T:ident [] $summary:tt $subject:tt $groups:tt $own:tt) => {};
    (@scalars $T:ident [$scalar:ident $($more:ident)*] $summary:tt $subject:tt $groups:tt $own:tt) => {
        mod $scalar {
            #[allow(unused_imports)]
            use super::*;
            type $T = $scalar;
            #[allow(dead_code)]
            type S = ::std::vec::Vec<$T>;
            #[allow(dead_code)]
            type I = ::std::vec::Vec<u32>;
            $crate::laws!(@module [$T] $summary $subject $groups $own);
        }
        $crate::laws!(@scalars $T [$($more)*] $summary $subject $groups $own);
    };
    (@module $T:tt [$summary:ty] [$subject:expr] $groups:tt $own:tt) => {
        fn subject() -> $crate::Subject<$summary> {
            $subject
        }

        $crate::laws!(@collect [$T [$summary]] [] $groups $own);
    };
    // The laws of each group: the one list.
    (@collect $context:tt [$($law:tt)*] [rows $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [rows_seen_counts: $crate::rows::rows_seen_counts]
            [wrong_lengths_change_nothing: $crate::rows::wrong_lengths_change_nothing]
            [non_finite_entries_change_nothing: $crate::rows::non_finite_entries_change_nothing]
            [batches_equal_rows: $crate::rows::batches_equal_rows]
            [clear_is_new: $crate::rows::clear_is_new]
            [answering_is_pure: $crate::rows::answering_is_pure]
            [answers_are_numbers: $crate::rows::answers_are_numbers]
            [hostile_rows_are_taken_or_refused: $crate::rows::hostile_rows_are_taken_or_refused]
            [refused_verbs_change_nothing: $crate::verbs::refused_verbs_change_nothing]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [wire $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [decoded_goes_on_bit_for_bit: $crate::wire::decoded_goes_on_bit_for_bit]
            [damaged_bytes_are_refused: $crate::wire::damaged_bytes_are_refused]
            [forged_bytes_never_panic: $crate::wire::forged_bytes_never_panic]
            [foreign_kinds_are_refused: $crate::wire::foreign_kinds_are_refused]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [merge $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [merging_adds_rows_seen: $crate::merging::merging_adds_rows_seen]
            [merging_is_deterministic: $crate::merging::merging_is_deterministic]
            [merging_refuses_other_shapes: $crate::merging::merging_refuses_other_shapes]
            [counts_never_wrap: $crate::merging::counts_never_wrap]
            [refused_merges_change_nothing: $crate::verbs::refused_merges_change_nothing]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [identity $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [merging_with_empty_is_identity: $crate::merging::merging_with_empty_is_identity]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [linear $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [merging_equals_one_stream: $crate::merging::merging_equals_one_stream]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [order $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [any_order_gives_the_same_answer: $crate::rows::any_order_gives_the_same_answer]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [remove $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [removal_undoes_update: $crate::rows::removal_undoes_update]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [scale $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [powers_of_two_keep_bits: $crate::rows::powers_of_two_keep_bits]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [polled $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [polls_end: $crate::deferred::polls_end]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [deferred $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [deferred_equals_immediate: $crate::deferred::deferred_equals_immediate]
            [polling_when_idle_is_done: $crate::deferred::polling_when_idle_is_done]
            [refused_deferred_rows_change_nothing: $crate::deferred::refused_deferred_rows_change_nothing]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [deferred_wire $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [pending_work_travels: $crate::deferred::pending_work_travels]
        ] [$($more)*] $own);
    };
    (@collect $context:tt [$($law:tt)*] [deferred_merge $($more:ident)*] $own:tt) => {
        $crate::laws!(@collect $context [$($law)*
            [pending_merges_are_refused: $crate::deferred::pending_merges_are_refused]
        ] [$($more)*] $own);
    };
    (@collect [[$T:ident] [$summary:ty]] [$($law:tt)*] [storage $($more:ident)*] $own:tt) => {
        mod storages {
            use super::*;
            $crate::laws!(@storage $T [$summary] boxed ::std::boxed::Box<[$T]>, ::std::boxed::Box<[u32]>);
            $crate::laws!(@storage $T [$summary] borrowed $crate::storage::Borrowed<$T>, $crate::storage::Borrowed<u32>);
            $crate::laws!(@storage $T [$summary] fixed $crate::storage::Fixed<$T>, $crate::storage::Fixed<u32>);
        }
        $crate::laws!(@collect [[$T] [$summary]] [$($law)*
            [stored_in_a_box: storages::boxed]
            [stored_in_a_borrowed_slice: storages::borrowed]
            [stored_in_a_heapless_vec: storages::fixed]
        ] [$($more)*] $own);
    };
    (@storage $T:ident [$summary:ty] $name:ident $scalars:ty, $indices:ty) => {
        pub(super) fn $name(subject: &$crate::Subject<$summary>, case: &$crate::Case) -> $crate::TestCaseResult {
            type S = $scalars;
            #[allow(dead_code)]
            type I = $indices;
            $crate::wire::storages_agree::<_, $summary>(subject, case)
        }
    };
    (@collect $context:tt [$($law:tt)*] [] [$($own:tt)+]) => {
        $crate::laws!(@collect $context [$($law)* $($own)+] [] []);
    };
    (@collect $context:tt [$([$law:ident: $path:path])*] [] []) => {
        $(
            #[test]
            fn $law() {
                if let Err(broken) = $crate::check(stringify!($law), &subject(), $path) {
                    ::std::panic!("{broken}");
                }
            }
        )*

        /// Tries all laws; those that are broken.
        #[allow(dead_code)]
        pub fn broken() -> ::std::vec::Vec<$crate::Broken> {
            let subject = subject();
            let laws = [$($crate::check(stringify!($law), &subject, $path)),*];
            laws.into_iter().filter_map(|result| result.err()).collect()
        }
    };
}

/// Joins a selection to the laws: a module with a test for each law.
///
/// `name: Type, selector, [groups]`, with a [`Selector`](crate::selection::Selector).
///
/// | group | what the selection is | laws |
/// |---|---|---|
/// | `choice` | anything with the verbs | [`selection`](crate::selection), but for those of the next three groups |
/// | `worth` | no coin leaves it with nothing | [`selection::answers_are_worth_something`](crate::selection::answers_are_worth_something) |
/// | `deferred` | with [`Selector::deferring`](crate::selection::Selector::deferring) | [`selection::deferred_equals_immediate`](crate::selection::deferred_equals_immediate) |
/// | `wire` | a [`Wire`](sketchlet_core::Wire) | [`selection::decoded_chooses_the_same`](crate::selection::decoded_chooses_the_same), [`selection::damaged_bytes_are_refused`](crate::selection::damaged_bytes_are_refused) |
///
/// Each module also has a function `broken()`, which tries all its laws and returns those that are broken.
#[macro_export]
macro_rules! selection_laws {
    ($name:ident: $selection:ty, $selector:expr, [$($group:ident),* $(,)?] $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn selector() -> $crate::selection::Selector<$selection> {
                $selector
            }

            $crate::selection_laws!(@collect [] [$($group)*]);
        }
    };
    (@collect [$($law:ident)*] [choice $($more:ident)*]) => {
        $crate::selection_laws!(@collect [$($law)* selected_are_alive_and_few answers_are_true
            refused_elements_change_nothing clear_is_new] [$($more)*]);
    };
    (@collect [$($law:ident)*] [worth $($more:ident)*]) => {
        $crate::selection_laws!(@collect [$($law)* answers_are_worth_something] [$($more)*]);
    };
    (@collect [$($law:ident)*] [deferred $($more:ident)*]) => {
        $crate::selection_laws!(@collect [$($law)* deferred_equals_immediate] [$($more)*]);
    };
    (@collect [$($law:ident)*] [wire $($more:ident)*]) => {
        $crate::selection_laws!(@collect [$($law)* decoded_chooses_the_same damaged_bytes_are_refused] [$($more)*]);
    };
    (@collect [$($law:ident)*] []) => {
        $(
            #[test]
            fn $law() {
                if let Err(broken) = $crate::selection::check(stringify!($law), &selector(), $crate::selection::$law) {
                    ::std::panic!("{broken}");
                }
            }
        )*

        /// Tries all laws; those that are broken.
        #[allow(dead_code)]
        pub fn broken() -> ::std::vec::Vec<$crate::Broken> {
            let selector = selector();
            let laws = [$($crate::selection::check(stringify!($law), &selector, $crate::selection::$law)),*];
            laws.into_iter().filter_map(|result| result.err()).collect()
        }
    };
}
