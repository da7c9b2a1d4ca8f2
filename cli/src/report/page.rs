//! The page as a whole, from the templates in `assets/report/`.

use super::html::{escape, fill, json_in_script, symbol, with_own_identifiers};
use super::{ClaimRow, Figure, Report, data, details};

const PAGE: &str = include_str!("../../assets/report/page.html");
const STYLE: &str = include_str!("../../assets/report/report.css");
const CURVES: &str = include_str!("../../assets/report/curves.js");
const CHART: &str = include_str!("../../assets/report/chart.js");
const CONTROLS: &str = include_str!("../../assets/report/controls.js");
const UPLOT: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("../../assets/uplot/uPlot.min.css");
const UPLOT_LICENCE: &str = include_str!("../../assets/uplot/LICENSE");

/// The report as HTML.
///
/// # Errors
/// If the numbers cannot be written as JSON.
pub(super) fn render(report: &Report) -> anyhow::Result<String> {
    let numbers = json_in_script(&data::json(&report.experiments)?);
    Ok(fill(
        PAGE,
        &[
            ("title", &escape(&report.title)),
            ("summary", &escape(&summary(report))),
            ("figures", &figures(&report.figures)),
            ("claims", &claims(&report.claims)),
            ("tables", &details::tables(report)),
            ("details", &details::details(report)),
            ("data", &numbers),
            ("style", STYLE),
            ("curves", CURVES),
            ("chart", CHART),
            ("controls", CONTROLS),
            ("uplot", UPLOT),
            ("uplot_style", UPLOT_STYLE),
            ("uplot_licence", &escape(UPLOT_LICENCE)),
            ("version", env!("CARGO_PKG_VERSION")),
        ],
    ))
}

/// What the page is about, one line.
fn summary(report: &Report) -> String {
    let runs = || report.experiments.iter().flat_map(|experiment| &experiment.runs);
    let mut facts = vec![match runs().count() {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    }];
    if report.experiments.len() > 1 {
        facts.push(format!("{} experiments", report.experiments.len()));
    }
    for key in ["data", "model", "loss"] {
        let mut values: Vec<&str> = runs().filter_map(|run| run.attribute_text(key)).collect();
        values.sort_unstable();
        values.dedup();
        if let [one] = values[..] {
            facts.push(one.to_owned());
        }
    }
    facts.join(" · ")
}

fn figures(figures: &[Figure]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let one = |(number, figure): (usize, &Figure)| {
        let svg = with_own_identifiers(&figure.svg, &format!("figure-{number}"));
        let (name, caption) = (escape(&figure.name), symbol(&figure.caption));
        format!(
            "<figure>\n<div class=\"paper\">{svg}</div>\n<figcaption><b>{name}.</b> {caption}</figcaption>\n</figure>\n"
        )
    };
    let all: String = figures.iter().enumerate().map(one).collect();
    format!("<section id=\"figures\">\n<h2>Figures</h2>\n{all}</section>")
}

fn claims(claims: &[ClaimRow]) -> String {
    if claims.is_empty() {
        return String::new();
    }
    let row = |row: &ClaimRow| {
        let verdict = row.verdict.text();
        format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"verdict {}\">{verdict}</td></tr>\n",
            escape(&row.figure),
            symbol(&row.claim),
            symbol(&row.statistic),
            verdict.replace(' ', "-"),
        )
    };
    let rows: String = claims.iter().map(row).collect();
    format!(
        "<section id=\"claims\">\n<h2>Claims</h2>\n<div class=\"wide\"><table class=\"claims\">\n<thead><tr><th scope=\"col\">figure</th>\
         <th scope=\"col\">claim</th><th scope=\"col\">measured</th><th scope=\"col\">verdict</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n</section>"
    )
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_page_without_runs_is_still_a_page() {
        let html = render(&Report::default()).unwrap();
        assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
        assert!(!html.contains("<section id=\"claims\">") && !html.contains("<section id=\"figures\">"));
    }

    #[test]
    fn scripts_do_not_end_themselves() {
        for script in [CURVES, CHART, CONTROLS, UPLOT] {
            assert!(!script.contains("</script") && !script.contains("<!--"));
        }
        assert!(!STYLE.contains("</style") && !UPLOT_STYLE.contains("</style"));
    }

    #[test]
    fn hostile_names_stay_text() {
        let hostile = "</script><img src=x onerror=alert(1)>";
        let report = Report {
            title: hostile.into(),
            figures: vec![Figure { name: hostile.into(), svg: "<svg></svg>".into(), caption: hostile.into() }],
            claims: vec![ClaimRow {
                figure: hostile.into(),
                claim: hostile.into(),
                statistic: hostile.into(),
                verdict: Verdict::DoesNot,
            }],
            ..Report::default()
        };
        let html = render(&report).unwrap();
        assert!(!html.contains("<img") && html.contains("&lt;img src=x onerror=alert(1)&gt;"));
        assert!(html.contains("<td class=\"verdict does-not\">does not</td>"));
    }

    #[test]
    fn figures_of_one_page_do_not_share_identifiers() {
        let figure = Figure { svg: "<svg><clipPath id=\"panel-0\"/></svg>".into(), ..Figure::default() };
        let html = figures(&[figure.clone(), figure]);
        assert!(html.contains("id=\"figure-0-panel-0\"") && html.contains("id=\"figure-1-panel-0\""));
    }
}
