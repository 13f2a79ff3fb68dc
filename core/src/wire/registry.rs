//! Numbers of families and types: the one place on the ground floors that names families.

/// Which summary an encoding holds. The numbers of the byte form are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `eigen::RandomOrderEigen`.
    RandomOrderEigen,
    /// `eigen::ExactEigen`.
    ExactEigen,
    /// `eigen::FrequentDirections`.
    FrequentDirections,
    /// `eigen::NystromSketch`.
    NystromSketch,
    /// `eigen::BlockPower`.
    BlockPower,
    /// `eigen::Oja`.
    Oja,
    /// `eigen::AdaptiveOja`.
    AdaptiveOja,
    /// `eigen::CandidIncremental`.
    CandidIncremental,
    /// `eigen::HistoryPca`.
    HistoryPca,
    /// `stream::Centered` around another summary.
    Centered,
    /// `stream::OrderMonitor`, alone.
    OrderMonitor,
    /// `regression::SketchedLeastSquares`, with any operator.
    SketchedLeastSquares,
    /// `regression::StreamingQr`.
    StreamingQr,
    /// `regression::NormalEquations`.
    NormalEquations,
    /// `regression::RecursiveLeastSquares`.
    RecursiveLeastSquares,
    /// `regression::Gradient`.
    Gradient,
    /// `submodular::LazyDynamic`.
    LazyDynamic,
    /// `submodular::Dynamic`.
    Dynamic,
}

/// Family, type and kind: the one table.
const KINDS: [(u8, u8, Kind); 18] = [
    (1, 1, Kind::RandomOrderEigen),
    (1, 2, Kind::ExactEigen),
    (1, 3, Kind::FrequentDirections),
    (1, 4, Kind::NystromSketch),
    (1, 5, Kind::BlockPower),
    (1, 6, Kind::Oja),
    (1, 7, Kind::AdaptiveOja),
    (1, 8, Kind::CandidIncremental),
    (1, 9, Kind::HistoryPca),
    (1, 10, Kind::Centered),
    (1, 11, Kind::OrderMonitor),
    (2, 1, Kind::SketchedLeastSquares),
    (2, 2, Kind::StreamingQr),
    (2, 3, Kind::NormalEquations),
    (2, 4, Kind::RecursiveLeastSquares),
    (2, 5, Kind::Gradient),
    (5, 1, Kind::LazyDynamic),
    (5, 2, Kind::Dynamic),
];

impl Kind {
    /// The number of the family times 256, plus the number of the type: what [`Difference::Kind`](crate::Difference::Kind)
    /// compares.
    pub fn number(self) -> u16 {
        u16::from_be_bytes(self.numbers())
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
