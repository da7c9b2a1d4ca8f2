//! A problem in coordinates of the span of its inputs.

use super::dense::Dense;
use super::spectral::Outer;
use crate::error::OptimError;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use std::cell::OnceCell;
use steepest_core::linalg::{Accumulate, SymmetricEigen, gram_into, multiply_into, symmetric_eigen};
use steepest_core::{
    CoreError, Counter, Dataset, Displaced, Displacement, Dynamics, Evaluation, Fold, HomogeneousModel, LogReal, Loss,
    NormKind, Optimizer, OptimizerKind, ParameterLayout, Restricted, SavedState, Whole, vector,
};

/// Eigenvalues of X X^T below this times the largest are those of directions that X does not have: the square of the relative error
/// with which an eigenvector of the Gram matrix is known in doubles.
const RANK_CUT: f64 = 1e-13;

/// How much of a sample, relative to its length, may lie outside the basis: rounding.
const SPAN_ERROR: f64 = 1e-13;

/// A model and a dataset with r = rank(X) coordinates in the place of d inputs.
///
/// Let the rows of Q (r x d) be an orthonormal basis of the span of the samples, X = X~ Q. A network sees its first layer W through X W^T = X~ (W
/// Q^T)^T only, and the gradient in W is D^T X = (D^T X~) Q. A direction that commutes with rotations of the inputs (l2, spectral, nuclear, Schatten,
/// with or without momentum, Shampoo) is therefore that of the r coordinates times Q: the trajectory of W~ = W Q^T is that of the small
/// problem, and W (I - Q^T Q) never moves. Exact, rounding apart.
#[derive(Debug)]
pub struct SmallProblem {
    model: Box<dyn HomogeneousModel>,
    data: Dataset,
    /// Q (r x d).
    basis: Array2<f64>,
    width: usize,
}

impl SmallProblem {
    /// The small problem; `None` where the first layer does not act on the raw inputs, or the samples span more than half of the inputs' space, so
    /// that little is to be gained, or their rank is not clear.
    pub fn new(model: &dyn HomogeneousModel, data: &Dataset) -> Option<Self> {
        let (n, d) = (data.n_samples(), data.n_features());
        let width = model.linear_first_layer()?.width();
        if 2 * n > d {
            return None;
        }
        let basis = basis(data.inputs())?;
        let r = basis.nrows();
        let mut coordinates = Array2::zeros((n, r));
        multiply_into(Accumulate::Replace, data.inputs(), basis.t(), coordinates.view_mut());
        if !spans(&basis, &coordinates, data.inputs()) {
            return None;
        }
        let Restricted { model, places } = model.restricted_to(&(0..r).collect::<Vec<_>>())?;
        // the blocks above the first layer must be there as they are
        let is_whole = places.get(width * r).is_none_or(|&place| place == width * d);
        let data = Dataset::new(coordinates, data.labels().clone()).ok()?;
        is_whole.then_some(Self { model, data, basis, width })
    }

    /// Whether it carries this optimiser's steps out.
    pub fn serves(optimizer: &dyn Optimizer) -> bool {
        matches!(optimizer.kind(), OptimizerKind::Linear | OptimizerKind::RightInvariant)
    }

    /// The layout of the parameters of the small problem: the optimiser is one on these.
    pub fn layout(&self) -> &ParameterLayout {
        self.model.layout()
    }

    /// Number of coordinates r.
    pub fn rank(&self) -> usize {
        self.basis.nrows()
    }

    fn n_inputs(&self) -> usize {
        self.basis.ncols()
    }
}

/// Whether X = X~ Q to rounding: not where a sample has a direction of its own that is small beside the others, but not zero.
fn spans(basis: &Array2<f64>, coordinates: &Array2<f64>, x: ArrayView2<'_, f64>) -> bool {
    let mut rest = x.to_owned();
    let negated = coordinates.mapv(|c| -c);
    multiply_into(Accumulate::Add, negated.view(), basis.view(), rest.view_mut());
    rest.rows().into_iter().zip(x.rows()).all(|(rest, x)| {
        let squares = |row: ndarray::ArrayView1<'_, f64>| row.iter().map(|v| v * v).sum::<f64>();
        squares(rest) <= SPAN_ERROR * SPAN_ERROR * squares(x)
    })
}

/// An orthonormal basis of the rows of X (n x d), one vector a row: the principal axes, from the eigenvectors of X X^T; and, where the condition of X
/// left them askew, the nearest ones that are orthonormal to rounding. In principal axes the columns of a gradient differ in length as those of X Q^T
/// do, and what is left of its condition is much smaller: the polar factor of the spectral norm is then found without an eigenproblem.
fn basis(x: ArrayView2<'_, f64>) -> Option<Array2<f64>> {
    let (eigen, kept) = eigen_above(x, RANK_CUT)?;
    let axes = scaled(&eigen, &kept);
    let mut first = Array2::zeros((kept.len(), x.ncols()));
    multiply_into(Accumulate::Replace, axes.t(), x, first.view_mut());
    let (eigen, kept) = eigen_above(first.view(), 0.5)?;
    if kept.len() < first.nrows() {
        return None;
    }
    let mut inverse_root = Array2::zeros((kept.len(), kept.len()));
    multiply_into(Accumulate::Replace, scaled(&eigen, &kept).view(), eigen.vectors.t(), inverse_root.view_mut());
    let mut basis = Array2::zeros(first.dim());
    multiply_into(Accumulate::Replace, inverse_root.view(), first.view(), basis.view_mut());
    Some(basis)
}

/// The eigenpairs of X X^T, and which of them are above `cut` times the largest; `None` if none is.
fn eigen_above(x: ArrayView2<'_, f64>, cut: f64) -> Option<(SymmetricEigen, Vec<usize>)> {
    let n = x.nrows();
    let mut gram = Array2::zeros((n, n));
    gram_into(x.t(), gram.view_mut());
    let eigen = symmetric_eigen(gram.view()).ok()?;
    let largest = eigen.values.iter().copied().fold(0.0, f64::max);
    let kept: Vec<usize> = (0..n).filter(|&k| eigen.values[k] > cut * largest).collect();
    (!kept.is_empty()).then_some((eigen, kept))
}

/// V / sqrt(lambda) over the eigenpairs that are kept.
fn scaled(eigen: &SymmetricEigen, kept: &[usize]) -> Array2<f64> {
    let mut scaled = eigen.vectors.select(Axis(1), kept);
    for (mut column, &k) in scaled.columns_mut().into_iter().zip(kept) {
        column /= eigen.values[k].sqrt();
    }
    scaled
}

/// [`Dense`] on a [`SmallProblem`]; from outside, theta is whole.
#[derive(Debug)]
pub struct SmallSide<'a> {
    problem: &'a SmallProblem,
    inner: Dense<'a>,
    /// theta with the first layer W0 that it started with.
    start: Vec<f64>,
    /// W0 Q^T (m x r).
    start_coordinates: Array2<f64>,
    /// W Q^T - W0 Q^T, for whoever asks.
    moved: Array2<f64>,
    theta: Vec<f64>,
    /// Whether `theta` is that of the present point.
    is_formed: bool,
    /// |W (I - Q^T Q)|_F^2, which no step changes.
    still_squares: f64,
    /// W (I - Q^T Q) W^T, once it was asked for.
    still_outer: OnceCell<Option<Outer>>,
    is_euclidean: bool,
}

impl<'a> SmallSide<'a> {
    /// Starts at the whole theta, with an optimiser on the parameters of the small problem.
    ///
    /// # Errors
    /// If the parts do not fit each other, or the optimiser's direction does not commute with rotations of the inputs.
    pub fn new(
        problem: &'a SmallProblem,
        loss: &'a dyn Loss,
        optimizer: Box<dyn Optimizer>,
        theta: Vec<f64>,
    ) -> Result<Self, OptimError> {
        let (m, d, r) = (problem.width, problem.n_inputs(), problem.rank());
        let above = problem.layout().len() - m * r;
        if theta.len() != m * d + above {
            return Err(OptimError::Theta { found: theta.len(), expected: m * d + above });
        }
        if !SmallProblem::serves(&*optimizer) {
            return Err(OptimError::NotInvariant);
        }
        let is_euclidean = optimizer.own_norm().fold() == Some(Fold::RootOfSquares);
        let w = matrix(&theta[..m * d], m, d);
        let mut coordinates = Array2::zeros((m, r));
        multiply_into(Accumulate::Replace, w, problem.basis.t(), coordinates.view_mut());
        let small = coordinates.iter().chain(&theta[m * d..]).copied().collect();
        let mut formed = theta.clone();
        leave_span(&mut formed[..m * d], &coordinates, problem);
        let still_squares = vector::sum_of_squares(&formed[..m * d]);
        let inner = Dense::new(&*problem.model, &problem.data, loss, optimizer, small)?;
        Ok(Self {
            problem,
            inner,
            start: theta,
            moved: Array2::zeros((m, r)),
            start_coordinates: coordinates,
            theta: formed,
            is_formed: false,
            still_squares,
            still_outer: OnceCell::new(),
            is_euclidean,
        })
    }

    /// Finds how far the first layer has moved, and puts the layers above it behind W0.
    fn find_moved(&mut self) {
        let (m, d, r) = (self.problem.width, self.problem.n_inputs(), self.problem.rank());
        let small = self.inner.theta();
        self.start[m * d..].copy_from_slice(&small[m * r..]);
        for ((moved, &now), &start) in self.moved.iter_mut().zip(small).zip(&self.start_coordinates) {
            *moved = now - start;
        }
    }

    /// The largest singular value over all blocks.
    fn max_spectral(&mut self) -> Option<f64> {
        let (m, d, r) = (self.problem.width, self.problem.n_inputs(), self.problem.rank());
        let still = self.still_outer.get_or_init(|| {
            let mut w = self.start[..m * d].to_vec();
            leave_span(&mut w, &self.start_coordinates, self.problem);
            Outer::new(matrix(&w, m, d))
        });
        let theta = self.inner.theta();
        still.as_ref()?.beside(matrix(&theta[..m * r], m, r), self.problem.layout(), theta)
    }

    /// N(theta) from that of the small problem, where the own norm is l2.
    fn own_norm(&self, small: Option<f64>) -> Option<f64> {
        small.filter(|_| self.is_euclidean).map(|norm| norm.hypot(self.still_squares.sqrt()))
    }
}

/// W - (W Q^T) Q for W (m x d) with these coordinates W Q^T.
fn leave_span(w: &mut [f64], coordinates: &Array2<f64>, problem: &SmallProblem) {
    let (back, shape) = (coordinates.mapv(|c| -c), (problem.width, problem.n_inputs()));
    multiply_into(Accumulate::Add, back.view(), problem.basis.view(), matrix_mut(w, shape.0, shape.1));
}

fn matrix(x: &[f64], rows: usize, cols: usize) -> ArrayView2<'_, f64> {
    let Ok(matrix) = ArrayView2::from_shape((rows, cols), x) else {
        panic!("{rows} x {cols} numbers make a matrix of that shape")
    };
    matrix
}

fn matrix_mut(x: &mut [f64], rows: usize, cols: usize) -> ArrayViewMut2<'_, f64> {
    let Ok(matrix) = ArrayViewMut2::from_shape((rows, cols), x) else {
        panic!("{rows} x {cols} numbers make a matrix of that shape")
    };
    matrix
}

impl Dynamics for SmallSide<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let small = self.inner.evaluate().own_norm;
        let own_norm = self.own_norm(small);
        Evaluation { own_norm, ..self.inner.evaluate() }
    }

    fn gradient_dual_norm(&mut self) -> LogReal {
        self.inner.gradient_dual_norm()
    }

    fn whole(&mut self) -> Whole<'_> {
        self.inner.whole()
    }

    fn advance(&mut self, length: f64) -> bool {
        self.is_formed = false;
        self.inner.advance(length)
    }

    fn theta(&mut self) -> &[f64] {
        if !self.is_formed {
            self.find_moved();
            let (m, d) = (self.problem.width, self.problem.n_inputs());
            self.theta.copy_from_slice(&self.start);
            let w = matrix_mut(&mut self.theta[..m * d], m, d);
            multiply_into(Accumulate::Add, self.moved.view(), self.problem.basis.view(), w);
            self.is_formed = true;
        }
        &self.theta
    }

    fn displaced(&mut self) -> Option<Displaced<'_>> {
        self.find_moved();
        let by = Displacement::InBasis(self.moved.t(), self.problem.basis.view());
        Some(Displaced { theta: &self.start, by })
    }

    fn norm(&mut self, which: NormKind) -> Option<f64> {
        match which {
            NormKind::L2 => Some((vector::sum_of_squares(self.inner.theta()) + self.still_squares).sqrt()),
            NormKind::MaxSpectral => self.max_spectral(),
            NormKind::L1 | NormKind::Linf => None,
        }
    }

    fn counters(&self) -> Vec<Counter> {
        self.inner.counters()
    }

    fn save(&self, state: &mut SavedState) {
        self.inner.save(state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        self.is_formed = false;
        self.inner.restore(state)
    }
}

#[cfg(test)]
mod tests;
