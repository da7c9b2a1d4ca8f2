//! What a run records: its norms, and the one table of its series for storage, axes and help.

use crate::config::RecordSpec;
use crate::residuals;
use steepest_core::MetricInfo;
use steepest_norms::{NormLabel, NormSpec};

/// The norms that a run records: those asked for, and its optimisers' own.
pub fn recorded_norms<'s>(spec: &'s RecordSpec, own: impl IntoIterator<Item = &'s NormSpec>) -> Vec<&'s NormSpec> {
    let mut norms: Vec<&NormSpec> = Vec::new();
    for norm in spec.norms.iter().chain(own) {
        if norms.iter().all(|n| n.label().name != norm.label().name) {
            norms.push(norm);
        }
    }
    norms
}

/// What is measured in every row, in the order of the row: the one table for storage, axes and help.
pub fn metrics(norms: &[NormLabel]) -> Vec<MetricInfo> {
    let mut all = vec![
        MetricInfo::new("ln_loss", "1", "ln L", "natural logarithm of the training loss as reduced"),
        MetricInfo::new("train_accuracy", "1", "train accuracy", "share of training samples with margin q > 0"),
        MetricInfo::new("test_accuracy", "1", "test accuracy", "share of test samples with margin q > 0")
            .undefined_when("there is no test set"),
        MetricInfo::new(
            "test_excess_accuracy",
            "1",
            "excess over chance",
            "test accuracy less sum_k pi_k r_k, the accuracy that is owed to the shares pi_k of the classes among test labels and r_k among \
             predictions alone",
        )
        .undefined_when("there is no test set"),
    ];
    for norm in norms {
        let (name, symbol) = (&norm.name, &*norm.symbol);
        all.push(MetricInfo::new(format!("norm_{name}"), "1", symbol, format!("N(theta) = {}", norm.formula)));
        let mut hard = MetricInfo::new(
            format!("margin_{name}"),
            "1",
            format!("min q / {symbol}^{{L}}"),
            format!("hard geometric margin min_i q_i / N(theta)^L with N = {name}, L the degree"),
        );
        let mut soft = MetricInfo::new(
            format!("soft_margin_{name}"),
            "1",
            format!("q^{{soft}} / {symbol}^{{L}}"),
            format!("soft geometric margin l^-1(sum of losses) / N(theta)^L with N = {name}, L the degree"),
        );
        if let Some(paper) = norm.paper_margin {
            hard = hard.in_paper(paper);
            soft = soft.in_paper(format!("soft {paper}"));
        }
        all.extend([hard, soft].map(|m| m.undefined_when("theta is zero")));
    }
    all.extend(residuals::metrics());
    all.extend([
        MetricInfo::new("ln_dual_norm", "1", "ln N^{*}(∇L)", "natural logarithm of the dual of the optimiser's own norm, of the gradient of the loss"),
        MetricInfo::new("step_size", "1", "step length", "length, in the optimiser's own norm, of the step that is taken from this row"),
        MetricInfo::new("flow_time", "1", "flow time", "time of the steepest flow (3) so far: sum of step length / N*(grad L); infinite beyond 1.8e308"),
        MetricInfo::new("ln_flow_time", "1", "ln flow time", "natural logarithm of flow_time, which goes on where that is infinite; -infinity at step 0"),
        MetricInfo::new(
            "worst_own_soft_margin_drop",
            "1",
            "drop of the own soft margin",
            "largest decrease of the soft margin in the optimiser's own norm from one step to the next since the last row, zero if none; of a norm \
             that is too dear for every step (spectral), from row to row",
        ),
        MetricInfo::new("steps_with_bands", "1", "steps with bands", "steps since the last row whose weights spread beyond one double's range"),
        MetricInfo::new("near_ties", "1", "near ties", "entries, over the steps since the last row, within a relative 1e-12 of deciding the direction otherwise"),
        MetricInfo::new("held_steps", "1", "held steps", "steps since the last row in which the two-sided rule held samples at a kink; zero for every other optimiser"),
        MetricInfo::new("wall_seconds", "s", "wall time", "wall time since the run began; the only series that differs between two identical runs"),
    ]);
    all
}
