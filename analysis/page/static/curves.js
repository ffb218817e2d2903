// Curves: what changed over training steps, a line for each run or weight.

/** A chart of lines; each metric is drawn alone, since their units differ. */
function curves(chart) {
  const now = { metric: chart.metrics[0]?.key, logX: false, logY: chart.metrics[0]?.log ?? false, group: chart.lines[0]?.group ?? "" };
  const frame = figure(chart, (width) => drawCurves(width, chart, now, frame));
  const log = toggle("log y", now.logY, (on) => {
    now.logY = on;
    frame.redraw();
  });
  const groups = distinct(chart.lines.map((line) => line.group));
  if (groups.length > 1) frame.controls.append(select(chart.grouped, groups.map((name) => [name, name]), now.group, (value) => {
    now.group = value;
    frame.redraw();
  }));
  if (chart.metrics.length > 1) frame.controls.append(select("figure", chart.metrics.map((one) => [one.key, one.title]), now.metric, (value) => {
    now.metric = value;
    now.logY = chart.metrics.find((one) => one.key === value).log;
    log.setAttribute("aria-pressed", String(now.logY));
    frame.redraw();
  }));
  frame.controls.append(toggle("log x", false, (on) => {
    now.logX = on;
    frame.redraw();
  }), log);
  const series = distinct(chart.lines.map((line) => line.series));
  if (series.length > 1) fillLegend(frame, series, (index) => swatch(index, "line", lookOf(chart, series[index])));
  return frame.node;
}

/** The colour and the dashes of a series. */
function lookOf(chart, name) {
  const line = chart.lines.find((one) => one.series === name);
  return `${colour(line.hue)} d${line.dash % 4}`;
}

function drawCurves(width, chart, now, frame) {
  const lines = chart.lines.filter((line) => line.group === now.group && !frame.hidden.has(line.series) && line.figures[now.metric]);
  const metric = chart.metrics.find((one) => one.key === now.metric);
  if (!metric) return nothing(width);
  const all = [0, 1].map((axis) => lines.flatMap((line) => line.figures[now.metric][axis]));
  const across = { ...chart.x, numeric: true, numbers: all[0], factor: 1 };
  const up = { ...metric, numeric: true, numbers: all[1] };
  const height = Math.round(Math.min(400, Math.max(270, width * 0.55)));
  const box = { left: 62, top: 12, right: width - 16, bottom: height - 44 };
  const rows = all[0].map((_, row) => row);
  const x = scale(across, rows, { log: now.logX, from: box.left, to: box.right });
  const y = scale(up, rows, { log: now.logY, from: box.bottom, to: box.top, room: 44 });
  const drawing = canvas(width, height);
  drawing.append(axes(x, y, box));
  const marks = lines.map((line) => lineMark(line, { metric, across, now, x, y }));
  drawing.append(svg("g", {}, marks.map((one) => one.node)));
  return { drawing, marks };
}

/** One line, with the note of the point nearest to the pointer. */
function lineMark(line, { metric, across, now, x, y }) {
  const [steps, values] = line.figures[now.metric];
  const places = steps.map((step, point) => [x.place(step), values[point] === null ? NaN : y.place(values[point])]);
  const drawn = places.map(([px, py], point) => ({ px, py, point })).filter(({ px, py }) => Number.isFinite(px) && Number.isFinite(py));
  const path = drawn.map(({ px, py }, place) => `${place ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
  const node = svg("g", { class: `line ${colour(line.hue)} d${line.dash % 4}` },
    svg("path", { class: "reach", d: path }), svg("path", { class: "stroke", d: path }));
  if (drawn.length === 1) node.append(svg("path", { class: "dot", d: symbol(line.hue, 3.5), transform: `translate(${drawn[0].px} ${drawn[0].py})` }));
  const told = (point) => [[across.title, quantity(across, steps[point])], [metric.title, quantity(metric, values[point])]];
  const pairsAt = (event) => {
    const left = node.ownerSVGElement.getBoundingClientRect().left;
    const near = drawn.reduce((best, one) => (Math.abs(one.px + left - event.clientX) < Math.abs(best.px + left - event.clientX) ? one : best));
    return told(near.point);
  };
  return { node, link: line.link, title: line.name, pairs: drawn.length ? told(drawn.at(-1).point) : [], pairsAt: drawn.length ? pairsAt : undefined };
}
