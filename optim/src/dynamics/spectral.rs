//! The largest singular value over all blocks where the first layer W (m x d) is not formed: from W W^T (m x m), which follows what is known of W.

#[cfg(feature = "linalg")]
pub(super) use by_eigenvalues::Outer;
#[cfg(not(feature = "linalg"))]
pub(super) use unknown::Outer;

#[cfg(feature = "linalg")]
mod by_eigenvalues {
    use ndarray::{Array2, ArrayView2};
    use steepest_core::linalg::{
        Accumulate, gram_into, largest_eigenvalue_of_gram, largest_singular_value, multiply_into,
    };
    use steepest_core::{BlockShape, ParameterLayout, vector};

    /// Where the largest eigenvalue has fallen below this times that of the start, W W^T is a difference of larger matrices that loses digits.
    const FALLEN: f64 = 0.25;

    /// W0 W0^T of where a first layer started, or of a part of it that does not move.
    #[derive(Debug)]
    pub(in super::super) struct Outer {
        gram: Array2<f64>,
        largest: f64,
    }

    impl Outer {
        /// Of W0; m d m flops. `None` where W0 has more rows than columns, so that W^T W is smaller, or is not finite.
        pub(in super::super) fn new(w: ArrayView2<'_, f64>) -> Option<Self> {
            let (m, d) = w.dim();
            if m > d {
                return None;
            }
            let gram = outer(w);
            let largest = largest_eigenvalue_of_gram(gram.view()).ok()?;
            Some(Self { gram, largest })
        }

        /// The largest over all blocks for W = W0 + A^T X: W W^T = W0 W0^T + (B + B^T) / 2, B = A^T (P + P0), with A, P0 = X W0^T and P = X W^T (n x m);
        /// 2 n m^2 flops. The place of W in theta is not looked at.
        pub(in super::super) fn in_span(
            &self,
            a: ArrayView2<'_, f64>,
            [p, p0]: [ArrayView2<'_, f64>; 2],
            layout: &ParameterLayout,
            theta: &[f64],
        ) -> Option<f64> {
            let (sum, mut b) = (&p + &p0, Array2::zeros(self.gram.dim()));
            multiply_into(Accumulate::Replace, a.t(), sum.view(), b.view_mut());
            let gram = Array2::from_shape_fn(b.dim(), |(i, j)| self.gram[(i, j)] + f64::midpoint(b[(i, j)], b[(j, i)]));
            let largest = largest_eigenvalue_of_gram(gram.view()).ok()?;
            (largest >= FALLEN * self.largest).then(|| over_blocks(largest, layout, theta)).flatten()
        }

        /// The largest over all blocks where this is of the part of W that stays, and the other part has coordinates M (m x r) in an orthonormal basis, which
        /// lead theta: W W^T = M M^T + this; r m^2 flops.
        pub(in super::super) fn beside(
            &self,
            m: ArrayView2<'_, f64>,
            layout: &ParameterLayout,
            theta: &[f64],
        ) -> Option<f64> {
            let gram = outer(m) + &self.gram;
            over_blocks(largest_eigenvalue_of_gram(gram.view()).ok()?, layout, theta)
        }
    }

    /// W W^T.
    fn outer(w: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut gram = Array2::zeros((w.nrows(), w.nrows()));
        gram_into(w.t(), gram.view_mut());
        gram
    }

    /// The largest of the first block, whose square is known, and of the others.
    fn over_blocks(square: f64, layout: &ParameterLayout, theta: &[f64]) -> Option<f64> {
        layout.blocks()[1..].iter().try_fold(square.sqrt(), |largest, block| {
            let entries = &theta[block.range.clone()];
            let own = match block.shape {
                BlockShape::Matrix { rows, cols } => {
                    largest_singular_value(ArrayView2::from_shape((rows, cols), entries).ok()?).ok()?
                }
                BlockShape::Vector { .. } => vector::euclidean_norm(entries),
            };
            Some(largest.max(own))
        })
    }
}

/// Without eigenvalues.
#[cfg(not(feature = "linalg"))]
mod unknown {
    use ndarray::ArrayView2;
    use steepest_core::ParameterLayout;

    #[derive(Debug)]
    pub(in super::super) enum Outer {}

    impl Outer {
        pub(in super::super) const fn new(_: ArrayView2<'_, f64>) -> Option<Self> {
            None
        }

        pub(in super::super) const fn in_span(
            &self,
            _: ArrayView2<'_, f64>,
            _: [ArrayView2<'_, f64>; 2],
            _: &ParameterLayout,
            _: &[f64],
        ) -> Option<f64> {
            match *self {}
        }
    }
}
