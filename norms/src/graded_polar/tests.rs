use super::*;

/// A case of `cases/make.py`.
struct Case {
    head: &'static str,
    weights: Vec<f64>,
    vectors: Vec<Vec<f64>>,
    rows: usize,
    cols: usize,
    rank: usize,
    ln_dual: f64,
    polar: Vec<f64>,
}

impl Case {
    fn terms(&self) -> Vec<Term<'_>> {
        let vectors = self.vectors.iter().map(|x| x.split_at(self.rows));
        self.weights.iter().zip(vectors).map(|(&ln_weight, (u, v))| Term { ln_weight, u, v }).collect()
    }

    fn error(&self, found: &GradedPolar) -> f64 {
        found.direction.iter().zip(&self.polar).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

/// `make.py 1 400`, of which
/// `awk '/^case/{n++; keep = ($3*$4 <= 24 && $5 <= 8 && $5*($3+$4) <= 60 && n % 7 == 0) || (n % 29 == 0)} keep'`.
fn golden_cases() -> Vec<Case> {
    let mut lines = include_str!("cases/cases.txt").lines();
    let numbers = |line: &str| line.split(' ').map(|x| x.parse().unwrap()).collect::<Vec<f64>>();
    let mut all = Vec::new();
    while let Some(head) = lines.next() {
        let word: Vec<&str> = head.split(' ').collect();
        let count = |k: usize| word[k].parse::<usize>().unwrap();
        let mut next = || numbers(lines.next().unwrap());
        all.push(Case {
            head,
            weights: next(),
            vectors: (0..count(4)).map(|_| next()).collect(),
            polar: next(),
            rows: count(2),
            cols: count(3),
            rank: count(5),
            ln_dual: word[6].parse().unwrap(),
        });
    }
    all
}

#[test]
fn polar_factors_agree_with_hundreds_of_digits() {
    let cases = golden_cases();
    assert!(cases.len() > 30);
    for case in &cases {
        let found = graded_polar(&case.terms(), case.rows, case.cols);
        assert!(case.error(&found) < 1e-11, "{}: off by {:e}", case.head, case.error(&found));
        assert!((found.ln_dual - case.ln_dual).abs() < 1e-13 * case.ln_dual.abs().max(1.0), "{}", case.head);
        assert_eq!((found.n_pivots, found.suspicious), (case.rank, false), "{}", case.head);
        assert!(found.rank_of_order_one >= case.rank);
    }
}

#[test]
fn order_signs_and_size_of_terms_do_not_matter() {
    for case in &golden_cases() {
        let mut terms = case.terms();
        terms.reverse();
        let flipped: Vec<(Vec<f64>, Vec<f64>)> = terms
            .iter()
            .map(|t| (t.u.iter().map(|x| -1e-305 * x).collect(), t.v.iter().map(|x| -1e300 * x).collect()))
            .collect();
        for (term, (u, v)) in terms.iter_mut().zip(&flipped) {
            (term.u, term.v) = (u, v);
            term.ln_weight -= 3e4;
        }
        let found = graded_polar(&terms, case.rows, case.cols);
        assert!(case.error(&found) < 1e-9, "{}: off by {:e}", case.head, case.error(&found));
    }
}

/// K = [[w1, w3, w4 + w6], [w2, w3, w4], [w0, 0, 0]] after the basis: once w0 and w3 are eliminated only w6 is left of w4 + w6 - w4.
#[test]
fn an_order_below_a_vanishing_minor_is_found() {
    let (x, y, z, xy) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]);
    let term = |ln_weight, u, v| Term { ln_weight, u, v };
    let terms = [
        term(0.0, &z, &x),
        term(-100.0, &x, &x),
        term(-200.0, &y, &x),
        term(-300.0, &xy, &y),
        term(-400.0, &xy, &z),
        term(-3000.0, &x, &z),
    ];
    let found = graded_polar(&terms, 3, 3);
    let h = 0.5_f64.sqrt();
    let expected = ndarray::array![[0.0, h, h], [0.0, h, -h], [1.0, 0.0, 0.0]];
    assert!((&found.direction - &expected).iter().all(|x| x.abs() < 1e-15), "{}", found.direction);
    assert_eq!((found.n_pivots, found.suspicious), (3, false));
}

/// The same with more orders in that entry than a number keeps: the answer may lack w6, and says so.
#[test]
fn an_order_that_was_dropped_is_told() {
    let (x, y, z, xy) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]);
    let term = |ln_weight, u, v| Term { ln_weight, u, v };
    let mut terms = vec![
        term(0.0, &z, &x),
        term(-100.0, &x, &x),
        term(-200.0, &y, &x),
        term(-300.0, &xy, &y),
        term(-3000.0, &x, &z),
    ];
    terms.extend((0..9).map(|k| term(-400.0 - 100.0 * f64::from(k), &xy, &z)));
    let found = graded_polar(&terms, 3, 3);
    assert_eq!((found.n_pivots, found.rank_of_order_one, found.suspicious), (2, 3, true));
}

#[test]
fn equal_weights_that_cancel_lower_the_rank_without_suspicion() {
    let (a, b) = ([1.0, 0.0], [0.0, 2.0]);
    let minus = [-1.0, 0.0];
    let term = |u, v| Term { ln_weight: -5.0, u, v };
    let found = graded_polar(&[term(&a, &a), term(&minus, &a), term(&b, &b)], 2, 2);
    assert_eq!((found.n_pivots, found.rank_of_order_one, found.suspicious), (1, 2, false));
    assert_eq!(found.direction, ndarray::array![[0.0, 0.0], [0.0, 1.0]]);
    assert!((found.ln_dual - (4f64.ln() - 5.0)).abs() < 1e-15);
}

#[test]
fn zero_and_what_is_not_finite() {
    let zero = graded_polar(&[], 2, 3);
    assert_eq!((zero.ln_dual, zero.direction), (f64::NEG_INFINITY, Array2::zeros((2, 3))));
    let nothing = Term { ln_weight: f64::NEG_INFINITY, u: &[1.0], v: &[1.0] };
    assert_eq!(graded_polar(&[nothing], 1, 1).n_pivots, 0);
    let broken = graded_polar(&[nothing, Term { ln_weight: 0.0, u: &[f64::NAN], v: &[1.0] }], 1, 1);
    assert!(broken.ln_dual.is_nan() && broken.direction[(0, 0)].is_nan());
}
