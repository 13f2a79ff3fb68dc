//! Graphs from lists of edges: which vertices each vertex covers, or is joined to.

use super::function::Data;
use super::table::count;
use crate::cli::args::Objective;
use crate::{Error, Real};
use std::collections::HashMap;
use std::path::Path;

/// A graph, vertices in the order in which they first appear.
struct Graph {
    /// As the file calls them.
    vertices: Vec<u64>,
    /// Ends of every edge, and its weight.
    edges: Vec<([u32; 2], f64)>,
}

/// What a graph holds for an objective, and names of its vertices.
pub(super) fn read<T: Real>(path: &Path, objective: Objective) -> Result<(Data<T>, Vec<u64>), Error> {
    let is_cut = objective == Objective::Cut;
    let graph = Graph::read(path, !is_cut)?;
    let items = graph.vertices.len();
    let data = if is_cut {
        let Lists { offsets, members: neighbours, weights } = graph.neighbours()?;
        let weights: Vec<T> = weights.into_iter().map(T::constant).collect();
        if let Some(place) = weights.iter().position(|weight| !weight.is_finite()) {
            let first = offsets.partition_point(|&offset| offset as usize <= place) - 1;
            let [u, v] = [first, neighbours[place] as usize].map(|vertex| graph.vertices[vertex]);
            let what = format!("the weight between {u} and {v} is out of range: rescale the weights");
            return Err(Error::data(what).in_file(path.display()));
        }
        Data::Cut { offsets, neighbours, weights }
    } else {
        let Lists { offsets, members, .. } = graph.covers()?;
        Data::Coverage { offsets, members, items }
    };
    Ok((data, graph.vertices))
}

/// For every vertex a list of others: what stands between offsets `i` and `i + 1`.
struct Lists {
    offsets: Vec<u32>,
    members: Vec<u32>,
    /// The weight of every entry.
    weights: Vec<f64>,
}

impl Graph {
    /// Reads `u v` or `u v weight` a line, with blanks, tabs or commas between.
    fn read(path: &Path, takes_loops: bool) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::from(error).in_file(path.display()))?;
        let mut places = HashMap::new();
        let mut vertices = Vec::new();
        let mut edges = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let fail = |what: &str| Err(Error::data(what).at_row(line).in_file(path.display()));
            let cells: Vec<&str> = text.split([' ', '\t', ',']).filter(|cell| !cell.is_empty()).collect();
            let (ends, weight) = match cells[..] {
                [] => continue,
                [first, ..] if first.starts_with('#') => continue,
                [first, second] => ([first, second], "1"),
                [first, second, weight] => ([first, second], weight),
                _ => return fail("an edge is two vertices and perhaps a weight: u v, or u v weight"),
            };
            let weight = weight.parse::<f64>().ok().filter(|weight| weight.is_finite() && *weight >= 0.0);
            let Some(weight) = weight else { return fail("the weight is no number from 0 up") };
            let mut edge = [0; 2];
            for (place, end) in edge.iter_mut().zip(ends) {
                let Ok(vertex) = end.parse::<u64>() else { return fail("a vertex is a whole number from 0 up") };
                let next = count(vertices.len())?;
                *place = *places.entry(vertex).or_insert_with(|| {
                    vertices.push(vertex);
                    next
                });
            }
            if edge[0] == edge[1] && !takes_loops {
                return fail("an edge from a vertex to itself: it can't be cut");
            }
            edges.push((edge, weight));
        }
        if vertices.is_empty() {
            return Err(Error::data("no edge in it: give lines of two vertices").in_file(path.display()));
        }
        Ok(Self { vertices, edges })
    }

    /// What each vertex covers: itself and its neighbours, each once.
    fn covers(&self) -> Result<Lists, Error> {
        let mut covers: Vec<Vec<(u32, f64)>> =
            (0..count(self.vertices.len())?).map(|vertex| vec![(vertex, 1.0)]).collect();
        for &([u, v], _) in &self.edges {
            covers[u as usize].push((v, 1.0));
            covers[v as usize].push((u, 1.0));
        }
        Lists::new(covers)
    }

    /// The edges of each vertex; those between the same two are one, with their weights added.
    fn neighbours(&self) -> Result<Lists, Error> {
        let mut neighbours = vec![Vec::new(); self.vertices.len()];
        for &([u, v], weight) in &self.edges {
            neighbours[u as usize].push((v, weight));
            neighbours[v as usize].push((u, weight));
        }
        Lists::new(neighbours)
    }
}

impl Lists {
    fn new(lists: Vec<Vec<(u32, f64)>>) -> Result<Self, Error> {
        let (mut offsets, mut members, mut weights): (_, Vec<u32>, Vec<f64>) = (vec![0], Vec::new(), Vec::new());
        for mut list in lists {
            // In the order of the file among equal ones, so that both ends add the same numbers in the same order.
            list.sort_by_key(|entry| entry.0);
            let first = members.len();
            for (other, weight) in list {
                if members[first..].last() == Some(&other) {
                    let place = weights.len() - 1;
                    weights[place] += weight;
                } else {
                    members.push(other);
                    weights.push(weight);
                }
            }
            offsets.push(count(members.len())?);
        }
        Ok(Self { offsets, members, weights })
    }
}
