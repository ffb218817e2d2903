// Bars: what a whole is made of, stacked from the left, as amounts or as shares.

/** A chart of stacked bars with one or more views. */
function bars(chart) {
  const now = { view: 0, share: false };
  const frame = figure(chart, (width) => drawBars(width, chart.views[now.view], now, frame));
  const legend = () => {
    frame.hidden.clear();
    fillLegend(frame, chart.views[now.view].parts, (index) => swatch(index, "patch"));
  };
  if (chart.views.length > 1) frame.controls.append(select("figure", chart.views.map((view, index) => [index, view.name]), 0, (value) => {
    now.view = Number(value);
    legend();
    frame.redraw();
  }));
  frame.controls.append(toggle("shares", false, (on) => {
    now.share = on;
    frame.redraw();
  }));
  legend();
  return frame.node;
}

function drawBars(width, view, now, frame) {
  const parts = view.parts.map((name, index) => ({ name, index })).filter(({ name }) => !frame.hidden.has(name));
  const wholes = view.bars.map((bar) => parts.reduce((sum, { index }) => sum + (bar.values[index] ?? 0), 0));
  const most = wholes.reduce((high, whole) => Math.max(high, whole), 0);
  if (!(most > 0)) return nothing(width, "all of it is zero");
  const longest = view.bars.reduce((high, bar) => Math.max(high, Math.min(26, [...bar.name].length)), 0);
  const left = Math.round(Math.min(0.36 * width, 12 + 6.3 * longest));
  const step = view.bars.length > 24 ? 18 : 30;
  const height = view.bars.length * step + 52;
  const box = { left, top: 6, right: width - 18, bottom: height - 44 };
  const unit = now.share ? { title: view.title, unit: "%", factor: 100, prefixed: false } : { title: view.title, unit: view.unit, factor: view.factor, prefixed: true };
  const x = scale({ ...unit, numeric: true, numbers: [0, now.share ? 1 : most] }, [0, 1], { from: box.left, to: box.right, own: false });
  const drawing = canvas(width, height);
  drawing.append(axes(x, { ticks: [], title: "" }, box));
  const marks = [];
  view.bars.forEach((bar, row) => {
    const name = svg("text", { class: "tick", x: left - 6, y: box.top + row * step + step / 2 + 4, "text-anchor": "end" }, cutStart(bar.name, Math.floor((left - 10) / 6)));
    drawing.append(name);
    let reached = 0;
    for (const { name: part, index } of parts) {
      const value = bar.values[index] ?? 0;
      const share = wholes[row] ? value / wholes[row] : 0;
      const [from, to] = [reached, reached + (now.share ? share : value)].map(x.place);
      reached += now.share ? share : value;
      if (to - from < 0.2) continue;
      const node = svg("rect", { class: `part ${colour(index)}${index >= COLOURS ? " again" : ""}`, x: from, y: box.top + row * step + step * 0.12, width: Math.max(0.5, to - from), height: step * 0.76 });
      const pairs = [[part, quantity({ ...view, prefixed: true }, value)], ["share", `${digits(100 * share, 3)} %`], ["whole", quantity({ ...view, prefixed: true }, wholes[row])]];
      marks.push({ node, link: bar.link ?? -1, title: bar.name, pairs });
    }
  });
  drawing.append(svg("g", {}, marks.map((one) => one.node)));
  return { drawing, marks };
}
