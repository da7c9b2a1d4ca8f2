//! The series that say how far a row is from a KKT point of the margin problem; what they are and how they are computed, in one order.

use steepest_core::{Dynamics, Evaluation, HomogeneousModel, Kkt, Loss, MetricInfo};

/// What the residuals are, in the order of [`row`].
pub(crate) fn metrics() -> [MetricInfo; 3] {
    [
        MetricInfo::new(
            "alignment",
            "1",
            "alignment a",
            "a = <theta / N(theta), -g / N*(g)> in the optimiser's own norm, g the gradient of the loss; 1 where the direction of theta is \
             that of a KKT point, up to the slackness",
        )
        .in_paper("a(t)")
        .undefined_when("theta or the gradient is zero, or the run is in mini-batches"),
        MetricInfo::new(
            "kkt_slackness",
            "1",
            "slackness δ",
            "sum_i lambda_i (q_i / q_min - 1) for the multipliers lambda_i = N(theta) / N*(g) q_min^(1 - 2/L) (-l'(q_i)) of Proposition A.13, \
             N the optimiser's own norm, L the degree; 0 where only the smallest margins have multipliers",
        )
        .in_paper("δ")
        .undefined_when("a training sample has margin q <= 0, the gradient is zero, or the run is in mini-batches"),
        MetricInfo::new(
            "max_margin_bound",
            "1",
            "N^{*}(g) / slope",
            "N*(g) / sum_i -l'(q_i) in the optimiser's own norm: no parameters of a linear model have a larger margin",
        )
        .undefined_when("the model is not linear in its trained parameters, the gradient is zero, or the run is in mini-batches"),
    ]
}

/// Their values, from what is known of the present point: O(n), and one dual norm more for an optimiser with momentum; NaN in mini-batches, whose
/// gradient is not the whole set's.
/// `own_norm` is N(theta) in the optimiser's own norm.
pub(crate) fn row(
    dynamics: &mut dyn Dynamics,
    own_norm: f64,
    model: &dyn HomogeneousModel,
    loss: &dyn Loss,
) -> [f64; 3] {
    if !dynamics.evaluate().is_full_batch() {
        return [f64::NAN; 3];
    }
    let dual_norm = dynamics.gradient_dual_norm();
    let at = Evaluation { dual_norm, ..dynamics.evaluate() };
    let kkt = Kkt::at(&at, own_norm, loss);
    let bound = if model.is_linear() { kkt.margin_bound() } else { f64::NAN };
    [kkt.alignment(), kkt.slackness(), bound]
}
