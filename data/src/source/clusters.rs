//! Gaussian clusters: x = m_c + s z, z ~ N(0, I_d), the means m_c of one length in random orthogonal directions.

use super::separable::{inner, unit_vector};
use super::teacher::fill_normal;
use super::{LARGEST_SET, Provenance, Split, check_range, fingerprint, sizes};
use crate::error::DataError;
use crate::spec::{BuildData, Entry, LABEL_NOISE};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};
use steepest_core::{Dataset, Labels, Streams};

/// What a configuration says of the clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClustersSpec {
    /// Number of training points n. Default 60.
    pub n_train: usize,
    /// Number of test points; 0 for no test set. Default 600.
    pub n_test: usize,
    /// Dimension d, at least the number of clusters. Default 10.
    pub n_inputs: usize,
    /// Number of clusters k, 2 to 1000: with two, the first is labelled +1 and the second -1; more are classes. Default 2.
    pub n_clusters: usize,
    /// Length |m_c|_2 of every mean. Default 4.
    pub mean_norm: f64,
    /// Standard deviation s around a mean, in every direction. Default 1.
    pub deviation: f64,
    /// Label two clusters as classes 0 and 1 too. Default false.
    pub classes: bool,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for ClustersSpec {
    fn default() -> Self {
        Self {
            n_train: 60,
            n_test: 600,
            n_inputs: 10,
            n_clusters: 2,
            mean_norm: 4.0,
            deviation: 1.0,
            classes: false,
            label_noise: 0.0,
        }
    }
}

impl ClustersSpec {
    /// Point i belongs to cluster i mod k, so that the clusters are equally large and a larger set begins with the smaller one.
    fn points<R: Rng>(&self, means: &Array2<f64>, n: usize, rng: &mut R) -> Result<Dataset, DataError> {
        let k = self.n_clusters;
        let mut inputs = Array2::zeros((n, self.n_inputs));
        for (i, mut x) in inputs.rows_mut().into_iter().enumerate() {
            fill_normal(&mut x, rng);
            x.zip_mut_with(&means.row(i % k), |x, mean| *x = mean + self.deviation * *x);
        }
        let labels = if k == 2 && !self.classes {
            Labels::Binary((0..n).map(|i| [1.0, -1.0][i % 2]).collect())
        } else {
            Labels::Classes { classes: (0..n).map(|i| i % k).collect(), n_classes: k }
        };
        Ok(Dataset::new(inputs, labels)?)
    }
}

impl BuildData for ClustersSpec {
    const ENTRY: Entry = Entry {
        name: "clusters",
        summary: "k Gaussian clusters, their means of one length in random orthogonal directions: two signs, or k classes",
        fields: &[
            ("n_train", "training points (default 60)"),
            ("n_test", "test points, 0 for none (default 600)"),
            ("n_inputs", "dimension d, at least the number of clusters (default 10)"),
            ("n_clusters", "k: two are labelled +1 and -1, more are classes (default 2)"),
            ("mean_norm", "l2 length of every mean (default 4)"),
            ("deviation", "standard deviation around a mean (default 1)"),
            ("classes", "label two clusters as classes 0 and 1 too (default false)"),
            LABEL_NOISE,
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        check_range("n_clusters", self.n_clusters, 2..=1000, "")?;
        check_range("n_inputs", self.n_inputs, self.n_clusters..=LARGEST_SET, " (at least `n_clusters`)")?;
        let most = LARGEST_SET / self.n_inputs;
        check_range("n_train", self.n_train, 1..=most, " for this `n_inputs`")?;
        check_range("n_test", self.n_test, 0..=most, " for this `n_inputs`")?;
        for (field, value) in [("mean_norm", self.mean_norm), ("deviation", self.deviation)] {
            if !(0.0..=1e100).contains(&value) {
                return Err(DataError::Field { field, expected: "0 to 1e100".into(), found: value.to_string() });
            }
        }
        Ok(())
    }

    /// Draws the means from the stream `teacher`, the points from `train` and `test`. The means are kept as the array `means`
    /// (k x d). The clusters may overlap: nothing makes the points separable.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let means = self.mean_norm * orthonormal(self.n_clusters, self.n_inputs, &mut streams.stream("teacher"));
        let train = self.points(&means, self.n_train, &mut streams.stream("train"))?;
        let test = match self.n_test {
            0 => None,
            n_test => Some(self.points(&means, n_test, &mut streams.stream("test"))?),
        };
        let Self { n_inputs, n_clusters, mean_norm, deviation, .. } = self;
        let shape = format!("{n_clusters} clusters in {n_inputs} dimensions, means of length {mean_norm}");
        let provenance = Provenance {
            source: "clusters".into(),
            note: format!("{shape}, deviation {deviation}, {}", sizes(&train, test.as_ref())),
            train_indices: Vec::new(),
            test_indices: Vec::new(),
            sha256: fingerprint(&train),
            arrays: vec![("means".into(), means)],
            is_fallback: false,
        };
        Ok(Split { train, test, unseen: None, provenance })
    }
}

/// k orthonormal rows in d >= k dimensions, uniform: random unit vectors, each freed of those before, twice, so that rounding is
/// all that is left.
fn orthonormal<R: Rng>(k: usize, d: usize, rng: &mut R) -> Array2<f64> {
    let mut rows = Array2::zeros((k, d));
    for place in 0..k {
        let mut row = unit_vector(d, rng);
        for _ in 0..2 {
            for before in rows.rows().into_iter().take(place) {
                let along = inner(&before, &row);
                row.zip_mut_with(&before, |x, b| *x -= along * b);
            }
            let length = inner(&row, &row).sqrt();
            row /= length;
        }
        rows.row_mut(place).assign(&row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::s;

    fn build(spec: &ClustersSpec, seed: u64) -> Split {
        spec.clean(&Streams::new(seed)).unwrap()
    }

    #[test]
    fn means_are_orthogonal_and_points_lie_around_them() {
        let spec = ClustersSpec { n_train: 300, n_clusters: 3, n_inputs: 3, deviation: 0.1, ..ClustersSpec::default() };
        let Split { train, provenance, .. } = build(&spec, 1);
        let means = &provenance.arrays[0].1;
        for ((i, j), product) in means.dot(&means.t()).indexed_iter() {
            assert!((product - if i == j { 16.0 } else { 0.0 }).abs() < 1e-12);
        }
        let Labels::Classes { classes, n_classes: 3 } = train.labels() else { panic!("three classes") };
        assert_eq!(classes[..4], [0, 1, 2, 0]);
        let residuals: Vec<f64> =
            train.inputs().rows().into_iter().zip(classes).flat_map(|(x, c)| (&x - &means.row(*c)).to_vec()).collect();
        let deviation = (residuals.iter().map(|r| r * r).sum::<f64>() / residuals.len() as f64).sqrt();
        assert!((deviation / 0.1 - 1.0).abs() < 0.1, "{deviation}");
        assert!(provenance.note.contains("300 training points (33 % in the largest of 3 classes)"));
    }

    #[test]
    fn two_clusters_have_signs_and_sets_are_nested() {
        let small = ClustersSpec { n_train: 5, ..ClustersSpec::default() };
        let (few, many) = (build(&small, 2), build(&ClustersSpec::default(), 2));
        assert_eq!(few.train.labels(), &Labels::Binary(vec![1.0, -1.0, 1.0, -1.0, 1.0]));
        assert_eq!(many.train.inputs().slice(s![..5, ..]), few.train.inputs());
        assert_eq!(many.test, few.test);
        let classes = build(&ClustersSpec { classes: true, ..small }, 2).train;
        assert_eq!(classes.labels(), &Labels::Classes { classes: vec![0, 1, 0, 1, 0], n_classes: 2 });
    }

    #[test]
    fn impossible_values_name_the_field() {
        let text = |spec: ClustersSpec| spec.validate().unwrap_err().to_string();
        let base = ClustersSpec::default;
        assert!(text(ClustersSpec { n_clusters: 11, ..base() }).starts_with("`n_inputs` must be 11 to "));
        assert_eq!(text(ClustersSpec { n_clusters: 1, ..base() }), "`n_clusters` must be 2 to 1000, found 1");
        assert_eq!(text(ClustersSpec { deviation: -1.0, ..base() }), "`deviation` must be 0 to 1e100, found -1");
        assert!(text(ClustersSpec { mean_norm: f64::NAN, ..base() }).starts_with("`mean_norm` must be "));
    }
}
