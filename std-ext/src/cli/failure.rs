//! Why a command ends without an answer, and with which exit status.

use crate::{CoreError, Error, Real};

/// Why a command ends without an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The data or the request can't give an answer: exit 1.
    Data(Error),
    /// Wrong usage: exit 2.
    Usage(String),
}

impl Failure {
    /// Names the file at fault, unless one is named already.
    #[must_use]
    pub(super) fn in_file(self, file: impl std::fmt::Display) -> Self {
        match self {
            Self::Data(error) => Self::Data(error.in_file(file)),
            usage @ Self::Usage(_) => usage,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // Such as a column that isn't there: wrong usage, whatever the data.
        if error.is_request() { Self::Usage(error.to_string()) } else { Self::Data(error) }
    }
}

impl From<CoreError> for Failure {
    fn from(error: CoreError) -> Self {
        Self::Data(error.into())
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Why a summary can't be made: storage of the command's own is never of the wrong length, so there is not enough memory for it;
/// parameters are those of the flags.
pub(super) fn allocated<T: Real>(error: CoreError) -> Error {
    match error {
        CoreError::Parameter { .. } => Error::request(error.to_string()),
        CoreError::Storage { needed, .. } => Error::data(format!(
            "the summary needs {} bytes, more than this machine gives: ask for fewer rows or columns in it",
            needed.saturating_mul(T::BYTES)
        )),
        other => other.into(),
    }
}
