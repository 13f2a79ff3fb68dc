//! The answer of any method.

/// An answer.
pub(in super::super) struct Found {
    pub(in super::super) value: f64,
    pub(in super::super) bound: Option<f64>,
    pub(in super::super) ids: Vec<u64>,
}

impl Found {
    /// Calls elements by their names.
    pub(in super::super) fn rename(&mut self, names: &[u64]) {
        for id in &mut self.ids {
            let place = usize::try_from(*id).ok();
            *id = place.and_then(|place| names.get(place)).copied().unwrap_or(*id);
        }
    }
}

pub(in super::super) fn wide(ids: &[u32]) -> Vec<u64> {
    ids.iter().copied().map(u64::from).collect()
}
