// Heat: one number for each layer and pass, as a map.

/** A heat map with one or more views. */
function heat(chart) {
  const now = { view: 0 };
  const frame = figure(chart, (width) => drawHeat(width, chart, chart.views[now.view], frame));
  if (chart.views.length > 1) frame.controls.append(select("figure", chart.views.map((view, index) => [index, view.title]), 0, (value) => {
    now.view = Number(value);
    frame.redraw();
  }));
  return frame.node;
}

function drawHeat(width, chart, view, frame) {
  const found = view.values.flat().filter((value) => value !== null);
  if (!found.length) return nothing(width);
  const high = view.most ?? found.reduce((a, b) => Math.max(a, b), 0);
  const left = Math.round(Math.min(0.42 * width, 176));
  const step = 17;
  const height = chart.rows.length * step + 24;
  const drawing = canvas(width, height);
  const columns = chart.columns.map((_, column) => column).filter((column) => view.values.some((line) => line[column] !== null));
  const side = (width - left - 8) / columns.length;
  const label = (text, attributes) => svg("text", { class: "tick", ...attributes }, text);
  drawing.append(...columns.map((column, place) => label(cut(chart.columns[column], side / 6), { x: left + (place + 0.5) * side, y: 14, "text-anchor": "middle" })));
  const marks = [];
  chart.rows.forEach((row, index) => {
    const top = 22 + index * step;
    drawing.append(label(cutStart(row.name, Math.floor((left - 8) / 6)), { x: left - 6, y: top + 12, "text-anchor": "end" }));
    columns.forEach((column, place) => {
      const value = view.values[index][column];
      if (value === null) return;
      const share = high > 0 ? value / high : 0;
      const cell = svg("g", { class: "cell" },
        svg("rect", { x: left + place * side + 0.5, y: top + 0.5, width: Math.max(1, side - 1), height: step - 1, fill: shade(share) }));
      if (side > 44) cell.append(svg("text", { class: share > 0.55 ? "on light" : "on", x: left + (place + 0.5) * side, y: top + 12, "text-anchor": "middle" }, quantity(view, value, 3)));
      const pairs = [["pass", chart.columns[column]], [view.title, quantity(view, value)], ...chart.views.filter((one) => one !== view).map((one) => [one.title, quantity(one, one.values[index][column])])];
      marks.push({ node: cell, link: row.link ?? -1, title: row.name, pairs });
    });
  });
  drawing.append(svg("g", {}, marks.map((one) => one.node)));
  const ends = [0, high].map((value) => quantity(view, value));
  frame.legend.replaceChildren(el("span", { class: "scale" }, ends[0], svg("svg", { width: 120, height: 12, "aria-hidden": "true" },
    Array.from({ length: 24 }, (_, part) => svg("rect", { x: part * 5, y: 0, width: 5.5, height: 12, fill: shade(part / 23) }))), ends[1]));
  return { drawing, marks };
}
