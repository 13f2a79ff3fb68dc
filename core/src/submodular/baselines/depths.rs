//! Candidates by the last level that each belongs to.

use crate::Error;
use alloc::vec::Vec;

/// Candidates by the last level that each belongs to.
#[derive(Clone, Debug)]
pub(super) struct Depths {
    /// Place in its group and depth of each element; a depth of 0 is that of an element outside.
    place: Vec<u32>,
    depth: Vec<u32>,
    /// Elements of each depth.
    groups: Vec<Vec<u32>>,
}

#[allow(clippy::cast_possible_truncation, reason = "ids and levels are at most 32 bits wide")]
impl Depths {
    pub(super) fn new(elements: usize) -> Result<Self, Error> {
        let (place, depth) = (crate::base::storage::allocate(elements)?, crate::base::storage::allocate(elements)?);
        Ok(Self { place, depth, groups: Vec::new() })
    }

    pub(super) fn of(&self, id: u32) -> usize {
        self.depth[id as usize] as usize
    }

    /// Elements whose last level is this one.
    pub(super) fn group(&self, depth: usize) -> Vec<u32> {
        self.groups.get(depth.wrapping_sub(1)).cloned().unwrap_or_default()
    }

    /// Number of elements of a level and all after it.
    pub(super) fn from(&self, level: usize) -> usize {
        self.groups.iter().skip(level - 1).map(Vec::len).sum()
    }

    pub(super) fn ids_held(&self) -> usize {
        self.place.len() + self.depth.len() + self.from(1)
    }

    pub(super) fn put(&mut self, id: u32, depth: usize) {
        self.take(id);
        if depth == 0 {
            return;
        }
        if self.groups.len() < depth {
            self.groups.resize(depth, Vec::new());
        }
        let group = &mut self.groups[depth - 1];
        (self.place[id as usize], self.depth[id as usize]) = (group.len() as u32, depth as u32);
        group.push(id);
    }

    pub(super) fn take(&mut self, id: u32) {
        let depth = self.of(id);
        if depth > 0 {
            let (group, place) = (&mut self.groups[depth - 1], self.place[id as usize]);
            group.swap_remove(place as usize);
            if let Some(&moved) = group.get(place as usize) {
                self.place[moved as usize] = place;
            }
            self.depth[id as usize] = 0;
        }
    }

    /// Takes all elements of a level and all after it out.
    pub(super) fn drain(&mut self, level: usize) -> Vec<u32> {
        let mut ids = Vec::new();
        for group in self.groups.iter_mut().skip(level - 1) {
            ids.append(group);
        }
        ids.iter().for_each(|&id| self.depth[id as usize] = 0);
        ids
    }
}
