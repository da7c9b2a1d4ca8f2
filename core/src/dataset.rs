//! Datasets as validated values: inputs (n x d) and labels.

use crate::error::CoreError;
use ndarray::{Array2, ArrayView2};

/// What the samples are labelled with.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// y_i in {-1, +1}.
    Binary(Vec<f64>),
    /// Classes 0 .. `n_classes` - 1.
    Classes {
        /// The class of each sample.
        classes: Vec<usize>,
        /// Number of classes, at least two.
        n_classes: usize,
    },
}

impl Labels {
    /// Number of labels.
    pub fn len(&self) -> usize {
        match self {
            Self::Binary(signs) => signs.len(),
            Self::Classes { classes, .. } => classes.len(),
        }
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of outputs that a model for these labels has: one for binary labels, else one per class.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Binary(_) => 1,
            Self::Classes { n_classes, .. } => *n_classes,
        }
    }

    /// The share of the most frequent label: what a constant answer scores.
    pub fn majority_rate(&self) -> f64 {
        let largest = match self {
            Self::Binary(signs) => {
                let positive = signs.iter().filter(|y| **y > 0.0).count();
                positive.max(signs.len() - positive)
            }
            Self::Classes { classes, n_classes } => {
                let mut counts = vec![0_usize; *n_classes];
                classes.iter().for_each(|&c| counts[c] += 1);
                counts.into_iter().max().unwrap_or(0)
            }
        };
        largest as f64 / self.len() as f64
    }

    /// Overwrites these labels with some of another set's of the same kind.
    fn gather(&mut self, from: &Self, rows: &[usize]) {
        match (self, from) {
            (Self::Binary(to), Self::Binary(from)) => {
                to.clear();
                to.extend(rows.iter().map(|&row| from[row]));
            }
            (Self::Classes { classes: to, .. }, Self::Classes { classes: from, .. }) => {
                to.clear();
                to.extend(rows.iter().map(|&row| from[row]));
            }
            (to, from) => *to = from.clone(),
        }
    }

    fn check(&self) -> Result<(), CoreError> {
        match self {
            Self::Binary(signs) => match signs.iter().position(|y| ![-1.0, 1.0].contains(y)) {
                Some(sample) => {
                    Err(CoreError::BadLabel { sample, found: signs[sample].to_string(), expected: "-1 or +1".into() })
                }
                None => Ok(()),
            },
            Self::Classes { classes, n_classes } => match classes.iter().position(|c| c >= n_classes) {
                Some(sample) => Err(CoreError::BadLabel {
                    sample,
                    found: classes[sample].to_string(),
                    expected: format!("a class below {n_classes}"),
                }),
                None => Ok(()),
            },
        }
    }
}

/// Inputs X (n x d, one sample a row) and their labels, checked: equal in number, not empty, finite, labels in range.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    inputs: Array2<f64>,
    labels: Labels,
}

impl Dataset {
    /// Checks and joins inputs and labels.
    ///
    /// # Errors
    /// If there is no sample or no feature, the numbers differ, an input is not finite, or a label is out of range.
    pub fn new(inputs: Array2<f64>, labels: Labels) -> Result<Self, CoreError> {
        let (n_samples, n_features) = inputs.dim();
        if n_samples == 0 || n_features == 0 {
            return Err(CoreError::EmptyDataset { n_samples, n_features });
        }
        if labels.len() != n_samples {
            return Err(CoreError::LabelCount { n_samples, n_labels: labels.len() });
        }
        // where it is, only if there is one
        if !inputs.iter().all(|v| v.is_finite())
            && let Some(((sample, feature), &value)) = inputs.indexed_iter().find(|(_, v)| !v.is_finite())
        {
            return Err(CoreError::NonFiniteInput { sample, feature, value });
        }
        labels.check()?;
        // not copied where they lie as they are to lie
        let inputs = if inputs.is_standard_layout() { inputs } else { inputs.as_standard_layout().into_owned() };
        Ok(Self { inputs, labels })
    }

    /// Overwrites this dataset with some samples of another; allocates only where their number changes.
    ///
    /// # Panics
    /// If there is no such sample, or `rows` is empty.
    pub fn gather(&mut self, from: &Self, rows: &[usize]) {
        assert!(!rows.is_empty(), "a dataset has at least one sample");
        if self.inputs.dim() != (rows.len(), from.n_features()) {
            self.inputs = Array2::zeros((rows.len(), from.n_features()));
        }
        for (mut to, &row) in self.inputs.rows_mut().into_iter().zip(rows) {
            to.assign(&from.inputs.row(row));
        }
        self.labels.gather(&from.labels, rows);
    }

    /// The inputs, n x d, rows contiguous.
    pub fn inputs(&self) -> ArrayView2<'_, f64> {
        self.inputs.view()
    }

    /// The labels.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Number of samples n.
    pub fn n_samples(&self) -> usize {
        self.inputs.nrows()
    }

    /// Number of features d.
    pub fn n_features(&self) -> usize {
        self.inputs.ncols()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_datasets_are_refused() {
        let labels = || Labels::Binary(vec![1.0, -1.0]);
        assert!(Dataset::new(array![[1.0], [2.0]], labels()).is_ok());
        assert!(Dataset::new(array![[1.0]], labels()).is_err());
        assert!(Dataset::new(array![[1.0], [f64::NAN]], labels()).is_err());
        assert!(Dataset::new(array![[1.0], [2.0]], Labels::Binary(vec![1.0, 0.0])).is_err());
        assert!(Dataset::new(array![[1.0], [2.0]], Labels::Classes { classes: vec![0, 2], n_classes: 2 }).is_err());
        assert!(Dataset::new(Array2::zeros((0, 3)), Labels::Binary(vec![])).is_err());
    }
}
