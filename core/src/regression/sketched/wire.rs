//! The byte form: parameters, operator, counters, ranges, sums, and the blocks on their way into them.

use super::pending::{Waiting, Window};
use super::ranges::{self, WORDS};
use super::{SketchedLeastSquares, SketchedLeastSquaresParams, State};
use crate::sketch::{Numbering, SketchOperator};
use crate::wire::{self, Header, Kind, Reader, Wire, Writer};
use crate::{Difference, Error, Lane, ScalarType, Storage};

/// What an encoding holds, as far as it is read before the storage is there.
struct Content<'a, O> {
    params: SketchedLeastSquaresParams,
    operator: O,
    state: State,
    ranges: Reader<'a>,
    removed: Option<Reader<'a>>,
    sums: Reader<'a>,
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    fn write(&self, w: &mut Writer<'_>) {
        w.params(&self.params);
        w.u8(O::NUMBER);
        w.u64(self.operator.parameter());
        w.u8(self.state.numbering.number());
        w.u64(self.state.rows_seen);
        w.u64(self.state.rows_removed);
        w.u64(self.state.taken);
        w.u8(u8::from(self.state.is_written));
        w.u32(self.state.forgotten);
        w.real(self.state.forgetting);
        w.u8(u8::from(self.state.window.is_some()));
        let window = self.state.window.unwrap_or(Window { block: 0, is_empty: true });
        w.u64(window.block);
        w.u8(u8::from(window.is_empty));
        w.u8(u8::from(self.state.deferred.is_some()));
        let deferred = self.state.deferred.unwrap_or(Waiting { block: 0, stage: 0, rows: 0 });
        w.u64(deferred.block);
        w.u32(deferred.stage);
        w.len(deferred.rows);
        w.len(self.state.ranges);
        for (first, last) in self.ranges() {
            w.u64(first);
            w.u64(last);
        }
        w.reals(&self.storage.as_ref()[self.params.sums_len()..]);
        w.reals(&self.storage.as_ref()[..self.kept_len()]);
    }

    /// Scalars that an encoding carries: blocks that are empty stay out.
    pub(super) fn kept_len(&self) -> usize {
        kept_len(&self.params, &self.state)
    }

    fn read(bytes: &[u8]) -> Result<Content<'_, O>, Error> {
        let mut r = wire::open::<L>(Kind::SketchedLeastSquares, bytes)?;
        let params: SketchedLeastSquaresParams = r.params()?;
        Difference::Operator.check(O::NUMBER, r.u8()?)?;
        let operator = O::from_parameter(r.u64()?).ok_or(Error::Corrupt)?;
        params.check_for::<L, O>(operator).map_err(|_| Error::Corrupt)?;
        let numbering = match r.version() {
            1 if O::NUMBERED => Numbering::Plain,
            1 => Numbering::Scrambled,
            _ => {
                Numbering::of(r.u8()?).filter(|&by| O::NUMBERED || by == Numbering::Scrambled).ok_or(Error::Corrupt)?
            }
        };
        let mut state = State {
            numbering,
            rows_seen: r.count()?,
            rows_removed: r.count()?,
            // Version 1 didn't tell what was taken away.
            taken: if r.version() == 1 { 0 } else { r.u64()? },
            is_written: r.flag()?,
            forgotten: r.u32()?,
            forgetting: r.real()?,
            ..State::new()
        };
        let has_window = r.flag()?;
        let window = Window { block: r.u64()?, is_empty: r.flag()? };
        state.window = has_window.then_some(window);
        let has_deferred = r.flag()?;
        let deferred = Waiting { block: r.u64()?, stage: r.u32()?, rows: r.len()? };
        state.deferred = has_deferred.then_some(deferred);
        state.ranges = r.len()?;
        let ranges = r.clone();
        check(&params, &state, &mut r)?;
        let removed = if r.version() == 1 { None } else { Some(r.skip_reals::<L>(params.columns)?) };
        let sums = r.skip_reals::<L>(kept_len(&params, &state))?;
        r.end()?;
        Ok(Content { params, operator, state, ranges, removed, sums })
    }
}

/// Number and parameter of the operator that an encoding of a sketched summary names: what tells which type can read it
/// ([`SketchOperator::NUMBER`]).
///
/// # Errors
/// See [`Wire`]; [`Error::Incompatible`] for another summary.
///
/// # Example
/// ```
/// # #[cfg(feature = "alloc")] {
/// use sketchlet_core::sketch::{SketchOperator, Srht};
/// use sketchlet_core::{Wire, regression::{SketchedLeastSquares, SketchedLeastSquaresParams, operator_of}};
/// let summary = SketchedLeastSquares::<f64, _, _, _>::new(SketchedLeastSquaresParams::new(3, 8), Srht)?;
/// assert_eq!(operator_of(&summary.encode())?.0, <Srht as SketchOperator<f64>>::NUMBER);
/// # }
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
pub fn operator_of(bytes: &[u8]) -> Result<(u8, u64), Error> {
    let kind = Kind::SketchedLeastSquares;
    let mut r = match Header::read(bytes)?.scalar {
        ScalarType::F32 => wire::open::<f32>(kind, bytes)?,
        ScalarType::F64 => wire::open::<f64>(kind, bytes)?,
        ScalarType::I32 => wire::open::<i32>(kind, bytes)?,
        ScalarType::I64 => wire::open::<i64>(kind, bytes)?,
    };
    r.params::<SketchedLeastSquaresParams>()?;
    Ok((r.u8()?, r.u64()?))
}

fn kept_len(params: &SketchedLeastSquaresParams, state: &State) -> usize {
    let blocks = match (state.window, state.deferred) {
        (_, Some(_)) => 2,
        (Some(Window { is_empty: false, .. }), None) => 1,
        _ => 0,
    };
    params.shape().len().saturating_add(params.block_size().saturating_mul(blocks))
}

/// Everything that the numbers of a state must satisfy, and that its ranges are ascending and apart.
fn check(params: &SketchedLeastSquaresParams, state: &State, r: &mut Reader<'_>) -> Result<(), Error> {
    let stages = params.block_len.trailing_zeros();
    let is_block = |block: u64| params.block_len > 1 && block <= u64::MAX >> stages;
    let is_sound = state.window.is_none_or(|window| is_block(window.block))
        && state.deferred.is_none_or(|deferred| {
            params.deferred && is_block(deferred.block) && deferred.stage <= stages && deferred.rows < params.rows
        })
        && state.forgetting > 0.0
        && state.forgetting <= 1.0
        && state.ranges <= params.ranges;
    if !is_sound {
        return Err(Error::Corrupt);
    }
    let mut before: Option<ranges::Range> = None;
    for _ in 0..state.ranges {
        let range = (r.u64()?, r.u64()?);
        let follows = before.is_none_or(|before| before.1 < range.0);
        if !follows || range.0 > range.1 {
            return Err(Error::Corrupt);
        }
        before = Some(range);
    }
    Ok(())
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> Wire for SketchedLeastSquares<L, O, S, I> {
    type Storage = (S, I);

    fn encoded_len(&self) -> usize {
        wire::len(|w| self.write(w))
    }

    fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        wire::encode::<L>(Kind::SketchedLeastSquares, out, |w| self.write(w))
    }

    fn decode_in(bytes: &[u8], storage: (S, I)) -> Result<Self, Error> {
        Self::restore(Self::read(bytes)?, storage)
    }

    fn storage_needed(bytes: &[u8]) -> Result<usize, Error> {
        Ok(Self::read(bytes)?.params.storage_len())
    }

    fn indices_needed(bytes: &[u8]) -> Result<usize, Error> {
        Ok(Self::read(bytes)?.params.index_len())
    }

    // All checks once, the checksum among them.
    #[cfg(feature = "alloc")]
    fn decode_within(bytes: &[u8], limit: usize) -> Result<Self, Error>
    where
        (S, I): crate::base::storage::Allocated,
    {
        let content = Self::read(bytes)?;
        let storage = wire::allocate(content.params.storage_len(), content.params.index_len(), limit)?;
        Self::restore(content, storage)
    }
}

impl<L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>> SketchedLeastSquares<L, O, S, I> {
    fn restore(mut content: Content<'_, O>, (storage, indices): (S, I)) -> Result<Self, Error> {
        let mut summary = Self::new_in(content.params, content.operator, storage, indices)?;
        summary.state = content.state;
        let words = &mut summary.indices.as_mut()[..content.params.ranges * WORDS];
        let mut len = 0;
        for _ in 0..content.state.ranges {
            len = ranges::append(words, len, (content.ranges.u64()?, content.ranges.u64()?));
        }
        if let Some(removed) = &mut content.removed {
            removed.fill(summary.split().removed);
        }
        let kept = summary.kept_len();
        content.sums.fill(&mut summary.storage.as_mut()[..kept]);
        Ok(summary)
    }
}

#[cfg(feature = "serde")]
crate::wire::serde::serde_form!(
    [L: Lane, O: SketchOperator<L>, S: Storage<L>, I: Storage<u32>] SketchedLeastSquares<L, O, S, I>,
    [L: Lane, O: SketchOperator<L>] SketchedLeastSquares<L, O, alloc::vec::Vec<L>, alloc::vec::Vec<u32>>
);
