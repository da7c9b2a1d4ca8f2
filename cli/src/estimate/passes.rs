//! Which run of an experiment makes the products that runs share.

use super::sizes::Sizes;
use super::way::{Way, phases};
use crate::config::RunConfig;
use crate::shared::Shared;
use std::collections::BTreeSet;

/// What streamed test points are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Product {
    /// The training inputs.
    Inputs,
    /// A basis of their span.
    Basis,
    /// The first layer at its start.
    Start,
    /// The first layer where a later optimiser takes over, which no other run shares.
    Own,
}

/// Products of streamed test points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Products(BTreeSet<Product>);

impl Products {
    /// What the tests of a run need.
    fn needed(run: &RunConfig, sizes: &Sizes) -> Self {
        if !sizes.is_streamed {
            return Self::default();
        }
        // a second optimiser whose steps are none does not come
        let phases = phases(run, sizes);
        let comes = phases.iter().enumerate().filter(|(k, phase)| *k == 0 || phase.steps > 0.0);
        let taken: Vec<Way> = comes.map(|(_, phase)| phase.way).collect();
        let follows = |way: &Way| matches!(way, Way::Gram | Way::SmallSide | Way::Greedy);
        // how far W has moved is handed on by these two alone
        let is_lost = |pair: &[Way]| !matches!(pair[0], Way::Gram | Way::Greedy) && follows(&pair[1]);
        let all = [
            (Product::Inputs, taken.contains(&Way::Gram)),
            (Product::Basis, taken.contains(&Way::SmallSide)),
            (Product::Start, taken.first().is_some_and(follows)),
            (Product::Own, taken.windows(2).any(is_lost)),
        ];
        Self(all.into_iter().filter(|(_, is_needed)| *is_needed).map(|(product, _)| product).collect())
    }

    /// Numbers for each test point.
    pub(super) fn per_point(&self, sizes: &Sizes) -> f64 {
        let [n, _, m] = sizes.shape();
        let rows = |product: &Product| match product {
            Product::Inputs | Product::Basis => n,
            Product::Start | Product::Own => m,
        };
        self.0.iter().map(rows).sum()
    }
}

/// What the runs so far have made.
#[derive(Debug, Default)]
pub(super) struct Made<'p>(Vec<(&'p Shared, Products)>);

impl<'p> Made<'p> {
    /// The next run: what it makes, and what it holds, be it made by itself or by others.
    pub(super) fn next(&mut self, part: &'p Shared, run: &RunConfig, sizes: &Sizes) -> [Products; 2] {
        let is_shared = |product: Product, other: &Shared| match product {
            Product::Inputs | Product::Basis => other.is_of_data_of(part),
            Product::Start => other.is_of_start_of(part),
            Product::Own => false,
        };
        let mut held = Products::default();
        for (other, made) in &self.0 {
            held.0.extend(made.0.iter().filter(|product| is_shared(**product, other)));
        }
        let needed = Products::needed(run, sizes);
        let new = Products(needed.0.difference(&held.0).copied().collect());
        self.0.push((part, new.clone()));
        held.0.extend(&new.0);
        [new, held]
    }
}
