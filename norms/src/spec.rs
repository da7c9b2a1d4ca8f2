//! How a configuration names a norm, and how the catalogue in the crate's root is read.

use crate::error::NormError;
use crate::outside::{self, OutsideNorm, OutsideSpec};
use crate::{Built, NormSpec, catalogue};
use serde::{Deserialize, Deserializer};
use steepest_core::{Norm, ParameterLayout};
use toml::{Table, Value};

/// What a reader of `steepest list norms` needs to know about a kind of norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormInfo {
    /// Its name in configurations.
    pub name: &'static str,
    /// Its formula.
    pub formula: &'static str,
    /// The dual norm.
    pub dual: &'static str,
    /// The algorithm that steepest descent in it is.
    pub descent: &'static str,
    /// Its symbol, `_{..}` marking a subscript.
    pub symbol: &'static str,
    /// The paper's symbol of the margin that it divides, which names the dual norm.
    pub paper_margin: Option<&'static str>,
    /// The fields of its table, and what each means.
    pub fields: &'static [(&'static str, &'static str)],
}

/// One norm as it stands in files and on axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormLabel {
    /// Its name, an ASCII identifier: `l2`, `lp_1_5`. Norms that differ have different names.
    pub name: String,
    /// Its formula.
    pub formula: String,
    /// The algorithm that steepest descent in it is.
    pub descent: &'static str,
    /// Its symbol, `_{..}` marking a subscript.
    pub symbol: String,
    /// The paper's symbol of the margin that it divides.
    pub paper_margin: Option<&'static str>,
}

impl From<NormInfo> for NormLabel {
    fn from(info: NormInfo) -> Self {
        Self {
            name: info.name.to_owned(),
            formula: info.formula.to_owned(),
            descent: info.descent,
            symbol: info.symbol.to_owned(),
            paper_margin: info.paper_margin,
        }
    }
}

/// A norm's parameters as a configuration writes them.
pub trait BuildNorm {
    /// What norms of this kind are.
    const INFO: NormInfo;

    /// How this norm stands in files: with parameters, its name tells it from others of its kind.
    fn label(&self) -> NormLabel {
        Self::INFO.into()
    }

    /// Parameters with which the laws are tested; more than one where the parameters matter.
    fn examples() -> Vec<Self>
    where
        Self: Sized;

    /// The norm on vectors of this layout.
    ///
    /// # Errors
    /// If the parameters fit no norm on this layout.
    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError>;
}

/// The catalogue: one line for each norm, `file::Spec as Variant`. Declares the file, the enum of what a configuration may say, and the list.
macro_rules! norms {
    ($($(#[$attribute:meta])* $file:ident::$spec:ident as $variant:ident),+ $(,)?) => {
        $($(#[$attribute])* mod $file; $(#[$attribute])* pub use $file::*;)+

        /// A norm named in a configuration: `"l2"`, or a table with its parameters, `{ kind = "l2" }`.
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum NormSpec {
            $($(#[$attribute])* #[doc = concat!("`", stringify!($variant), "`: see the catalogue.")] $variant($spec),)+
            /// A norm of another crate, which was [registered](register).
            #[serde(untagged)]
            Outside(OutsideSpec),
        }

        /// The table form of a norm of this crate.
        #[derive(serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub(crate) enum Built {
            $($(#[$attribute])* $variant($spec),)+
        }

        impl From<Built> for NormSpec {
            fn from(table: Built) -> Self {
                match table {
                    $($(#[$attribute])* Built::$variant(spec) => Self::$variant(spec),)+
                }
            }
        }

        impl NormSpec {
            /// The norm on vectors of this layout.
            ///
            /// # Errors
            /// If the parameters fit no norm on this layout.
            pub fn build(
                &self,
                layout: &steepest_core::ParameterLayout,
            ) -> Result<Box<dyn steepest_core::Norm>, NormError> {
                match self {
                    $($(#[$attribute])* Self::$variant(spec) => spec::BuildNorm::build(spec, layout),)+
                    Self::Outside(spec) => spec.build(layout),
                }
            }

            /// How the norm stands in files and on axes.
            pub fn label(&self) -> NormLabel {
                match self {
                    $($(#[$attribute])* Self::$variant(spec) => spec::BuildNorm::label(spec),)+
                    Self::Outside(spec) => spec.label(),
                }
            }
        }

        /// The norms of this crate.
        pub(crate) fn built_in() -> Vec<NormInfo> {
            vec![$($(#[$attribute])* <$spec as spec::BuildNorm>::INFO,)+]
        }

        /// Every norm of the catalogue, then those of other crates that were [registered](register).
        pub fn catalogue() -> Vec<NormInfo> {
            let mut all = built_in();
            all.extend(outside::registered());
            all
        }

        /// Every norm of [`catalogue`] at the parameters with which its laws are tested.
        pub fn examples() -> Vec<NormSpec> {
            let mut all = Vec::new();
            $($(#[$attribute])* all.extend(<$spec as spec::BuildNorm>::examples().into_iter().map(NormSpec::$variant));)+
            all.extend(outside::examples());
            all
        }
    };
}

impl NormSpec {
    /// The norm of that name, with default parameters.
    ///
    /// # Errors
    /// A sentence, if there is none.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::read(Table::from_iter([("kind".to_owned(), name.into())]))
    }

    /// A norm of another crate. A configuration that names it can be written, but read only where its kind is
    /// [registered](crate::register).
    pub fn outside(spec: impl OutsideNorm) -> Self {
        Self::Outside(OutsideSpec::new(spec))
    }

    /// The norm of a table with its `kind`.
    fn read(table: Table) -> Result<Self, String> {
        let norm = match outside::read(&table) {
            Some(outside) => outside.map(Self::Outside),
            None => Built::deserialize(Value::Table(table)).map(Self::from),
        };
        norm.map_err(|e| with_every_name(e.message()))
    }
}

/// The message about an unknown name, with the names of other crates among those that would be right.
fn with_every_name(message: &str) -> String {
    let Some((unknown, _)) = message.split_once(", expected one of ").filter(|(u, _)| u.starts_with("unknown variant"))
    else {
        return message.to_owned();
    };
    let names: Vec<String> = catalogue().iter().map(|info| format!("`{}`", info.name)).collect();
    format!("{unknown}, expected one of {}", names.join(", "))
}

impl<'de> Deserialize<'de> for NormSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> serde::de::Visitor<'de> for NameOrTable {
            type Value = NormSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "the name of a norm, or a table with its `kind`")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<NormSpec, E> {
                NormSpec::named(name).map_err(E::custom)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<NormSpec, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                NormSpec::read(table).map_err(serde::de::Error::custom)
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalogue, examples};
    use std::collections::BTreeSet;
    use steepest_core::{BlockShape, laws};

    #[test]
    fn every_norm_of_the_catalogue_obeys_the_laws() {
        let layouts = [
            vec![("W1", BlockShape::Matrix { rows: 4, cols: 7 }), ("W2", BlockShape::Vector { len: 4 })],
            vec![("W1", BlockShape::Matrix { rows: 5, cols: 3 })],
            vec![("W1", BlockShape::Matrix { rows: 1, cols: 1 })],
            vec![("W1", BlockShape::Matrix { rows: 1, cols: 6 }), ("W2", BlockShape::Matrix { rows: 5, cols: 1 })],
            vec![("W1", BlockShape::Vector { len: 1 })],
            vec![("w", BlockShape::Vector { len: 9 }), ("v", BlockShape::Vector { len: 2 })],
        ];
        for layout in layouts {
            let layout = ParameterLayout::new(layout).unwrap();
            for spec in examples() {
                match spec.build(&layout) {
                    Ok(norm) => {
                        laws::check_norm_on(&*norm, &layout);
                        laws::check_subdifferential(norm.subdifferential().unwrap(), &layout);
                    }
                    // weights for two blocks on a layout of one
                    Err(NormError::PerBlock { expected, found, .. }) => assert_ne!(expected, found),
                    Err(e) => panic!("{spec:?}: {e}"),
                }
            }
        }
    }

    #[test]
    fn names_are_unique_and_unknown_ones_are_refused() {
        // other tests register norms meanwhile: each list is asked for once
        let (kinds, labels) = (catalogue(), examples());
        assert_eq!(kinds.iter().map(|i| i.name).collect::<BTreeSet<_>>().len(), kinds.len());
        assert_eq!(labels.iter().map(|s| s.label().name).collect::<BTreeSet<_>>().len(), labels.len());
        assert!(NormSpec::named("l3").unwrap_err().contains("linf"));
    }
}
