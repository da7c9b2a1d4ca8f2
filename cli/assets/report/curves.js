"use strict";
// From the numbers of the page to the curves of a chart: no drawing, no page.
var steepest = {};

(function () {
  // The quantile of sorted numbers by linear interpolation, as in the figures.
  function quantile(sorted, p) {
    const place = p * (sorted.length - 1);
    const low = Math.floor(place), high = Math.ceil(place);
    return high > low ? sorted[low] + (place - low) * (sorted[high] - sorted[low]) : sorted[low];
  }

  const ascending = (a, b) => a - b;

  // A value with a place on the axis, or null.
  function placed(value, isLog) {
    return value === null || value === undefined || (isLog && value <= 0) ? null : value;
  }

  // One run; on the axis of the loss from the first step with L < 1 on.
  function runCurve(experiment, run, choice) {
    const look = experiment.looks[run.look], x = [], y = [], steps = [];
    const values = run.values[choice.series], losses = run.values[experiment.series.findIndex(s => s.name === "ln_loss")];
    values.forEach((value, row) => {
      const at = choice.x === "step" ? run.steps[row] + 1 : losses && losses[row] !== null ? -losses[row] : 0;
      if (at > 0) {
        x.push(at);
        y.push(placed(value, choice.isLog));
        steps.push(run.steps[row]);
      }
    });
    const onSteps = step => (choice.x === "step" && step !== null ? [step + 1] : []);
    return {
      look, x, y, steps, low: null, high: null, label: look.name + ", seed " + run.seed,
      separation: onSteps(run.separation), turn: onSteps(run.switch),
    };
  }

  // The median of some runs with quartiles, at the steps that all of them have.
  function medianCurve(experiment, look, runs, choice) {
    const at = new Map(), name = experiment.series[choice.series].name;
    for (const run of runs) {
      run.values[choice.series].forEach((value, row) => {
        const step = run.steps[row];
        if (!at.has(step)) at.set(step, []);
        at.get(step).push(value);
      });
    }
    const steps = [...at.keys()].filter(step => at.get(step).length === runs.length).sort(ascending);
    const quantiles = p => steps.map(step => {
      const values = at.get(step);
      return values.includes(null) ? null : placed(quantile([...values].sort(ascending), p), choice.isLog);
    });
    const low = quantiles(0.25), y = quantiles(0.5), high = quantiles(0.75);
    if (choice.isLog && name.includes("margin_") && !name.endsWith("drop")) {
      // a margin that relapses below zero would be a row of dots: the curve begins where it is positive for good
      for (let k = y.lastIndexOf(null); k >= 0; k--) y[k] = low[k] = high[k] = null;
    }
    const middle = steps => (steps.includes(null) ? [] : [quantile(steps.sort(ascending), 0.5) + 1]);
    const several = runs.length > 1;
    return {
      look, x: steps.map(step => step + 1), y, steps, low: several ? low : null, high: several ? high : null,
      label: look.name + (several ? ", median of " + runs.length + " seeds" : ", seed " + runs[0].seed),
      separation: middle(runs.map(run => run.separation)), turn: middle(runs.map(run => run.switch)),
    };
  }

  const has = (run, series) => run.values[series].length > 0;
  const diverged = run => run.status === "diverged";

  // The curves of a choice {series, x, isLog, isMedian, runs}, and sentences about what is not drawn.
  steepest.curves = function (experiment, choice) {
    const chosen = experiment.runs.filter((run, k) => choice.runs.has(k));
    const recorded = chosen.filter(run => has(run, choice.series));
    const notes = [];
    if (recorded.length < chosen.length) notes.push((chosen.length - recorded.length) + " chosen runs have no such series.");
    if (!choice.isMedian) return {curves: recorded.map(run => runCurve(experiment, run, choice)), notes};
    const curves = [];
    experiment.looks.forEach((look, k) => {
      const all = recorded.filter(run => run.look === k);
      const good = all.filter(run => !diverged(run) && run.separation !== null);
      const leftOut = [[all.filter(diverged).length, "diverged"],
        [all.filter(run => !diverged(run) && run.separation === null).length, "did not reach 100 % train accuracy"]];
      for (const [count, what] of leftOut) {
        if (count > 0) notes.push(look.name + ": " + count + " of " + all.length + " chosen runs " + what + " and are not in the median; “every run” shows them.");
      }
      if (good.length > 0) curves.push(medianCurve(experiment, look, good, choice));
    });
    return {curves, notes};
  };

  // Both ends of what the curves reach, with a little room; for nothing, something.
  steepest.range = function (lists, isLog) {
    let low = Infinity, high = -Infinity;
    for (const list of lists) {
      for (const value of list) {
        if (value !== null && value < low) low = value;
        if (value !== null && value > high) high = value;
      }
    }
    if (low > high) return isLog ? [0.1, 10] : [0, 1];
    const forth = isLog ? Math.log10 : v => v, back = isLog ? v => 10 ** v : v => v;
    let [a, b] = [forth(low), forth(high)];
    const room = b > a ? 0.04 * (b - a) : isLog ? 0.3 : 0.1 * Math.abs(a) || 0.5;
    return [back(a - room), back(b + room)];
  };

  // Round numbers between two ends, at most so many.
  steepest.ticks = function (low, high, isLog, most) {
    const decades = isLog ? Math.log10(high / low) : 0;
    if (isLog && decades >= 1) {
      const every = Math.max(1, Math.round(decades / most)), ticks = [];
      const within = [1, 2, 5].slice(0, decades * 3 <= most ? 3 : 1);
      for (let k = Math.floor(Math.log10(low) / every) * every; 10 ** k <= high; k += every) {
        for (const factor of within) ticks.push(factor * 10 ** k);
      }
      return ticks.filter(tick => tick >= low && tick <= high);
    }
    const rough = (high - low) / most, size = 10 ** Math.floor(Math.log10(rough));
    const step = size * [1, 2, 5, 10].find(factor => factor * size >= rough * (1 - 1e-9));
    const ticks = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
    return ticks;
  };

  const raised = text => [...text].map(c => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");

  const minus = text => text.replace("-", "−");

  function power(value, digits) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const factor = minus(String(Number(mantissa)));
    return (factor === "1" ? "" : factor === "−1" ? "−" : factor + "·") + "10" + raised(exponent.replace("+", ""));
  }

  const isHandy = value => value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5);

  // A number for people, with so many digits: 0.0123, 905, 3.1·10⁻⁵.
  steepest.number = (value, digits = 5) => (isHandy(value) ? minus(String(Number(value.toPrecision(digits)))) : power(value, digits));

  // The numbers of an axis, all in one way of writing on a logarithmic one.
  steepest.tickTexts = function (ticks, isLog) {
    const inPowers = isLog && !ticks.every(isHandy);
    return ticks.map(tick => (inPowers ? power(tick, 6) : steepest.number(tick, 6)));
  };
})();
