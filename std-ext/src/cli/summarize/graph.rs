//! Lists of edges: which vertices each vertex covers.

use super::table::count;
use crate::Error;
use std::collections::HashMap;
use std::path::Path;

/// A graph, vertices in the order in which they first appear.
pub(super) struct Graph {
    /// As the file calls them.
    pub(super) vertices: Vec<u64>,
    /// Vertex `i` covers itself and its neighbours: what stands between offsets `i` and `i + 1`.
    pub(super) offsets: Vec<u32>,
    pub(super) members: Vec<u32>,
}

impl Graph {
    /// Reads `u v` or `u v weight` a line, with blanks, tabs or commas between; the weights don't matter for what is covered.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::from(error).in_file(path.display()))?;
        let mut places = HashMap::new();
        let mut vertices = Vec::new();
        let mut neighbours: Vec<Vec<u32>> = Vec::new();
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
            if !weight.parse::<f64>().is_ok_and(|weight| weight.is_finite() && weight >= 0.0) {
                return fail("the weight is no number from 0 up");
            }
            let mut edge = [0; 2];
            for (place, end) in edge.iter_mut().zip(ends) {
                let Ok(vertex) = end.parse::<u64>() else { return fail("a vertex is a whole number from 0 up") };
                let next = count(vertices.len())?;
                *place = *places.entry(vertex).or_insert_with(|| {
                    vertices.push(vertex);
                    neighbours.push(vec![next]);
                    next
                });
            }
            neighbours[edge[0] as usize].push(edge[1]);
            neighbours[edge[1] as usize].push(edge[0]);
        }
        if vertices.is_empty() {
            return Err(Error::data("no edge in it: give lines of two vertices").in_file(path.display()));
        }
        let (mut offsets, mut members) = (vec![0], Vec::new());
        for mut list in neighbours {
            list.sort_unstable();
            list.dedup();
            members.extend(list);
            offsets.push(count(members.len())?);
        }
        Ok(Self { vertices, offsets, members })
    }
}
