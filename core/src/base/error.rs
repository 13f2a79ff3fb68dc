//! The one error type of the library.

use super::difference::Difference;
use core::fmt;

/// What a parameter must satisfy, as the end of a sentence that begins with its name; part of [`Error::Parameter`].
///
/// The rules of one family stand with the family, and a summary of your own may have rules of its own.
///
/// # Example
/// ```
/// use sketchlet_core::{Error, Rule};
/// const EVEN: Rule = Rule::new(&"must be even");
/// let error = Error::Parameter { name: &"width", rule: EVEN };
/// assert_eq!(error.to_string(), "parameter width must be even");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rule {
    // Behind a reference of one word: an error is to fit in three.
    text: &'static &'static str,
}

impl Rule {
    /// At least one.
    pub const POSITIVE: Self = Self::new(&"must be at least 1");
    /// At least one, as a factor.
    pub const AT_LEAST_ONE: Self = Self::new(&"must be a finite number of at least 1");
    /// Finite and not negative.
    pub const NOT_NEGATIVE: Self = Self::new(&"must be finite and not negative");
    /// Finite and positive.
    pub const FINITE_POSITIVE: Self = Self::new(&"must be finite and positive");
    /// Between zero and one.
    pub const FRACTION: Self = Self::new(&"must be between 0 and 1");
    /// Not so large that the storage can't be addressed.
    pub const ADDRESSABLE: Self = Self::new(&"needs more storage than can be addressed");
    /// At most as many as an id of the storage can number.
    pub const WITHIN_IDS: Self = Self::new(&"must be a number that the ids of the storage can hold");

    /// A rule in the words given.
    pub const fn new(text: &'static &'static str) -> Self {
        Self { text }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Why an operation was refused. The operation changed nothing.
///
/// Every function of the library that can fail fails with this type. It is `Copy` and small, so that it travels well
/// on a microcontroller, and every message says what was seen and what to do.
///
/// # Example
/// ```
/// use sketchlet_core::Error;
/// let error = Error::Dimension { expected: 3, got: 2 };
/// assert_eq!(error.to_string(), "2 entries, 3 expected: check the length of the row, or the shape of the matrix");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A row, a vector or the data of a matrix has the wrong length, or a matrix the wrong number of columns.
    Dimension {
        /// Entries that the call needs.
        expected: usize,
        /// Entries given.
        got: usize,
    },
    /// An entry is NaN or infinite.
    NonFinite {
        /// Position of the entry in the row.
        index: usize,
    },
    /// An entry that must not be negative is.
    Negative {
        /// Position of the entry.
        index: usize,
    },
    /// An entry is too large or too small for the scale of what came before.
    Scale {
        /// Position of the entry.
        index: usize,
    },
    /// A parameter is out of range.
    Parameter {
        /// Name of the parameter, as its builder method is called; behind a reference, so that the error stays small.
        name: &'static &'static str,
        /// What it must satisfy.
        rule: Rule,
    },
    /// A buffer given has the wrong length: storage of a summary, room for an answer, or for the bytes of an encoding.
    Storage {
        /// Scalars needed; bytes for an encoding.
        needed: usize,
        /// Scalars or bytes given.
        got: usize,
    },
    /// A fixed capacity is used up.
    Capacity {
        /// The capacity.
        limit: usize,
    },
    /// There are too few rows (or too few with any energy) for an answer.
    TooFewRows {
        /// Rows needed.
        needed: u64,
        /// Rows seen.
        got: u64,
    },
    /// What is left after removals is no larger than what rounding may have left behind.
    PrecisionLost,
    /// The data span fewer directions than the answer needs.
    RankDeficient {
        /// Directions that the data span.
        rank: usize,
    },
    /// The problem is too ill-conditioned for this method.
    IllConditioned,
    /// A matrix that must be positive semidefinite is not.
    NotPositiveSemidefinite {
        /// The offending pivot or eigenvalue.
        value: f64,
    },
    /// An iteration stopped at its limit.
    NotConverged {
        /// Relative residual reached.
        residual: f64,
    },
    /// A rejection sampler used up its trials.
    TrialsExceeded {
        /// The limit on trials.
        limit: u64,
    },
    /// A value is above the bound that the caller promised.
    BoundViolated {
        /// The value seen.
        value: f64,
        /// The bound promised.
        bound: f64,
    },
    /// Two summaries can't be combined, or bytes not be read as this type: something differs.
    Incompatible {
        /// What differs. Where it is a real number, both sides are its bits: [`f64::from_bits`].
        what: Difference,
        /// What would fit.
        expected: u64,
        /// What was found.
        got: u64,
    },
    /// Work was put off and must be done first.
    Pending,
    /// The bytes are not a valid encoding: damaged, cut or not ours.
    Corrupt,
    /// The element is already there.
    AlreadyPresent {
        /// Its id.
        index: usize,
    },
    /// The element is not there.
    NotFound {
        /// Its id.
        index: usize,
    },
    /// A function supplied by the caller returned something impossible.
    OracleFault {
        /// The element it was asked about.
        index: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Dimension { expected, got } => {
                write!(f, "{got} entries, {expected} expected: check the length of the row, or the shape of the matrix")
            }
            Self::NonFinite { index } => write!(f, "entry {index} is NaN or infinite: clean the row or skip it"),
            Self::Negative { index } => write!(f, "entry {index} is negative: only values from 0 up are allowed here"),
            Self::Scale { index } => {
                write!(f, "entry {index} is out of scale with the rows before: rescale the data and start again")
            }
            Self::Parameter { name, rule } => write!(f, "parameter {name} {rule}"),
            Self::Storage { needed, got } => {
                write!(
                    f,
                    "buffer of length {got}, {needed} needed: size it with storage_len(), answer_len() or, in bytes, \
                     encoded_len()"
                )
            }
            Self::Capacity { limit } => write!(f, "capacity of {limit} is used up: make room or raise it"),
            Self::TooFewRows { needed, got } => {
                write!(f, "{got} usable rows seen, {needed} needed: feed rows that are not all zero")
            }
            Self::PrecisionLost => {
                write!(f, "removed rows were so large that what is left is lost in rounding: fill anew without them")
            }
            Self::RankDeficient { rank } => {
                write!(f, "the data have rank {rank}, as far as rounding lets them be told: ask for at most {rank}")
            }
            Self::IllConditioned => {
                write!(f, "the problem is too ill-conditioned for this method: use one based on QR")
            }
            Self::NotPositiveSemidefinite { value } => {
                write!(f, "matrix is not positive semidefinite, pivot {value:e}: check symmetry and sign")
            }
            Self::NotConverged { residual } => {
                write!(f, "no convergence, relative residual {residual:e}: use a dense solver")
            }
            Self::TrialsExceeded { limit } => write!(f, "no sample in {limit} trials: raise the limit"),
            Self::BoundViolated { value, bound } => {
                write!(f, "value {value:e} is above the promised bound {bound:e}: correct the bound")
            }
            Self::Incompatible { what, expected, got } => what.sentence((expected, got), f),
            Self::Pending => write!(f, "deferred work is left: call poll until nothing is pending"),
            Self::Corrupt => write!(f, "not a valid summary: the bytes are damaged, cut or of another format"),
            Self::AlreadyPresent { index } => write!(f, "element {index} is already present: remove it first"),
            Self::NotFound { index } => write!(f, "element {index} is not present: check the id"),
            Self::OracleFault { index } => {
                write!(f, "the function supplied gave an impossible value for element {index}: check it")
            }
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    /// One variant serves rows and matrices, another one scalars and bytes: neither text may name only one of them.
    #[cfg(feature = "alloc")]
    #[test]
    fn texts_fit_all_that_has_a_length() {
        use alloc::string::ToString;
        let text = Error::Storage { needed: 9, got: 8 }.to_string();
        assert!(text.starts_with("buffer of length 8, 9 needed") && !text.contains("scalars"), "{text}");
        assert!(text.ends_with("storage_len(), answer_len() or, in bytes, encoded_len()"), "{text}");
        let text = Error::Dimension { expected: 3, got: 2 }.to_string();
        assert!(text.starts_with("2 entries, 3 expected") && text.contains("shape of the matrix"), "{text}");
    }

    #[test]
    fn error_fits_in_three_words() {
        assert!(size_of::<Error>() <= 24);
    }
}
