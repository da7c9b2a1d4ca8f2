"use strict";
// What may be chosen, and what follows from it.
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const GROUPS = ["Margins", "Soft margins", "Loss", "Accuracies", "Norms", "Others"];
  const {experiments} = JSON.parse(document.getElementById("numbers").textContent);
  const element = id => document.getElementById(id);
  const radio = name => document.querySelector('input[name="' + name + '"]:checked').value;

  function make(tag, text, attributes = {}) {
    const made = Object.assign(document.createElement(tag), attributes);
    if (text) made.textContent = text;
    return made;
  }

  // Scripts as elements of their own.
  function letters(runs) {
    return runs.map(([text, level]) => (level === 0 ? document.createTextNode(text) : make(level < 0 ? "sub" : "sup", text)));
  }

  // Scripts in plain text, where it has letters for them.
  function plain(runs) {
    const small = (text, digits) => [...text].map(c => digits[c] || c).join("");
    return runs.map(([text, level]) => (level === 0 ? text : small(text, level < 0 ? "₀₁₂₃₄₅₆₇₈₉" : "⁰¹²³⁴⁵⁶⁷⁸⁹"))).join("");
  }

  let experiment = experiments[0], chosen = new Set(), shown = "";
  const chart = new steepest.Chart(element("plot"), text => { element("reading").textContent = text; });

  function fillSeries() {
    const groups = GROUPS.map(group => {
      const options = experiment.series.flatMap((series, k) =>
        series.group === group ? [new Option(series.name + (series.paper ? "  (" + plain(series.paper) + ")" : ""), k)] : []);
      const made = make("optgroup", "", {label: group});
      made.append(...options);
      return options.length > 0 ? [made] : [];
    });
    element("series").replaceChildren(...groups.flat());
  }

  // A short stretch of the line that stands for a name.
  function swatch(look) {
    const svg = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "line");
    svg.setAttribute("viewBox", "0 0 38 12");
    svg.setAttribute("aria-hidden", "true");
    const attributes = {x1: 0, x2: 38, y1: 6, y2: 6, "stroke-width": 2.2, "stroke-dasharray": look.dash.map(d => 1.6 * d).join(" ")};
    for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
    line.style.stroke = "light-dark(" + look.colour + ", " + look.colour_on_dark + ")";
    svg.append(line);
    return svg;
  }

  function box(text, picture, change) {
    const label = make("label"), input = make("input", "", {type: "checkbox", checked: true});
    input.addEventListener("change", () => { change(input.checked); update(true); });
    label.append(input, ...picture, " " + text);
    return {label, input};
  }

  // A line for each name: the name, which takes all its seeds along, and the seeds.
  function fillRuns() {
    chosen = new Set(experiment.runs.keys());
    element("runs").replaceChildren(...experiment.looks.flatMap((look, l) => {
      const runs = experiment.runs.flatMap((run, k) => (run.look === l ? [k] : []));
      const set = (k, on) => (on ? chosen.add(k) : chosen.delete(k));
      const seeds = runs.map(k => box("seed " + experiment.runs[k].seed, [], on => { set(k, on); follow(); }));
      const name = box(look.name, [swatch(look)], on => {
        runs.forEach(k => set(k, on));
        seeds.forEach(seed => { seed.input.checked = on; });
      });
      name.input.dataset.name = look.name;
      function follow() {
        const on = runs.filter(k => chosen.has(k)).length;
        Object.assign(name.input, {checked: on === runs.length, indeterminate: on > 0 && on < runs.length});
      }
      const line = make("span", "", {className: "seeds"});
      line.append(...seeds.map(seed => seed.label));
      return [name.label, line];
    }));
  }

  function heading(series) {
    const where = experiments.length > 1 ? experiment.title + ": " : "";
    const about = make("small", where + series.about + (series.unit === "1" ? "" : " (" + series.unit + ")"));
    const symbol = make("span", "", {className: "symbol"});
    if (series.paper) symbol.append(...letters(series.paper), " = ");
    symbol.append(...letters(series.symbol), " ");
    element("heading").replaceChildren(make("span", series.name, {className: "name"}), symbol, about);
  }

  // Draws what is chosen. The zoom stays while the axes stay.
  function update() {
    const series = Number(element("series").value), x = radio("x"), isLog = radio("y") === "log";
    const draw = document.querySelectorAll('input[name="draw"]');
    // runs have no common values of the loss
    draw.forEach(input => { input.disabled = x === "loss"; });
    const choice = {series, x, isLog, isMedian: x === "step" && radio("draw") === "median", runs: chosen};
    const {curves, notes} = steepest.curves(experiment, choice);
    if (x === "loss") notes.unshift("Every run is drawn against the loss, since runs have no common values of it.");
    if (curves.some(c => c.separation.length > 0)) notes.unshift("Thin vertical lines: first step with 100 % train accuracy.");
    if (curves.some(c => c.turn.length > 0)) notes.unshift("Dashed vertical lines: switch of the optimiser.");
    if (chosen.size === 0) notes.unshift("No run is chosen.");
    else if (curves.every(c => c.y.every(y => y === null))) notes.unshift(isLog ? "Nothing of it is positive: try the linear axis." : "There is nothing to draw.");
    element("notes").textContent = notes.join(" ");
    heading(experiment.series[series]);
    const axes = [experiments.indexOf(experiment), series, x, isLog].join();
    chart.show(curves, {xName: x === "step" ? "step + 1" : "−ln L", xIsStep: x === "step", isLog}, axes === shown);
    shown = axes;
  }

  function changeSeries() {
    const kind = experiment.series[Number(element("series").value)].is_linear ? "linear" : "log";
    document.querySelector('input[name="y"][value="' + kind + '"]').checked = true;
    update();
  }

  function changeExperiment() {
    experiment = experiments[Number(element("experiment").value)];
    const before = element("series").selectedOptions[0];
    const wanted = before && experiment.series.findIndex(series => before.text.split(" ")[0] === series.name);
    fillSeries();
    if (wanted >= 0) element("series").value = wanted;
    fillRuns();
    changeSeries();
  }

  if (!experiment) {
    element("chart").hidden = true;
    return;
  }
  element("controls").hidden = false;
  element("experiment").replaceChildren(...experiments.map((e, k) => new Option(e.title + " (" + e.name + ")", k)));
  document.querySelector(".experiments").hidden = experiments.length < 2;
  element("experiment").addEventListener("change", changeExperiment);
  element("series").addEventListener("change", changeSeries);
  document.querySelectorAll("#controls input").forEach(input => input.addEventListener("change", update));
  element("reset").addEventListener("click", () => chart.reset());
  // a link to a run opens what it links to
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", open);
  open();
  changeExperiment();
  steepest.chart = chart;
})();
