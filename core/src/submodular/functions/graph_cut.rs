//! Cuts: how much of a graph do the chosen vertices cut off from the rest?

use super::checks::{Lists, check_weights};
use crate::submodular::{GroundSet, Prefix, PrefixLen, PrefixOracle};
use crate::{Error, Id, Real};

/// How much of a graph do the chosen vertices cut off from the rest? `f(S) = sum of w(u, v) over the edges with one end in S`.
///
/// The function is not monotone: with too many vertices the cut shrinks again. Every edge counts, whichever vertices are alive.
///
/// # Cost
/// A gain takes two operations an edge of the vertex. State: one id a vertex, for all numbers of pushes together.
/// # Example
/// ```
/// use sketchlet_core::submodular::{GraphCut, GroundSet, Prefix, PrefixOracle};
/// // A path of three vertices; every edge is listed at both ends.
/// let oracle = GraphCut::new(&[0, 1, 3, 4], &[1, 0, 2, 1])?;
/// let mut indices = vec![0u8; oracle.prefix_len(2).indices];
/// let mut prefix = Prefix { size: 2, scalars: &mut [0.0f32; 0], indices: &mut indices, scratch: &mut [] };
/// oracle.truncate(&mut prefix, 0);
/// oracle.push(&mut prefix, 0, 1);
/// assert_eq!([oracle.gain(&mut prefix, 0, 1), oracle.gain(&mut prefix, 1, 0)], [2.0, -1.0]);
/// # Ok::<(), sketchlet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GraphCut<'a, W = f32> {
    neighbours: Lists<'a>,
    weights: Option<&'a [W]>,
}

impl<'a> GraphCut<'a> {
    /// The neighbours of vertex `i` stand between `offsets[i]` and `offsets[i + 1]`. Every edge is listed twice, once at each end.
    ///
    /// # Errors
    /// [`Error::Dimension`] unless offsets ascend from 0 to the number of neighbours; [`Error::NotFound`] with the place of a
    /// neighbour that is not a vertex.
    pub fn new(offsets: &'a [u32], neighbours: &'a [u32]) -> Result<Self, Error> {
        let vertices = offsets.len().saturating_sub(1);
        Ok(Self { neighbours: Lists::new(offsets, neighbours, vertices)?, weights: None })
    }

    /// Length of the state over a number of vertices.
    pub const fn prefix_len_of(vertices: usize) -> PrefixLen {
        PrefixLen { scalars: 0, indices: vertices, scratch: 0 }
    }
}

impl<'a, W: Real> GraphCut<'a, W> {
    /// A weight for each entry of the neighbours, the same for both entries of an edge. Without weights each edge counts 1.
    ///
    /// # Errors
    /// [`Error::Dimension`] for a wrong number of weights; [`Error::NonFinite`] and [`Error::Negative`] with the place of an invalid
    /// weight.
    pub fn weights<V: Real>(self, weights: &'a [V]) -> Result<GraphCut<'a, V>, Error> {
        check_weights(weights, self.neighbours.items())?;
        Ok(GraphCut { neighbours: self.neighbours, weights: Some(weights) })
    }
}

impl<W> GroundSet for GraphCut<'_, W> {
    fn elements(&self) -> usize {
        self.neighbours.len()
    }

    fn prefix_len(&self, _: usize) -> PrefixLen {
        GraphCut::prefix_len_of(self.elements())
    }
}

/// The state is the push of each vertex, and beyond all pushes for a vertex that was not pushed.
impl<T: Real, W: Real> PrefixOracle<T> for GraphCut<'_, W> {
    fn gain<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) -> T {
        let mut sum = T::ZERO;
        for (place, other) in self.neighbours.list(id) {
            let weight = self.weights.map_or(T::ONE, |weights| weights[place].to_real());
            sum += weight.negate_if(prefix.indices[other].to_usize() < pushes);
        }
        sum
    }

    fn push<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize, id: usize) {
        prefix.indices[id] = D::from_usize(pushes);
    }

    fn truncate<D: Id>(&self, prefix: &mut Prefix<'_, T, D>, pushes: usize) {
        for push in &mut prefix.indices[..self.elements()] {
            if pushes == 0 || push.to_usize() >= pushes {
                *push = D::from_usize(D::LARGEST);
            }
        }
    }
}
