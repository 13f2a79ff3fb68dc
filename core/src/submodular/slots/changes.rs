//! The insertions and deletions that a guess has not processed yet.

use crate::Id;

/// Whether the bit of an element is set.
pub(crate) fn bit<D: Id>(words: &[D], id: usize) -> bool {
    words.get(id / D::BITS).is_some_and(|word| word.to_usize() >> (id % D::BITS) & 1 == 1)
}

/// Elements that were inserted or deleted since a guess was brought up to date.
#[derive(Debug)]
pub(crate) struct Changes<'a, D> {
    /// The number of elements, and the first and the last word that holds one.
    pub(super) range: &'a mut [D],
    pub(super) touched: &'a mut [D],
    pub(super) gone: &'a mut [D],
}

impl<D: Id> Changes<'_, D> {
    /// Notes an insertion or a deletion.
    pub(crate) fn note(&mut self, id: usize, has_gone: bool) {
        let (word, bit) = (id / D::BITS, 1 << (id % D::BITS));
        if self.touched[word].to_usize() & bit == 0 {
            self.touched[word] = D::from_usize(self.touched[word].to_usize() | bit);
            let (count, first, last) = (self.count(), self.range[1].to_usize(), self.range[2].to_usize());
            self.range[0] = D::from_usize(count + 1);
            self.range[1] = D::from_usize(if count == 0 { word } else { first.min(word) });
            self.range[2] = D::from_usize(if count == 0 { word } else { last.max(word) });
        }
        if has_gone {
            self.gone[word] = D::from_usize(self.gone[word].to_usize() | bit);
        }
    }

    /// Number of elements noted.
    pub(crate) fn count(&self) -> usize {
        self.range.first().map_or(0, |count| count.to_usize())
    }

    /// Whether an element is noted.
    pub(crate) fn has(&self, id: usize) -> bool {
        bit(self.touched, id)
    }

    /// The first element noted from an id on.
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        if self.count() == 0 {
            return None;
        }
        let (first, last) = (self.range[1].to_usize(), self.range[2].to_usize());
        let start = from.max(first * D::BITS);
        let mut mask = usize::MAX << (start % D::BITS);
        for word in start / D::BITS..=last {
            let bits = self.touched[word].to_usize() & mask;
            if bits != 0 {
                return Some(word * D::BITS + bits.trailing_zeros() as usize);
            }
            mask = usize::MAX;
        }
        None
    }

    /// Whether an element noted was deleted, even if it was inserted again.
    pub(crate) fn has_gone(&self, id: usize) -> bool {
        bit(self.gone, id)
    }

    /// Forgets the deletions.
    pub(crate) fn forget_gone(&mut self) {
        if self.count() > 0 {
            let (first, last) = (self.range[1].to_usize(), self.range[2].to_usize());
            self.gone[first..=last].fill(D::default());
        }
    }

    /// Forgets everything in storage of unknown content.
    pub(crate) fn reset(&mut self) {
        self.range.fill(D::default());
        self.touched.fill(D::default());
        self.gone.fill(D::default());
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        if self.count() > 0 {
            self.forget_gone();
            let (first, last) = (self.range[1].to_usize(), self.range[2].to_usize());
            self.touched[first..=last].fill(D::default());
            self.range.fill(D::default());
        }
    }
}
