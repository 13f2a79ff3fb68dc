//! The values of every case, from its rows.

use super::summaries::{ARENA, Case, Visitor, each};
use crate::data::MAX_DIM;
use crate::golden::{Name, Sink};
use crate::hash::Hash;
use sketchlet_core::Error;
use sketchlet_core::eigen::{TopEigen, TopEigenvector};

/// Computes the values of all cases.
pub(super) fn all(sink: &mut dyn Sink) -> Result<(), Error> {
    each(&mut [0.0; ARENA], &mut Feed { sink })
}

struct Feed<'a> {
    sink: &'a mut dyn Sink,
}

impl Visitor for Feed<'_> {
    fn visit<M: TopEigen<Scalar = f32>>(&mut self, case: Case<'_, M>) -> Result<(), Error> {
        let Case { name, mut summary, table, answer, .. } = case;
        self.sink.begin(name);
        let mut buffer = [0.0; MAX_DIM];
        for i in 0..table.rows() {
            summary.update(table.load(i, &mut buffer))?;
        }
        put_answer(name, &summary.estimate(answer)?, self.sink);
        self.sink.end(name);
        Ok(())
    }
}

/// Entries of a vector that are looked at one by one; a hash covers the rest.
const ENTRIES: usize = 4;

/// The bits of an answer: vector, value with its bounds, and what is said about the error.
fn put_answer(case: &'static str, top: &TopEigenvector<'_, f32>, sink: &mut dyn Sink) {
    for (i, &x) in top.vector(0).iter().take(ENTRIES).enumerate() {
        sink.put(Name { case, entry: "v", index: Some(i) }, x.into());
    }
    let confidence = &top.confidence;
    let (mut vector, mut status) = (Hash::EMPTY, Hash::EMPTY);
    top.vector(0).iter().for_each(|x| vector.add(x.to_bits().into()));
    confidence.status.name().bytes().for_each(|letter| status.add(letter.into()));
    let mut put = |entry, value| sink.put(Name { case, entry, index: None }, value);
    put("vector", vector.value().into());
    put("status", status.value().into());
    put("value", top.value(0).mantissa.into());
    for (entry, figure) in [
        ("value-lower", top.value_lower(0).map(|value| value.mantissa)),
        ("value-upper", top.value_upper(0).map(|value| value.mantissa)),
        ("gap-estimate", confidence.gap_estimate),
        ("error-estimate", confidence.error_estimate),
        ("error-bound", confidence.error_bound),
        ("drift", confidence.order.map(|order| order.drift)),
        ("runs", confidence.order.map(|order| order.runs)),
        ("level", confidence.order.map(|order| order.level)),
    ] {
        if let Some(figure) = figure {
            put(entry, figure.into());
        }
    }
}
