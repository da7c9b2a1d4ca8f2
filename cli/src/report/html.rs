//! Text into HTML, without a way around the escaping.

use crate::figures::{Level, Text};

/// A text as it may stand between tags and within quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A symbol with its scripts as `<sub>` and `<sup>`.
pub(super) fn symbol(source: &str) -> String {
    let text = Text::parse(source);
    joined(text.runs.iter().map(|run| match run.level {
        Level::Base => escape(&run.text),
        Level::Sub => format!("<sub>{}</sub>", escape(&run.text)),
        Level::Super => format!("<sup>{}</sup>", escape(&run.text)),
    }))
}

/// A number to four digits, as it is read in a table: `0.006821`, `−5.916`, `9.43·10<sup>−10</sup>`; a dash where there is none.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        return "–".to_owned();
    }
    let text = if value.is_infinite() {
        if value > 0.0 { "∞".to_owned() } else { "-∞".to_owned() }
    } else if size == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e6).contains(&size) {
        let whole_digits = if size < 1.0 { 0 } else { size.log10() as usize + 1 };
        // zeros before the first digit do not count
        let zeros = if size < 1.0 { ((-size.log10()).ceil() as usize).saturating_sub(1) } else { 0 };
        format!("{value:.*}", (4 + zeros).saturating_sub(whole_digits))
    } else {
        let text = format!("{value:.3e}");
        text.split_once('e').map_or_else(String::new, |(factor, power)| format!("{factor}·10<sup>{power}</sup>"))
    };
    text.replace('-', "−")
}

/// Pieces of markup, one after the other.
pub(super) fn joined(pieces: impl Iterator<Item = String>) -> String {
    pieces.fold(String::new(), |whole, piece| whole + &piece)
}

/// Fills the places `{{name}}` of a template, once: what is put in is not looked at again.
///
/// # Panics
/// If the template has a place that is not named; the templates are part of the program.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, name, after)) = rest
        .split_once("{{")
        .and_then(|(before, tail)| tail.split_once("}}").map(|(name, after)| (before, name, after)))
    {
        let value = values.iter().find(|(key, _)| *key == name);
        assert!(value.is_some(), "nothing is known of {{{{{name}}}}}");
        filled.push_str(before);
        filled.push_str(value.map_or("", |(_, text)| text));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// JSON as it may stand inside a `<script>`: no `<` is left, so that no text can end the element or begin a comment.
pub(super) fn json_in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A drawing whose identifiers are its own, so that several stand on one page; each begins with the prefix.
pub(super) fn with_own_identifiers(svg: &str, prefix: &str) -> String {
    svg.replace(" id=\"", &format!(" id=\"{prefix}-"))
        .replace("url(#", &format!("url(#{prefix}-"))
        .replace("href=\"#", &format!("href=\"#{prefix}-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(escape("a<b & \"c\" > 'd'"), "a&lt;b &amp; &quot;c&quot; &gt; &#39;d&#39;");
        assert_eq!(symbol("γ_{1} = <q> / ‖θ‖_{∞}^{2}"), "γ<sub>1</sub> = &lt;q&gt; / ‖θ‖<sub>∞</sub><sup>2</sup>");
    }

    #[test]
    fn numbers_of_a_table_have_four_digits() {
        let pairs = [
            (0.006_821_3, "0.006821"),
            (0.1, "0.1000"),
            (-5.9157, "−5.916"),
            (1869.4, "1869"),
            (-123_456.7, "−123457"),
            (9.432e-10, "9.432·10<sup>−10</sup>"),
            (-0.0, "0"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "−∞"),
        ];
        for (value, text) in pairs {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("<p>{{a}}</p>{{b}}", &[("a", "{{b}}"), ("b", "c")]), "<p>{{b}}</p>c");
    }

    #[test]
    #[should_panic(expected = "{{a}}")]
    fn a_place_without_a_value_is_noticed() {
        fill("{{a}}", &[]);
    }

    #[test]
    fn json_cannot_end_its_script_and_keeps_its_meaning() {
        let text = "</script><!-- \u{2028}";
        let json = json_in_script(&serde_json::to_string(text).unwrap());
        assert!(!json.contains('<'));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn identifiers_and_what_refers_to_them_move_together() {
        let svg = r##"<clipPath id="panel-0"/><g clip-path="url(#panel-0)"/><use href="#panel-0"/>"##;
        let expected = r##"<clipPath id="a-panel-0"/><g clip-path="url(#a-panel-0)"/><use href="#a-panel-0"/>"##;
        assert_eq!(with_own_identifiers(svg, "a"), expected);
    }
}
