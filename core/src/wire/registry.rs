//! Numbers of families and types: the one place on the ground floors that names families.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = ($family:literal, $number:literal);)*) => {
        /// Which summary an encoding holds. The numbers of the byte form are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        /// Family, type and kind.
        const KINDS: &[(u8, u8, Kind)] = &[$(($family, $number, Kind::$kind),)*];
    };
}

// The one table: a new type is a line here.
kinds! {
    /// `eigen::RandomOrderEigen`.
    RandomOrderEigen = (1, 1);
    /// `eigen::ExactEigen`.
    ExactEigen = (1, 2);
    /// `eigen::FrequentDirections`.
    FrequentDirections = (1, 3);
    /// `eigen::NystromSketch`.
    NystromSketch = (1, 4);
    /// `eigen::BlockPower`.
    BlockPower = (1, 5);
    /// `eigen::Oja`.
    Oja = (1, 6);
    /// `eigen::AdaptiveOja`.
    AdaptiveOja = (1, 7);
    /// `eigen::CandidIncremental`.
    CandidIncremental = (1, 8);
    /// `eigen::HistoryPca`.
    HistoryPca = (1, 9);
    /// `stream::Centered` around another summary.
    Centered = (1, 10);
    /// `stream::OrderMonitor`, alone.
    OrderMonitor = (1, 11);
    /// `regression::SketchedLeastSquares`, with any operator.
    SketchedLeastSquares = (2, 1);
    /// `regression::StreamingQr`.
    StreamingQr = (2, 2);
    /// `regression::NormalEquations`.
    NormalEquations = (2, 3);
    /// `regression::RecursiveLeastSquares`.
    RecursiveLeastSquares = (2, 4);
    /// `regression::Gradient`.
    Gradient = (2, 5);
    /// `submodular::LazyDynamic`.
    LazyDynamic = (5, 1);
    /// `submodular::Dynamic`.
    Dynamic = (5, 2);
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
    pub(super) const fn version(self) -> u8 {
        match self {
            Self::ExactEigen | Self::FrequentDirections | Self::CandidIncremental | Self::HistoryPca => 2,
            _ => 1,
        }
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
