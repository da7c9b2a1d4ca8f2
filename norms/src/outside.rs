//! Norms of other crates: registered once, they are named in configurations and listed like those of the catalogue.

use crate::error::NormError;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use crate::{NormSpec, built_in};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::any::{Any, TypeId};
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};
use steepest_core::{Norm, ParameterLayout};
use toml::{Table, Value};

/// What the specification of a norm outside this crate must be; every type that can be is one.
pub trait OutsideNorm: BuildNorm + Serialize + DeserializeOwned + PartialEq + Debug + Send + Sync + 'static {}

impl<S: BuildNorm + Serialize + DeserializeOwned + PartialEq + Debug + Send + Sync + 'static> OutsideNorm for S {}

/// A registered kind of norm.
#[derive(Clone, Copy, Debug)]
struct Kind {
    of: TypeId,
    info: NormInfo,
    examples: fn() -> Vec<NormSpec>,
    read: fn(Table) -> Result<OutsideSpec, toml::de::Error>,
}

/// Those of other crates, in the order in which they came.
static KINDS: RwLock<Vec<Kind>> = RwLock::new(Vec::new());

/// Adds a norm of another crate: from now on configurations may name it, and [`catalogue`](crate::catalogue) lists it. To be called before
/// anything is read, such as at the start of `main`. The same type again changes nothing.
///
/// # Errors
/// If its name is taken, or is none for files: a lower-case letter, then lower-case letters, digits and `_`.
pub fn register<S: OutsideNorm>() -> Result<(), NormError> {
    let info = S::INFO;
    let starts_well = info.name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts_well || !info.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(NormError::Name { name: info.name });
    }
    let mut kinds = KINDS.write().unwrap_or_else(PoisonError::into_inner);
    if kinds.iter().any(|kind| kind.of == TypeId::of::<S>()) {
        return Ok(());
    }
    if kinds.iter().map(|kind| kind.info).chain(built_in()).any(|other| other.name == info.name) {
        return Err(NormError::Taken { name: info.name });
    }
    let examples = || S::examples().into_iter().map(NormSpec::outside).collect();
    let read = |table| Ok(OutsideSpec::new(S::deserialize(Value::Table(table))?));
    kinds.push(Kind { of: TypeId::of::<S>(), info, examples, read });
    Ok(())
}

fn kinds() -> Vec<Kind> {
    KINDS.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The registered norms.
pub(crate) fn registered() -> Vec<NormInfo> {
    kinds().into_iter().map(|kind| kind.info).collect()
}

/// Their examples.
pub(crate) fn examples() -> Vec<NormSpec> {
    kinds().into_iter().flat_map(|kind| (kind.examples)()).collect()
}

/// The norm that a table names by its `kind`, where that kind is registered.
pub(crate) fn read(table: &Table) -> Option<Result<OutsideSpec, toml::de::Error>> {
    let name = table.get("kind")?.as_str()?;
    let kind = kinds().into_iter().find(|kind| kind.info.name == name)?;
    let mut fields = table.clone();
    fields.remove("kind");
    Some((kind.read)(fields))
}

/// A norm of another crate, as a configuration names it: the table of its fields, with its `kind`.
#[derive(Clone, Debug)]
pub struct OutsideSpec(Arc<dyn Specification>);

impl OutsideSpec {
    pub(crate) fn new(spec: impl OutsideNorm) -> Self {
        Self(Arc::new(spec))
    }

    pub(crate) fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        self.0.build(layout)
    }

    pub(crate) fn label(&self) -> NormLabel {
        self.0.label()
    }
}

impl PartialEq for OutsideSpec {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.as_any())
    }
}

impl Serialize for OutsideSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.table().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// [`OutsideNorm`] without its type.
trait Specification: Debug + Send + Sync {
    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError>;
    fn label(&self) -> NormLabel;
    fn table(&self) -> Result<Table, toml::ser::Error>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<S: OutsideNorm> Specification for S {
    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        BuildNorm::build(self, layout)
    }

    fn label(&self) -> NormLabel {
        BuildNorm::label(self)
    }

    fn table(&self) -> Result<Table, toml::ser::Error> {
        let mut table = Table::try_from(self)?;
        table.insert("kind".to_owned(), S::INFO.name.into());
        Ok(table)
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{L1, catalogue};
    use serde::Deserialize;
    use std::collections::BTreeMap;

    /// A multiple of the l1 norm, of whatever name.
    macro_rules! norm {
        ($spec:ident, $name:literal) => {
            #[derive(Debug, PartialEq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $spec {
                factor: f64,
            }

            impl BuildNorm for $spec {
                const INFO: NormInfo = NormInfo {
                    name: $name,
                    formula: "sum_k |x_k|",
                    dual: "linf",
                    descent: "coordinate descent",
                    symbol: "‖θ‖_{1'}",
                    paper_margin: None,
                    fields: &[("factor", "a factor")],
                };

                fn examples() -> Vec<Self> {
                    vec![Self { factor: 1.0 }]
                }

                fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
                    Ok(Box::new(L1::new(layout.len())))
                }
            }
        };
    }
    norm!(Mine, "mine");
    norm!(AlsoMine, "mine");
    norm!(Theirs, "linf");
    norm!(Unwritable, "my norm");

    fn parsed(text: &str) -> Result<NormSpec, String> {
        let mut table: Table = text.parse().unwrap();
        table.remove("norm").unwrap().try_into().map_err(|e: toml::de::Error| e.message().to_owned())
    }

    #[test]
    fn a_registered_norm_is_read_written_and_listed() {
        register::<Mine>().unwrap();
        register::<Mine>().unwrap();
        assert_eq!(catalogue().iter().filter(|info| info.name == "mine").count(), 1);
        let norm = parsed("norm = { kind = \"mine\", factor = inf }").unwrap();
        assert_eq!(norm, NormSpec::outside(Mine { factor: f64::INFINITY }));
        assert_ne!(norm, NormSpec::outside(Mine { factor: 2.0 }));
        assert_eq!(norm.label().name, "mine");
        let written = toml::to_string(&BTreeMap::from([("norm", &norm)])).unwrap();
        assert_eq!(parsed(&written).unwrap(), norm, "{written}");
        assert!(parsed("norm = { kind = \"mine\", facto = 1 }").unwrap_err().contains("unknown field `facto`"));
        assert!(parsed("norm = \"mine\"").unwrap_err().contains("missing field `factor`"));
        assert!(parsed("norm = \"mien\"").unwrap_err().contains("`mine`"));
    }

    #[test]
    fn names_that_are_taken_or_unfit_are_refused() {
        register::<Mine>().unwrap();
        assert!(register::<AlsoMine>().unwrap_err().to_string().contains("`mine`"));
        assert!(register::<Theirs>().unwrap_err().to_string().contains("`linf`"));
        assert!(register::<Unwritable>().unwrap_err().to_string().contains("`my norm`"));
    }
}
