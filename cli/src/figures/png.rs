//! SVG text as PNG bytes, with the bundled font and no other.

use std::sync::{Mutex, PoisonError};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, ID};
use resvg::usvg::{Font, FontResolver, FontStyle, Options, Tree};

use super::error::FigureError;
use super::metrics::{FAMILY, FONT};

/// The largest image that is drawn, in pixels each way.
const MOST: u16 = 20_000;

/// Draws SVG text at a scale of 96 pixels per inch: 3.125 gives 300 pixels per inch.
///
/// # Errors
/// [`FigureError::UnreadableSvg`]; [`FigureError::ForeignFont`] unless the first family of every text is upright DejaVu Sans of
/// normal weight; [`FigureError::MissingGlyph`]; [`FigureError::ImageSize`]; [`FigureError::Encoding`].
pub fn render_png(svg: &str, scale: f32) -> Result<Vec<u8>, FigureError> {
    let tree = parse(svg)?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let drawable = |side: f32| side > 0.5 && side < f32::from(MOST);
    let pixmap = if drawable(width) && drawable(height) {
        Pixmap::new(width.round() as u32, height.round() as u32)
    } else {
        None
    };
    let mut pixmap = pixmap.ok_or(FigureError::ImageSize { scale, width, height, most: MOST })?;
    let (stretch_x, stretch_y) =
        (pixmap.width() as f32 / tree.size().width(), pixmap.height() as f32 / tree.size().height());
    resvg::render(&tree, Transform::from_scale(stretch_x, stretch_y), &mut pixmap.as_mut());
    encode(pixmap).map_err(|error| FigureError::Encoding { reason: error.to_string() })
}

/// As a file, by the compression that is made for drawings: a fifth of the time of the usual one.
fn encode(pixmap: Pixmap) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixmap.width(), pixmap.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixmap.take_demultiplied())?;
    writer.finish()?;
    Ok(file)
}

/// Reads the document; the first text that cannot be set in the bundled font is an error.
fn parse(svg: &str) -> Result<Tree, FigureError> {
    let complaint = Mutex::new(None);
    let tree = {
        let mut options =
            Options { font_family: FAMILY.to_owned(), font_resolver: resolver(&complaint), ..Options::default() };
        options.fontdb_mut().load_font_data(FONT.to_vec());
        Tree::from_str(svg, &options)
    };
    match complaint.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => tree.map_err(|error| FigureError::UnreadableSvg { reason: error.to_string() }),
    }
}

/// A resolver that knows one font and notes the first request for anything else.
fn resolver(complaint: &Mutex<Option<FigureError>>) -> FontResolver<'_> {
    let note = |error: FigureError| {
        complaint.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    };
    FontResolver {
        select_font: Box::new(move |font, fonts| {
            if !is_bundled(font) {
                note(FigureError::ForeignFont { font: describe(font) });
            }
            only_face(fonts)
        }),
        select_fallback: Box::new(move |character, _, _| {
            note(FigureError::MissingGlyph { character });
            None
        }),
    }
}

fn only_face(fonts: &Database) -> Option<ID> {
    fonts.faces().next().map(|face| face.id)
}

fn is_bundled(font: &Font) -> bool {
    let family = font.families().first().map(ToString::to_string).unwrap_or_default();
    family.trim_matches(['"', '\'']) == FAMILY && font.weight() == 400 && font.style() == FontStyle::Normal
}

fn describe(font: &Font) -> String {
    let families: Vec<String> = font.families().iter().map(ToString::to_string).collect();
    format!("{} (weight {}, {:?})", families.join(", "), font.weight(), font.style())
}

#[cfg(test)]
mod tests {
    use resvg::tiny_skia::Pixmap;

    use super::render_png;
    use crate::figures::{Axis, FigureError, Page, Panel, render_svg};

    fn text(attributes: &str, text: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\"><rect width=\"60\" height=\"20\" fill=\"#fff\"/>\
             <text x=\"2\" y=\"15\" {attributes}>{text}</text></svg>"
        )
    }

    fn dark(png: &[u8], rows: std::ops::Range<u32>) -> usize {
        let image = Pixmap::decode_png(png).unwrap_or_else(|error| panic!("{error}"));
        let pixels = rows.flat_map(|y| (0..image.width()).map(move |x| (x, y)));
        pixels.filter_map(|(x, y)| image.pixel(x, y)).filter(|pixel| pixel.green() < 100).count()
    }

    #[test]
    fn letters_are_really_drawn() -> Result<(), FigureError> {
        let png = render_png(&text("", "γ∞ ‖θ‖"), 1.0)?;
        assert!(dark(&png, 0..20) > 60);
        assert_eq!(dark(&render_png(&text("", ""), 1.0)?, 0..20), 0);
        Ok(())
    }

    #[test]
    fn axis_labels_are_really_drawn() -> Result<(), FigureError> {
        let page =
            |label| Page { panels: vec![Panel { x: Axis::linear(label), ..Panel::default() }], ..Page::default() };
        let drawn = |label| -> Result<usize, FigureError> {
            let png = render_png(&render_svg(&page(label)), 2.0)?;
            let height = Pixmap::decode_png(&png).map_or(0, |image| image.height());
            Ok(dark(&png, height / 2..height))
        };
        assert!(drawn("step + 1")? > drawn("")? + 100);
        Ok(())
    }

    #[test]
    fn other_fonts_and_unknown_letters_are_refused() {
        for foreign in [
            "font-family=\"Times New Roman\"",
            "font-family=\"serif, DejaVu Sans\"",
            "font-weight=\"bold\"",
            "style=\"font-style:italic\"",
        ] {
            assert!(matches!(render_png(&text(foreign, "a"), 1.0), Err(FigureError::ForeignFont { .. })), "{foreign}");
        }
        assert_eq!(render_png(&text("", "a\u{4e00}"), 1.0), Err(FigureError::MissingGlyph { character: '\u{4e00}' }));
        assert!(render_png(&text("font-family=\"DejaVu Sans, serif\"", "a"), 1.0).is_ok());
    }

    #[test]
    fn senseless_input_is_an_error() {
        assert!(matches!(render_png("<svg", 1.0), Err(FigureError::UnreadableSvg { .. })));
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e6] {
            assert!(matches!(render_png(&text("", "a"), scale), Err(FigureError::ImageSize { .. })), "{scale}");
        }
    }
}
