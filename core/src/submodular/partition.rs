//! Groups of elements, of each of which only so many may be chosen.

use crate::{Error, Id, Rule};

/// Groups of elements, and how many of each may be chosen at most: a partition matroid. A light view of data that the caller owns,
/// like the function.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::Partition;
/// // Three elements of one kind and two of another; two and one of them may be chosen.
/// let partition = Partition::new(&[0u8, 0, 0, 1, 1], &[2, 1])?;
/// assert_eq!((partition.groups(), partition.rank()), (2, 3));
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Partition<'a, G> {
    group_of: &'a [G],
    caps: &'a [u32],
}

impl<'a, G: Id> Partition<'a, G> {
    /// The group of each element, and the cap of each group.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a cap of 0, or no caps; [`Error::NotFound`] with the first element whose group has none.
    pub fn new(group_of: &'a [G], caps: &'a [u32]) -> Result<Self, Error> {
        if caps.is_empty() || caps.contains(&0) {
            return Err(Error::Parameter { name: "caps", rule: Rule::Positive });
        }
        match group_of.iter().position(|group| group.to_usize() >= caps.len()) {
            Some(index) => Err(Error::NotFound { index }),
            None => Ok(Self { group_of, caps }),
        }
    }

    /// Number of groups.
    pub const fn groups(&self) -> usize {
        self.caps.len()
    }

    /// The most elements that may be chosen: the sum of all caps.
    pub fn rank(&self) -> usize {
        self.caps.iter().fold(0, |sum: usize, &cap| sum.saturating_add(cap as usize))
    }

    /// Elements that have a group.
    pub(super) const fn elements(&self) -> usize {
        self.group_of.len()
    }

    pub(super) fn group(&self, id: usize) -> usize {
        self.group_of[id].to_usize()
    }

    /// How many of an element's group may be chosen.
    pub(super) fn cap(&self, id: usize) -> usize {
        self.caps[self.group(id)] as usize
    }

    /// Whether an element may join those chosen.
    pub(super) fn has_room<D: Id>(&self, chosen: &[D], id: usize) -> bool {
        let group = self.group(id);
        chosen.iter().filter(|other| self.group(other.to_usize()) == group).count() < self.cap(id)
    }
}
