//! Whether a page can be drawn as it stands.

use super::chart::{Curve, Page, Panel};
use super::error::FigureError;

impl Page {
    /// Checks that columns agree in length and that fixed ranges can be drawn; a page that fails is still drawn, with the shorter column and a fitted range.
    ///
    /// # Errors
    /// [`FigureError::RaggedSeries`] or [`FigureError::InvalidRange`], whichever comes first.
    pub fn check(&self) -> Result<(), FigureError> {
        self.panels.iter().enumerate().try_for_each(|(index, panel)| panel.check(index + 1))
    }
}

impl Panel {
    fn check(&self, number: usize) -> Result<(), FigureError> {
        for axis in [&self.x, &self.y] {
            if let Some((low, high)) = axis.range
                && !axis.accepts(low, high)
            {
                return Err(FigureError::InvalidRange { panel: number, axis: axis.label.to_plain(), low, high });
            }
        }
        self.curves.iter().try_for_each(|curve| curve.check(number))
    }
}

impl Curve {
    fn check(&self, panel: usize) -> Result<(), FigureError> {
        let expected = self.x.len();
        let band = self.band.iter().flat_map(|(lower, upper)| [lower.len(), upper.len()]);
        let ragged = std::iter::once(self.y.len()).chain(band).find(|found| *found != expected);
        ragged.map_or(Ok(()), |found| {
            Err(FigureError::RaggedSeries { panel, series: self.label.clone(), expected, found })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::figures::{Axis, Curve, FigureError, Page, Panel, algorithm_style};

    fn page(curve: Curve, y: Axis) -> Page {
        Page { panels: vec![Panel { curves: vec![curve], y, ..Panel::default() }], ..Page::default() }
    }

    #[test]
    fn ragged_columns_and_impossible_ranges_are_reported() {
        let curve = Curve::new(algorithm_style("GD"), "GD", vec![1.0, 2.0], vec![1.0, 2.0]);
        assert_eq!(page(curve.clone(), Axis::log("y")).check(), Ok(()));
        let ragged = curve.clone().with_band(vec![1.0], vec![2.0, 3.0]);
        assert!(matches!(page(ragged, Axis::log("y")).check(), Err(FigureError::RaggedSeries { found: 1, .. })));
        let zero = Axis::log("y").with_range(0.0, 1.0);
        assert!(matches!(page(curve, zero).check(), Err(FigureError::InvalidRange { panel: 1, .. })));
    }
}
