//! Encoding and decoding of the summaries of `eigen`.

use super::summary::Summary;
use crate::cli::args::Method;
use crate::cli::saved::merged;
use crate::eigen::{
    AdaptiveOja, BlockPower, CandidIncremental, ExactEigen, FrequentDirections, HistoryPca, NystromSketch, Oja,
    RandomOrderEigen, Shrink,
};
use crate::stream::Centered;
use crate::{Error, Header, Kind, Real, Wire};

/// Runs a generic piece of code with the type of a kind, of those named; kinds are called as their types are.
macro_rules! with_type {
    ($kind:expr, [$($name:ident),*], $type:ident => $do:expr, else $refuse:expr) => {
        match $kind {
            $(Kind::$name => {
                type $type<T> = $name<T, Vec<T>>;
                $do
            })*
            _ => $refuse,
        }
    };
}

/// Kind of the summary inside, and whether it is centred.
fn kinds<T: Real>(bytes: &[u8]) -> Result<(Kind, bool), Error> {
    let kind = Header::read(bytes)?.kind;
    if kind != Kind::Centered {
        return Ok((kind, false));
    }
    // The inner encoding stands at the same place whatever its type.
    let inner = Centered::<ExactEigen<T, Vec<T>>, Vec<T>>::inner_encoding(bytes)?;
    Ok((Header::read(inner)?.kind, true))
}

/// Which method fills the summary of an encoding, and whether it is centred.
pub(super) fn identify<T: Real>(bytes: &[u8]) -> Result<(Method, bool), Error> {
    let (kind, centered) = kinds::<T>(bytes)?;
    let method = match kind {
        Kind::RandomOrderEigen => Method::RandomOrder,
        Kind::ExactEigen => Method::Exact,
        Kind::FrequentDirections => {
            type Type<T> = FrequentDirections<T, Vec<T>>;
            let shrinking = if centered {
                Centered::<Type<T>, Vec<T>>::decode(bytes)?.inner().params().shrinking()
            } else {
                <Type<T> as Wire>::decode(bytes)?.params().shrinking()
            };
            if shrinking == Shrink::None { Method::Incremental } else { Method::FrequentDirections }
        }
        Kind::NystromSketch => Method::Nystrom,
        Kind::BlockPower => Method::BlockPower,
        Kind::Oja => Method::Oja,
        Kind::AdaptiveOja => Method::AdaptiveOja,
        Kind::CandidIncremental => Method::Ccipca,
        Kind::HistoryPca => Method::History,
        other => return Err(Error::data(format!("a summary of type {other:?}: only those of eigen can be imported"))),
    };
    Ok((method, centered))
}

/// Reads a summary from its wire bytes.
pub(super) fn decode<T: Real>(bytes: &[u8]) -> Result<Box<dyn Summary<T>>, Error> {
    let (kind, centered) = kinds::<T>(bytes)?;
    with_type!(
        kind,
        [
            RandomOrderEigen, ExactEigen, FrequentDirections, NystromSketch, BlockPower, Oja, AdaptiveOja,
            CandidIncremental, HistoryPca
        ],
        Type => Ok(if centered {
            Box::new(Centered::<Type<T>, Vec<T>>::decode(bytes)?) as Box<dyn Summary<T>>
        } else {
            Box::new(<Type<T> as Wire>::decode(bytes)?)
        }),
        else Err(Error::other_type(Kind::ExactEigen, kind))
    )
}

/// Merges two summaries given by their wire bytes.
pub(super) fn merge<T: Real>(first: &[u8], second: &[u8]) -> Result<Vec<u8>, Error> {
    let (mine, theirs) = (kinds::<T>(first)?, kinds::<T>(second)?);
    if mine.1 != theirs.1 {
        return Err(Error::other_type(Header::read(first)?.kind, Header::read(second)?.kind));
    }
    if mine.0 != theirs.0 {
        return Err(Error::other_type(mine.0, theirs.0));
    }
    let (kind, centered) = mine;
    with_type!(
        kind,
        [RandomOrderEigen, ExactEigen, FrequentDirections, NystromSketch],
        Type => if centered {
            type Outer<T> = Centered<Type<T>, Vec<T>>;
            merged(Outer::<T>::decode(first)?, &Outer::<T>::decode(second)?)
        } else {
            merged(<Type<T> as Wire>::decode(first)?, &<Type<T> as Wire>::decode(second)?)
        },
        else Err(Error::data("this method does not merge: save random-order, exact, frequent-directions or nystrom"))
    )
}
