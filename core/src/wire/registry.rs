//! Numbers of families and types: the one place on the ground floors that names families.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = ($family:literal, $number:literal), version $version:literal;)*) => {
        /// Which summary an encoding holds. The numbers of the byte form are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        /// Family, type, kind and the version of its byte form.
        const KINDS: &[(u8, u8, Kind, u8)] = &[$(($family, $number, Kind::$kind, $version),)*];
    };
}

// The one table: a new type is a line here.
kinds! {
    /// `eigen::RandomOrderEigen`.
    RandomOrderEigen = (1, 1), version 2;
    /// `eigen::ExactEigen`.
    ExactEigen = (1, 2), version 2;
    /// `eigen::FrequentDirections`.
    FrequentDirections = (1, 3), version 2;
    /// `eigen::NystromSketch`.
    NystromSketch = (1, 4), version 2;
    /// `eigen::BlockPower`.
    BlockPower = (1, 5), version 1;
    /// `eigen::Oja`.
    Oja = (1, 6), version 1;
    /// `eigen::AdaptiveOja`.
    AdaptiveOja = (1, 7), version 1;
    /// `eigen::CandidIncremental`.
    CandidIncremental = (1, 8), version 2;
    /// `eigen::HistoryPca`.
    HistoryPca = (1, 9), version 2;
    /// `stream::Centered` around another summary.
    Centered = (1, 10), version 1;
    /// `stream::OrderMonitor`, alone.
    OrderMonitor = (1, 11), version 1;
    /// `regression::SketchedLeastSquares`, with any operator.
    SketchedLeastSquares = (2, 1), version 2;
    /// `regression::StreamingQr`.
    StreamingQr = (2, 2), version 1;
    /// `regression::NormalEquations`.
    NormalEquations = (2, 3), version 2;
    /// `regression::RecursiveLeastSquares`.
    RecursiveLeastSquares = (2, 4), version 1;
    /// `regression::Gradient`.
    Gradient = (2, 5), version 2;
    /// `submodular::LazyDynamic`.
    LazyDynamic = (5, 1), version 1;
    /// `submodular::Dynamic`.
    Dynamic = (5, 2), version 1;
}

impl Kind {
    /// The number of the family times 256, plus the number of the type: what [`Difference::Kind`](crate::Difference::Kind)
    /// compares.
    pub fn number(self) -> u16 {
        u16::from_be_bytes(self.numbers())
    }

    /// The newest version that any type has.
    pub(super) const NEWEST_VERSION: u8 = 2;

    /// Version of the type's byte form. Encodings of all versions from 1 on are read.
    pub(super) fn version(self) -> u8 {
        KINDS.iter().find(|entry| entry.2 == self).map_or(1, |entry| entry.3)
    }

    pub(super) fn numbers(self) -> [u8; 2] {
        KINDS.iter().find(|entry| entry.2 == self).map_or([0, 0], |entry| [entry.0, entry.1])
    }

    pub(super) fn of(numbers: [u8; 2]) -> Option<Self> {
        KINDS.iter().find(|entry| [entry.0, entry.1] == numbers).map(|entry| entry.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_kinds_are_unique() {
        for (i, entry) in KINDS.iter().enumerate() {
            for other in &KINDS[..i] {
                assert_ne!((entry.0, entry.1), (other.0, other.1));
                assert_ne!(entry.2, other.2);
            }
            assert_eq!(Kind::of(entry.2.numbers()), Some(entry.2));
        }
    }
}
