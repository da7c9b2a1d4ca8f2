use super::*;
use crate::seed::Streams;
use crate::state::SavedState;
use approx::assert_relative_eq;
use rand::Rng;
use std::borrow::Cow;
use std::cmp::Ordering;

fn two_bands() -> Graded {
    let mut g = Graded::zeros(3);
    g.overwrite(LogReal::from_ln(-10.0)).copy_from_slice(&[2.0, 0.0, 1e-260]);
    g.add_band(LogReal::from_ln(-5010.0), &[1.0, -3.0, 1.0]);
    g
}

#[test]
fn lighter_bands_survive_where_the_heavier_is_zero() {
    let g = two_bands();
    let v = g.view();
    assert_eq!((0..3).map(|k| v.sign(k)).collect::<Vec<_>>(), [1.0, -1.0, 1.0]);
    assert_relative_eq!(v.ln_abs(0), 2f64.ln() - 10.0, max_relative = 1e-15);
    assert_relative_eq!(v.ln_abs(1), 3f64.ln() - 5010.0, max_relative = 1e-15);
    assert_relative_eq!(v.ln_abs(2), 1e-260f64.ln() - 10.0, max_relative = 1e-15);
}

#[test]
fn bands_are_summed_not_chosen() {
    // a coordinate may hold e^-599 from one band and -e^-601 from the next
    let mut g = Graded::zeros(1);
    g.overwrite(LogReal::ONE)[0] = logspace::exp(-599.0);
    g.add_band(LogReal::from_ln(-601.0), &[-1.0]);
    let exact = -599.0 + (-logspace::exp(-2.0)).ln_1p();
    assert_relative_eq!(g.view().ln_abs(0), exact, max_relative = 1e-15);
}

/// The same sum entry by entry, with nothing passed over.
fn add_all(entries: &mut [(f64, i64)], scale: f64, values: &[f64]) {
    let (factor, shift) = logspace::exp_split(scale);
    for ((value, exponent), &added) in entries.iter_mut().zip(values) {
        add((value, exponent), added * factor, shift);
    }
}

/// Bit by bit; zeros of either sign are alike.
fn assert_same(g: &Graded, entries: &[(f64, i64)], what: &str) {
    let found = g.values.iter().zip(&g.exponents).map(|(v, e)| ((v + 0.0).to_bits(), *e));
    assert!(found.eq(entries.iter().map(|(v, e)| ((v + 0.0).to_bits(), *e))), "{what}");
}

#[test]
fn what_is_passed_over_would_not_have_changed_a_bit() {
    let mut rng = Streams::new(7).stream("bands");
    let mut draw = move || rng.next_u64() as f64 / u64::MAX as f64;
    for case in 0..60 {
        // bands near and far, with few zeros or many
        let (len, far, share) =
            (1 + (draw() * 400.0) as usize, [1.0, 30.0, 45.0, 700.0][case % 4], [0.1, 0.9][case % 2]);
        let mut band = || -> Vec<f64> {
            let sign = |x: f64| if x < 0.5 { -1.0 } else { 1.0 };
            (0..len).map(|_| if draw() < share { 0.0 } else { sign(draw()) * logspace::exp(-40.0 * draw()) }).collect()
        };
        let first = band();
        let mut g = Graded::zeros(len);
        g.overwrite(LogReal::ONE).copy_from_slice(&first);
        let mut slow: Vec<(f64, i64)> = first.iter().map(|&v| split(v)).collect();
        let mut scale = 0.0;
        for b in 0..12 {
            let mut values = band();
            if b == 0 {
                // takes back what was written, all of it or all but the last bit, so that later bands may show there
                for (k, (value, first)) in values.iter_mut().zip(&first).enumerate() {
                    match k % 3 {
                        0 => *value = -first,
                        1 => *value = -first * (1.0 - f64::EPSILON),
                        _ => {}
                    }
                }
            }
            g.add_band(LogReal::from_ln(scale), &values);
            add_all(&mut slow, scale, &values);
            assert_same(&g, &slow, &format!("case {case}, band {b}"));
            scale -= far;
        }
    }
}

#[test]
fn the_lightest_band_that_changes_a_bit_is_not_passed_over() {
    // below a power of two doubles lie twice as close as above, and a scale is up to 1.41 times the power of two beside it
    let mut lightest = 0;
    for len in 1..=STRETCH {
        for (shift, factor) in (50..=65).flat_map(|shift| [0.75, 1.0, 1.4_f64].map(|factor| (shift, factor))) {
            let scale = factor.ln() - logspace::ln_of_power_of_two(shift);
            let mut g = Graded::zeros(len);
            g.overwrite(LogReal::ONE).fill(1.0);
            let (mut slow, mut values) = (vec![(1.0, 0); len], vec![0.0; len]);
            values[len - 1] = -1.99;
            g.add_band(LogReal::from_ln(scale), &values);
            add_all(&mut slow, scale, &values);
            assert_same(&g, &slow, &format!("{len} entries and {factor} 2^-{shift}"));
            if slow[len - 1] != (1.0, 0) {
                lightest = lightest.max(shift);
            }
        }
    }
    assert_eq!(lightest, 55);
}

#[test]
fn a_band_far_below_shows_where_what_was_written_is_taken_back() {
    for taken in [0, STRETCH - 1, STRETCH, 2 * STRETCH + 4] {
        let len = 2 * STRETCH + 5;
        let first: Vec<f64> = (1..=len).map(|k| k as f64 / 7.0).collect();
        let mut g = Graded::zeros(len);
        g.overwrite(LogReal::ONE).copy_from_slice(&first);
        let mut slow: Vec<(f64, i64)> = first.iter().map(|&v| split(v)).collect();
        let mut back = vec![0.0; len];
        back[taken] = -first[taken];
        for (scale, values) in [(0.0, &back), (-2000.0, &vec![3.0; len])] {
            g.add_band(LogReal::from_ln(scale), values);
            add_all(&mut slow, scale, values);
            assert_same(&g, &slow, &format!("entry {taken}"));
        }
        assert_relative_eq!(g.view().ln_abs(taken), 3f64.ln() - 2000.0, max_relative = 1e-15);
        assert!((0..len).all(|k| k == taken || g.view().wide(k) == Wide::new(first[k], 0)));
    }
}

#[test]
fn a_band_that_is_not_finite_shows_everywhere() {
    let mut g = Graded::zeros(70);
    g.overwrite(LogReal::ONE).fill(1.0);
    g.add_band(LogReal::from_ln(-700.0), &[1.0; 70]);
    g.add_band(LogReal::from_ln(-1400.0), &[f64::NAN; 70]);
    assert!(g.values.iter().all(|v| v.is_nan()));
}

#[test]
fn exact_cancellation_leaves_room_for_the_next_band() {
    let mut g = Graded::zeros(1);
    g.overwrite(LogReal::ONE)[0] = 1.0;
    g.add_band(LogReal::ONE, &[-1.0]);
    g.add_band(LogReal::from_ln(-900.0), &[-1.0]);
    assert_eq!(g.view().sign(0), -1.0);
    assert_relative_eq!(g.view().ln_abs(0), -900.0, max_relative = 1e-15);
}

#[test]
fn zeros_beside_entries_that_are_all_tiny_stay_zero() {
    let mut g = Graded::zeros(3);
    g.overwrite(LogReal::ONE).fill(0.0);
    g.add_band(LogReal::from_ln(-5000.0), &[0.0, 3.0, -4.0]);
    let mut out = [1.0; 3];
    g.view().leading_into(&mut out);
    assert!(out[0] == 0.0 && out.iter().all(|v| v.is_finite()));
    for (found, exact) in
        [(g.view().sum_of_abs(), 7.0_f64), (g.view().euclidean_norm(), 5.0), (g.view().max_abs(), 4.0)]
    {
        assert_relative_eq!(found.ln(), exact.ln() - 5000.0, max_relative = 1e-15);
    }
    assert_relative_eq!(g.view().dot(&[9.0, 1.0, 1.0]).1.ln(), -5000.0, max_relative = 1e-15);
    assert_eq!(g.view().arg_max_abs().map(|best| best.index), Some(2));
}

#[test]
fn leading_part_says_what_it_left_out() {
    let g = two_bands();
    let mut out = [0.0; 3];
    let leading = g.view().leading_into(&mut out);
    assert!(leading.left_out);
    assert_eq!(out[1], 0.0);
    assert_relative_eq!(leading.scale.ln() + out[0].ln(), 2f64.ln() - 10.0, max_relative = 1e-15);
}

#[test]
fn norms_of_plain_and_graded_agree() {
    let values = [3.0, -4.0, 0.0, 1e-3];
    let mut g = Graded::zeros(4);
    g.overwrite(LogReal::from_ln(-7.0)).copy_from_slice(&values);
    let plain = (g.view().sum_of_abs(), g.view().euclidean_norm(), g.view().arg_max_abs(), g.view().dot(&values));
    g.add_band(LogReal::from_ln(-9.0), &[0.0; 4]);
    assert!(g.view().exponents().is_some());
    assert_relative_eq!(plain.0.ln(), g.view().sum_of_abs().ln(), max_relative = 1e-15);
    assert_relative_eq!(plain.1.ln(), g.view().euclidean_norm().ln(), max_relative = 1e-15);
    assert_relative_eq!(plain.3.1.ln(), g.view().dot(&values).1.ln(), max_relative = 1e-15);
    assert_eq!(plain.2, g.view().arg_max_abs());
    assert_eq!(plain.2, Some(ArgMax { index: 1, near_ties: 0 }));
}

#[test]
fn ties_take_the_lowest_index_and_are_counted() {
    let values = [1.0, -2.0, 2.0 * (1.0 + 1e-15), 0.5];
    let view = GradedView::from(&values[..]);
    assert_eq!(view.arg_max_abs(), Some(ArgMax { index: 1, near_ties: 1 }));
    assert_eq!(view.cmp_abs(0, 3), Ordering::Greater);
    assert_eq!(GradedView::from(&[0.0][..]).arg_max_abs(), None);
}

#[test]
fn a_momentum_remembers_what_is_far_above_the_gradient() {
    // 0.5 m + g with g falling as e^-1000 a step, on two coordinates of which the second joins late
    let mut m = Graded::zeros(2);
    for t in 0..4 {
        let (scale, second) = (LogReal::from_ln(-1000.0 * f64::from(t)), if t == 3 { -1.0 } else { 0.0 });
        m.decay_and_add(0.5, 1.0, GradedView::scaled(scale, &[1.0, second]), true);
    }
    assert_relative_eq!(m.view().ln_abs(0), 0.125f64.ln(), max_relative = 1e-15);
    assert_relative_eq!(m.view().ln_abs(1), -3000.0, max_relative = 1e-15);
    assert_eq!(m.view().sign(1), -1.0);
    let mut state = SavedState::default();
    m.save("m", &mut state);
    let mut back = Graded::zeros(2);
    back.restore("m", &state).unwrap();
    assert_eq!((back.view().ln_abs(0), back.view().ln_abs(1)), (m.view().ln_abs(0), m.view().ln_abs(1)));
}

#[test]
fn a_momentum_agrees_with_plain_arithmetic() {
    for exact in [false, true] {
        let (mut m, mut plain) = (Graded::zeros(1), 0.0);
        for t in 0..50 {
            let (scale, g) = (LogReal::from_ln(f64::from(7 - t % 15)), f64::from(t).sin());
            m.decay_and_add(0.9, 0.1, GradedView::scaled(scale, &[g]), exact);
            plain = 0.9 * plain + 0.1 * g * scale.value();
        }
        assert_relative_eq!(m.view().sign(0) * logspace::exp(m.view().ln_abs(0)), plain, max_relative = 1e-12);
    }
}

#[test]
fn tiny_plain_vectors_are_normalised() {
    let values = [3e-310, -4e-310];
    let view = GradedView::from(&values[..]);
    let mut out = [0.0; 2];
    let leading = view.leading_into(&mut out);
    assert!((1.0..2.0).contains(&out[1].abs()));
    assert_relative_eq!(leading.scale.ln() + out[1].abs().ln(), 4e-310f64.ln(), max_relative = 1e-13);
}

#[test]
fn the_leading_part_is_copied_only_where_it_must_be() {
    let borrows = |view: GradedView<'_>| {
        let ((values, leading), mut copy) = (view.leading(), vec![f64::NAN; view.len()]);
        let copied = view.leading_into(&mut copy);
        assert_eq!(leading.left_out, copied.left_out);
        for (a, b) in values.iter().zip(&copy) {
            assert_eq!(a.signum(), b.signum());
            assert_relative_eq!(a.abs().ln() + leading.scale.ln(), b.abs().ln() + copied.scale.ln(), epsilon = 1e-12);
        }
        matches!(values, Cow::Borrowed(_))
    };
    let scaled = |values| GradedView::scaled(LogReal::from_ln(-3000.0), values);
    assert!(borrows(scaled(&[3.0, -1e-200])) && borrows(scaled(&[-1e9, 2.0])));
    assert!(!borrows(scaled(&[3e-310, -4e-310])) && !borrows(scaled(&[1e200, 2.0])) && !borrows(two_bands().view()));
    assert_eq!(scaled(&[0.0, 0.0]).leading(), (Cow::Owned(vec![0.0; 2]), scaled(&[0.0]).leading_into(&mut [1.0])));
}

#[test]
fn passing_over_zeros_leaves_the_sum_of_every_entry() {
    let entry = |k: usize, shift: usize| ((k * 37 + shift) % 23) as f64 - 11.0;
    for len in [1, STRETCH - 1, STRETCH, 3 * STRETCH + 5] {
        let mut g = Graded::zeros(len);
        let first: Vec<f64> = (0..len).map(|k| if k % 3 == 0 { 0.0 } else { entry(k, 1) }).collect();
        g.overwrite(LogReal::ONE).copy_from_slice(&first);
        let mut slow: Vec<Wide> = first.iter().map(|&x| Wide::new(x, 0)).collect();
        for band in 1..6 {
            // alone in a stretch, and stretches that are zero, of either sign
            let of_band = |k: usize| match k / STRETCH % 3 {
                0 if k % STRETCH == 7 * band => entry(k, band),
                1 => entry(k, band),
                _ => [0.0, -0.0][k % 2],
            };
            let values: Vec<f64> = (0..len).map(of_band).collect();
            let scale = LogReal::from_ln(-700.0 * band as f64);
            g.add_band(scale, &values);
            let (factor, shift) = logspace::exp_split(scale.ln());
            slow.iter_mut().zip(&values).for_each(|(sum, &x)| *sum = *sum + Wide::new(x * factor, shift));
        }
        assert!((0..len).all(|k| g.view().wide(k) == slow[k]));
    }
}
