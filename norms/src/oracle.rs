//! Slow answers: the norms by their definitions, and the dual norms by a search that uses nothing but the norm.

use crate::{NormError, NormSpec, built_in, examples};
use std::collections::BTreeSet;
use steepest_core::{BlockShape, Norm, ParameterLayout, vector};

/// Pseudo-random numbers (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal numbers; in every third vector most are zero, in every other third they are few different ones.
    pub(crate) fn vector(&mut self, len: usize) -> Vec<f64> {
        let kind = (3.0 * self.uniform()) as usize;
        let mut x: Vec<f64> = (0..len).map(|_| (0..6).map(|_| self.uniform() - 0.5).sum::<f64>() * 1.4).collect();
        match kind {
            1 => x.iter_mut().for_each(|v| *v = v.round()),
            2 => x.iter_mut().for_each(|v| *v *= f64::from(u8::from(self.uniform() < 0.4))),
            _ => {}
        }
        x[(self.uniform() * len as f64) as usize] += 0.7;
        x
    }
}

/// The examples that fit a layout.
pub(crate) fn built(layout: &ParameterLayout) -> Vec<(NormSpec, Box<dyn Norm>)> {
    let fits = |spec: NormSpec| match spec.build(layout) {
        Ok(norm) => Some((spec, norm)),
        Err(NormError::PerBlock { .. }) => None,
        Err(e) => panic!("{spec:?}: {e}"),
    };
    examples().into_iter().filter_map(fits).collect()
}

pub(crate) fn layouts() -> Vec<ParameterLayout> {
    let (matrix, row) = (BlockShape::Matrix { rows: 3, cols: 2 }, BlockShape::Vector { len: 3 });
    [
        vec![("W1", matrix), ("W2", row)],
        vec![("W1", matrix)],
        vec![("a", BlockShape::Matrix { rows: 2, cols: 4 }), ("b", matrix)],
    ]
    .map(|blocks| ParameterLayout::new(blocks).unwrap())
    .into()
}

fn unit(norm: &dyn Norm, mut u: Vec<f64>) -> Vec<f64> {
    let size = norm.value(&u);
    u.iter_mut().for_each(|u| *u /= size);
    u
}

/// The largest <g, u> over N(u) = 1 that random points and steps to better neighbours find.
fn search(norm: &dyn Norm, g: &[f64], random: &mut Random) -> f64 {
    let start = (0..60).map(|_| unit(norm, random.vector(g.len())));
    let signed = start.map(|u| if vector::dot(g, &u) < 0.0 { u.iter().map(|u| -u).collect() } else { u });
    let mut best = signed.max_by(|a, b| vector::dot(g, a).total_cmp(&vector::dot(g, b))).unwrap();
    let mut length = 0.5;
    for _ in 0..250 {
        let step = random.vector(g.len());
        let moved = unit(norm, best.iter().zip(&step).map(|(u, s)| u + length * s).collect());
        if vector::dot(g, &moved) > vector::dot(g, &best) {
            best = moved;
        } else {
            length *= 0.97;
        }
    }
    vector::dot(g, &best)
}

#[test]
fn no_search_finds_more_than_the_dual_norm() {
    let mut random = Random::new(7);
    let mut nearest = Vec::new();
    let mut missing: BTreeSet<String> = examples().iter().map(|spec| spec.label().name).collect();
    for layout in layouts() {
        for (spec, norm) in built(&layout) {
            missing.remove(&spec.label().name);
            for _ in 0..2 {
                let g = random.vector(layout.len());
                let mut u = vec![0.0; g.len()];
                let dual = norm.dual(g[..].into()).value();
                norm.steepest_into(g[..].into(), &mut u);
                assert!((vector::dot(&g, &u) / dual - 1.0).abs() < 1e-9 && norm.value(&u) < 1.0 + 1e-9, "{spec:?}");
                let found = search(&*norm, &g, &mut random) / dual;
                assert!(found < 1.0 + 1e-9, "{spec:?}: {found} of the dual norm at {g:?}");
                nearest.push(found);
            }
        }
    }
    assert!(missing.is_empty(), "examples that fit no layout: {missing:?}");
    nearest.sort_by(f64::total_cmp);
    // the search is no straw man
    assert!(nearest[nearest.len() / 2] > 0.9, "half the searches came within {}", nearest[nearest.len() / 2]);
}

/// [[1, 2], [-3, 0.5], [0, 4]] and (2, -1, 2) on the first layout.
const POINT: [f64; 9] = [1.0, 2.0, -3.0, 0.5, 0.0, 4.0, 2.0, -1.0, 2.0];

fn cubes(norms: &[f64]) -> f64 {
    norms.iter().map(|n| n.powi(3)).sum::<f64>().cbrt()
}

/// Norms with their values at [`POINT`] by definition.
fn definitions() -> Vec<(NormSpec, f64)> {
    use crate::{Groups, Join, L1ToL2Spec, L2ToLinfSpec, LpSpec, MixedSpec, QuadraticSpec};
    let (rows, columns) = ([5f64.sqrt(), 9.25f64.sqrt(), 4.0], [10f64.sqrt(), 20.25f64.sqrt()]);
    let weights = Some(vec![1.0, 2.0]);
    let mixed = |p, r, groups| NormSpec::Mixed(MixedSpec { p, r, groups });
    let named = |name| NormSpec::named(name).unwrap();
    vec![
        (named("l1"), 15.5),
        (named("l2"), 39.25f64.sqrt()),
        (named("linf"), 4.0),
        (NormSpec::Lp(LpSpec { p: 3.0 }), cubes(&POINT.map(f64::abs))),
        (NormSpec::L2ToLinf(L2ToLinfSpec::default()), 4.0),
        (NormSpec::L2ToLinf(L2ToLinfSpec { join: Join::Sum, weights: weights.clone() }), 4.0 + 2.0 * 3.0),
        (NormSpec::L1ToL2(L1ToL2Spec { join: Join::L2, weights }), (20.25f64 + 16.0).sqrt()),
        (NormSpec::Quadratic(QuadraticSpec { weights: vec![0.5, 4.0] }), (0.5f64 * 30.25 + 4.0 * 9.0).sqrt()),
        (mixed(1.0, 2.0, Groups::Rows), rows.iter().sum::<f64>() + 3.0),
        (mixed(3.0, 2.0, Groups::Columns), cubes(&[columns[0], columns[1], 3.0])),
        (mixed(3.0, 1.0, Groups::Rows), cubes(&[3.0, 3.5, 4.0, 5.0])),
        (mixed(1.0, f64::INFINITY, Groups::Columns), 3.0 + 4.0 + 2.0),
    ]
}

/// The same for the norms of singular values.
#[cfg(feature = "linalg")]
fn definitions_by_singular_values() -> Vec<(NormSpec, f64)> {
    use crate::{LayerNorm, ModularSpec};
    // W^T W = [[10, 0.5], [0.5, 20.25]]: trace 30.25, determinant 202.25
    let root = (30.25f64 * 30.25 / 4.0 - 202.25).sqrt();
    let [a, b] = [30.25 / 2.0 + root, 30.25 / 2.0 - root].map(f64::sqrt);
    // masses 1 and 3, sensitivity 2 of the second layer
    let modular = ModularSpec {
        masses: Some(vec![1.0, 3.0]),
        sensitivities: Some(vec![5.0, 2.0]),
        norms: Some(vec![LayerNorm::Spectral, LayerNorm::L2]),
    };
    let read = |text: &str| toml::from_str(text).unwrap();
    vec![
        (read("kind = \"spectral\"\njoin = \"sum\"\nweights = [2, 3]"), 2.0 * a + 9.0),
        (read("kind = \"nuclear\"\njoin = \"sum\""), a + b + 3.0),
        (read("kind = \"schatten\"\np = 4\njoin = \"sum\""), (a.powi(4) + b.powi(4)).sqrt().sqrt() + 3.0),
        (read("kind = \"rms_to_rms\""), f64::max((2f64 / 3.0).sqrt() * a, 3f64.sqrt() * 3.0)),
        (NormSpec::Modular(modular), f64::max(4.0 * 2.0 * a, 4.0 / 3.0 * 3.0)),
    ]
}

#[cfg(not(feature = "linalg"))]
fn definitions_by_singular_values() -> Vec<(NormSpec, f64)> {
    Vec::new()
}

#[test]
fn every_norm_of_the_catalogue_is_that_of_its_definition() {
    let mut checked = BTreeSet::new();
    for (spec, expected) in definitions().into_iter().chain(definitions_by_singular_values()) {
        let found = spec.build(&layouts()[0]).unwrap().value(&POINT);
        assert!((found / expected - 1.0).abs() < 1e-13, "{spec:?}: {found} against {expected}");
        checked.insert(toml::Table::try_from(&spec).unwrap()["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(checked, built_in().iter().map(|info| info.name.to_owned()).collect());
}
