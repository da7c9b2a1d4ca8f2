//! Slow answers: the norms by their definitions, and the dual norms by a search that uses nothing but the norm.

use crate::{NormError, NormSpec, examples};
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
    for layout in layouts() {
        for (spec, norm) in built(&layout) {
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
    nearest.sort_by(f64::total_cmp);
    // the search is no straw man
    assert!(nearest[nearest.len() / 2] > 0.9, "half the searches came within {}", nearest[nearest.len() / 2]);
}

/// N(x) on the first layout against what the definition gives.
fn check_value(spec: NormSpec, x: &[f64], expected: f64) {
    let found = spec.build(&layouts()[0]).unwrap().value(x);
    assert!((found / expected - 1.0).abs() < 1e-13, "{spec:?}: {found} against {expected}");
}

#[test]
fn norms_are_those_of_their_definitions() {
    use crate::{Groups, Join, L1ToL2Spec, L2ToLinfSpec, MixedSpec, QuadraticSpec};
    // [[1, 2], [-3, 0.5], [0, 4]] and (2, -1, 2)
    let x = [1.0, 2.0, -3.0, 0.5, 0.0, 4.0, 2.0, -1.0, 2.0];
    let (rows, columns) = ([5f64.sqrt(), 9.25f64.sqrt(), 4.0], [10f64.sqrt(), 20.25f64.sqrt()]);
    let weights = Some(vec![1.0, 2.0]);
    check_value(NormSpec::L2ToLinf(L2ToLinfSpec::default()), &x, 4.0);
    let weighted = L2ToLinfSpec { join: Join::Sum, weights: weights.clone() };
    check_value(NormSpec::L2ToLinf(weighted), &x, 4.0 + 2.0 * 3.0);
    let weighted = L1ToL2Spec { join: Join::L2, weights };
    check_value(NormSpec::L1ToL2(weighted), &x, (20.25f64 + 16.0).sqrt());
    check_value(
        NormSpec::Quadratic(QuadraticSpec { weights: vec![0.5, 4.0] }),
        &x,
        (0.5f64 * 30.25 + 4.0 * 9.0).sqrt(),
    );
    let mixed = |p, r, groups| NormSpec::Mixed(MixedSpec { p, r, groups });
    check_value(mixed(1.0, 2.0, Groups::Rows), &x, rows.iter().sum::<f64>() + 3.0);
    let cubes = |norms: &[f64]| norms.iter().map(|n| n.powi(3)).sum::<f64>().cbrt();
    check_value(mixed(3.0, 2.0, Groups::Columns), &x, cubes(&[columns[0], columns[1], 3.0]));
    check_value(mixed(3.0, 1.0, Groups::Rows), &x, cubes(&[3.0, 3.5, 4.0, 5.0]));
    check_value(mixed(1.0, f64::INFINITY, Groups::Columns), &x, 3.0 + 4.0 + 2.0);
}

#[cfg(feature = "linalg")]
#[test]
fn norms_of_singular_values_are_those_of_their_definitions() {
    use crate::{Join, NuclearSpec, RmsToRmsSpec, SchattenSpec, SpectralSpec};
    let x = [1.0, 2.0, -3.0, 0.5, 0.0, 4.0, 2.0, -1.0, 2.0];
    // W^T W = [[10, 0.5], [0.5, 20.25]]: trace 30.25, determinant 202.25
    let root = (30.25f64 * 30.25 / 4.0 - 202.25).sqrt();
    let [a, b] = [30.25 / 2.0 + root, 30.25 / 2.0 - root].map(f64::sqrt);
    let sum = |weights| (Join::Sum, Some(weights));
    let (join, weights) = sum(vec![2.0, 3.0]);
    check_value(NormSpec::Spectral(SpectralSpec { join, weights, ..SpectralSpec::default() }), &x, 2.0 * a + 9.0);
    let (join, weights) = sum(vec![1.0, 1.0]);
    check_value(NormSpec::Nuclear(NuclearSpec { join, weights }), &x, a + b + 3.0);
    let (join, weights) = sum(vec![1.0, 1.0]);
    let expected = (a.powi(4) + b.powi(4)).sqrt().sqrt() + 3.0;
    check_value(NormSpec::Schatten(SchattenSpec { p: 4.0, join, weights }), &x, expected);
    let expected = f64::max((2f64 / 3.0).sqrt() * a, 3f64.sqrt() * 3.0);
    check_value(NormSpec::RmsToRms(RmsToRmsSpec::default()), &x, expected);
}
