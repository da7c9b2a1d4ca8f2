//! Tests of the closed form.

use super::*;
use crate::source::separable::inner;

fn norm_of(norm: MarginNorm, w: &Array1<f64>) -> f64 {
    match norm {
        MarginNorm::L1 => w.iter().map(|w| w.abs()).sum(),
        MarginNorm::L2 => inner(w, w).sqrt(),
        MarginNorm::Linf => w.iter().fold(0.0, |largest, w| w.abs().max(largest)),
    }
}

fn dual_of(norm: MarginNorm, z: &Array1<f64>) -> f64 {
    let dual = match norm {
        MarginNorm::L1 => MarginNorm::Linf,
        MarginNorm::L2 => MarginNorm::L2,
        MarginNorm::Linf => MarginNorm::L1,
    };
    norm_of(dual, z)
}

/// z_i = y_i x_i.
fn signed(data: &Dataset) -> Array2<f64> {
    let Labels::Binary(signs) = data.labels() else { panic!("signs") };
    let mut signed = data.inputs().to_owned();
    signed.rows_mut().into_iter().zip(signs).for_each(|(mut x, y)| x *= *y);
    signed
}

fn margin(signed: &Array2<f64>, w: &Array1<f64>) -> f64 {
    signed.rows().into_iter().map(|z| inner(&z, w)).fold(f64::INFINITY, f64::min)
}

fn specs() -> Vec<KnownMarginSpec> {
    let base = KnownMarginSpec { n_test: 5, ..KnownMarginSpec::default() };
    let norms = [MarginNorm::L1, MarginNorm::L2, MarginNorm::Linf];
    let shapes = [(10, 3, 6, 1.0), (4, 1, 2, 3.0), (30, 3, 4, 0.1)];
    let of = |norm| shapes.map(|(n_inputs, sparsity, n_support, spread)| (norm, n_inputs, sparsity, n_support, spread));
    let all = norms.into_iter().flat_map(of);
    all.map(|(norm, n_inputs, sparsity, n_support, spread)| KnownMarginSpec {
        norm,
        n_support,
        n_inputs,
        sparsity,
        spread,
        ..base.clone()
    })
    .collect()
}

#[test]
fn the_margin_is_attained_and_no_direction_has_more() {
    for (seed, spec) in specs().into_iter().enumerate() {
        let Split { train, test, provenance, .. } = spec.clean(&Streams::new(seed as u64)).unwrap();
        let [(_, direction), (_, value)] = &provenance.arrays[..] else { panic!("two arrays") };
        let (w, z) = (direction.row(0).to_owned(), signed(&train));
        assert!((value[(0, 0)] - 0.5).abs() < 1e-15);
        assert!((norm_of(spec.norm, &w) - 1.0).abs() < 1e-14, "{spec:?}");
        // primal: attained, and by the support vectors alone
        assert!((margin(&z, &w) - 0.5).abs() < 1e-13, "{spec:?}");
        let at_the_margin = z.rows().into_iter().filter(|z| inner(z, &w) < 0.5 + 1e-9).count();
        assert_eq!(at_the_margin, spec.n_support);
        // dual: a mean of the points has that dual norm, which bounds every direction's margin
        let mean = z.slice(ndarray::s![..spec.n_support, ..]).mean_axis(Axis(0)).unwrap();
        assert!((dual_of(spec.norm, &mean) - 0.5).abs() < 1e-13, "{spec:?}");
        assert!(margin(&signed(&test.unwrap()), &w) > 0.5);
    }
}

#[test]
fn every_other_direction_has_less() {
    let mut rng = Streams::new(9).stream("other");
    for (seed, spec) in specs().into_iter().enumerate() {
        let Split { train, provenance, .. } = spec.clean(&Streams::new(seed as u64)).unwrap();
        let (w, z) = (provenance.arrays[0].1.row(0).to_owned(), signed(&train));
        for _ in 0..200 {
            // half of the trials stay on the support of w, where l1 could be in doubt
            let mut other = w.clone();
            let keep = rng.random::<bool>();
            other.mapv_inplace(|w| {
                let step = 0.05 * rng.sample::<f64, _>(StandardNormal);
                if keep && w.abs() <= 0.0 { 0.0 } else { w + step }
            });
            other /= norm_of(spec.norm, &other);
            let gap = (&other - &w).iter().fold(0.0, |largest: f64, d| d.abs().max(largest));
            if gap > 1e-3 {
                assert!(margin(&z, &other) < 0.5 - 1e-9, "{spec:?}");
            }
        }
    }
}

#[test]
fn sets_are_reproducible_and_nested() {
    let spec = KnownMarginSpec::default();
    let more = KnownMarginSpec { n_train: 30, ..spec.clone() };
    let [a, b, more] = [&spec, &spec, &more].map(|s| s.clean(&Streams::new(4)).unwrap());
    assert_eq!(a.provenance, b.provenance);
    assert_eq!(a.train.inputs(), more.train.inputs().slice(ndarray::s![..20, ..]));
    assert!(a.provenance.note.starts_with("maximum l2 margin 0.5 in 10 dimensions, 6 support vectors, 20 training"));
}

#[test]
fn impossible_values_name_the_field() {
    let text = |spec: KnownMarginSpec| spec.validate().unwrap_err().to_string();
    let base = KnownMarginSpec::default;
    assert_eq!(text(KnownMarginSpec { n_support: 22, ..base() }), "`n_support` must be 2 to 20 (`n_train`), found 22");
    assert!(text(KnownMarginSpec { n_support: 3, ..base() }).contains("pairs"));
    assert!(text(KnownMarginSpec { norm: MarginNorm::L1, sparsity: 5, ..base() }).contains("at least 8"));
    assert!(text(KnownMarginSpec { margin: 0.0, ..base() }).starts_with("`margin` must be "));
    assert!(text(KnownMarginSpec { label_noise: 0.1, ..base() }).starts_with("`label_noise` must be 0 "));
}
