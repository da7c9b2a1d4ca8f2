//! Attributes: scalar UTF-8 text of variable length, int64, float64; nothing else is written.

use super::header::Attribute;
use hdf5::types::{TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Error, H5Type, IndexType, IterationOrder, Location, Result};
use std::str::FromStr;

/// Writes an attribute; one of that name is replaced.
pub(super) fn write(at: &Location, name: &str, value: &Attribute) -> Result<()> {
    match value {
        Attribute::Text(text) => write_text(at, name, text),
        Attribute::Number(number) => write_scalar(at, name, number),
        Attribute::Integer(integer) => write_scalar(at, name, integer),
    }
}

/// Writes a text; one of that name is replaced.
pub(super) fn write_text(at: &Location, name: &str, text: &str) -> Result<()> {
    let text = VarLenUnicode::from_str(text).map_err(|e| Error::from(format!("attribute `{name}`: {e}")))?;
    write_scalar(at, name, &text)
}

/// Writes several texts.
pub(super) fn write_texts(at: &Location, texts: &[(String, String)]) -> Result<()> {
    texts.iter().try_for_each(|(name, text)| write_text(at, name, text))
}

/// One of the same type is changed in place: deleting and making anew uses up one of 65 535 places in the order.
fn write_scalar<T: H5Type>(at: &Location, name: &str, value: &T) -> Result<()> {
    if let Ok(old) = at.attr(name) {
        if old.is_scalar() && old.dtype()?.to_descriptor().is_ok_and(|kind| kind == T::type_descriptor()) {
            return old.write_scalar(value);
        }
        drop(old);
        at.delete_attr(name)?;
    }
    at.new_attr::<T>().create(name)?.write_scalar(value)
}

/// Reads an attribute of one value; `None` if it is absent or of a kind that this program does not write.
pub(super) fn read(at: &Location, name: &str) -> Result<Option<Attribute>> {
    let Ok(found) = at.attr(name) else { return Ok(None) };
    if found.size() != 1 {
        return Ok(None);
    }
    let Ok(kind) = found.dtype().and_then(|t| t.to_descriptor()) else { return Ok(None) };
    Ok(match kind {
        TypeDescriptor::VarLenUnicode => found.read_raw::<VarLenUnicode>()?.pop().map(|text| as_text(text.as_bytes())),
        TypeDescriptor::VarLenAscii => found.read_raw::<VarLenAscii>()?.pop().map(|text| as_text(text.as_bytes())),
        TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) => {
            found.read_raw::<i64>()?.pop().map(Attribute::Integer)
        }
        TypeDescriptor::Float(_) => found.read_raw::<f64>()?.pop().map(Attribute::Number),
        _ => None,
    })
}

/// The binding trusts the bytes of a file to be UTF-8; other programs, or a damaged disk, may have written others.
fn as_text(bytes: &[u8]) -> Attribute {
    Attribute::Text(String::from_utf8_lossy(bytes).into_owned())
}

/// Reads a text; `None` if it is absent or no text.
pub(super) fn read_text(at: &Location, name: &str) -> Result<Option<String>> {
    Ok(match read(at, name)? {
        Some(Attribute::Text(text)) => Some(text),
        _ => None,
    })
}

/// Reads all attributes of one value, in the order in which they were set, or of their names where that is not tracked.
pub(super) fn read_all(at: &Location) -> Result<Vec<(String, Attribute)>> {
    let in_order = at.attr_names_by(IndexType::CreationOrder, IterationOrder::Increasing);
    let mut all = Vec::new();
    for name in in_order.or_else(|_| at.attr_names())? {
        if let Some(value) = read(at, &name)? {
            all.push((name, value));
        }
    }
    Ok(all)
}

/// Reads all texts, in the same order.
pub(super) fn read_texts(at: &Location) -> Result<Vec<(String, String)>> {
    let texts = read_all(at)?.into_iter().filter_map(|(name, value)| match value {
        Attribute::Text(text) => Some((name, text)),
        _ => None,
    });
    Ok(texts.collect())
}
