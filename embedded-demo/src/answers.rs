//! The values of every case, from its rows.

use crate::data::MAX_DIM;
use crate::golden::{Name, Sink};
use crate::kernels;
use crate::summaries::{self, Case, Visitor};
use core::hint::black_box;
use sketchlet_core::Error;
use sketchlet_core::eigen::{TopEigen, TopEigenvector};

/// A sink that is told where cases begin and end.
pub trait CaseSink: Sink {
    /// A case begins.
    fn begin(&mut self, _case: &'static str) {}
    /// A case is complete.
    fn end(&mut self, _case: &'static str) {}
}

/// Computes the values of all cases, in the scalars of `arena`.
///
/// # Errors
/// What a summary could not do; the sink was told which case began.
pub fn all<S: CaseSink>(arena: &mut [f32; summaries::ARENA], sink: &mut S) -> Result<(), Error> {
    for &(case, run) in kernels::ALL {
        sink.begin(case);
        // Not inlined: in one frame, the cases would need the stack of all of them.
        black_box(run)(case, sink);
        sink.end(case);
    }
    summaries::each(arena, &mut Feed { sink })
}

struct Feed<'a, S> {
    sink: &'a mut S,
}

impl<S: CaseSink> Visitor for Feed<'_, S> {
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

/// The bits of an answer: vector, value with its bounds, and what is said about the error.
pub fn put_answer(case: &'static str, top: &TopEigenvector<'_, f32>, sink: &mut dyn Sink) {
    for (i, &x) in top.vector(0).iter().enumerate() {
        sink.put(Name { case, entry: "v", index: Some(i) }, x.into());
    }
    let mut put = |entry, value| sink.put(Name { case, entry, index: None }, value);
    put("value", top.value(0).as_f64().into());
    if let Some(lower) = top.value_lower(0) {
        put("value-lower", lower.as_f64().into());
    }
    if let Some(upper) = top.value_upper(0) {
        put("value-upper", upper.as_f64().into());
    }
    let confidence = &top.confidence;
    // The first four letters of the status: readable in hex, and a number.
    let letters = confidence.status.name().bytes().chain([0; 4]).take(4);
    put("status", letters.fold(0u32, |word, letter| word << 8 | u32::from(letter)).into());
    for (entry, figure) in [
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
