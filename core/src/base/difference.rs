//! In what two summaries, or a summary and its bytes, differ.

use core::fmt;

macro_rules! differences {
    ($($(#[$doc:meta])* $name:ident $text:literal),* $(,)?) => {
        /// What differs; part of [`Error::Incompatible`](crate::Error::Incompatible).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum Difference {
            $($(#[$doc])* $name,)*
        }

        impl fmt::Display for Difference {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

differences! {
    /// The version of the byte form.
    Version "format version",
    /// The type of the summary: 256 times the number of its family, plus its own.
    Kind "type",
    /// The scalar, by its number in the byte form.
    Scalar "scalar",
    /// The operator that sketches, by its number in the byte form; or its parameter, where the numbers are the same.
    Operator "operator",
    /// How the operator numbers rows, by its number in the byte form: 1 in sketches that version 0.1 has begun, 2 since.
    Numbering "version of the operator",
    /// The largest number of elements that ids of this type can tell apart, and the capacity that the bytes need.
    Ids "capacity",
    /// The number of columns.
    Dim "number of columns",
    /// The number of features.
    Features "number of features",
    /// The number of targets.
    Targets "number of targets",
    /// The number of vectors wanted.
    Rank "rank",
    /// The number of elements wanted.
    Size "size",
    /// The width of an iterated block.
    Width "width",
    /// The rows of a sketch, or its test vectors.
    SketchRows "number of sketch rows",
    /// The rows of a block.
    BlockLen "length of a block",
    /// The rows that may be kept aside.
    HeavyCapacity "heavy capacity",
    /// The rows that may wait.
    Deferred "number of deferred rows",
    /// The seed of keyed randomness.
    Seed "seed",
    /// Whether sums are kept in two levels, or compensated.
    Sums "way of summing",
    /// What happens to a full buffer.
    Shrink "way of shrinking",
    /// How medians are found.
    WarmUp "warm-up",
    /// The factor between two blocks (bits of an `f64`).
    Growth "growth",
    /// The disagreement that is let pass (bits of an `f64`).
    DeadZone "dead zone",
    /// The squared length below which rows are thinned out (bits of an `f64`).
    RowSampling "row sampling",
    /// What the rows seen count for (bits of an `f64`).
    Forgetting "forgetting",
    /// How often the rows seen were forgotten.
    TimesForgotten "number of times that rows were forgotten",
    /// A coefficient (bits of an `f64`).
    Coefficient "coefficient",
    /// The value of an element (bits of an `f64`).
    Value "value of an element",
    /// Guesses in a doubling.
    LadderSteps "number of ladder steps",
    /// The length of the state of a function.
    Prefix "length of the state of the function",
    /// The number of rows seen.
    RowsSeen "number of rows seen",
    /// A bound of the ranges of row numbers.
    Ranges "bound of the row numbers",
    /// Nothing, where something should: the first and the last of the row numbers that are in both summaries.
    Overlap "row number",
}

impl Difference {
    /// Whether the two sides are bits of an `f64`.
    pub const fn is_real(self) -> bool {
        matches!(
            self,
            Self::Growth | Self::DeadZone | Self::RowSampling | Self::Forgetting | Self::Coefficient | Self::Value
        )
    }

    /// What to do about it.
    const fn advice(self) -> &'static str {
        match self {
            Self::Version => "read it with a version that knows it",
            Self::Kind | Self::Scalar | Self::Operator => "take the type that the bytes or the other summary have",
            Self::Ids => "take a wider type of ids",
            Self::RowsSeen => "begin with an empty one",
            Self::Value => "go on beside the data that it was made from",
            Self::Coefficient => "start both at the same coefficients",
            Self::Numbering => "sketches of version 0.1 combine among themselves only; sketch the rows again",
            _ => "only like summaries combine",
        }
    }

    pub(super) fn sentence(self, (expected, got): (u64, u64), f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (advice, later) = (self.advice(), Self::Version.advice());
        if self.is_real() {
            let (expected, got) = (f64::from_bits(expected), f64::from_bits(got));
            return write!(f, "{self} is {got}, {expected} expected: {advice}");
        }
        match self {
            Self::Overlap => {
                write!(f, "rows {expected} to {got} are in both summaries: give every stream row numbers of its own")
            }
            Self::Kind if expected == 0 => write!(f, "type {}.{} is not known here: {later}", got >> 8, got & 255),
            Self::Scalar if expected == 0 => write!(f, "scalar {got} is not known here: {later}"),
            Self::Kind => {
                let [mine, theirs] = [expected, got].map(|kind| (kind >> 8, kind & 255));
                write!(f, "type is {}.{}, {}.{} expected: {advice}", theirs.0, theirs.1, mine.0, mine.1)
            }
            _ => write!(f, "{self} is {got}, {expected} expected: {advice}"),
        }
    }
}
