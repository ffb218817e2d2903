// Scatter: one mark for each row of a table, two of its columns against one another.

const STOPS = [[0, 32, 77], [66, 78, 108], [124, 123, 120], [187, 172, 106], [255, 234, 70]]; // cividis

/** The colour at `share` of a scale that reads in any colour vision. */
function shade(share) {
  const place = Math.min(0.9999, Math.max(0, share)) * (STOPS.length - 1);
  const [low, part] = [Math.floor(place), place % 1];
  return `rgb(${STOPS[low].map((from, index) => Math.round(from + part * (STOPS[low + 1][index] - from))).join(" ")})`;
}

/** A scatter chart of a sheet; see the page's Chart of this kind. */
function scatter(chart, sheets) {
  const sheet = sheets[chart.sheet];
  const columns = Object.fromEntries(sheet.columns.map((column) => [column.key, column]));
  const known = (keys) => keys.filter((key) => key in columns);
  const [xs, ys, series] = [known(chart.xs), known(chart.ys), known(chart.series)];
  const now = { x: xs[0], y: ys[0], series: series[0], logX: chart.logX, logY: chart.logY, filters: {} };
  if (!xs.length || !ys.length) return figure(chart, (width) => nothing(width)).node;
  const frame = figure(chart, (width) => drawScatter(width, { chart, sheet, columns, now, frame }));
  const again = (change) => (value) => {
    change(value);
    frame.redraw();
  };
  const named = (keys) => keys.map((key) => [key, columns[key].title]);
  for (const { key, all } of chart.filters.filter((one) => one.key in columns)) {
    const values = distinct(columns[key].cells.map(String));
    if (values.length < 2) continue;
    now.filters[key] = all ? null : values[0];
    const options = values.map((value) => [`=${value}`, value || "none"]);
    frame.controls.append(select(columns[key].title, all ? [["", "all"], ...options] : options, all ? "" : `=${values[0]}`, again((value) => {
      now.filters[key] = value === "" ? null : value.slice(1);
    })));
  }
  if (xs.length > 1) frame.controls.append(select("across", named(xs), now.x, again((value) => { now.x = value; })));
  if (ys.length > 1) frame.controls.append(select("up", named(ys), now.y, again((value) => { now.y = value; })));
  if (series.length > 1) frame.controls.append(select("colour", named(series), now.series, again((value) => {
    now.series = value;
    frame.hidden.clear();
  })));
  frame.controls.append(toggle("log x", now.logX, again((on) => { now.logX = on; })), toggle("log y", now.logY, again((on) => { now.logY = on; })));
  return frame.node;
}

/** Rows that pass the filters of a chart. */
function passing(sheet, columns, now) {
  const wanted = Object.entries(now.filters).filter(([, value]) => value !== null);
  return sheet.links.map((_, row) => row).filter((row) => wanted.every(([key, value]) => String(columns[key].cells[row]) === value));
}

function drawScatter(width, { chart, sheet, columns, now, frame }) {
  const height = Math.round(Math.min(430, Math.max(290, width * 0.6)));
  const box = { left: 62, top: 12, right: width - 16, bottom: height - 44 };
  const colours = colouring(now.series in columns ? columns[now.series] : null, sheet, frame);
  const rows = passing(sheet, columns, now).filter(colours.visible);
  const [xColumn, yColumn] = [columns[now.x], columns[now.y]];
  const spans = (chart.spans[now.y] ?? []).map((key) => columns[key]).filter((column) => column?.numeric);
  const x = scale(xColumn, rows, { log: now.logX, from: box.left, to: box.right });
  const y = scale(yColumn, rows, { log: now.logY, from: box.bottom, to: box.top, room: 44, spans });
  const drawing = canvas(width, height);
  drawing.append(axes(x, y, box));
  const front = chart.stairs && staircase(rows.filter((row) => columns[chart.hollow]?.cells[row] !== false), xColumn, yColumn, x, y);
  if (front) drawing.append(svg("path", { class: "front", d: front }));
  const order = rows.filter((row) => x.at(row) !== null && y.at(row) !== null);
  const rank = (row) => (columns[chart.front]?.cells[row] === true ? 2 : columns[chart.hollow]?.cells[row] === false ? 0 : 1);
  order.sort((one, other) => rank(one) - rank(other) || x.at(one) - x.at(other));
  const marks = order.map((row) => {
    const [px, py] = [x.at(row), y.at(row)];
    const dim = order.length > 400 ? 3 : 4.5;
    const node = svg("g", { class: `mark ${colours.name(row)}${rank(row) === 0 ? " hollow" : ""}${rank(row) === 2 ? " best" : ""}`, transform: `translate(${px} ${py})` });
    if (spans.length === 2 && spans.every((one) => one.numbers[row] !== null)) {
      const [a, b] = spans.map((one) => y.place(one.numbers[row]) - py);
      node.append(svg("path", { class: "span", d: `M0 ${a}V${b}M-3 ${a}h6M-3 ${b}h6` }));
    }
    const dot = svg("path", { class: "dot", d: symbol(colours.shape(row), dim) });
    if (colours.fill(row)) dot.style.fill = colours.fill(row);
    node.append(dot);
    const text = columns[chart.text]?.cells[row];
    if (text && order.length <= 60) node.append(svg("text", { x: px > box.right - 50 ? -7 : 7, y: -5, "text-anchor": px > box.right - 50 ? "end" : "start" }, cut(text, 12)));
    return { node, link: sheet.links[row], title: page.links[sheet.links[row]] ?? "", pairs: pairsOf(chart, columns, now, row, spans) };
  });
  drawing.append(svg("g", { class: order.length > 400 ? "many" : undefined }, marks.map((one) => one.node)));
  const lost = rows.length - order.length;
  if (lost) drawing.append(svg("text", { class: "tick", x: box.right, y: box.top + 4, "text-anchor": "end" }, `${lost} of ${rows.length} have no place on these axes`));
  return { drawing, marks };
}

/** What the note beside a mark says. */
function pairsOf(chart, columns, now, row, spans) {
  const keys = distinct([...chart.detail, now.series, now.x, now.y]).filter((key) => key in columns);
  const pairs = keys.map((key) => [columns[key].title, columns[key].numeric ? quantity(columns[key], columns[key].numbers[row]) : shownCell(columns[key], row)]);
  if (spans.length === 2 && spans[0].numbers[row] !== null) {
    pairs.push(["interval", spans.map((one) => quantity(one, one.numbers[row])).join(" to ")]);
  }
  return pairs.filter(([, value]) => value !== "");
}

/** How the marks of a column's values differ: by colour and shape, or along a scale where it has many numbers. */
function colouring(column, sheet, frame) {
  const one = { visible: () => true, name: () => "c0", shape: () => 0, fill: () => undefined };
  frame.legend.replaceChildren();
  if (!column) return one;
  const values = distinct(column.cells.map(String));
  if (column.numeric && values.length > COLOURS) {
    const numbers = column.numbers.filter((value) => value !== null);
    const [low, high] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
    frame.legend.append(el("span", { class: "scale" }, quantity(column, low), svg("svg", { width: 120, height: 12, "aria-hidden": "true" },
      Array.from({ length: 24 }, (_, part) => svg("rect", { x: part * 5, y: 0, width: 5.5, height: 12, fill: shade(part / 23) }))), quantity(column, high)));
    const fill = (row) => (column.numbers[row] === null ? "none" : shade(high > low ? (column.numbers[row] - low) / (high - low) : 0.5));
    return { ...one, name: () => "shaded", fill };
  }
  if (values.length > 1) fillLegend(frame, values, (index) => swatch(index, "mark"));
  const index = new Map(values.map((value, place) => [value, place]));
  const of = (row) => index.get(String(column.cells[row]));
  return { ...one, visible: (row) => !frame.hidden.has(String(column.cells[row])), name: (row) => colour(of(row)), shape: of };
}

/** The staircase of what no other row beats in both columns; nothing where one has no better end. */
function staircase(rows, xColumn, yColumn, x, y) {
  if (!xColumn.goal || !yColumn.goal || !xColumn.numeric || !yColumn.numeric || xColumn.key === yColumn.key) return null;
  const [wayX, wayY] = [xColumn, yColumn].map((column) => (column.goal === "max" ? -1 : 1));
  const points = rows.filter((row) => x.at(row) !== null && y.at(row) !== null);
  points.sort((a, b) => wayX * (xColumn.numbers[a] - xColumn.numbers[b]) || wayY * (yColumn.numbers[a] - yColumn.numbers[b]));
  let [best, path] = [Infinity, ""];
  for (const row of points) {
    const value = wayY * yColumn.numbers[row];
    if (value >= best) continue;
    best = value;
    path += path ? `H${x.at(row)}V${y.at(row)}` : `M${x.at(row)} ${y.at(row)}`;
  }
  return path.includes("H") ? path : null;
}
