//! How a configuration names an optimiser, and how the catalogue in the crate's root is read.

use steepest_core::{Norm, Optimizer, ParameterLayout};

/// What a reader of `steepest list optimizers` needs to know about an optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptimizerInfo {
    /// Its name in configurations.
    pub name: &'static str,
    /// Its update as a formula.
    pub formula: &'static str,
    /// One sentence that teaches.
    pub summary: &'static str,
    /// The fields of its table, and what each means.
    pub fields: &'static [(&'static str, &'static str)],
}

/// The norm that an optimiser asks for: the optimisers know none themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormOf<'a, N> {
    /// The one that the configuration gives.
    Configured(&'a N),
    /// The one of this name in the catalogue.
    Named(&'static str),
}

/// An optimiser's parameters as a configuration writes them; `N` is how the configuration names a norm.
pub trait BuildOptimizer<N> {
    /// What the optimiser is.
    const INFO: OptimizerInfo;

    /// Whether its direction has a length of its own, so that the only step scale that makes sense is `normalized`.
    const HAS_OWN_LENGTH: bool;

    /// The norm whose margin it is to increase.
    fn own_norm(&self) -> NormOf<'_, N>;

    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    /// A sentence that names the field and its range.
    fn check(&self) -> Result<(), String>;

    /// The optimiser on vectors of this layout, with its own norm.
    fn build(&self, layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Box<dyn Optimizer>;
}

/// Checks a decay: 0 <= beta < 1.
///
/// # Errors
/// A sentence that names the field.
pub(crate) fn check_decay(field: &str, beta: f64) -> Result<(), String> {
    if (0.0..1.0).contains(&beta) { Ok(()) } else { Err(format!("`{field}` is {beta}, expected 0 <= {field} < 1")) }
}

/// The catalogue: one line for each optimiser, `file::Spec as Variant`, with `<N>` where it takes a norm. Declares the file, the enum of what a
/// configuration may say, and the list.
macro_rules! optimizers {
    ($($(#[$attribute:meta])* $file:ident::$spec:ident $(<$norm:ident>)? as $variant:ident),+ $(,)?) => {
        $($(#[$attribute])* mod $file; $(#[$attribute])* pub use $file::*;)+

        /// An optimiser named in a configuration by its `kind`; `N` is how the configuration names a norm.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum OptimizerSpec<N> {
            $($(#[$attribute])* #[doc = concat!("`", stringify!($variant), "`: see the catalogue.")]
            $variant($spec $(<$norm>)?),)+
        }

        impl<N> OptimizerSpec<N> {
            /// The norm whose margin it is to increase.
            pub fn own_norm(&self) -> NormOf<'_, N> {
                match self {
                    $($(#[$attribute])* Self::$variant(spec) => spec::BuildOptimizer::<N>::own_norm(spec),)+
                }
            }

            /// The optimiser on vectors of this layout, with its own norm.
            pub fn build(
                &self,
                layout: &steepest_core::ParameterLayout,
                own_norm: Box<dyn steepest_core::Norm>,
            ) -> Box<dyn steepest_core::Optimizer> {
                match self {
                    $($(#[$attribute])* Self::$variant(spec) => {
                        spec::BuildOptimizer::<N>::build(spec, layout, own_norm)
                    })+
                }
            }

            /// Whether its direction has a length of its own, so that the only step scale that makes sense is `normalized`.
            pub const fn has_own_length(&self) -> bool {
                match self {
                    $($(#[$attribute])* Self::$variant(_) => {
                        <$spec $(<$norm>)? as spec::BuildOptimizer<N>>::HAS_OWN_LENGTH
                    })+
                }
            }

            /// Checks the ranges of all parameters.
            ///
            /// # Errors
            /// A sentence that names the field and its range.
            pub fn check(&self) -> Result<(), String> {
                match self {
                    $($(#[$attribute])* Self::$variant(spec) => spec::BuildOptimizer::<N>::check(spec),)+
                }
            }

            /// What the optimiser is.
            pub const fn info(&self) -> OptimizerInfo {
                match self {
                    $($(#[$attribute])* Self::$variant(_) => <$spec $(<$norm>)? as spec::BuildOptimizer<N>>::INFO,)+
                }
            }
        }

        /// Every optimiser of the catalogue.
        pub fn catalogue() -> Vec<OptimizerInfo> {
            // what an optimiser is does not depend on how a configuration names a norm
            type N = ();
            vec![$($(#[$attribute])* <$spec $(<$norm>)? as spec::BuildOptimizer<N>>::INFO,)+]
        }
    };
}
