//! The bundled font and the widths of its letters, read from its own tables.

use std::sync::LazyLock;

/// The bundled font file: a subset of DejaVu Sans.
pub(super) static FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.ttf");

/// The family name of the bundled font.
pub(super) const FAMILY: &str = "DejaVu Sans";

/// Advance widths in ems, sorted by character code.
static WIDTHS: LazyLock<Vec<(u32, f64)>> = LazyLock::new(|| read_widths(FONT).unwrap_or_default());

/// Width assumed for a character the font does not have, in ems.
const UNKNOWN: f64 = 0.6;

/// Width of a text in the unit of the font size, without kerning.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

fn advance(character: char) -> f64 {
    let code = u32::from(character);
    WIDTHS.binary_search_by_key(&code, |entry| entry.0).map_or(UNKNOWN, |at| WIDTHS[at].1)
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

/// The bytes from the start of a named table on.
fn table<'a>(font: &'a [u8], tag: &[u8]) -> Option<&'a [u8]> {
    let count = usize::from(u16_at(font, 4)?);
    let record = (0..count).map(|index| 12 + 16 * index).find(|at| font.get(*at..at + 4) == Some(tag))?;
    font.get(u32_at(font, record + 8)? as usize..)
}

/// Every character of the font with its advance in ems.
fn read_widths(font: &[u8]) -> Option<Vec<(u32, f64)>> {
    let em = f64::from(u16_at(table(font, b"head")?, 18)?);
    let last_metric = u16_at(table(font, b"hhea")?, 34)?.checked_sub(1)?;
    let metrics = table(font, b"hmtx")?;
    let characters = read_characters(table(font, b"cmap")?)?;
    let advance = |glyph: u16| u16_at(metrics, 4 * usize::from(glyph.min(last_metric)));
    characters.into_iter().map(|(code, glyph)| Some((code, f64::from(advance(glyph)?) / em))).collect()
}

/// The pairs of character and glyph of the first character table of format 4.
fn read_characters(cmap: &[u8]) -> Option<Vec<(u32, u16)>> {
    let count = usize::from(u16_at(cmap, 2)?);
    let mut offsets = (0..count).filter_map(|index| u32_at(cmap, 4 + 8 * index + 4));
    let map = offsets.find_map(|at| cmap.get(at as usize..).filter(|map| u16_at(map, 0) == Some(4)))?;
    let segments = usize::from(u16_at(map, 6)? / 2);
    let mut characters = Vec::new();
    for segment in 0..segments {
        let end = u16_at(map, 14 + 2 * segment)?;
        let start = u16_at(map, 16 + 2 * (segments + segment))?;
        for code in (start..=end).filter(|code| *code != u16::MAX) {
            characters.push((u32::from(code), glyph_of(map, segments, segment, code - start, code)?));
        }
    }
    characters.retain(|(_, glyph)| *glyph != 0);
    Some(characters)
}

/// The glyph of one character of a segment, by the rules of format 4.
fn glyph_of(map: &[u8], segments: usize, segment: usize, step: u16, code: u16) -> Option<u16> {
    let delta = u16_at(map, 16 + 2 * (2 * segments + segment))?;
    let at = 16 + 2 * (3 * segments + segment);
    let offset = usize::from(u16_at(map, at)?);
    if offset == 0 {
        return Some(code.wrapping_add(delta));
    }
    let glyph = u16_at(map, at + offset + 2 * usize::from(step))?;
    Some(if glyph == 0 { 0 } else { glyph.wrapping_add(delta) })
}

#[cfg(test)]
mod tests {
    use super::{WIDTHS, advance, width};

    #[test]
    fn the_font_has_the_signs_of_the_house() {
        assert!(WIDTHS.len() > 1000);
        for sign in "γθ∞‖⊙−×·₁²⁻∇√≤≥≈∝ℓℝ→…–’".chars() {
            assert!(WIDTHS.iter().any(|entry| entry.0 == u32::from(sign)), "{sign} is missing");
        }
    }

    #[test]
    fn widths_are_those_of_dejavu_sans() {
        assert!((advance('m') - 1995.0 / 2048.0).abs() < 1e-12);
        assert!((advance('0') - 1303.0 / 2048.0).abs() < 1e-12);
        assert!((width("00", 8.0) - 16.0 * 1303.0 / 2048.0).abs() < 1e-12);
    }
}
