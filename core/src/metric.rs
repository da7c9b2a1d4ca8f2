//! What is measured along a trajectory: one table for storage, axes and help.

/// A measured quantity: its name in files, and what a reader needs to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricInfo {
    /// Its name in files: an ASCII identifier.
    pub name: String,
    /// Its unit; `1` for a pure number.
    pub unit: &'static str,
    /// One sentence, with the formula.
    pub doc: String,
    /// The symbol on an axis, `_{..}` and `^{..}` marking sub- and superscripts.
    pub symbol: String,
    /// The symbol that the paper uses, where it has one.
    pub paper_symbol: Option<String>,
    /// When a cell is NaN; empty if never.
    pub undefined: &'static str,
}

impl MetricInfo {
    /// A quantity that is always defined and has no symbol in the paper.
    pub fn new(name: impl Into<String>, unit: &'static str, symbol: impl Into<String>, doc: impl Into<String>) -> Self {
        Self { name: name.into(), unit, doc: doc.into(), symbol: symbol.into(), paper_symbol: None, undefined: "" }
    }

    /// The same, with the paper's symbol.
    #[must_use]
    pub fn in_paper(mut self, symbol: impl Into<String>) -> Self {
        self.paper_symbol = Some(symbol.into());
        self
    }

    /// The same, saying when a cell is NaN.
    #[must_use]
    pub const fn undefined_when(mut self, when: &'static str) -> Self {
        self.undefined = when;
        self
    }
}
