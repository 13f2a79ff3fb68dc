//! A heap of elements on slices, with the largest gain on top, and among equal gains the smallest id.

use crate::{Id, Real};

/// Elements, their gains, and the number of pushes that each gain is given.
#[derive(Debug)]
pub(super) struct Heap<'a, T, D> {
    pub(super) gains: &'a mut [T],
    pub(super) ids: &'a mut [D],
    pub(super) pushes: &'a mut [D],
    pub(super) len: usize,
}

impl<T: Real, D: Id> Heap<'_, T, D> {
    /// Appends an element; call [`build`](Self::build) afterwards.
    pub(super) fn add(&mut self, gain: T, id: D) {
        self.gains[self.len] = gain;
        self.ids[self.len] = id;
        self.pushes[self.len] = D::default();
        self.len += 1;
    }

    /// Makes a heap of the elements added.
    pub(super) fn build(&mut self) {
        for place in (0..self.len / 2).rev() {
            self.sink(place);
        }
    }

    /// Restores the order after the element at a place has become smaller.
    pub(super) fn sink(&mut self, mut place: usize) {
        loop {
            let mut first = place;
            for child in [2 * place + 1, 2 * place + 2] {
                if child < self.len && self.is_before(child, first) {
                    first = child;
                }
            }
            if first == place {
                return;
            }
            self.exchange(place, first);
            place = first;
        }
    }

    /// Removes the element on top.
    pub(super) fn pop(&mut self) {
        self.len -= 1;
        self.exchange(0, self.len);
        self.sink(0);
    }

    /// Removes the element at a place by exchange with the last one. The order is lost.
    pub(super) fn swap_remove(&mut self, place: usize) {
        self.len -= 1;
        self.exchange(place, self.len);
    }

    /// Orders by id, in place.
    pub(super) fn sort_by_id(&mut self) {
        // A heap of the ids: the largest goes to the end, again and again.
        let is_ascending = self.ids[..self.len].is_sorted();
        for start in (0..if is_ascending { 0 } else { self.len / 2 }).rev() {
            self.sink_id(start, self.len);
        }
        for last in (1..if is_ascending { 0 } else { self.len }).rev() {
            self.exchange(0, last);
            self.sink_id(0, last);
        }
    }

    fn sink_id(&mut self, mut place: usize, len: usize) {
        loop {
            let children = [2 * place + 1, 2 * place + 2].into_iter().filter(|&child| child < len);
            let largest = children.max_by_key(|&child| self.ids[child]);
            match largest {
                Some(child) if self.ids[child] > self.ids[place] => self.exchange(place, child),
                _ => return,
            }
            place = largest.unwrap_or(len);
        }
    }

    pub(super) fn exchange(&mut self, place: usize, other: usize) {
        self.gains.swap(place, other);
        self.ids.swap(place, other);
        self.pushes.swap(place, other);
    }

    fn is_before(&self, place: usize, other: usize) -> bool {
        let (gain, than) = (self.gains[place], self.gains[other]);
        gain > than || gain == than && self.ids[place] < self.ids[other]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keyed::{Domain, below, word};
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn elements_come_in_order_of_gain_and_id() {
        for len in 0..40usize {
            let (mut gains, mut ids, mut pushes) = (vec![0.0; len], vec![0u16; len], vec![0u16; len]);
            let mut heap = Heap { gains: &mut gains, ids: &mut ids, pushes: &mut pushes, len: 0 };
            let mut expected = Vec::new();
            for i in 0..len {
                let gain = below(word(9, Domain::Coin, (i + 100 * len) as u64), 7) as f64;
                heap.add(gain, Id::from_usize(i));
                expected.push((gain, i));
            }
            heap.build();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            for expected in expected {
                assert_eq!((heap.gains[0], heap.ids[0].to_usize()), expected);
                heap.pop();
            }
            assert_eq!(heap.len, 0);
        }
    }
}
