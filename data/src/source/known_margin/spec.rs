//! The points themselves.

use super::direction::{Direction, MarginNorm};
use crate::error::DataError;
use crate::source::teacher::fill_normal;
use crate::source::{LARGEST_SET, Provenance, Split, check_range, fingerprint, sizes};
use crate::spec::{BuildData, Entry, LABEL_NOISE};
use ndarray::{Array1, Array2, Axis};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use steepest_core::{Dataset, Labels, Streams};

/// What a configuration says of points with a known maximum margin; the construction and its proof are in the
/// [module](super).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnownMarginSpec {
    /// The norm of the weights that the margin is measured in. Default `l2`.
    pub norm: MarginNorm,
    /// The maximum margin gamma. Default 0.5.
    pub margin: f64,
    /// Number of training points n. Default 20.
    pub n_train: usize,
    /// Number of support vectors among them, even. Default 6.
    pub n_support: usize,
    /// Number of test points, all beyond the margin; 0 for no test set. Default 0.
    pub n_test: usize,
    /// Dimension d. Default 10.
    pub n_inputs: usize,
    /// Number of non-zero entries of the l1 direction; unused for other norms. Default 3.
    pub sparsity: usize,
    /// Standard deviation of the parts t orthogonal to the direction. Default 1.
    pub spread: f64,
    /// Must be 0: a flipped label has another maximum margin, or none.
    pub label_noise: f64,
}

impl Default for KnownMarginSpec {
    fn default() -> Self {
        Self {
            norm: MarginNorm::L2,
            margin: 0.5,
            n_train: 20,
            n_support: 6,
            n_test: 0,
            n_inputs: 10,
            sparsity: 3,
            spread: 1.0,
            label_noise: 0.0,
        }
    }
}

impl KnownMarginSpec {
    /// A Gaussian t with <w*, t> = 0 (exactly zero in one dimension).
    fn across<R: Rng>(&self, direction: &Direction, rng: &mut R) -> Array1<f64> {
        let mut t = Array1::zeros(self.n_inputs);
        fill_normal(&mut t, rng);
        t *= self.spread;
        direction.flatten(&mut t);
        t
    }

    /// `n_support` support vectors in pairs, then points beyond the margin; the labels alternate, +1 first.
    fn points<R: Rng>(
        &self,
        direction: &Direction,
        n_support: usize,
        n: usize,
        rng: &mut R,
    ) -> Result<Dataset, DataError> {
        let mut inputs = Array2::zeros((n, self.n_inputs));
        let signs: Vec<f64> = (0..n).map(|i| [1.0, -1.0][i % 2]).collect();
        let mut t = Array1::zeros(self.n_inputs);
        for (i, mut x) in inputs.rows_mut().into_iter().enumerate() {
            let second_of_pair = i < n_support && i % 2 == 1;
            if second_of_pair {
                t *= -1.0;
            } else {
                t = self.across(direction, rng);
            }
            let beyond = if i < n_support { 0.0 } else { rng.sample::<f64, _>(StandardNormal).abs() };
            let along = self.margin * (1.0 + beyond);
            for ((x, g), t) in x.iter_mut().zip(&direction.dual).zip(&t) {
                *x = signs[i] * (along * g + t);
            }
        }
        Ok(Dataset::new(inputs, Labels::Binary(signs))?)
    }
}

impl BuildData for KnownMarginSpec {
    const ENTRY: Entry = Entry {
        name: "known_margin",
        summary: "separable points whose maximum l1, l2 or linf margin and its direction are known in closed form",
        fields: &[
            ("norm", "norm of the weights: \"l1\", \"l2\" or \"linf\" (default \"l2\")"),
            ("margin", "the maximum margin (default 0.5)"),
            ("n_train", "training points (default 20)"),
            ("n_support", "support vectors among them, even; for l1 at least 2 (sparsity - 1) (default 6)"),
            ("n_test", "test points, 0 for none (default 0)"),
            ("n_inputs", "dimension d (default 10)"),
            ("sparsity", "non-zero entries of the l1 direction (default 3)"),
            ("spread", "standard deviation across the direction (default 1)"),
            (LABEL_NOISE.0, "must be 0: flipped labels have another maximum margin"),
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        let field =
            |field, expected: &str, found: String| Err(DataError::Field { field, expected: expected.into(), found });
        check_range("n_inputs", self.n_inputs, 1..=LARGEST_SET, "")?;
        let most = LARGEST_SET / self.n_inputs;
        check_range("n_train", self.n_train, 2..=most, " for this `n_inputs`")?;
        check_range("n_test", self.n_test, 0..=most, " for this `n_inputs`")?;
        check_range("n_support", self.n_support, 2..=self.n_train, " (`n_train`)")?;
        if !self.n_support.is_multiple_of(2) {
            return field("n_support", "even: support vectors come in pairs", self.n_support.to_string());
        }
        if self.norm == MarginNorm::L1 {
            check_range("sparsity", self.sparsity, 1..=self.n_inputs, " (`n_inputs`)")?;
            let least = 2 * (self.sparsity - 1);
            if self.n_support < least {
                let expected = format!("at least {least}, that is 2 (`sparsity` - 1), or the direction is not unique");
                return field("n_support", &expected, self.n_support.to_string());
            }
        }
        if !(1e-100..=1e100).contains(&self.margin) {
            return field("margin", "1e-100 to 1e100", self.margin.to_string());
        }
        if !(1e-100..=1e100).contains(&self.spread) {
            return field("spread", "1e-100 to 1e100", self.spread.to_string());
        }
        if self.label_noise.abs() > 0.0 || self.label_noise.is_nan() {
            return field("label_noise", "0 where the maximum margin is to be known", self.label_noise.to_string());
        }
        Ok(())
    }

    /// Draws the direction from the stream `teacher`, the points from `train` and `test`. Kept with the run: the arrays
    /// `max_margin_direction` (1 x d, of norm 1) and `max_margin` (1 x 1). The support vectors are the first rows.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let direction = Direction::draw(self.norm, self.n_inputs, self.sparsity, &mut streams.stream("teacher"));
        let train = self.points(&direction, self.n_support, self.n_train, &mut streams.stream("train"))?;
        let test = match self.n_test {
            0 => None,
            n_test => Some(self.points(&direction, 0, n_test, &mut streams.stream("test"))?),
        };
        let (norm, d, k) = (self.norm.name(), self.n_inputs, self.n_support);
        let what = format!("maximum {norm} margin {} in {d} dimensions, {k} support vectors", self.margin);
        let provenance = Provenance {
            source: "known_margin".into(),
            note: format!("{what}, {}", sizes(&train, test.as_ref())),
            train_indices: Vec::new(),
            test_indices: Vec::new(),
            sha256: fingerprint(&train),
            arrays: vec![
                ("max_margin_direction".into(), direction.weights.insert_axis(Axis(0))),
                ("max_margin".into(), Array2::from_elem((1, 1), self.margin)),
            ],
            is_fallback: false,
        };
        Ok(Split { train, test, unseen: None, provenance })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
