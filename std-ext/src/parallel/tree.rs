//! The fixed tree in which summaries are merged.

use crate::{CoreError, Merge};

/// Merges summaries as they come, always in the same tree: neighbours first, level by level.
///
/// The tree depends on the number of summaries alone, so the same summaries in the same order give the same bits, and
/// an early one is not merged with a long sum of all others. At most one summary a level is held: 20 for a million of them.
///
/// # Example
/// ```
/// use sketchlet::eigen::{ExactEigen, ExactEigenParams};
/// use sketchlet::{RowSummary, parallel::MergeTree};
/// let mut tree = MergeTree::new();
/// for device in 0..5 {
///     let mut summary = ExactEigen::<f64, _>::new(ExactEigenParams::new(2))?;
///     summary.update(&[f64::from(device), 1.0])?;
///     tree.push(summary)?;
/// }
/// assert_eq!(tree.finish()?.unwrap().rows_seen(), 5);
/// # Ok::<(), sketchlet::CoreError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MergeTree<M> {
    /// Subtrees whose neighbour is not there yet, in the order of their summaries.
    nodes: Vec<Node<M>>,
    /// Summaries so far.
    len: u64,
}

/// A subtree of `2^level` summaries, the `index`th of its level.
#[derive(Clone, Debug)]
pub(super) struct Node<M> {
    pub(super) level: u32,
    pub(super) index: u64,
    pub(super) summary: M,
}

impl<M> Node<M> {
    /// The first summary below it.
    const fn first(&self) -> u64 {
        self.index << self.level
    }
}

impl<M> Default for MergeTree<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> MergeTree<M> {
    /// A tree without summaries.
    pub const fn new() -> Self {
        Self { nodes: Vec::new(), len: 0 }
    }

    /// Adds the next summary, with a merge of the caller's: it absorbs its second argument into its first.
    ///
    /// # Errors
    /// Those of the merge. The tree is of no use then.
    pub fn push_by<E>(&mut self, summary: M, merge: impl FnMut(&mut M, M) -> Result<(), E>) -> Result<(), E> {
        let node = Node { level: 0, index: self.len, summary };
        self.len += 1;
        settle(node, merge, |node| self.place(node))
    }

    /// The summary of all of them, or `None` if there was none.
    ///
    /// # Errors
    /// Those of the merge.
    pub fn finish_by<E>(mut self, mut merge: impl FnMut(&mut M, M) -> Result<(), E>) -> Result<Option<M>, E> {
        let Some(last) = self.nodes.pop() else { return Ok(None) };
        // What has no neighbour goes up until it meets one.
        let mut whole = last.summary;
        while let Some(mut before) = self.nodes.pop() {
            merge(&mut before.summary, whole)?;
            whole = before.summary;
        }
        Ok(Some(whole))
    }

    /// Keeps a subtree until its neighbour comes, or gives both, the earlier one first.
    pub(super) fn place(&mut self, node: Node<M>) -> Option<[Node<M>; 2]> {
        let neighbour = node.index ^ 1;
        let found = self.nodes.iter().position(|other| (other.level, other.index) == (node.level, neighbour));
        if let Some(place) = found {
            let other = self.nodes.remove(place);
            return Some(if other.index < node.index { [other, node] } else { [node, other] });
        }
        let place = self.nodes.partition_point(|other| other.first() < node.first());
        self.nodes.insert(place, node);
        None
    }
}

impl<M: Merge> MergeTree<M> {
    /// Adds the next summary.
    ///
    /// # Errors
    /// Those of [`Merge::merge`]. The tree is of no use then.
    pub fn push(&mut self, summary: M) -> Result<(), CoreError> {
        self.push_by(summary, absorb)
    }

    /// The summary of all of them, or `None` if there was none.
    ///
    /// # Errors
    /// Those of [`Merge::merge`].
    pub fn finish(self) -> Result<Option<M>, CoreError> {
        self.finish_by(absorb)
    }
}

/// Merges a subtree with its neighbour as long as there is one. `place` keeps it, or gives both.
pub(super) fn settle<M, E>(
    mut node: Node<M>,
    mut merge: impl FnMut(&mut M, M) -> Result<(), E>,
    mut place: impl FnMut(Node<M>) -> Option<[Node<M>; 2]>,
) -> Result<(), E> {
    while let Some([mut first, second]) = place(node) {
        merge(&mut first.summary, second.summary)?;
        node = Node { level: first.level + 1, index: first.index / 2, summary: first.summary };
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "as a merge of the caller's")]
fn absorb<M: Merge>(first: &mut M, second: M) -> Result<(), CoreError> {
    first.merge(&second)
}

/// Merges summaries in the tree of [`MergeTree`]; `None` if there are none.
///
/// # Errors
/// Those of [`Merge::merge`].
pub fn merge_all<M: Merge>(summaries: impl IntoIterator<Item = M>) -> Result<Option<M>, CoreError> {
    merge_all_by(summaries, absorb)
}

/// The same with a merge of the caller's, which absorbs its second argument into its first.
///
/// # Errors
/// Those of the merge.
pub fn merge_all_by<M, E>(
    summaries: impl IntoIterator<Item = M>,
    mut merge: impl FnMut(&mut M, M) -> Result<(), E>,
) -> Result<Option<M>, E> {
    let mut tree = MergeTree::new();
    summaries.into_iter().try_for_each(|summary| tree.push_by(summary, &mut merge))?;
    tree.finish_by(merge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;

    /// A merge that writes down what it did.
    #[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "as a merge that can fail")]
    fn join(first: &mut String, second: String) -> Result<(), Infallible> {
        *first = format!("({first}{second})");
        Ok(())
    }

    fn name(leaf: usize) -> String {
        char::from(b'a' + u8::try_from(leaf).unwrap()).to_string()
    }

    /// By the definition: neighbours, level by level.
    fn by_levels(leaves: usize) -> Option<String> {
        let mut level: Vec<String> = (0..leaves).map(name).collect();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| if pair.len() == 2 { format!("({})", pair.concat()) } else { pair[0].clone() })
                .collect();
        }
        level.pop()
    }

    #[test]
    fn neighbours_merge_level_by_level() {
        for leaves in 0..20 {
            let Ok(whole) = merge_all_by((0..leaves).map(name), join);
            assert_eq!(whole, by_levels(leaves), "{leaves}");
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        for leaves in 1..12 {
            let mut tree = MergeTree::new();
            // 7 and the number of leaves have no common factor but for 7 itself.
            let step = if leaves == 7 { 5 } else { 7 };
            for i in 0..leaves {
                let leaf = i * step % leaves;
                let Ok(()) =
                    settle(Node { level: 0, index: leaf as u64, summary: name(leaf) }, join, |node| tree.place(node));
            }
            let Ok(whole) = tree.finish_by(join);
            assert_eq!(whole, by_levels(leaves), "{leaves}");
        }
    }

    #[test]
    fn few_summaries_are_held() {
        let mut tree = MergeTree::new();
        for leaf in 0..1000u64 {
            let Ok(()) = tree.push_by(leaf, |_, _| Ok::<(), Infallible>(()));
            assert!(tree.nodes.len() <= 10);
        }
    }
}
