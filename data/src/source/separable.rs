//! Gaussian points that a known hyperplane separates with a known gap: y = sgn(<w*, x>), x ~ N(0, I_d) given |<w*, x>| >= gap.

use super::teacher::fill_normal;
use super::{LARGEST_SET, Provenance, Split, check_range, fingerprint, sizes};
use crate::error::DataError;
use crate::spec::{BuildData, Entry, LABEL_NOISE};
use ndarray::{Array1, Array2, ArrayRef1, Axis};
use rand::Rng;
use serde::{Deserialize, Serialize};
use steepest_core::{Dataset, Labels, Streams};

/// Largest gap: three standard deviations keep one point of 370.
const LARGEST_GAP: f64 = 3.0;

/// What a configuration says of separable data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeparableSpec {
    /// Number of training points n. Default 20.
    pub n_train: usize,
    /// Number of test points; 0 for no test set. Default 0.
    pub n_test: usize,
    /// Dimension d. Default 2.
    pub n_inputs: usize,
    /// Smallest |<w*, x>|, from 0 to 3: the maximum l2 margin of a linear predictor is at least this. Default 0.1.
    pub gap: f64,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for SeparableSpec {
    fn default() -> Self {
        Self { n_train: 20, n_test: 0, n_inputs: 2, gap: 0.1, label_noise: 0.0 }
    }
}

impl SeparableSpec {
    fn points<R: Rng>(&self, direction: &ArrayRef1<f64>, n: usize, rng: &mut R) -> Result<Dataset, DataError> {
        let mut inputs = Array2::zeros((n, self.n_inputs));
        let mut labels = vec![0.0; n];
        for (mut x, label) in inputs.rows_mut().into_iter().zip(&mut labels) {
            let along = loop {
                fill_normal(&mut x, rng);
                let along = inner(direction, &x);
                if along.abs() >= self.gap {
                    break along;
                }
            };
            *label = along.signum();
        }
        Ok(Dataset::new(inputs, Labels::Binary(labels))?)
    }
}

impl BuildData for SeparableSpec {
    const ENTRY: Entry = Entry {
        name: "separable",
        summary: "x ~ N(0, I) at a known distance from a known hyperplane: linear, so that margins can be computed exactly",
        fields: &[
            ("n_train", "training points (default 20)"),
            ("n_test", "test points, 0 for none (default 0)"),
            ("n_inputs", "dimension d (default 2)"),
            ("gap", "smallest |<w, x>|, 0 to 3: the l2 margin is at least this (default 0.1)"),
            LABEL_NOISE,
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        check_range("n_inputs", self.n_inputs, 1..=LARGEST_SET, "")?;
        let most = LARGEST_SET / self.n_inputs;
        check_range("n_train", self.n_train, 1..=most, " for this `n_inputs`")?;
        check_range("n_test", self.n_test, 0..=most, " for this `n_inputs`")?;
        if (0.0..=LARGEST_GAP).contains(&self.gap) {
            return Ok(());
        }
        let expected = format!("0 to {LARGEST_GAP}");
        Err(DataError::Field { field: "gap", expected, found: self.gap.to_string() })
    }

    /// Draws the direction w* (uniform on the unit sphere) from the stream `teacher`, the points from `train` and `test`.
    /// The direction is kept as the array `direction` (1 x d).
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let direction = unit_vector(self.n_inputs, &mut streams.stream("teacher"));
        let train = self.points(&direction, self.n_train, &mut streams.stream("train"))?;
        let test = match self.n_test {
            0 => None,
            n_test => Some(self.points(&direction, n_test, &mut streams.stream("test"))?),
        };
        let (d, gap) = (self.n_inputs, self.gap);
        let provenance = Provenance {
            source: "separable".into(),
            note: format!("separable Gaussian in {d} dimensions, gap {gap}, {}", sizes(&train, test.as_ref())),
            train_indices: Vec::new(),
            test_indices: Vec::new(),
            sha256: fingerprint(&train),
            arrays: vec![("direction".into(), direction.insert_axis(Axis(0)))],
            is_fallback: false,
        };
        Ok(Split { train, test, unseen: None, provenance })
    }
}

/// <a, b>, summed in order: the same on every machine, unlike a product by BLAS.
pub(super) fn inner(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn unit_vector<R: Rng>(n_inputs: usize, rng: &mut R) -> Array1<f64> {
    let mut direction = Array1::zeros(n_inputs);
    loop {
        fill_normal(&mut direction, rng);
        let length = inner(&direction, &direction).sqrt();
        if length > 0.0 {
            return direction / length;
        }
    }
}

/// Separable Gaussian data in one call: `n_samples` points in `n_inputs` dimensions with the default gap of 0.1.
///
/// ```
/// let data = steepest_data::source::separable::separable_gaussian(20, 2, 7)?;
/// assert_eq!(data.inputs().dim(), (20, 2));
/// # Ok::<(), steepest_data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Field`] if a size is zero or beyond [`LARGEST_SET`].
pub fn separable_gaussian(n_samples: usize, n_inputs: usize, seed: u64) -> Result<Dataset, DataError> {
    let spec = SeparableSpec { n_train: n_samples, n_inputs, ..SeparableSpec::default() };
    Ok(spec.clean(&Streams::new(seed))?.train)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_separates_with_the_gap() {
        let spec = SeparableSpec { n_train: 50, n_test: 20, n_inputs: 5, gap: 1.0, label_noise: 0.0 };
        let Split { train, test, provenance, .. } = spec.clean(&Streams::new(1)).unwrap();
        let direction = provenance.arrays[0].1.row(0).to_owned();
        assert!((inner(&direction, &direction) - 1.0).abs() < 1e-12);
        for data in [train, test.unwrap()] {
            let Labels::Binary(signs) = data.labels() else { panic!("binary labels") };
            let inputs = data.inputs();
            let mut margins = inputs.rows().into_iter().zip(signs).map(|(x, y)| y * inner(&direction, &x));
            assert!(margins.all(|margin| margin >= 1.0));
            assert!(signs.iter().any(|y| *y > 0.0) && signs.iter().any(|y| *y < 0.0));
        }
    }

    #[test]
    fn a_seed_is_one_dataset() {
        assert_eq!(separable_gaussian(10, 3, 1).unwrap(), separable_gaussian(10, 3, 1).unwrap());
        assert_ne!(separable_gaussian(10, 3, 1).unwrap(), separable_gaussian(10, 3, 2).unwrap());
    }

    #[test]
    fn impossible_values_name_the_field() {
        let text = |spec: SeparableSpec| spec.validate().unwrap_err().to_string();
        let base = SeparableSpec::default;
        assert_eq!(text(SeparableSpec { gap: -0.5, ..base() }), "`gap` must be 0 to 3, found -0.5");
        assert_eq!(text(SeparableSpec { gap: f64::NAN, ..base() }), "`gap` must be 0 to 3, found NaN");
        assert!(text(SeparableSpec { n_train: 0, ..base() }).starts_with("`n_train` must be 1 to "));
    }
}
