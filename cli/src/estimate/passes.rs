//! Which run of an experiment makes the products that runs share.

use super::sizes::Sizes;
use super::way::{Way, phases};
use crate::config::RunConfig;
use crate::shared::Shared;

/// Products of streamed test points: with the training inputs, with a basis of their span, and with the first layer at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Products {
    with_inputs: bool,
    with_basis: bool,
    with_start: bool,
}

impl Products {
    /// What the tests of a run need.
    fn needed(run: &RunConfig, sizes: &Sizes) -> Self {
        let takes =
            |ways: &[Way]| sizes.is_streamed && phases(run, sizes).iter().any(|phase| ways.contains(&phase.way));
        Self {
            with_inputs: takes(&[Way::Gram]),
            with_basis: takes(&[Way::SmallSide]),
            with_start: takes(&[Way::Gram, Way::SmallSide, Way::Greedy]),
        }
    }

    /// Numbers for each test point.
    pub(super) fn per_point(self, sizes: &Sizes) -> f64 {
        let [n, _, m] = sizes.shape();
        n * f64::from(u8::from(self.with_inputs) + u8::from(self.with_basis)) + m * f64::from(u8::from(self.with_start))
    }
}

/// What the runs so far have made.
#[derive(Debug, Default)]
pub(super) struct Made<'p>(Vec<(&'p Shared, Products)>);

impl<'p> Made<'p> {
    /// The next run: what it makes, and what it holds, be it made by itself or by others.
    pub(super) fn next(&mut self, part: &'p Shared, run: &RunConfig, sizes: &Sizes) -> [Products; 2] {
        let mut held = Products::default();
        for (other, made) in &self.0 {
            held.with_inputs |= made.with_inputs && other.is_of_data_of(part);
            held.with_basis |= made.with_basis && other.is_of_data_of(part);
            held.with_start |= made.with_start && other.is_of_start_of(part);
        }
        let needed = Products::needed(run, sizes);
        let new = Products {
            with_inputs: needed.with_inputs && !held.with_inputs,
            with_basis: needed.with_basis && !held.with_basis,
            with_start: needed.with_start && !held.with_start,
        };
        self.0.push((part, new));
        let held = Products {
            with_inputs: held.with_inputs || new.with_inputs,
            with_basis: held.with_basis || new.with_basis,
            with_start: held.with_start || new.with_start,
        };
        [new, held]
    }
}
