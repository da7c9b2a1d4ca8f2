//! A page as SVG text.

use super::canvas::{Anchor, Canvas, Setting, wrap};
use super::chart::Page;
use super::layout::{PAD, frames, widths};
use super::legend::{draw_legend, entries};
use super::panel::draw_panel;
use super::text::Text;

/// Size of the title of the page.
const TITLE: f64 = 9.0;
/// Size of the caption.
const CAPTION: f64 = 7.0;
/// Distance of lines relative to their size.
const LEADING: f64 = 1.3;

/// Typesets a page: title, grid of panels, one legend, caption.
///
/// Panels are 85 mm wide in one or two columns and 60 mm in more; type is 8 points. Values without a place on an axis leave
/// gaps. Curves longer than about 2000 points are thinned, extremes kept. The same page gives the same bytes.
pub fn render_svg(page: &Page) -> String {
    let mut canvas = Canvas::default();
    let (_, width, _) = widths(page);
    let room = width - 2.0 * PAD;
    let top = draw_title(&mut canvas, page, width, room);
    let (frames, mut end) = frames(page, top);
    for (number, (panel, frame)) in page.panels.iter().zip(&frames).enumerate() {
        draw_panel(&mut canvas, panel, frame, number);
    }
    end = draw_legend(&mut canvas, &entries(page), (PAD, room), end);
    end = draw_caption(&mut canvas, page, room, end);
    canvas.finish(&Text::parse(&page.title).to_plain(), width, end + PAD)
}

fn draw_title(canvas: &mut Canvas, page: &Page, width: f64, room: f64) -> f64 {
    let mut baseline = PAD;
    for line in wrap(&page.title, TITLE, room) {
        baseline += LEADING * TITLE;
        let setting = Setting { size: TITLE, ..Setting::new(0.5 * width, baseline, Anchor::Middle) };
        canvas.text(&line, setting.fitted(&line, room));
    }
    baseline + if page.title.is_empty() { 0.0 } else { 0.4 * TITLE }
}

fn draw_caption(canvas: &mut Canvas, page: &Page, room: f64, end: f64) -> f64 {
    let mut baseline = end;
    for paragraph in &page.caption {
        baseline += 0.4 * CAPTION;
        for line in wrap(paragraph, CAPTION, room) {
            baseline += LEADING * CAPTION;
            let setting = Setting::new(PAD, baseline, Anchor::Start).small(CAPTION);
            canvas.text(&line, Setting { fill: "#333333", ..setting }.fitted(&line, room));
        }
    }
    baseline + if page.caption.is_empty() { 0.0 } else { 0.3 * CAPTION }
}

#[cfg(test)]
mod tests {
    use super::render_svg;
    use crate::figures::{Axis, Curve, Page, Panel, algorithm_style};

    fn page() -> Page {
        let x: Vec<f64> = (1..200_001_u32).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 1.0 / x).collect();
        let curve = Curve::new(algorithm_style("GD"), "GD & <others>", x, y).with_markers(30.0);
        let panel = Panel { x: Axis::log("step + 1"), y: Axis::log("γ_{1}"), curves: vec![curve], ..Panel::default() };
        Page {
            title: "A \"title\" & more".into(),
            caption: vec!["word ".repeat(60)],
            panels: vec![panel; 2],
            columns: 2,
        }
    }

    #[test]
    fn equal_pages_give_equal_bytes() {
        assert_eq!(render_svg(&page()), render_svg(&page()));
    }

    #[test]
    fn long_series_are_thinned() {
        assert!(render_svg(&page()).len() < 100_000);
    }

    #[test]
    fn the_text_is_escaped_and_stays_readable() {
        let svg = render_svg(&page());
        assert!(svg.contains("GD &amp; &lt;others&gt;") && !svg.contains("<others>"));
        assert!(resvg::usvg::roxmltree::Document::parse(&svg).is_ok());
    }

    #[test]
    fn a_page_without_panels_is_still_a_page() {
        let svg = render_svg(&Page::default());
        assert!(resvg::usvg::roxmltree::Document::parse(&svg).is_ok());
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
