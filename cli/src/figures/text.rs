//! Text with subscripts and superscripts.

use super::canvas::{escape, number};
use super::metrics;

/// Size of a script relative to its base.
const SCRIPT_SIZE: f64 = 0.7;
/// How far a subscript sinks, in sizes of its base.
const DROP: f64 = 0.2;
/// How far a superscript rises, in sizes of its base.
const RISE: f64 = 0.38;

/// Where a run stands relative to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// On the line.
    Base,
    /// Below it, smaller.
    Sub,
    /// Above it, smaller.
    Super,
}

/// A stretch of text at one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The letters.
    pub text: String,
    /// Their place relative to the line.
    pub level: Level,
}

/// A line of text made of runs; a superscript right after a subscript stands above it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The runs from left to right.
    pub runs: Vec<Run>,
}

impl Text {
    /// Reads `_{…}` as subscript and `^{…}` as superscript; everything else, an unclosed brace too, stands as it is.
    ///
    /// ```
    /// use steepest_cli::figures::Text;
    /// assert_eq!(Text::parse("γ_{∞} = min q / ‖θ‖_{1}^{2}").to_plain(), "γ∞ = min q / ‖θ‖12");
    /// ```
    pub fn parse(source: &str) -> Self {
        let mut text = Self::default();
        let mut rest = source;
        while let Some((before, level, inside, after)) = next_script(rest) {
            text.push(before, Level::Base);
            text.push(inside, level);
            rest = after;
        }
        text.push(rest, Level::Base);
        text
    }

    /// Takes the letters as they are.
    pub fn plain(source: &str) -> Self {
        let mut text = Self::default();
        text.push(source, Level::Base);
        text
    }

    /// The letters of all runs on one line.
    pub fn to_plain(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }

    /// Whether there is nothing to set.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Width in the unit of the font size.
    pub fn width(&self, size: f64) -> f64 {
        let pen = self.place(size);
        pen.iter().map(|placed| placed.shift + placed.width).sum::<f64>() + trailing_gap(&pen)
    }

    /// The runs as SVG `tspan` elements for a `text` element of this font size.
    pub(super) fn tspans(&self, size: f64) -> String {
        let mut line = 0.0;
        let mut out = String::new();
        for (run, placed) in self.runs.iter().zip(self.place(size)) {
            let small = if run.level == Level::Base { 0.0 } else { SCRIPT_SIZE * size };
            let attributes = [("dx", placed.shift), ("dy", placed.offset - line), ("font-size", small)];
            let attribute = |(name, value): (&str, f64)| format!(" {name}=\"{}\"", number(value));
            let attributes: String =
                attributes.into_iter().filter(|(_, value)| value.abs() > 0.005).map(attribute).collect();
            out += &["<tspan", &attributes, ">", &escape(&run.text), "</tspan>"].concat();
            line = placed.offset;
        }
        out
    }

    fn push(&mut self, text: &str, level: Level) {
        if !text.is_empty() {
            self.runs.push(Run { text: text.to_owned(), level });
        }
    }

    /// Width of each run, its offset from the line and the shift of the pen before it.
    fn place(&self, size: f64) -> Vec<Placed> {
        let mut placed: Vec<Placed> = Vec::with_capacity(self.runs.len());
        for run in &self.runs {
            let (scale, offset) = match run.level {
                Level::Base => (1.0, 0.0),
                Level::Sub => (SCRIPT_SIZE, DROP * size),
                Level::Super => (SCRIPT_SIZE, -RISE * size),
            };
            let stacked = placed.last().is_some_and(|last| !last.stacked && last.offset * offset < 0.0);
            let shift = if stacked { -placed.last().map_or(0.0, |last| last.width) } else { trailing_gap(&placed) };
            placed.push(Placed { width: metrics::width(&run.text, size * scale), offset, shift, stacked });
        }
        placed
    }
}

#[derive(Debug)]
struct Placed {
    width: f64,
    offset: f64,
    shift: f64,
    stacked: bool,
}

/// What the wider script of a stacked pair reaches beyond the pen at its end.
fn trailing_gap(placed: &[Placed]) -> f64 {
    match placed {
        [.., first, second] if second.stacked => (first.width - second.width).max(0.0),
        _ => 0.0,
    }
}

/// The first script of the source: what precedes it, its level, its inside and what follows.
fn next_script(source: &str) -> Option<(&str, Level, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + source[from..].find(['_', '^'])?;
        let level = if source[open..].starts_with('_') { Level::Sub } else { Level::Super };
        let inside = source[open + 1..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
        if let Some((inside, after)) = inside {
            return Some((&source[..open], level, inside, after));
        }
        from = open + 1;
    }
}

impl From<&str> for Text {
    fn from(source: &str) -> Self {
        Self::parse(source)
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Text};

    fn levels(source: &str) -> Vec<(String, Level)> {
        Text::parse(source).runs.into_iter().map(|run| (run.text, run.level)).collect()
    }

    #[test]
    fn scripts_are_found() {
        let runs = levels("γ_{∞} = min q / ‖θ‖_{1}^{2}");
        let expected = [
            ("γ", Level::Base),
            ("∞", Level::Sub),
            (" = min q / ‖θ‖", Level::Base),
            ("1", Level::Sub),
            ("2", Level::Super),
        ];
        assert_eq!(runs, expected.map(|(text, level)| (text.to_owned(), level)));
    }

    #[test]
    fn names_and_unclosed_braces_stand_as_they_are() {
        for source in ["step_size", "x^2", "a_{b", "_", "^{", "", "{}", "a_{}b_"] {
            let plain = Text::parse(source).to_plain();
            assert_eq!(plain, source.replace("_{}", ""), "{source}");
        }
    }

    #[test]
    fn a_stacked_pair_is_as_wide_as_its_wider_script() {
        let base = Text::parse("θ").width(8.0);
        let digit = Text::parse("x^{2}").width(8.0) - Text::parse("x").width(8.0);
        assert!((Text::parse("θ_{1}^{2}").width(8.0) - base - digit).abs() < 1e-12);
        assert!((Text::parse("θ_{11}^{2}").width(8.0) - base - 2.0 * digit).abs() < 1e-12);
        let followed = Text::parse("θ_{11}^{2}θ").width(8.0);
        assert!((followed - 2.0 * base - 2.0 * digit).abs() < 1e-12);
    }

    #[test]
    fn the_line_is_found_again_after_a_script() {
        let svg = Text::parse("a_{1}b & c").tspans(10.0);
        assert_eq!(svg, "<tspan>a</tspan><tspan dy=\"2\" font-size=\"7\">1</tspan><tspan dy=\"-2\">b &amp; c</tspan>");
    }
}
