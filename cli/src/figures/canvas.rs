//! The few SVG elements that a figure is made of.

use super::metrics::{FAMILY, width};
use super::text::Text;

/// Size of ordinary type in points.
pub(super) const TYPE: f64 = 8.0;
/// Size of our own names beneath the symbols.
pub(super) const SMALL: f64 = 6.5;
/// Colour of type and axes.
pub(super) const INK: &str = "#111111";
/// Colour of what stands back: our own names, shared legend entries.
pub(super) const GREY: &str = "#666666";

/// Which point of a line of text its position names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// Where and how a line of text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) fill: &'static str,
    /// Whether the line reads upwards.
    pub(super) upright: bool,
}

impl Setting {
    /// Ordinary type.
    pub(super) fn new(x: f64, y: f64, anchor: Anchor) -> Self {
        Self { x, y, size: TYPE, anchor, fill: INK, upright: false }
    }

    /// The same line reading upwards.
    pub(super) fn upwards(self) -> Self {
        Self { upright: true, ..self }
    }

    /// Grey type of another size.
    pub(super) fn small(self, size: f64) -> Self {
        Self { size, fill: GREY, ..self }
    }

    /// The same line made small enough to fit into a width.
    pub(super) fn fitted(self, text: &Text, room: f64) -> Self {
        let share = room / text.width(self.size).max(1e-9);
        Self { size: self.size * share.min(1.0), ..self }
    }
}

/// An SVG document in the making; lengths are points.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    /// Appends ready SVG.
    pub(super) fn push(&mut self, svg: &str) {
        self.body.push_str(svg);
        self.body.push('\n');
    }

    /// A straight stroke.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(number);
        self.push(&format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {stroke}/>"));
    }

    /// A line of text.
    pub(super) fn text(&mut self, text: &Text, setting: Setting) {
        let Setting { x, y, size, anchor, fill, upright } = setting;
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let [x, y] = [x, y].map(number);
        let turn = if upright { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
        let (size_text, tspans) = (number(size), text.tspans(size));
        self.push(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size_text}\" fill=\"{fill}\"{anchor}{turn} xml:space=\"preserve\">{tspans}</text>"
        ));
    }

    /// The finished document: its size is given in millimetres, its unit is the point.
    pub(super) fn finish(self, title: &str, width: f64, height: f64) -> String {
        let [w, h] = [width, height].map(number);
        let [w_mm, h_mm] = [width, height].map(|points| number(points * 25.4 / 72.0));
        let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>\n", escape(title)) };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w_mm}mm\" height=\"{h_mm}mm\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"{FAMILY}, Verdana, sans-serif\">\n{title}<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body
        )
    }
}

/// A coordinate with at most two decimals and no trailing zeros.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text with the characters that XML reserves replaced, and control characters by spaces.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// Breaks a paragraph into lines no wider than the room; spaces inside braces and no-break spaces hold, an overlong word stands alone.
pub(super) fn wrap(paragraph: &str, size: f64, room: f64) -> Vec<Text> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(paragraph) {
        let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
        if !line.is_empty() && Text::parse(&longer).width(size) > room {
            lines.push(Text::parse(&line));
            line = word;
        } else {
            line = longer;
        }
    }
    lines.push(Text::parse(&line));
    lines.retain(|line| !line.is_empty());
    lines
}

fn words(paragraph: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut words = vec![String::new()];
    for character in paragraph.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match words.last_mut() {
            Some(word) if depth > 0 || !character.is_ascii_whitespace() => word.push(character),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Width of a short word in ordinary type.
pub(super) fn type_width(text: &str) -> f64 {
    width(text, TYPE)
}

#[cfg(test)]
mod tests {
    use super::{escape, number, wrap};

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, -0.001, 1.5, 100.0, -2.349].map(number), ["0", "0", "1.5", "100", "-2.35"]);
    }

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(escape("a<b & \"c\"\u{1}>"), "a&lt;b &amp; &quot;c&quot; &gt;");
    }

    #[test]
    fn paragraphs_are_broken_at_spaces_only() {
        let lines = wrap("one two γ_{a b} verylongwordthatdoesnotfit end", 8.0, 60.0);
        let lines: Vec<String> = lines.iter().map(super::Text::to_plain).collect();
        assert_eq!(lines, ["one two γa b", "verylongwordthatdoesnotfit", "end"]);
    }
}
