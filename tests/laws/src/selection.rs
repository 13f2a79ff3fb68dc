//! Laws of selections: of elements that come and go, a few that are worth most together.
//!
//! The elements are rows of a small table of similarities, and a set is worth what a
//! [`FacilityLocation`] says: for each column, the largest similarity in the set.

use crate::check::{Broken, run};
use crate::input::Choices;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use sketchlet_core::stream::Progress;
use sketchlet_core::submodular::{DynamicSelection, FacilityLocation, Selection};
use sketchlet_core::{Allocated, Error, Id, Wire};
use std::fmt::Debug;

/// What selections are asked about.
pub type Oracle<'a> = FacilityLocation<'a, f64>;

/// What a selection is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Elements that may be there at once; their ids are below.
    pub capacity: usize,
    /// Elements that may be chosen.
    pub size: usize,
    /// Columns of the table of similarities.
    pub width: usize,
}

/// What happens to a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An element comes, or goes if it is there.
    Toggle(u32),
    /// It is asked.
    Query,
}

/// Elements, and what happens.
#[derive(Clone, Debug)]
pub struct Script {
    /// What the selection is made for.
    pub ground: Ground,
    /// Similarities, small integers, element after element.
    pub table: Vec<f64>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The seed of coins and of further choices.
    pub seed: u64,
}

impl Script {
    fn oracle(&self) -> Result<Oracle<'_>, TestCaseError> {
        FacilityLocation::new(&self.table, self.ground.width).map_err(|e| TestCaseError::fail(e.to_string()))
    }

    /// What a set is worth.
    pub fn value(&self, set: &[u32]) -> f64 {
        let similarity = |id: u32, j: usize| self.table[id as usize * self.ground.width + j];
        (0..self.ground.width).map(|j| set.iter().fold(0.0, |max, &id| similarity(id, j).max(max))).sum()
    }

    /// What the best set of elements that are there is worth.
    pub fn best(&self, alive: &[u32]) -> f64 {
        let sets = (0u32..1 << alive.len()).filter(|set| set.count_ones() as usize <= self.ground.size);
        let ids = |set: u32| (0..alive.len()).filter(|i| set >> i & 1 == 1).map(|i| alive[i]).collect::<Vec<_>>();
        sets.map(|set| self.value(&ids(set))).fold(0.0, f64::max)
    }
}

/// Up to 9 elements with up to 4 similarities each, of which some are equal or 0, and up to 40 steps.
pub fn scripts() -> impl Strategy<Value = Script> {
    (1usize..=9, 1usize..=4, 1usize..=4, any::<u64>()).prop_flat_map(|(capacity, size, width, seed)| {
        #[allow(clippy::cast_possible_truncation, reason = "at most 9")]
        let ids = 0..capacity as u32;
        let step = prop_oneof![4 => ids.prop_map(Step::Toggle), 1 => Just(Step::Query)];
        let ground = Ground { capacity, size: size.min(capacity), width };
        let entry = prop_oneof![1 => Just(0.0), 3 => (0u8..16).prop_map(f64::from)];
        (vec(entry, capacity * width), vec(step, 0..40)).prop_map(move |(table, steps)| Script {
            ground,
            table,
            steps,
            seed,
        })
    })
}

/// A verb that takes an element in or lets it go.
pub type Verb<B> = fn(&mut B, &Oracle<'_>, u32, &mut Choices) -> Result<(), Error>;

/// Verbs that leave work, and the poll that does it.
#[derive(Debug)]
pub struct DeferredVerbs<B> {
    /// Takes an element in.
    pub insert: Verb<B>,
    /// Lets an element go.
    pub delete: Verb<B>,
    /// Asks.
    pub query: fn(&mut B, &Oracle<'_>, &mut Choices) -> Result<(), Error>,
    /// Does work.
    pub poll: fn(&mut B, &Oracle<'_>, u64) -> Result<Progress, Error>,
}

impl<B> Clone for DeferredVerbs<B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for DeferredVerbs<B> {}

/// A selection as the laws see it: one function for each verb.
#[derive(Debug)]
pub struct Selector<B> {
    /// An empty selection.
    pub make: fn(&Ground) -> Result<B, Error>,
    /// Takes an element in.
    pub insert: Verb<B>,
    /// Lets an element go; `None` where elements only come.
    pub delete: Option<Verb<B>>,
    /// Answers.
    pub query: fn(&mut B, &Oracle<'_>, &mut Choices) -> Result<Selection<f64>, Error>,
    /// The ids of the answer.
    pub selected: fn(&B) -> Vec<u32>,
    /// Back to nothing there.
    pub clear: fn(&mut B),
    /// Verbs that leave work, where there are any.
    pub deferred: Option<DeferredVerbs<B>>,
    /// Elements that are there at most, where another makes the oldest go; `None` where none goes by itself.
    pub window: Option<fn(&Ground) -> usize>,
}

impl<B> Clone for Selector<B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Selector<B> {}

impl<B: DynamicSelection<Scalar = f64>> Selector<B> {
    /// What a function makes, with the verbs of the trait.
    pub const fn of(make: fn(&Ground) -> Result<B, Error>) -> Self {
        Self {
            make,
            insert: |best, oracle, id, coins| best.insert(oracle, id, coins),
            delete: Some(|best, oracle, id, coins| best.delete(oracle, id, coins)),
            query: |best, oracle, coins| best.query(oracle, coins),
            selected: |best| best.selected().iter().map(|&id| to_u32(id)).collect(),
            clear: B::clear,
            deferred: None,
            window: None,
        }
    }
}

/// An id as a number.
#[allow(clippy::cast_possible_truncation, reason = "ids have at most 32 bits")]
pub fn to_u32<D: Id>(id: D) -> u32 {
    id.to_usize() as u32
}

impl<B> Selector<B> {
    /// With verbs that leave work.
    #[must_use]
    pub const fn deferring(mut self, verbs: DeferredVerbs<B>) -> Self {
        self.deferred = Some(verbs);
        self
    }

    fn empty(&self, script: &Script) -> Result<B, TestCaseError> {
        (self.make)(&script.ground).map_err(|e| TestCaseError::fail(format!("{:?} is refused: {e}", script.ground)))
    }

    /// Goes through the script and looks after each step.
    fn replay(
        &self,
        best: &mut B,
        script: &Script,
        steps: &[Step],
        mut look: impl FnMut(&mut B, &[u32], Option<Selection<f64>>) -> TestCaseResult,
    ) -> TestCaseResult {
        let (oracle, mut coins, mut alive) = (script.oracle()?, Choices::new(script.seed), Vec::new());
        for step in steps {
            let mut answer = None;
            let result = match (*step, self.delete) {
                (Step::Query, _) => (self.query)(best, &oracle, &mut coins).map(|got| answer = Some(got)),
                (Step::Toggle(id), delete) => match (alive.iter().position(|&there| there == id), delete) {
                    (Some(place), Some(delete)) => {
                        alive.remove(place);
                        delete(best, &oracle, id, &mut coins)
                    }
                    // Where elements only come, each comes once.
                    (Some(_), None) => Ok(()),
                    (None, _) => {
                        if self.window.is_some_and(|window| alive.len() == window(&script.ground)) {
                            alive.remove(0);
                        }
                        alive.push(id);
                        (self.insert)(best, &oracle, id, &mut coins)
                    }
                },
            };
            result.map_err(|e| TestCaseError::fail(format!("{step:?} is refused: {e}")))?;
            look(best, &alive, answer)?;
        }
        Ok(())
    }
}

/// A law of selections.
pub type Law<B> = fn(&Selector<B>, &Script) -> TestCaseResult;

/// Tries a law of selections.
///
/// # Errors
/// [`Broken`], with the smallest script that was found.
pub fn check<B>(law: &'static str, selector: &Selector<B>, check: Law<B>) -> Result<(), Broken> {
    run(law, &scripts().boxed(), &|script| check(selector, &script))
}

/// At any time: elements that are there, none twice, no more than may be chosen.
pub fn selected_are_alive_and_few<B>(selector: &Selector<B>, script: &Script) -> TestCaseResult {
    selector.replay(&mut selector.empty(script)?, script, &script.steps, |best, alive, _| {
        let mut ids = (selector.selected)(best);
        prop_assert!(ids.len() <= script.ground.size, "{} were chosen", ids.len());
        prop_assert!(ids.iter().all(|id| alive.contains(id)), "{ids:?} were chosen, {alive:?} are there");
        ids.sort_unstable();
        prop_assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "chosen twice: {ids:?}");
        Ok(())
    })
}

/// The value of an answer is that of the elements chosen, and the bound is above what the best set is worth.
pub fn answers_are_true<B>(selector: &Selector<B>, script: &Script) -> TestCaseResult {
    selector.replay(&mut selector.empty(script)?, script, &script.steps, |best, alive, answer| {
        let Some(answer) = answer else { return Ok(()) };
        let ids = (selector.selected)(best);
        prop_assert_eq!(answer.len, ids.len());
        prop_assert!(!answer.stale, "an answer that is stale at once");
        let value = script.value(&ids);
        prop_assert!((answer.value - value).abs() <= 1e-9 * value, "{ids:?} are worth {value}, not {}", answer.value);
        if let Some(bound) = answer.upper_bound {
            let most = script.best(alive);
            prop_assert!(bound >= most * (1.0 - 1e-9), "the bound is {bound}, and a set is worth {most}");
        }
        Ok(())
    })
}

/// Where anything is worth something, the answer is.
pub fn answers_are_worth_something<B>(selector: &Selector<B>, script: &Script) -> TestCaseResult {
    selector.replay(&mut selector.empty(script)?, script, &script.steps, |best, alive, answer| {
        if answer.is_some() && script.best(alive) > 0.0 {
            prop_assert!(script.value(&(selector.selected)(best)) > 0.0, "nothing was chosen of {alive:?}");
        }
        Ok(())
    })
}

/// Elements that are there already, are not there, or have an id beyond the capacity are refused, and the state stays.
pub fn refused_elements_change_nothing<B: Debug>(selector: &Selector<B>, script: &Script) -> TestCaseResult {
    let (oracle, mut coins) = (script.oracle()?, Choices::new(script.seed));
    selector.replay(&mut selector.empty(script)?, script, &script.steps, |best, alive, _| {
        let before = format!("{best:?}");
        #[allow(clippy::cast_possible_truncation, reason = "at most 9")]
        let beyond = script.ground.capacity as u32;
        let id = alive.first().copied().filter(|_| selector.delete.is_some());
        if let Some(id) = id {
            let result = (selector.insert)(best, &oracle, id, &mut coins);
            prop_assert_eq!(result, Err(Error::AlreadyPresent { index: id as usize }));
        }
        let result = (selector.insert)(best, &oracle, beyond, &mut coins);
        prop_assert!(result.is_err(), "element {beyond} of {beyond} was taken in");
        if let Some(delete) = selector.delete {
            let absent = (0..=beyond).find(|id| !alive.contains(id)).unwrap_or(beyond);
            let result = delete(best, &oracle, absent, &mut coins);
            prop_assert!(result.is_err(), "element {absent} is not there, and was let go");
        }
        prop_assert!(format!("{best:?}") == before, "a refused element changed the state");
        Ok(())
    })
}

/// A cleared selection goes through the script as a new one does, with the same coins.
pub fn clear_is_new<B>(selector: &Selector<B>, script: &Script) -> TestCaseResult {
    let record = |best: &mut B| {
        let mut seen = Vec::new();
        selector.replay(best, script, &script.steps, |best, _, answer| {
            seen.push((answer.map(|answer| answer.value.to_bits()), (selector.selected)(best)));
            Ok(())
        })?;
        Ok::<_, TestCaseError>(seen)
    };
    let mut best = selector.empty(script)?;
    let first = record(&mut best)?;
    (selector.clear)(&mut best);
    prop_assert!((selector.selected)(&best).is_empty(), "a cleared selection has chosen something");
    prop_assert_eq!(record(&mut best)?, first);
    Ok(())
}

/// Work that is put off and done in slices of any size gives the selection of work that is done at once.
pub fn deferred_equals_immediate<B: Debug>(selector: &Selector<B>, script: &Script) -> TestCaseResult {
    let verbs = selector.deferred.ok_or_else(|| TestCaseError::fail("no verbs that leave work: call deferring()"))?;
    let (oracle, mut coins, mut choices) = (script.oracle()?, Choices::new(script.seed), Choices::new(!script.seed));
    let (mut immediate, mut deferred) = (selector.empty(script)?, selector.empty(script)?);
    let mut there = Vec::new();
    selector.replay(&mut immediate, script, &script.steps, |immediate, alive, answer| {
        let gone = there.iter().copied().find(|id| !alive.contains(id));
        let come = alive.iter().copied().find(|id| !there.contains(id));
        alive.clone_into(&mut there);
        let result = match (come, gone, answer) {
            (Some(id), _, _) => (verbs.insert)(&mut deferred, &oracle, id, &mut coins),
            (_, Some(id), _) => (verbs.delete)(&mut deferred, &oracle, id, &mut coins),
            _ => (verbs.query)(&mut deferred, &oracle, &mut coins),
        };
        result.map_err(|e| TestCaseError::fail(format!("refused: {e}")))?;
        // Also more than it takes.
        let mut polls = 0;
        while (verbs.poll)(&mut deferred, &oracle, [1, 2, 7, u64::MAX][choices.below(4)])
            .map_err(|e| TestCaseError::fail(format!("a poll fails: {e}")))?
            == Progress::Pending
        {
            polls += 1;
            prop_assert!(polls < 1_000_000, "polls never end");
        }
        prop_assert_eq!((selector.selected)(&deferred), (selector.selected)(immediate));
        prop_assert!(format!("{deferred:?}") == format!("{immediate:?}"), "work in slices gave another state");
        Ok(())
    })
}

/// Out and in again after any step: the same bytes, and the same choices and bytes ever after, with the same coins.
pub fn decoded_chooses_the_same<B>(selector: &Selector<B>, script: &Script) -> TestCaseResult
where
    B: Wire<Storage: Allocated>,
{
    let (head, tail) = script.steps.split_at(Choices::new(script.seed).below(script.steps.len() + 1));
    let mut best = selector.empty(script)?;
    let mut alive: Vec<u32> = Vec::new();
    selector.replay(&mut best, script, head, |_, there, _| {
        there.clone_into(&mut alive);
        Ok(())
    })?;
    let bytes = best.encode();
    let decoded = B::decode(&bytes);
    prop_assert!(decoded.is_ok(), "its own bytes are refused: {:?}", decoded.map(drop));
    let Ok(mut decoded) = decoded else { return Ok(()) };
    prop_assert!(decoded.encode() == bytes, "decoded and encoded again, other bytes");
    prop_assert_eq!((selector.selected)(&decoded), (selector.selected)(&best));
    let oracle = script.oracle()?;
    let (mut coins, mut other_coins) = (Choices::new(1), Choices::new(1));
    for step in tail {
        let [first, second] = [(&mut best, &mut coins), (&mut decoded, &mut other_coins)].map(|(best, coins)| {
            // What is refused is refused on both sides.
            let result = match (*step, selector.delete) {
                (Step::Query, _) => (selector.query)(best, &oracle, coins).map(Some),
                (Step::Toggle(id), Some(delete)) if alive.contains(&id) => {
                    delete(best, &oracle, id, coins).map(|()| None)
                }
                (Step::Toggle(id), _) => (selector.insert)(best, &oracle, id, coins).map(|()| None),
            };
            (result, (selector.selected)(best))
        });
        prop_assert_eq!(first, second, "decoded, it goes on to something else after {:?}", step);
        prop_assert!(decoded.encode() == best.encode(), "decoded, it goes on to other bytes after {step:?}");
        if let Step::Toggle(id) = *step {
            if alive.contains(&id) {
                alive.retain(|&there| there != id);
            } else {
                alive.push(id);
            }
        }
    }
    Ok(())
}

/// Bytes that were changed, cut or extended are refused.
pub fn damaged_bytes_are_refused<B>(selector: &Selector<B>, script: &Script) -> TestCaseResult
where
    B: Wire<Storage: Allocated>,
{
    let mut best = selector.empty(script)?;
    selector.replay(&mut best, script, &script.steps, |_, _, _| Ok(()))?;
    let (bytes, mut choices) = (best.encode(), Choices::new(script.seed));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << choices.below(8);
        let result = B::decode(&changed).map(drop);
        prop_assert!(matches!(result, Err(Error::Corrupt)), "byte {at} was changed: {result:?}");
        let result = B::decode(&bytes[..at]).map(drop);
        prop_assert!(matches!(result, Err(Error::Corrupt)), "{at} bytes are left: {result:?}");
    }
    let longer = [&bytes[..], &[0]].concat();
    prop_assert!(matches!(B::decode(&longer).map(drop), Err(Error::Corrupt)), "a byte was appended");
    Ok(())
}
