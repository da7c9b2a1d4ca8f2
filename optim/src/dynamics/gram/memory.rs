//! The momentum of gradient descent in the span of the data.

use super::Slope;
use super::span::{Coefficients, ENTRIES};
use ndarray::{Array2, ArrayView2};
use steepest_core::{CoreError, LogReal, Momentum, Rows, SavedState, logspace, vector};

/// M <- decay M + weight D, with K M beside it and the same of the blocks above the first layer.
///
/// The decay goes into a scale of its own, so that a memory that only decays loses nothing. What is invisible beside the largest entry is
/// lost, which l2 does not see. Nothing drifts: rounding is forgotten as gradients are.
#[derive(Debug)]
pub(super) struct Memory {
    momentum: Momentum,
    buffer: Buffer,
    /// decay M + weight D with the new M, for Nesterov's step.
    ahead: Option<Buffer>,
}

/// A gradient: e^scale times (D^T X, rest), and K D.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entering<'a> {
    pub(super) scale: LogReal,
    pub(super) d: Coefficients<'a>,
    pub(super) image: ArrayView2<'a, f64>,
    pub(super) rest: &'a [f64],
}

/// e^scale times (M^T X, rest), and K M.
#[derive(Debug)]
struct Buffer {
    /// Zero while nothing is in it.
    scale: LogReal,
    m: Array2<f64>,
    image: Array2<f64>,
    rest: Vec<f64>,
    first_squares: f64,
    rest_squares: f64,
}

impl Memory {
    pub(super) fn new(momentum: Momentum, shape: (usize, usize), n_rest: usize) -> Self {
        let buffer = || Buffer {
            scale: LogReal::ZERO,
            m: Array2::zeros(shape),
            image: Array2::zeros(shape),
            rest: vec![0.0; n_rest],
            first_squares: 0.0,
            rest_squares: 0.0,
        };
        Self { momentum, buffer: buffer(), ahead: momentum.looks_ahead.then(buffer) }
    }

    /// Takes a gradient in; the size of what the step follows.
    pub(super) fn take_in(&mut self, gradient: &Entering<'_>) -> Slope {
        let Momentum { decay, weight, .. } = self.momentum;
        self.buffer.decay_and_add(decay, weight, gradient);
        if let Some(ahead) = &mut self.ahead {
            ahead.copy(&self.buffer);
            ahead.decay_and_add(decay, weight, gradient);
        }
        self.seen().slope()
    }

    /// The same with the gradient zero.
    pub(super) fn decay(&mut self) -> Slope {
        self.buffer.decay(self.momentum.decay);
        if let Some(ahead) = &mut self.ahead {
            ahead.copy(&self.buffer);
            ahead.decay(self.momentum.decay);
        }
        self.seen().slope()
    }

    /// C, K C and the rest of what the step follows.
    pub(super) fn followed(&self) -> (Coefficients<'_>, ArrayView2<'_, f64>, &[f64]) {
        let Buffer { m, image, rest, .. } = self.seen();
        (Coefficients { values: m.view(), rows: Rows::All }, image.view(), rest)
    }

    fn seen(&self) -> &Buffer {
        self.ahead.as_ref().unwrap_or(&self.buffer)
    }

    /// M; what lies ahead is made afresh from it.
    pub(super) fn save(&self, state: &mut SavedState) {
        let Buffer { scale, m, image, rest, first_squares, rest_squares } = &self.buffer;
        state.put("gram/momentum/sizes", &[scale.ln(), *first_squares, *rest_squares]);
        state.put("gram/momentum/m", m.as_slice().unwrap_or_default());
        state.put("gram/momentum/image", image.as_slice().unwrap_or_default());
        state.put("gram/momentum/rest", rest);
    }

    pub(super) fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let (buffer, mut sizes) = (&mut self.buffer, [0.0; 3]);
        state.restore_into("gram/momentum/sizes", &mut sizes)?;
        state.restore_into("gram/momentum/m", buffer.m.as_slice_mut().unwrap_or_default())?;
        state.restore_into("gram/momentum/image", buffer.image.as_slice_mut().unwrap_or_default())?;
        state.restore_into("gram/momentum/rest", &mut buffer.rest)?;
        buffer.scale = LogReal::from_ln(sizes[0]);
        (buffer.first_squares, buffer.rest_squares) = (sizes[1], sizes[2]);
        Ok(())
    }
}

impl Buffer {
    fn decay(&mut self, decay: f64) {
        self.scale = self.scale * LogReal::from_value(decay);
        if self.scale.is_zero() {
            (self.first_squares, self.rest_squares) = (0.0, 0.0);
        }
    }

    /// self <- decay self + weight g.
    fn decay_and_add(&mut self, decay: f64, weight: f64, g: &Entering<'_>) {
        self.decay(decay);
        // ln of the gradient's scale over the buffer's, infinite where nothing is in it
        let distance = (g.scale / self.scale).ln();
        let (keep, add) = if distance > 0.0 {
            self.scale = g.scale;
            (logspace::exp(-distance), weight)
        } else {
            (1.0, weight * logspace::exp(distance))
        };
        self.first_squares = mix_with_image(keep, add, g, &mut self.m, &mut self.image);
        mix(&mut self.rest, keep, add, g.rest);
        self.rest_squares = vector::sum_of_squares(&self.rest);
    }

    fn copy(&mut self, from: &Self) {
        (self.scale, self.first_squares, self.rest_squares) = (from.scale, from.first_squares, from.rest_squares);
        self.m.assign(&from.m);
        self.image.assign(&from.image);
        self.rest.copy_from_slice(&from.rest);
    }

    fn slope(&self) -> Slope {
        let Self { scale, first_squares, rest_squares, .. } = *self;
        Slope { scale, first_squares, rest_squares, band: 0 }
    }
}

/// M <- keep M + add D and K M <- keep K M + add K D; <M, K M> after it. In one pass, if D has all rows.
fn mix_with_image(keep: f64, add: f64, g: &Entering<'_>, m: &mut Array2<f64>, image: &mut Array2<f64>) -> f64 {
    let with_d = matches!(g.d.rows, Rows::All);
    if !with_d {
        m.mapv_inplace(|m| keep * m);
        g.d.add_to(m, add);
    }
    let [d, kd] = [g.d.values, g.image].map(|d| d.to_slice().unwrap_or_default());
    let [m, image] = [m, image].map(|m| m.as_slice_mut().unwrap_or_default().chunks_mut(ENTRIES));
    let mut squares = 0.0;
    for (k, (m, image)) in m.zip(image).enumerate() {
        let entries = k * ENTRIES..k * ENTRIES + m.len();
        if with_d {
            mix(m, keep, add, &d[entries.clone()]);
        }
        mix(image, keep, add, &kd[entries]);
        squares += vector::dot(m, image);
    }
    // of a form that is never negative but for rounding
    if squares < 0.0 { 0.0 } else { squares }
}

/// x <- keep x + factor y.
fn mix(x: &mut [f64], keep: f64, factor: f64, y: &[f64]) {
    vector::vectorized(
        #[inline(always)]
        move || x.iter_mut().zip(y).for_each(|(x, &y)| *x = keep * *x + factor * y),
    );
}
