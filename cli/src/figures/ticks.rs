//! The ticks that fit on an axis.

use super::chart::Scale;
use super::span::{SLACK, Span, TINY};
use super::text::Text;

/// Digits that are labelled where a logarithmic axis shows less than two powers of ten; the first for wide labels only.
const LABELLED_DIGITS: [&[i64]; 4] = [&[1, 3], &[1, 2, 5], &[1, 2, 3, 5], &[1, 2, 3, 4, 6, 8]];
/// One tick of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it stands, in data units.
    pub value: f64,
    /// What is written beside it; `None` for a minor tick.
    pub label: Option<Text>,
}

/// The ticks of a range with at most about so many labels, in increasing order of value.
///
/// Linear steps are 1, 2 or 5 times a power of ten. A logarithmic axis labels powers of ten, every k-th where there are
/// many; over less than two of them it labels 1, 2 and 5 (1 and 3 where labels are wide) or more digits, and over less than a factor of three it is labelled like a linear one.
pub fn ticks(span: &Span, most: usize) -> Vec<Tick> {
    let most = most.max(2);
    let mut ticks = match span.scale {
        Scale::Linear => linear_ticks(span, most),
        Scale::Log10 => log_ticks(span, most),
    };
    ticks.retain(|tick| span.contains(tick.value));
    ticks
}

fn linear_ticks(span: &Span, most: usize) -> Vec<Tick> {
    let raw = (0.5 * span.high - 0.5 * span.low) / (0.5 * most as f64);
    let exponent = raw.log10().floor();
    let factors = [1, 2, 5, 10];
    let large = |factor: &&i64| decimal(**factor, exponent as i32) >= raw * (1.0 - SLACK);
    let factor = factors.iter().find(large).copied().unwrap_or(10);
    let (factor, exponent) = if factor == 10 { (1, exponent as i32 + 1) } else { (factor, exponent as i32) };
    let step = decimal(factor, exponent);
    let (first, last) = ((span.low / step - SLACK).ceil(), (span.high / step + SLACK).floor());
    if !(step.is_normal() && first.abs().max(last.abs()) < 1e15) {
        return Vec::new();
    }
    let values: Vec<f64> = (first as i64..=last as i64).map(|count| decimal(count * factor, exponent)).collect();
    let largest = values.iter().fold(step, |largest, value| largest.max(value.abs()));
    let top = (largest.log10() + SLACK).floor() as i32;
    values.into_iter().map(|value| Tick { value, label: Some(linear_label(value, exponent, top)) }).collect()
}

/// A value written with the decimals of its step; from 10^5 and below 10^-3 as a multiple of the largest power of ten.
fn linear_label(value: f64, step_exponent: i32, top: i32) -> Text {
    if (-3..5).contains(&top) {
        let decimals = usize::try_from(-step_exponent).unwrap_or(0);
        return Text::plain(&format!("{value:.decimals$}").replace('-', "−"));
    }
    if value.abs() < TINY {
        return Text::plain("0");
    }
    let decimals = usize::try_from(top - step_exponent).unwrap_or(0);
    let mantissa = format!("{:.decimals$}", value / decimal(1, top));
    Text::parse(&format!("{mantissa}×10^{{{top}}}").replace('-', "−"))
}

fn log_ticks(span: &Span, most: usize) -> Vec<Tick> {
    let (low, high) = (span.low.log10(), span.high.log10());
    let (first, last) = ((low - SLACK).ceil() as i32, (high + SLACK).floor() as i32);
    if last > first {
        decade_ticks(first, last, most)
    } else if high - low > 0.47 {
        digit_ticks(span, low.floor() as i32, high.floor() as i32)
    } else {
        linear_ticks(span, most)
    }
}

/// Ticks at the powers of ten, labelled every k-th, with minor ticks at 2 to 9 where the decades are few.
fn decade_ticks(first: i32, last: i32, most: usize) -> Vec<Tick> {
    let powers = last - first + 1;
    let strides = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200];
    let stride = strides.into_iter().find(|stride| powers <= most as i32 * stride).unwrap_or(300);
    let mut ticks = Vec::new();
    for exponent in first - 1..=last {
        let labelled = exponent % stride == 0;
        if labelled || powers <= 60 {
            let label = labelled.then(|| power_label(exponent));
            ticks.push(Tick { value: decimal(1, exponent), label });
        }
        if stride == 1 && powers <= 7 {
            ticks.extend((2..10).map(|digit| Tick { value: decimal(digit, exponent), label: None }));
        }
    }
    ticks
}

/// Ticks at 1 to 9 times the powers of ten, labelled at the first set of digits that gives three labels.
fn digit_ticks(span: &Span, first: i32, last: i32) -> Vec<Tick> {
    let digits = (first..=last).flat_map(|exponent| (1..10).map(move |digit| (digit, exponent)));
    let inside: Vec<(i64, i32)> =
        digits.filter(|(digit, exponent)| span.contains(decimal(*digit, *exponent))).collect();
    let enough = |set: &&&[i64]| inside.iter().filter(|(digit, _)| set.contains(digit)).count() > 2;
    // labels with a power of ten are wide, so fewer of them fit
    let is_wide = !(-3..5).contains(&first) || !(-3..5).contains(&last);
    let set =
        LABELLED_DIGITS[usize::from(!is_wide)..].iter().find(enough).copied().unwrap_or(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let tick = |(digit, exponent): (i64, i32)| Tick {
        value: decimal(digit, exponent),
        label: set.contains(&digit).then(|| digit_label(digit, exponent)),
    };
    inside.into_iter().map(tick).collect()
}

fn power_label(exponent: i32) -> Text {
    Text::parse(&format!("10^{{{exponent}}}").replace('-', "−"))
}

fn digit_label(digit: i64, exponent: i32) -> Text {
    match exponent {
        -3..5 => Text::plain(&format!("{:.*}", usize::try_from(-exponent).unwrap_or(0), decimal(digit, exponent))),
        _ if digit == 1 => power_label(exponent),
        _ => Text::parse(&format!("{digit}×10^{{{exponent}}}").replace('-', "−")),
    }
}

/// The double nearest to an integer times a power of ten.
fn decimal(integer: i64, exponent: i32) -> f64 {
    format!("{integer}e{exponent}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{Tick, ticks};
    use crate::figures::{Axis, axis_span};

    fn labels(axis: &Axis, values: &[f64], most: usize) -> Vec<String> {
        let span = axis_span(axis, values.iter().copied());
        let labelled: Vec<Tick> = ticks(&span, most).into_iter().filter(|tick| tick.label.is_some()).collect();
        assert!(labelled.windows(2).all(|pair| pair[0].value < pair[1].value));
        labelled.into_iter().filter_map(|tick| tick.label).map(|label| label.to_plain()).collect()
    }

    #[test]
    fn linear_steps_are_one_two_five() {
        assert_eq!(labels(&Axis::linear("x"), &[0.0, 1.0], 6), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::linear("x"), &[-7.0, 12.0], 6), ["−5", "0", "5", "10"]);
        assert_eq!(labels(&Axis::linear("x"), &[0.0, 3e6], 5), ["0", "1×106", "2×106", "3×106"]);
        assert_eq!(
            labels(&Axis::linear("x"), &[1e-7, 3e-7], 5),
            ["1.0×10−7", "1.5×10−7", "2.0×10−7", "2.5×10−7", "3.0×10−7"]
        );
    }

    #[test]
    fn one_decade_and_less() {
        assert_eq!(labels(&Axis::log("x"), &[1.0, 10.0], 6), ["100", "101"]);
        assert_eq!(labels(&Axis::log("x").with_range(0.3, 9.0), &[], 8), ["0.5", "1", "2", "5"]);
        assert_eq!(labels(&Axis::log("x"), &[1.0, 3.2], 8), ["1", "2", "3"]);
        assert_eq!(labels(&Axis::log("x"), &[2.2e-5, 9e-5], 8), ["3×10−5", "4×10−5", "6×10−5", "8×10−5"]);
        assert_eq!(labels(&Axis::log("x"), &[1.0, 1.1], 6), ["1.00", "1.02", "1.04", "1.06", "1.08", "1.10"]);
    }

    #[test]
    fn many_decades_are_labelled_every_kth_time() {
        assert_eq!(labels(&Axis::log("x"), &[1e-8, 1e4], 8), ["10−8", "10−6", "10−4", "10−2", "100", "102", "104"]);
        assert_eq!(
            labels(&Axis::log("x"), &[1e-300, 1.0], 8),
            ["10−300", "10−250", "10−200", "10−150", "10−100", "10−50", "100"]
        );
    }

    #[test]
    fn minor_ticks_only_where_decades_are_few() {
        let count = |low, high| {
            ticks(&axis_span(&Axis::log("x"), [low, high]), 8).iter().filter(|tick| tick.label.is_none()).count()
        };
        assert_eq!(count(1.0, 1000.0), 25);
        assert_eq!(count(1e-8, 1e4), 6);
        assert_eq!(count(1e-300, 1.0), 0);
    }
}
