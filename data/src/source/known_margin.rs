//! Points whose maximum margin, and the direction that has it, are known in closed form for the l1, l2 or linf norm.
//!
//! The maximum margin of a linear predictor is gamma = max over |w| <= 1 of min_i y_i <w, x_i>. Here |.| is the norm of the
//! *weights*, as in steepest descent: `l1` is the margin that coordinate descent maximises, `linf` that of sign descent.
//!
//! **Construction.** Draw w* with |w*| = 1 and take g with |g|_* = 1 and <w*, g> = 1, where |.|_* is the dual norm:
//!
//! | norm | w* | g |
//! |---|---|---|
//! | `l2` | uniform on the sphere | w* |
//! | `l1` | `sparsity` non-zero entries of random signs, their sizes from 0.5 to 1.5 before they are normalised | sgn(w*) there, 0 elsewhere |
//! | `linf` | random signs | w*/d |
//!
//! With z_i = y_i x_i, the support vectors come in pairs z = gamma g + t and gamma g - t, where t is Gaussian with
//! <w*, t> = 0; all other points are z = (gamma + e) g + t with e > 0.
//!
//! **Proof.** <w*, z> = gamma for support vectors and gamma + e for the others, so w* has the margin gamma. The mean of the
//! support vectors is p = gamma g, and for any |w| <= 1 the least <w, z_i> is at most their mean <w, p> <= |p|_* = gamma. So
//! gamma is the largest margin.
//!
//! **Uniqueness.** Another w with that margin has equality throughout: <w, g> = 1, and <w, z_i> = gamma for each support
//! vector. For l2 the first has one solution, w = g; for linf too, since no entry of g is zero: w = sgn(g). For l1 it leaves
//! all w = (a_j sgn(w*_j)) with a_j >= 0 on the support of w*, and the second says that w - w* is orthogonal to every t
//! there. The t restricted to the support span, with probability one, the `sparsity` - 1 dimensions orthogonal to w* as soon
//! as there are so many pairs, which is demanded; then w - w* is a multiple of w*, and |w| = |w*|.
//!
//! All of this holds up to rounding (1e-15 relative to the size of a point).

mod direction;
mod spec;

pub use direction::MarginNorm;
pub use spec::KnownMarginSpec;
