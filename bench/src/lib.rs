//! Timing two things against each other in one process, so that their ratio holds whatever else the machine does.

use std::time::Instant;

/// The medians of two closures' times in seconds, run in turn `rounds` times after one warm-up each.
pub fn median_seconds_in_turn(rounds: usize, first: impl FnMut(), second: impl FnMut()) -> (f64, f64) {
    let (mut a, mut b) = seconds_in_turn(rounds, first, second);
    (median(&mut a), median(&mut b))
}

/// The least times in the same way: what other work on the machine spoils least.
pub fn least_seconds_in_turn(rounds: usize, first: impl FnMut(), second: impl FnMut()) -> (f64, f64) {
    let least = |times: Vec<f64>| times.into_iter().fold(f64::INFINITY, f64::min);
    let (a, b) = seconds_in_turn(rounds, first, second);
    (least(a), least(b))
}

fn seconds_in_turn(rounds: usize, mut first: impl FnMut(), mut second: impl FnMut()) -> (Vec<f64>, Vec<f64>) {
    let time = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    first();
    second();
    let (mut a, mut b) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for _ in 0..rounds {
        a.push(time(&mut first));
        b.push(time(&mut second));
    }
    (a, b)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
