//! Geometric margins: min_i q_i, or the soft margin, divided by N(theta)^degree.
//!
//! A margin is named by the norm N of theta that divides it. The paper names it by the dual norm: its gamma_1 divides by
//! the l-infinity norm.

use crate::dataset::Labels;
use ndarray::ArrayView2;

/// The smallest margin and its sample; NaN if any margin is NaN.
///
/// # Panics
/// If there are no margins.
pub fn smallest(margins: &[f64]) -> (usize, f64) {
    let lower = |best: (usize, f64), next: (usize, f64)| {
        if best.1.is_nan() || best.1 <= next.1 { best } else { next }
    };
    let mut all = margins.iter().copied().enumerate();
    let Some(first) = all.next() else { panic!("the smallest of no margins") };
    all.fold(first, lower)
}

/// The share of samples with q > 0. NaN never counts as right.
pub fn accuracy(margins: &[f64]) -> f64 {
    margins.iter().filter(|q| **q > 0.0).count() as f64 / margins.len() as f64
}

/// The share of outputs that are right, their margins being above zero, without the margins' loss. NaN never counts as right.
pub fn accuracy_of(outputs: ArrayView2<'_, f64>, labels: &Labels) -> f64 {
    let right = match labels {
        Labels::Binary(signs) => outputs.iter().zip(signs).filter(|(f, y)| *f * *y > 0.0).count(),
        Labels::Classes { classes, .. } => {
            let is_right =
                |f: ndarray::ArrayView1<'_, f64>, y: usize| f.iter().enumerate().all(|(k, f_k)| k == y || f[y] > *f_k);
            outputs.rows().into_iter().zip(classes).filter(|(f, y)| is_right(*f, **y)).count()
        }
    };
    right as f64 / labels.len() as f64
}

/// The accuracy that is owed to the shares of the classes alone: sum_k pi_k r_k, with pi_k the share of class k among the labels and r_k among the
/// predictions. A prediction that knows nothing of the label but its frequency reaches this; an accuracy above 1/2 may be no more than that.
///
/// The prediction of one output is its sign, zero counting as -1; of several, the class of the largest, the first if tied.
pub fn chance(outputs: ArrayView2<'_, f64>, labels: &Labels) -> f64 {
    let n = outputs.nrows() as f64;
    match labels {
        Labels::Binary(signs) => {
            let share = |count: usize| count as f64 / n;
            let labelled = share(signs.iter().filter(|y| **y > 0.0).count());
            let predicted = share(outputs.iter().filter(|f| **f > 0.0).count());
            labelled * predicted + (1.0 - labelled) * (1.0 - predicted)
        }
        Labels::Classes { classes, n_classes } => {
            let mut counts = vec![(0_usize, 0_usize); *n_classes];
            for (&class, f) in classes.iter().zip(outputs.rows()) {
                let best = f.iter().enumerate().fold(0, |best, (k, v)| if *v > f[best] { k } else { best });
                counts[class].0 += 1;
                counts[best].1 += 1;
            }
            counts.iter().map(|(labelled, predicted)| *labelled as f64 * *predicted as f64 / (n * n)).sum()
        }
    }
}

/// margin / norm^degree, without overflow of the power. NaN at norm zero, where no geometric margin exists.
pub fn geometric(margin: f64, norm: f64, degree: u32) -> f64 {
    if norm == 0.0 {
        return f64::NAN;
    }
    (0..degree).fold(margin, |m, _| m / norm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_never_hidden() {
        assert!(smallest(&[1.0, f64::NAN, -3.0]).1.is_nan());
        assert!(smallest(&[f64::NAN, -3.0]).1.is_nan());
        assert_eq!(smallest(&[2.0, -3.0, -3.0]), (1, -3.0));
        assert_eq!(accuracy(&[1.0, f64::NAN, 0.0, -1.0]), 0.25);
    }

    #[test]
    fn what_is_right_is_so_by_outputs_or_by_margins() {
        use crate::loss::{CrossEntropy, Logistic, Loss};
        let nan = f64::NAN;
        let outputs =
            ndarray::array![[1.0, 0.5, 0.0], [1.0, 1.0, 0.0], [nan, 2.0, 0.0], [0.0, 2.0, nan], [0.0, 1.0, 3.0]];
        let classes = Labels::Classes { classes: vec![0, 1, 1, 1, 2], n_classes: 3 };
        let (mut q, mut w) = (vec![0.0; 5], vec![0.0; 15]);
        CrossEntropy::sum().evaluate(outputs.view(), &classes, &mut q, &mut w);
        assert_eq!((accuracy_of(outputs.view(), &classes), accuracy(&q)), (0.4, 0.4));
        let outputs = ndarray::array![[1.0], [-1.0], [0.0], [nan], [-2.0]];
        let signs = Labels::Binary(vec![1.0, 1.0, -1.0, 1.0, -1.0]);
        Logistic::sum().evaluate(outputs.view(), &signs, &mut q, &mut w[..5]);
        assert_eq!((accuracy_of(outputs.view(), &signs), accuracy(&q)), (0.4, 0.4));
    }

    #[test]
    fn chance_is_what_the_shares_owe() {
        let binary = Labels::Binary(vec![1.0, 1.0, 1.0, -1.0]);
        let always_positive = ndarray::array![[1.0], [2.0], [1.0], [3.0]];
        assert_eq!(chance(always_positive.view(), &binary), 0.75);
        let half = ndarray::array![[1.0], [-2.0], [0.0], [3.0]];
        assert_eq!(chance(half.view(), &binary), 0.5);
        let classes = Labels::Classes { classes: vec![0, 1, 2, 2], n_classes: 3 };
        let outputs = ndarray::array![[0.0, 1.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0]];
        // labels 1/4, 1/4, 1/2; predictions 0, 1/2, 1/2
        assert_eq!(chance(outputs.view(), &classes), 0.125 + 0.25);
    }

    #[test]
    fn the_power_does_not_overflow() {
        assert_eq!(geometric(1e300, 1e200, 2), 1e-100);
        assert!(geometric(1.0, 0.0, 2).is_nan());
    }
}
