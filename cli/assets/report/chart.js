"use strict";
// The chart: uPlot lays out axes, cursor and selection; the curves are drawn here.
(function () {
  const SPOT_REACH = 40; // how far, in pixels, the pointer may be from what it reads
  const HEIGHT = 440;

  const isDark = () => !printing && matchMedia("(prefers-color-scheme: dark)").matches;
  let printing = false;
  const ink = name => (printing ? {"--ink": "#000000", "--quiet": "#444444", "--grid": "#dddddd"}[name]
    : getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  const colour = look => (isDark() ? look.colour_on_dark : look.colour);

  steepest.Chart = class {
    // holder: the element to draw in; tell: hears the reading, a text.
    constructor(holder, tell) {
      Object.assign(this, {holder, tell, curves: [], axes: null, whole: null, view: null, at: null, plot: null});
      const redraw = () => this.plot && this.plot.redraw();
      new ResizeObserver(() => this.plot && this.plot.setSize(this.size())).observe(holder);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
      addEventListener("beforeprint", () => { printing = true; redraw(); });
      addEventListener("afterprint", () => { printing = false; redraw(); });
      holder.addEventListener("keydown", event => this.key(event));
      holder.addEventListener("blur", () => this.read(null));
    }

    size() {
      return {width: Math.max(280, this.holder.clientWidth), height: HEIGHT};
    }

    // Shows curves on axes {xName, isLog, xIsStep}; keepView keeps the zoom.
    show(curves, axes, keepView) {
      Object.assign(this, {curves, axes, at: null});
      const across = curves.flatMap(c => [c.x.filter((x, k) => c.y[k] !== null), c.separation, c.turn]);
      const along = curves.flatMap(c => (c.low ? [c.y, c.low, c.high] : [c.y]));
      this.whole = {x: steepest.range(across, true), y: steepest.range(along, axes.isLog)};
      if (!keepView || !this.isZoomed) this.view = this.whole;
      this.isZoomed = keepView && this.isZoomed;
      if (this.plot) this.plot.destroy();
      this.plot = new uPlot(this.options(), [[1, 2], [null, null]], this.holder);
      this.spot = this.plot.over.appendChild(document.createElement("div"));
      this.spot.className = "spot";
      this.tip = this.plot.over.appendChild(document.createElement("div"));
      this.tip.className = "tip";
      this.read(null);
    }

    options() {
      const axis = (isLog, most, more) => ({
        stroke: () => ink("--ink"), grid: {stroke: () => ink("--grid"), width: 1}, ticks: {stroke: () => ink("--grid"), width: 1},
        font: "13px system-ui, sans-serif", labelFont: "13px system-ui, sans-serif",
        splits: (u, k, low, high) => steepest.ticks(low, high, isLog, most()), filter: (u, ticks) => ticks,
        values: (u, ticks) => steepest.tickTexts(ticks, isLog), ...more,
      });
      const scale = (name, isLog) => ({time: false, distr: isLog ? 3 : 1, range: () => this.view[name]});
      return {
        ...this.size(), padding: [10, 18, 0, 0], legend: {show: false},
        scales: {x: scale("x", true), y: scale("y", this.axes.isLog)},
        series: [{}, {scale: "y", points: {show: false}}],
        axes: [axis(true, () => Math.max(3, this.size().width / 110), {label: this.axes.xName, labelSize: 22, size: 34}),
          axis(this.axes.isLog, () => 8, {size: 78})],
        cursor: {
          points: {show: false}, drag: {x: true, y: true, uni: 24, dist: 4, setScale: false},
          bind: {dblclick: () => () => { this.reset(); return null; }},
        },
        hooks: {
          draw: [() => this.draw()], setCursor: [u => this.point(u.cursor.left, u.cursor.top)],
          setSelect: [u => this.zoomTo(u.select)],
        },
      };
    }

    // Everything in view.
    reset() {
      this.look(this.whole, false);
    }

    look(view, isZoomed) {
      Object.assign(this, {view, isZoomed});
      this.plot.batch(() => {
        for (const name of ["x", "y"]) this.plot.setScale(name, {min: view[name][0], max: view[name][1]});
      });
      this.place();
    }

    zoomTo({left, top, width, height}) {
      if (width < 4 && height < 4) return;
      const value = (position, name) => this.plot.posToVal(position, name);
      const view = {x: [value(left, "x"), value(left + width, "x")], y: [value(top + height, "y"), value(top, "y")]};
      this.plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
      if (view.x[1] > view.x[0] * (1 + 1e-9) && view.y[1] > view.y[0]) this.look(view, true);
    }

    // Zooms by a factor about the point that is read, or the middle.
    zoomBy(factor) {
      const {width, height} = this.plot.over.getBoundingClientRect();
      const here = this.at && this.spotAt();
      const [x, y] = here || [width / 2, height / 2];
      this.zoomTo({left: x - factor * x, top: y - factor * y, width: factor * width, height: factor * height});
    }

    // A point of a curve in pixels of the plot, or null where it has no place.
    pixel(curve, k, onCanvas) {
      if (curve.y[k] === null) return null;
      return [this.plot.valToPos(curve.x[k], "x", onCanvas), this.plot.valToPos(curve.y[k], "y", onCanvas)];
    }

    draw() {
      const {ctx, bbox} = this.plot, ratio = devicePixelRatio;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.lineJoin = "round";
      const many = this.curves.length > 12;
      for (const curve of this.curves) this.drawMarks(curve, ratio);
      for (const curve of this.curves.filter(c => c.low)) this.drawBand(curve);
      for (const curve of this.curves) this.drawLine(curve, ratio, many);
      ctx.restore();
    }

    drawMarks(curve, ratio) {
      const {ctx, bbox} = this.plot;
      ctx.strokeStyle = colour(curve.look);
      ctx.lineWidth = ratio;
      for (const [steps, dash, alpha] of [[curve.separation, [], 0.45], [curve.turn, [5, 4], 0.7]]) {
        ctx.globalAlpha = alpha;
        ctx.setLineDash(dash.map(d => d * ratio));
        for (const step of steps) {
          const x = this.plot.valToPos(step, "x", true);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
      }
      ctx.globalAlpha = 1;
      ctx.setLineDash([]);
    }

    drawBand(curve) {
      const {ctx} = this.plot, at = (x, y) => [this.plot.valToPos(x, "x", true), this.plot.valToPos(y, "y", true)];
      ctx.fillStyle = colour(curve.look);
      ctx.globalAlpha = isDark() ? 0.25 : 0.18;
      // a lower edge without a place on the axis lies at the foot of the plot
      const isDrawn = k => curve.y[k] !== null && curve.high[k] !== null;
      const low = k => (curve.low[k] === null ? this.view.y[0] / (this.axes.isLog ? 10 : 1) : curve.low[k]);
      for (let from = 0; from < curve.x.length; from++) {
        if (!isDrawn(from)) continue;
        let to = from;
        while (to + 1 < curve.x.length && isDrawn(to + 1)) to++;
        ctx.beginPath();
        for (let k = from; k <= to; k++) ctx.lineTo(...at(curve.x[k], curve.high[k]));
        for (let k = to; k >= from; k--) ctx.lineTo(...at(curve.x[k], low(k)));
        ctx.fill();
        from = to;
      }
      ctx.globalAlpha = 1;
    }

    drawLine(curve, ratio, isThin) {
      const {ctx} = this.plot;
      ctx.strokeStyle = colour(curve.look);
      ctx.lineWidth = (isThin ? 1.2 : 2) * ratio;
      ctx.globalAlpha = isThin ? 0.8 : 1;
      ctx.setLineDash(curve.look.dash.map(d => 1.6 * d * ratio));
      ctx.beginPath();
      let isOpen = false;
      for (let k = 0; k < curve.x.length; k++) {
        const here = this.pixel(curve, k, true);
        if (here && isOpen) ctx.lineTo(...here);
        else if (here && (k + 1 === curve.x.length || curve.y[k + 1] === null)) ctx.rect(here[0] - ratio, here[1] - ratio, 2 * ratio, 2 * ratio); // alone
        else if (here) ctx.moveTo(...here);
        isOpen = here !== null;
      }
      ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.setLineDash([]);
    }

    // Reads the point nearest to the pointer.
    point(left, top) {
      if (left < 0 || !this.plot) return this.read(null);
      let best = null, nearest = SPOT_REACH ** 2;
      for (const curve of this.curves) {
        for (let k = 0; k < curve.x.length; k++) {
          const here = this.pixel(curve, k, false);
          const distance = here ? (here[0] - left) ** 2 + (here[1] - top) ** 2 : Infinity;
          if (distance < nearest) [best, nearest] = [{curve, k}, distance];
        }
      }
      return this.read(best);
    }

    read(at) {
      this.at = at;
      if (at) {
        const {curve, k} = at, step = "step " + curve.steps[k];
        const where = this.axes.xIsStep ? step : "−ln L = " + steepest.number(curve.x[k]) + ", " + step;
        const spread = curve.low && curve.low[k] !== null ? " [" + steepest.number(curve.low[k]) + ", " + steepest.number(curve.high[k]) + "]" : "";
        const lines = [curve.label, where, steepest.number(curve.y[k]) + spread];
        this.tip.replaceChildren(...lines.map((text, k) => {
          const line = document.createElement(k ? "div" : "b");
          line.textContent = text;
          return line;
        }));
        this.tell(lines.join(": "));
      }
      if (this.plot) this.place();
    }

    spotAt() {
      const {width, height} = this.plot.over.getBoundingClientRect();
      const here = this.pixel(this.at.curve, this.at.k, false);
      return here && here[0] >= 0 && here[0] <= width && here[1] >= 0 && here[1] <= height ? here : null;
    }

    // Puts the spot and the tip where the reading is.
    place() {
      const here = this.at && this.spotAt();
      this.spot.hidden = this.tip.hidden = !here;
      if (!here) return;
      this.spot.style.background = colour(this.at.curve.look);
      this.spot.style.left = here[0] + "px";
      this.spot.style.top = here[1] + "px";
      const {width, height} = this.plot.over.getBoundingClientRect();
      const beside = here[0] + 14 + this.tip.offsetWidth > width ? here[0] - 14 - this.tip.offsetWidth : here[0] + 14;
      this.tip.style.left = Math.max(0, beside) + "px";
      this.tip.style.top = Math.min(Math.max(0, here[1] - 20), height - this.tip.offsetHeight) + "px";
    }

    key(event) {
      const does = {
        ArrowRight: () => this.walk(1), ArrowLeft: () => this.walk(-1), ArrowDown: () => this.change(1), ArrowUp: () => this.change(-1),
        "+": () => this.zoomBy(0.5), "=": () => this.zoomBy(0.5), "-": () => this.zoomBy(2), "0": () => this.reset(), Escape: () => this.reset(),
      }[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey || this.curves.length === 0) return;
      event.preventDefault();
      does();
    }

    // To the next point of the curve that is in view.
    walk(by) {
      const {curve, k} = this.at || {curve: this.curves[0], k: by > 0 ? -1 : this.curves[0].x.length};
      for (let next = k + by; next >= 0 && next < curve.x.length; next += by) {
        if (curve.y[next] !== null && curve.x[next] >= this.view.x[0] && curve.x[next] <= this.view.x[1]) return this.read({curve, k: next});
      }
    }

    // To the next curve, at about the same place.
    change(by) {
      const from = this.at || {curve: this.curves[0], k: 0}, n = this.curves.length;
      const curve = this.curves[(this.curves.indexOf(from.curve) + (this.at ? by : 0) + n) % n], x = from.curve.x[from.k];
      let best = null;
      curve.x.forEach((there, k) => {
        if (curve.y[k] !== null && (best === null || Math.abs(Math.log(there / x)) < Math.abs(Math.log(curve.x[best] / x)))) best = k;
      });
      if (best !== null) this.read({curve, k: best});
    }
  };
})();
