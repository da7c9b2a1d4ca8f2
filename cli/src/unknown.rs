//! Unknown names in a configuration: where they stand, and what was probably meant.

use crate::config::Setting;
use crate::error::ConfigError;

/// An unknown key of a table, from the list of known ones.
pub(crate) fn explain(place: &str, found: &str, known: &[&str], text: &str, settings: &[Setting]) -> ConfigError {
    unknown("field", place, found, known, text, settings)
}

/// Turns the message of the deserialiser into one for people: "unknown field `x`, expected one of `a`, `b`" gets the nearest name, the
/// place, and the line; anything else keeps its words.
pub(crate) fn translate(section: &str, message: &str, text: &str, settings: &[Setting]) -> ConfigError {
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
    ConfigError::Value { section: section.to_owned(), reason: message.to_owned() }
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
