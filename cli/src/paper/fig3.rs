//! Figure 3: the spectral margin with a frozen second layer, Shampoo in its three forms.

use super::fig2::{ACCURACIES, loss};
use super::groups::{facts, groups, panel};
use super::looks::published;
use super::{Overlay, Run};
use crate::figures::{Marker, Page, Points, Style};

/// The mean loss that the paper's figure shows at some epochs, of one of its curves.
const PUBLISHED_MEAN_LOSS: [(f64, f64); 7] =
    [(10.0, 0.457), (20.0, 0.327), (50.0, 0.201), (100.0, 0.132), (200.0, 0.083), (300.0, 0.062), (500.0, 0.041)];
/// Number of training points, which turns a mean into a sum.
const N_TRAIN: f64 = 100.0;

/// Four panels: the spectral margin, the loss, and both accuracies.
pub(super) fn page(runs: &[Run], overlay: Overlay) -> anyhow::Result<Page> {
    let groups = groups(runs);
    let mut panels = vec![
        panel(runs, &groups, "margin_spectral", "")?,
        loss(runs, &groups)?,
        panel(runs, &groups, "train_accuracy", "")?,
        panel(runs, &groups, "test_accuracy", "")?,
    ];
    panels[1].y.range = None;
    for accuracy in &mut panels[2..] {
        accuracy.y.range = Some(ACCURACIES);
    }
    let mut caption = facts(runs, &groups);
    caption.push(
        "Shampoo: the formulas of the package torch-optimizer, which the paper ran and which are not its Eq. (76); Shampoo, Eq. (76): the \
         paper's formula; Spectral: steepest descent in the spectral norm, which is Shampoo without accumulation."
            .into(),
    );
    if overlay.paper {
        let xy = PUBLISHED_MEAN_LOSS.iter().map(|(epoch, mean)| (epoch + 1.0, N_TRAIN * mean)).collect();
        let style = published(Style::neutral());
        panels[1].points.push(Points { style, label: "published loss".into(), xy, marker: Marker::OpenSquare });
        caption.push("Open squares: the mean loss read off the paper's figure, times 100 points.".into());
    }
    let title = format!("Figure 3. {}", runs[0].text("title").unwrap_or_default());
    Ok(Page { title, caption, panels, columns: 2 })
}
