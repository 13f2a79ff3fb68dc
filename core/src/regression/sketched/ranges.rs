//! Which row numbers a summary holds: a sorted list of disjoint ranges, on the caller's words.

use crate::Error;

/// Words of a range: first and last number, low half before high.
pub(super) const WORDS: usize = 4;
/// Bits of a row number that count; those above are the stream's.
const TICK_BITS: u32 = 40;
/// The largest count within a stream.
pub(super) const LAST_TICK: u64 = (1 << TICK_BITS) - 1;

/// A range of row numbers, both ends included.
pub(super) type Range = (u64, u64);

/// Which stream a row number belongs to.
pub(super) const fn stream(index: u64) -> u64 {
    index >> TICK_BITS
}

/// The list as it stands in storage: the first `len` of the ranges that there is room for.
#[derive(Debug)]
pub(super) struct Ranges<'a> {
    pub(super) words: &'a [u32],
    pub(super) len: usize,
}

impl Ranges<'_> {
    pub(super) fn get(&self, i: usize) -> Range {
        read(self.words, i)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Range> + Clone + '_ {
        (0..self.len).map(|i| self.get(i))
    }

    /// The largest number of a stream.
    pub(super) fn last_of(&self, stream_id: u64) -> Option<u64> {
        self.iter().map(|range| range.1).rfind(|&last| stream(last) == stream_id)
    }

    /// Whether any number is in both lists.
    pub(super) fn overlap(&self, other: &Self) -> Option<Range> {
        self.iter().find_map(|(first, last)| {
            let shared = other.iter().find(|&(from, to)| from <= last && first <= to)?;
            Some((first.max(shared.0), last.min(shared.1)))
        })
    }

    /// Ranges in the union of both lists.
    pub(super) fn union_len(&self, other: &Self) -> usize {
        let (mut i, mut j, mut count) = (0, 0, 0);
        let mut reached: Option<u64> = None;
        while i < self.len || j < other.len {
            let take_mine = j >= other.len || (i < self.len && self.get(i).0 <= other.get(j).0);
            let (first, last) = if take_mine { self.get(i) } else { other.get(j) };
            if take_mine {
                i += 1;
            } else {
                j += 1;
            }
            match reached {
                Some(end) if touches(end, first) => reached = Some(end.max(last)),
                _ => {
                    count += 1;
                    reached = Some(last);
                }
            }
        }
        count
    }
}

/// Whether a range that ends at `last` and one that begins at `first` or before are one.
const fn touches(last: u64, first: u64) -> bool {
    first <= last || (first == last + 1 && stream(first) == stream(last))
}

fn read(words: &[u32], i: usize) -> Range {
    let word = |k: usize| u64::from(words.get(WORDS * i + k).copied().unwrap_or(0));
    (word(1) << 32 | word(0), word(3) << 32 | word(2))
}

#[allow(clippy::cast_possible_truncation, reason = "halves of words")]
fn write(words: &mut [u32], i: usize, (first, last): Range) {
    let halves = [first as u32, (first >> 32) as u32, last as u32, (last >> 32) as u32];
    if let Some(to) = words.get_mut(WORDS * i..WORDS * (i + 1)) {
        to.copy_from_slice(&halves);
    }
}

/// Takes a number: nothing changes inside a range; else the nearest range of its stream is stretched to it; a stream without
/// one begins one. Gives the new number of ranges.
///
/// # Errors
/// [`Error::Capacity`] if there is no room for another range; nothing is changed.
pub(super) fn claim(words: &mut [u32], len: usize, index: u64) -> Result<usize, Error> {
    let list = Ranges { words, len };
    // How many begin at the number or before it.
    let before = list.iter().take_while(|range| range.0 <= index).count();
    let own = |i: usize| i < len && stream(list.get(i).0) == stream(index);
    let below = (before > 0 && own(before - 1)).then(|| list.get(before - 1));
    let above = own(before).then(|| list.get(before));
    let stretched = match (below, above) {
        (Some((_, last)), _) if index <= last => return Ok(len),
        (Some((first, last)), Some((next, _))) if index - last <= next - index => (before - 1, (first, index)),
        (_, Some((_, last))) => (before, (index, last)),
        (Some((first, _)), None) => (before - 1, (first, index)),
        (None, None) => return insert(words, len, before, (index, index)),
    };
    write(words, stretched.0, stretched.1);
    // The two ranges at the gap may have met.
    if let (Some((first, _)), Some((_, last))) = (below, above) {
        let list = Ranges { words, len };
        if touches(list.get(before - 1).1, list.get(before).0) {
            write(words, before - 1, (first, last));
            return Ok(remove(words, len, before, 1));
        }
    }
    Ok(len)
}

/// Adds a range, united with all it overlaps or touches. Gives the new number of ranges.
pub(super) fn unite(words: &mut [u32], len: usize, range: Range) -> Result<usize, Error> {
    let list = Ranges { words, len };
    let from = list.iter().take_while(|&(_, last)| !touches(last, range.0)).count();
    let joined = list.iter().skip(from).take_while(|&(first, _)| touches(range.1, first)).count();
    if joined == 0 {
        return insert(words, len, from, range);
    }
    let whole = (list.get(from).0.min(range.0), list.get(from + joined - 1).1.max(range.1));
    write(words, from, whole);
    Ok(remove(words, len, from + 1, joined - 1))
}

/// Writes a range behind the last one. Gives the new number of ranges.
pub(super) fn append(words: &mut [u32], len: usize, range: Range) -> usize {
    write(words, len, range);
    len + 1
}

/// Whether a range would be one more, touching none.
pub(super) fn is_apart(list: &Ranges<'_>, range: Range) -> bool {
    !list.iter().any(|(first, last)| touches(last, range.0) && touches(range.1, first))
}

fn insert(words: &mut [u32], len: usize, at: usize, range: Range) -> Result<usize, Error> {
    let limit = words.len() / WORDS;
    if len >= limit {
        return Err(Error::Capacity { limit });
    }
    words.copy_within(WORDS * at..WORDS * len, WORDS * (at + 1));
    write(words, at, range);
    Ok(len + 1)
}

fn remove(words: &mut [u32], len: usize, at: usize, count: usize) -> usize {
    words.copy_within(WORDS * (at + count)..WORDS * len, WORDS * at);
    len - count
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "test data are small")]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn list(words: &[u32], len: usize) -> Vec<Range> {
        Ranges { words, len }.iter().collect()
    }

    fn claimed(capacity: usize, indices: &[u64]) -> Result<Vec<Range>, Error> {
        let mut words = vec![0; WORDS * capacity];
        let mut len = 0;
        for &index in indices {
            len = claim(&mut words, len, index)?;
        }
        Ok(list(&words, len))
    }

    const STREAM: u64 = 1 << TICK_BITS;

    #[test]
    fn claims_stretch_the_nearest_range_of_their_stream() {
        assert_eq!(claimed(1, &[5, 6, 7]), Ok(vec![(5, 7)]));
        assert_eq!(claimed(1, &[5, 5, 3]), Ok(vec![(3, 5)]));
        assert_eq!(claimed(1, &[5, 100]), Ok(vec![(5, 100)]));
        assert_eq!(claimed(2, &[5, STREAM + 2, 9]), Ok(vec![(5, 9), (STREAM + 2, STREAM + 2)]));
        assert_eq!(claimed(1, &[5, STREAM]), Err(Error::Capacity { limit: 1 }));
        // The end of one stream and the beginning of the next don't join.
        assert_eq!(claimed(2, &[STREAM - 1, STREAM]), Ok(vec![(STREAM - 1, STREAM - 1), (STREAM, STREAM)]));
        assert_eq!(claimed(1, &[u64::MAX, u64::MAX - 1]), Ok(vec![(u64::MAX - 1, u64::MAX)]));
    }

    fn united(capacity: usize, ranges: &[Range]) -> Result<Vec<Range>, Error> {
        let mut words = vec![0; WORDS * capacity];
        let mut len = 0;
        for &range in ranges {
            len = unite(&mut words, len, range)?;
        }
        Ok(list(&words, len))
    }

    #[test]
    fn unions_join_what_touches() {
        assert_eq!(united(2, &[(0, 3), (8, 9), (4, 7)]), Ok(vec![(0, 9)]));
        assert_eq!(united(3, &[(10, 12), (0, 3), (5, 6)]), Ok(vec![(0, 3), (5, 6), (10, 12)]));
        assert_eq!(united(3, &[(10, 12), (0, 3), (2, 20)]), Ok(vec![(0, 20)]));
        assert_eq!(united(2, &[(10, 12), (0, 3), (5, 6)]), Err(Error::Capacity { limit: 2 }));
        assert_eq!(united(2, &[(0, STREAM - 1), (STREAM, STREAM + 1)]).unwrap().len(), 2);
        assert_eq!(united(1, &[(0, u64::MAX), (5, 6)]), Ok(vec![(0, u64::MAX)]));
    }

    #[test]
    fn claims_between_two_ranges_join_them_when_the_gap_is_gone() {
        let mut words = vec![0; 2 * WORDS];
        let mut len = unite(&mut words, 0, (0, 3)).unwrap();
        len = unite(&mut words, len, (8, 9)).unwrap();
        len = claim(&mut words, len, 5).unwrap();
        assert_eq!(list(&words, len), [(0, 5), (8, 9)]);
        len = claim(&mut words, len, 7).unwrap();
        assert_eq!(list(&words, len), [(0, 5), (7, 9)]);
        len = claim(&mut words, len, 6).unwrap();
        assert_eq!(list(&words, len), [(0, 9)]);
    }

    #[test]
    fn lists_agree_with_sets_of_numbers() {
        use crate::random::keyed::{Domain, below, word};
        for seed in 0..300 {
            let number = |i: u64, bound| below(word(seed, Domain::Coin, i), bound);
            let mut lists = [(vec![0; 8 * WORDS], 0), (vec![0; 8 * WORDS], 0)];
            let mut sets = [[false; 40], [false; 40]];
            for i in 0..number(0, 6) * 2 {
                let (side, first) = ((i % 2) as usize, number(2 * i + 1, 36));
                let last = first + number(2 * i + 2, 4);
                let (words, len) = &mut lists[side];
                *len = unite(words, *len, (first, last)).unwrap();
                sets[side][first as usize..=last as usize].fill(true);
            }
            let runs = |set: &[bool]| set.chunk_by(|a, b| a == b).filter(|run| run[0]).count();
            let views = lists.each_ref().map(|(words, len)| Ranges { words, len: *len });
            assert_eq!(views[0].len, runs(&sets[0]), "{seed}");
            let both: Vec<bool> = sets[0].iter().zip(&sets[1]).map(|(&a, &b)| a && b).collect();
            let either: Vec<bool> = sets[0].iter().zip(&sets[1]).map(|(&a, &b)| a || b).collect();
            assert_eq!(views[0].overlap(&views[1]).is_some(), both.contains(&true), "{seed}");
            assert_eq!(views[0].union_len(&views[1]), runs(&either), "{seed}");
        }
    }
}
