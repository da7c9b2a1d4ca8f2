//! How far a point is from a KKT point of the margin problem: min 1/2 N(theta)^2 subject to q_i(theta) >= 1 (Section 3 of Tsilivis et
//! al., Definition A.12, Proposition B.6), for every norm, every loss and every degree L.
//!
//! The point is theta~ = theta / q_min^(1/L), which is feasible; the multipliers are lambda_t = N(theta) / N*(g) q_min^(1 - 2/L) w_t, one
//! for each term t of the loss, w_t its weight and g the gradient. Then sum_t lambda_t grad q_t(theta~) = -N(theta~) g / N*(g), whose dual
//! norm is N(theta~), and two numbers say how far theta~ is from a KKT point:
//! - 1 - a, with a = <theta / N(theta), -g / N*(g)> the alignment: zero exactly where the stationarity holds;
//! - delta = sum_t lambda_t (q_t / q_min - 1): zero exactly where only the smallest margins have multipliers.
//!
//! All of them are ratios, so a mean over samples gives what the sum gives; and all are taken from logarithms. A ratio of numbers of size
//! e^-s is known to 1e-16 s, relatively.

use crate::dynamics::Evaluation;
use crate::logspace::LogReal;
use crate::loss::Loss;
use crate::margin;

/// What the residuals are made of, from one evaluation: O(n) once, O(1) for each of them.
///
/// ```
/// use ndarray::array;
/// use steepest_core::loss::Exponential;
/// use steepest_core::{Evaluation, Form, Kkt, Labels, LogReal, Loss};
/// // f(w) = <w, x> with x = (1, 0) and (0, 2), both of label +1, at w = (2, 1) in the Euclidean norm
/// let (mut q, mut ln_w) = ([0.0; 2], [0.0; 2]);
/// let loss = Exponential::sum();
/// let value = loss.evaluate(array![[2.0], [2.0]].view(), &Labels::Binary(vec![1.0, 1.0]), &mut q, &mut ln_w);
/// let at = Evaluation {
///     margins: &q,
///     ln_weights: &ln_w,
///     loss: value.loss,
///     slope: value.slope,
///     mean_margin: value.mean_margin,
///     mean_excess: value.mean_excess,
///     dual_norm: LogReal::from_ln(-2.0) * LogReal::from_value(5f64.sqrt()), // g = -e^-2 (1, 2)
///     degree: 1,
///     own_norm: Some(5f64.sqrt()),
///     form: Form::Written,
///     near_ties: 0,
///     left_out: false,
///     n_bands: 1,
///     doubtful: false,
///     n_held: 0,
///     whole: None,
/// };
/// let kkt = Kkt::at(&at, 5f64.sqrt(), &loss);
/// assert!((kkt.alignment() - 4.0 / 5.0).abs() < 1e-14); // <(2, 1), (1, 2)> / 5
/// assert_eq!(kkt.slackness(), 0.0); // both margins are smallest
/// assert!(kkt.margin_bound() >= 2.0 / 5f64.sqrt()); // no w of norm one has a larger margin
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kkt {
    /// L.
    degree: f64,
    /// N(theta).
    norm: f64,
    q_min: f64,
    q_soft: f64,
    mean_margin: f64,
    mean_excess: f64,
    /// slope / N*(g).
    slope_over_dual: LogReal,
    /// N*(g) of the sum of losses.
    dual_of_sum: LogReal,
    /// N*(g) of the loss as reduced.
    dual: LogReal,
    /// -l'(q_soft) of one term.
    weight_at_soft: LogReal,
    /// kappa (number of terms) l(q_min) / e, from above sum_t w_t (q_t - q_min) of the sum of losses.
    most_excess: Option<LogReal>,
}

impl Kkt {
    /// From an evaluation whose `dual_norm` is that of the gradient, N(theta) in the same norm, and the loss.
    ///
    /// # Panics
    /// If the evaluation has no samples.
    pub fn at(at: &Evaluation<'_>, norm: f64, loss: &dyn Loss) -> Self {
        let (n, q_min) = (at.margins.len(), margin::smallest(at.margins).1);
        let q_soft = loss.soft_margin(at.loss, n);
        let rivals = (at.ln_weights.len() / n).saturating_sub(1).max(1);
        let terms = LogReal::from_value((n * rivals) as f64);
        let most_excess = |kappa| LogReal::from_value(kappa) * terms * LogReal::from_ln(loss.ln_value(q_min) - 1.0);
        Self {
            degree: f64::from(at.degree),
            norm,
            q_min,
            q_soft,
            mean_margin: at.mean_margin,
            mean_excess: at.mean_excess,
            slope_over_dual: if at.dual_norm.is_zero() { LogReal::from_ln(f64::NAN) } else { at.slope / at.dual_norm },
            dual_of_sum: at.dual_norm * loss.reduction().divisor(n),
            dual: at.dual_norm,
            weight_at_soft: LogReal::from_ln(loss.ln_weight(q_soft)),
            most_excess: loss.excess_factor().map(most_excess),
        }
    }

    /// a = <theta / N(theta), -g / N*(g)> = L slope mean_margin / (N(theta) N*(g)), by Euler's identity. At most 1, and 1 exactly where
    /// -g / N*(g) is in the subdifferential of N at theta. NaN where theta or the gradient is zero.
    pub fn alignment(&self) -> f64 {
        self.degree * self.mean_margin / self.norm * self.slope_over_dual.value()
    }

    /// 1 - a >= 0: the stationarity that is missing, as a number without a unit.
    pub fn misalignment(&self) -> f64 {
        1.0 - self.alignment()
    }

    /// N(theta~)^2 = N(theta)^2 / q_min^(2/L) = gamma^(-2/L). NaN unless q_min > 0.
    pub fn squared_norm(&self) -> f64 {
        if self.q_min > 0.0 { (self.norm / self.q_min.powf(self.degree.recip())).powi(2) } else { f64::NAN }
    }

    /// FY = 1/2 N(theta~)^2 + 1/2 N*(v)^2 - <theta~, v> = gamma^(-2/L) (1 - a) with v = sum_t lambda_t grad q_t(theta~): the residual of
    /// the stationarity (Proposition B.6, where it is an equality). NaN unless q_min > 0.
    pub fn fenchel_young(&self) -> f64 {
        self.squared_norm() * self.misalignment()
    }

    /// delta = sum_t lambda_t (q_t / q_min - 1) = gamma^(-2/L) slope mean_excess / (N(theta) N*(g)) >= 0: the complementary slackness of
    /// Definition A.12. NaN unless q_min > 0; zero where every term but the smallest is below e^-745 of it.
    pub fn slackness(&self) -> f64 {
        self.squared_norm() * (self.slope_over_dual.value() * self.mean_excess / self.norm)
    }

    /// What the slackness is at most once the sum of losses is below l(0), whatever the gradient:
    /// gamma^(-2/L) kappa n l(q_min) / (e L (-l'(q_soft)) q_soft), n the number of terms and kappa that of
    /// [`Loss::excess_factor`]. For the exponential loss it is at most (64) of the paper, m gamma^(-2/L) / (e L ln(1 / loss)). `None`
    /// where the loss knows no kappa; NaN unless q_soft > 0.
    pub fn slackness_bound(&self) -> Option<f64> {
        let excess = (self.most_excess? / self.weight_at_soft).value();
        let q_soft = if self.q_soft > 0.0 { self.q_soft } else { f64::NAN };
        Some(self.squared_norm() * excess / (self.degree * q_soft))
    }

    /// beta = N(theta) N*(g) / (L (-l'(q_soft)) q_soft), with g that of the sum of losses: along the flow, in ds = N(d theta) / N(theta),
    /// d ln(soft margin) / ds = L (beta - <n, u>) with <n, u> <= 1, and beta >= 1 / a >= 1 once the sum of losses is below l(0)
    /// (Theorems 3.1 and A.18). NaN unless q_soft > 0.
    pub fn beta(&self) -> f64 {
        let q_soft = if self.q_soft > 0.0 { self.q_soft } else { f64::NAN };
        self.norm / (self.degree * q_soft) * (self.dual_of_sum / self.weight_at_soft).value()
    }

    /// lambda of the term with this ln weight (as evaluated): N(theta) / N*(g) q_min^(1 - 2/L) w, one for each sample, for the
    /// cross-entropy one for each pair of a sample and a rival. Zero for a term of weight zero; NaN unless q_min > 0.
    pub fn multiplier(&self, ln_weight: f64) -> LogReal {
        let power = (1.0 - 2.0 / self.degree) * self.q_min.ln();
        LogReal::from_value(self.norm) * LogReal::from_ln(power) * (LogReal::from_ln(ln_weight) / self.dual)
    }

    /// N*(g) / slope; NaN where the gradient is zero. For a linear model, and for no other, no theta has a larger geometric margin in this norm: g / slope is a convex
    /// combination of -y_i x_i, and min_i <theta, y_i x_i> <= N(theta) N*(sum_i p_i y_i x_i) for every p in the simplex.
    pub fn margin_bound(&self) -> f64 {
        self.slope_over_dual.value().recip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Labels;
    use crate::loss::{Exponential, Loss};
    use crate::norm::Form;
    use approx::assert_relative_eq;
    use ndarray::array;

    /// One sample (1, 0) at w = (q, 0), with the gradient -w_1 (1, 0): a KKT point in l2.
    fn single(q: f64) -> Kkt {
        let (mut margins, mut ln_weights, loss) = ([0.0], [0.0], Exponential::sum());
        let value = loss.evaluate(array![[q]].view(), &Labels::Binary(vec![1.0]), &mut margins, &mut ln_weights);
        let at = Evaluation {
            margins: &margins,
            ln_weights: &ln_weights,
            loss: value.loss,
            slope: value.slope,
            mean_margin: value.mean_margin,
            mean_excess: value.mean_excess,
            dual_norm: value.slope,
            degree: 1,
            own_norm: Some(q),
            form: Form::Written,
            near_ties: 0,
            left_out: false,
            n_bands: 1,
            doubtful: false,
            n_held: 0,
            whole: None,
        };
        Kkt::at(&at, q.abs(), &loss)
    }

    #[test]
    fn a_kkt_point_has_no_residual_however_small_the_loss() {
        for q in [1.0, 700.0, 1e6] {
            let kkt = single(q);
            assert_eq!((kkt.alignment(), kkt.fenchel_young(), kkt.slackness()), (1.0, 0.0, 0.0));
            assert_eq!((kkt.squared_norm(), kkt.margin_bound(), kkt.beta()), (1.0, 1.0, 1.0));
            assert_relative_eq!(kkt.multiplier(-q).value(), 1.0, max_relative = 1e-9);
            assert!(kkt.multiplier(f64::NEG_INFINITY).is_zero());
        }
    }

    #[test]
    fn without_a_margin_there_are_no_multipliers() {
        let kkt = single(-2.0);
        assert_eq!(kkt.alignment(), -1.0);
        assert!(kkt.slackness().is_nan() && kkt.fenchel_young().is_nan() && kkt.beta().is_nan());
        assert!(kkt.slackness_bound().unwrap().is_nan());
    }
}
