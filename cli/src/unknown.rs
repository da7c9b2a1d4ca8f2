//! Unknown names in a configuration: where they stand, and what was probably meant.

use crate::config::Setting;
use crate::error::ConfigError;

/// An unknown key of a table, from the list of known ones.
pub(crate) fn explain(place: &str, found: &str, known: &[&str], text: &str, settings: &[Setting]) -> ConfigError {
    unknown("field", place, found, known, text, settings)
}

/// Turns the message of the deserialiser into one for people: "unknown field `x`, expected one of `a`, `b`" gets the nearest name, the
/// place, and the line; "invalid type: floating point `1000.0`, expected u64" says how to write it; anything else keeps its words. The second
/// line of a message may name the field.
pub(crate) fn translate(section: &str, message: &str, text: &str, settings: &[Setting]) -> ConfigError {
    let field = message.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    let message = message.lines().next().unwrap_or(message);
    let place = if section.contains(' ') { section.to_owned() } else { format!("[{section}]") };
    for (prefix, what) in [("unknown field `", "field"), ("unknown variant `", "name")] {
        if let Some(rest) = message.split_once(prefix).map(|(_, rest)| rest) {
            let mut names = rest.split('`').step_by(2);
            let found = names.next().unwrap_or_default();
            let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
            return unknown(what, &place, found, &known, text, settings);
        }
    }
    let reason = whole_number(field, message).unwrap_or_else(|| message.to_owned());
    ConfigError::Value { section: section.to_owned(), reason }
}

/// What to write where a whole number is wanted and something else is there.
fn whole_number(field: Option<&str>, message: &str) -> Option<String> {
    let (found, expected) = message.split_once(": ")?.1.rsplit_once(", expected ")?;
    if !["u8", "u16", "u32", "u64", "usize"].contains(&expected) {
        return None;
    }
    let what = field.map_or_else(|| "this".to_owned(), |field| format!("`{field}`"));
    let number = found.split('`').nth(1);
    let whole = number.and_then(|n| n.parse::<f64>().ok()).filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n));
    Some(match (whole, number) {
        (Some(whole), _) => format!("{what} is a whole number: write {whole}"),
        (None, Some(number)) => format!("{what} is a whole number, 0 or more; found {number}"),
        (None, None) => format!("{what} is a whole number; found {found}"),
    })
}

fn unknown(
    what: &'static str,
    place: &str,
    found: &str,
    known: &[&str],
    text: &str,
    settings: &[Setting],
) -> ConfigError {
    let mut hint = String::new();
    let nearest = known.iter().map(|k| (strsim::damerau_levenshtein(k, found), *k)).min();
    if let Some((distance, name)) = nearest
        && distance <= 2.max(found.len() / 3)
    {
        hint += &format!("\n  did you mean `{name}`?");
    }
    let plural = if what == "field" { "fields" } else { "names" };
    if known.is_empty() {
        hint += &format!("\n  there are no {plural} here");
    } else {
        hint += &format!("\n  {plural}: {}", known.join(", "));
    }
    if let Some(setting) = settings.iter().find(|s| mentions(&s.text, found)) {
        hint += &format!("\n  (from --set {})", setting.text);
    } else if let Some(line) = text.lines().position(|line| mentions(line.split('#').next().unwrap_or(""), found)) {
        hint += &format!("\n  (line {})", line + 1);
    }
    ConfigError::Unknown { what, found: found.to_owned(), place: place.to_owned(), hint }
}

/// Whether a line holds the word.
fn mentions(line: &str, word: &str) -> bool {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).any(|w| w == word)
}
