//! Groups of elements with a cap each: a partition matroid.

use super::matroid::{Chosen, Exchange, Matroid};
use crate::{Error, Id, Real, Rule};

/// Groups of elements, each with a cap on the number chosen: a partition matroid, as a light view of data that the caller owns.
///
/// # Example
/// ```
/// use sketchlet_core::submodular::Partition;
/// // Three elements of one group and two of another; at most two and one of them may be chosen.
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
            return Err(Error::Parameter { name: &"caps", rule: Rule::POSITIVE });
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

    /// The largest number of elements that may be chosen: the sum of all caps.
    pub fn rank(&self) -> usize {
        self.caps.iter().fold(0, |sum: usize, &cap| sum.saturating_add(cap as usize))
    }
}

impl<G: Id> Matroid for Partition<'_, G> {
    fn elements(&self) -> usize {
        self.group_of.len()
    }

    fn rank(&self) -> usize {
        self.rank()
    }

    fn exchange<T: Real, D: Id>(&self, chosen: &Chosen<'_, T, D>, id: usize) -> Exchange {
        let group = self.group_of[id].to_usize();
        chosen.weakest(self.caps[group] as usize, |other| self.group_of[other].to_usize() == group)
    }
}
