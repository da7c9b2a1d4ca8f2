//! Which samples matter to a row of W, and how much.

use steepest_core::bands::BAND_WIDTH;
use steepest_core::{logspace, vector};

/// The samples that have a weight, heaviest first, and how one of them enters the gradient of a row.
///
/// The gradient of row j of W is u_j sum_i v_ij x_i with v_ij = -y_i w_i phi'(P_ji), and that of u_j is sum_i v_ij P_ji: the same weights. A
/// row's signs do not change when its weights are divided by the largest of them, so that each row has a scale of its own, and weights of e^-10^6
/// move it as any others do.
#[derive(Debug)]
pub(super) struct Ranking {
    /// ln w_i of each sample.
    pub(super) ln_weights: Vec<f64>,
    /// The samples with w_i > 0 and an input that is not zero, heaviest first, of equal ones the first.
    order: Vec<usize>,
    /// The samples without inputs: whatever their weight, they have no gradient.
    blank: Vec<usize>,
    /// y_i.
    labels: Vec<f64>,
    /// phi'(z) for z <= 0, and ln of its size.
    slope: f64,
    ln_slope: f64,
}

/// One sample's part in the gradient of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Term {
    /// The sample i.
    pub(super) sample: usize,
    /// Whether P_ji > 0.
    pub(super) above: bool,
    /// ln |v_ij|, relative to the row's heaviest.
    pub(super) ln: f64,
    /// The sign of v_ij.
    pub(super) sign: f64,
    /// v_ij, relative to the size of the row's heaviest; zero where that is below a double's range.
    pub(super) weight: f64,
}

/// What is known of a row besides its terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Top {
    /// ln |v_ij| of the row's heaviest term; -inf if there is none.
    pub(super) ln: f64,
    /// Whether terms were left out, as lighter than the window.
    pub(super) has_rest: bool,
    /// A bound on the sum of their |v_ij|, relative to the row's heaviest; may underflow to zero.
    pub(super) rest: f64,
}

impl Ranking {
    /// Of samples with these labels, of which the blank ones have no inputs.
    pub(super) fn new(labels: &[f64], slope: f64, blank: Vec<usize>) -> Self {
        Self {
            blank,
            ln_weights: vec![0.0; labels.len()],
            order: Vec::with_capacity(labels.len()),
            labels: labels.to_vec(),
            slope,
            ln_slope: slope.abs().ln(),
        }
    }

    /// Sorts the samples by the present weights; the number of bands of width 600 that all of them make.
    pub(super) fn sort(&mut self) -> usize {
        let Self { ln_weights, order, blank, .. } = self;
        order.clear();
        order.extend((0..ln_weights.len()).filter(|&i| ln_weights[i] > f64::NEG_INFINITY));
        order.sort_unstable_by(|&a, &b| ln_weights[b].total_cmp(&ln_weights[a]).then(a.cmp(&b)));
        let (mut n_bands, mut scale) = (0, f64::INFINITY);
        for &i in &*order {
            if n_bands == 0 || scale - ln_weights[i] > BAND_WIDTH {
                (n_bands, scale) = (n_bands + 1, ln_weights[i]);
            }
        }
        order.retain(|i| !blank.contains(i));
        n_bands
    }

    /// Writes the terms of a row of P that are at most `window` lighter (as logarithms) than its heaviest, heaviest first.
    pub(super) fn terms_of(&self, p: &[f64], window: f64, terms: &mut Vec<Term>) -> Top {
        terms.clear();
        // by how much a term may be heavier than the sample's weight
        let lift = self.ln_slope.max(0.0);
        let mut top = Top { ln: f64::NEG_INFINITY, has_rest: false, rest: 0.0 };
        let mut n_left = self.order.len();
        let mut heaviest_left_out = f64::NEG_INFINITY;
        for &sample in &self.order {
            let (ln_weight, above) = (self.ln_weights[sample], p[sample] > 0.0);
            if ln_weight + lift < top.ln - window {
                heaviest_left_out = ln_weight + lift;
                break;
            }
            n_left -= 1;
            if above || self.slope != 0.0 {
                let ln = if above { ln_weight } else { ln_weight + self.ln_slope };
                top.ln = top.ln.max(ln);
                terms.push(Term { sample, above, ln, sign: self.sign(sample, above), weight: 0.0 });
            }
        }
        if self.slope != 0.0 {
            terms.sort_unstable_by(|a, b| b.ln.total_cmp(&a.ln).then(a.sample.cmp(&b.sample)));
            let kept = terms.partition_point(|term| term.ln >= top.ln - window);
            heaviest_left_out = terms.get(kept).map_or(heaviest_left_out, |term| heaviest_left_out.max(term.ln));
            n_left += terms.len() - kept;
            terms.truncate(kept);
        }
        for term in &mut *terms {
            term.ln -= top.ln;
            term.weight = term.sign * logspace::exp(term.ln);
        }
        top.has_rest = n_left > 0;
        if top.has_rest {
            top.rest = n_left as f64 * logspace::exp(heaviest_left_out - top.ln);
        }
        top
    }

    /// The sign of v_ij.
    fn sign(&self, sample: usize, above: bool) -> f64 {
        let y = self.labels[sample];
        if above || self.slope > 0.0 { -y } else { y }
    }
}

/// The sum of a row's terms at one entry, decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decided {
    /// Its sign, with sign(0) = 0.
    pub(super) sign: f64,
    /// Whether rounding may have decided it.
    pub(super) is_undetermined: bool,
}

/// The sign of sum_i v_i x_i over terms that may differ by any factor: relative to the heaviest term whose x is not zero, and afresh from the
/// next one where those so far cancel to zero. `largest` bounds |x|; a sum below `rounding` times that of the sizes is undetermined.
pub(super) fn sign_of_sum(terms: &[Term], x: impl Fn(usize) -> f64, largest: f64, rounding: f64) -> Decided {
    // e^-100 is below 1e-25 even relative to the last bit of one: most sums end here, without an exponential
    const FAR: f64 = -100.0;
    const FAR_BELOW: f64 = 1e-25;
    let (mut reference, mut sum, mut size, mut has_cancelled) = (0.0, 0.0_f64, 0.0, false);
    for (k, term) in terms.iter().enumerate() {
        let x = x(term.sample);
        if x == 0.0 {
            continue;
        }
        let n_left = (terms.len() - k) as f64;
        let weight = if sum == 0.0 {
            has_cancelled |= size > 0.0;
            (reference, size) = (term.ln, 0.0);
            1.0
        } else if term.ln - reference < FAR && n_left * largest * FAR_BELOW < sum.abs() {
            break;
        } else {
            logspace::exp(term.ln - reference)
        };
        if n_left * weight * largest < sum.abs() * f64::EPSILON {
            break;
        }
        sum += term.sign * weight * x;
        size += weight * x.abs();
    }
    let is_undetermined = size > 0.0 && (has_cancelled || sum.abs() <= rounding * size);
    Decided { sign: vector::sign(sum), is_undetermined }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Terms of these logarithms and signs, sample after sample.
    fn terms(of: &[(f64, f64)]) -> Vec<Term> {
        let term = |(sample, &(ln, sign)): (usize, &(f64, f64))| Term {
            sample,
            above: true,
            ln,
            sign,
            weight: sign * logspace::exp(ln),
        };
        of.iter().enumerate().map(term).collect()
    }

    #[test]
    fn a_sum_is_decided_by_the_heaviest_term_that_is_not_zero_or_cancelled() {
        let decide = |x: &[f64]| {
            let terms = terms(&[(0.0, 1.0), (0.0, -1.0), (-2e3, 1.0), (-2001.0, -1.0), (-1e6, 1.0)]);
            let Decided { sign, is_undetermined } = sign_of_sum(&terms, |i| x[i], 5.0, 1e-15);
            (sign, is_undetermined)
        };
        assert_eq!(decide(&[1.0, 0.5, 0.0, 0.0, -5.0]), (1.0, false));
        assert_eq!(decide(&[0.0, 0.0, 1.0, 2.0, 0.0]), (1.0, false));
        assert_eq!(decide(&[0.0, 0.0, 1.0, 3.0, 0.0]), (-1.0, false));
        assert_eq!(decide(&[0.0, 0.0, 0.0, 0.0, -1e-9]), (-1.0, false));
        assert_eq!(decide(&[0.0; 5]), (0.0, false));
        // in real arithmetic the third decides; a double cannot know that the first two are equal
        assert_eq!(decide(&[1.0, 1.0, -1.0, 0.0, 0.0]), (-1.0, true));
        assert_eq!(decide(&[1.0, 1.0 - f64::EPSILON, 0.0, 0.0, 0.0]), (1.0, true));
    }

    #[test]
    fn the_terms_of_a_row_are_those_of_its_active_samples_relative_to_the_heaviest() {
        let mut ranking = Ranking::new(&[1.0, -1.0, 1.0, 1.0, -1.0], 0.0, Vec::new());
        ranking.ln_weights.copy_from_slice(&[-900.0, -1.0, -3.0, f64::NEG_INFINITY, -50.0]);
        assert_eq!(ranking.sort(), 2);
        let mut found = Vec::new();
        let mut samples = |ranking: &Ranking, p: &[f64], window: f64| {
            let top = ranking.terms_of(p, window, &mut found);
            (found.iter().map(|t| (t.sample, t.ln, t.sign)).collect::<Vec<_>>(), top)
        };
        let p = [1.0, -1.0, 2.0, 3.0, 0.5];
        let (near, top) = samples(&ranking, &p, 40.0);
        assert_eq!((near, top.ln, top.has_rest), (vec![(2, 0.0, -1.0)], -3.0, true));
        assert!(top.rest >= logspace::exp(-47.0));
        let (all, top) = samples(&ranking, &p, f64::INFINITY);
        assert_eq!(all, [(2, 0.0, -1.0), (4, -47.0, 1.0), (0, -897.0, -1.0)]);
        assert_eq!((top.has_rest, top.rest), (false, 0.0));
        let (none, top) = samples(&ranking, &[-1.0; 5], 40.0);
        assert_eq!((none, top.ln, top.has_rest), (vec![], f64::NEG_INFINITY, false));
        // with a slope below zero every sample has a part, and a steep one may come first
        let mut steep = Ranking::new(&[1.0, 1.0], -logspace::exp(3.0), Vec::new());
        steep.ln_weights.copy_from_slice(&[-1.0, -2.0]);
        steep.sort();
        let (all, top) = samples(&steep, &[1.0, -1.0], 40.0);
        assert_eq!((all, top.ln), (vec![(1, 0.0, 1.0), (0, -2.0, -1.0)], 1.0));
    }
}
