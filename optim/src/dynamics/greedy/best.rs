//! The largest entries that were opened in one search.

/// Entries within this factor of the largest compete with it; the lowest index wins (as in `GradedView::arg_max_abs`).
const NEAR: f64 = 1.0 - 1e-12;

/// The entry of largest magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Winner {
    /// Its place in theta.
    pub(super) index: usize,
    /// The gradient there, relative to the scale.
    pub(super) value: f64,
    /// How many other entries lie within a relative 1e-12 of the largest.
    pub(super) near_ties: u32,
}

/// What was opened so far: the largest magnitude, and all entries near it.
#[derive(Debug)]
pub(super) struct Best {
    largest: f64,
    near: Vec<(usize, f64)>,
    /// Factor on every bound: a little above one, for the rounding of the bound itself.
    pub(super) safety: f64,
}

impl Best {
    pub(super) const fn new() -> Self {
        Self { largest: 0.0, near: Vec::new(), safety: 1.0 + 1e-10 }
    }

    pub(super) fn clear(&mut self) {
        self.largest = 0.0;
        self.near.clear();
    }

    /// An entry that was computed.
    pub(super) fn offer(&mut self, index: usize, value: f64) {
        let magnitude = value.abs();
        if magnitude > self.largest {
            self.largest = magnitude;
            self.near.retain(|(_, v)| v.abs() >= magnitude * NEAR);
        }
        if magnitude > 0.0 && magnitude >= self.largest * NEAR {
            self.near.push((index, value));
        }
    }

    /// What a bound must reach so that its entries may decide; zero as long as nothing but zeros was opened.
    pub(super) fn needed(&self) -> f64 {
        self.largest * NEAR / self.safety
    }

    /// Whether no entry of at most this magnitude can win or tie.
    pub(super) fn excludes(&self, bound: f64) -> bool {
        bound < self.needed() || bound == 0.0
    }

    /// The entry that Dense would choose among those opened.
    pub(super) fn winner(&mut self) -> Option<Winner> {
        self.near.sort_unstable_by_key(|(index, _)| *index);
        self.near.dedup_by_key(|(index, _)| *index);
        let &(index, value) = self.near.first()?;
        Some(Winner { index, value, near_ties: self.near.len() as u32 - 1 })
    }
}
