// Parallel: every point of a sweep as a line across its axes and objectives; a stretch of an axis picks points.

/** Parallel coordinates of a sheet. */
function parallel(chart, sheets) {
  const sheet = sheets[chart.sheet];
  const columns = chart.keys.map((key) => sheet.columns.find((column) => column.key === key)).filter(Boolean);
  const best = sheet.columns.find((column) => column.key === chart.front);
  const ranges = new Map();
  const frame = figure(chart, (width) => drawParallel(width, { chart, sheet, columns, best, ranges }));
  watchers.push(() => {
    if (chosen.size || !ranges.size) return;
    ranges.clear();
    frame.redraw();
  });
  return frame.node;
}

function drawParallel(width, { chart, sheet, columns, best, ranges }) {
  if (columns.length < 2) return nothing(width);
  const wide = Math.max(width, columns.length * 92);
  const height = 300;
  const drawing = canvas(wide, height);
  const side = (wide - 100) / (columns.length - 1);
  const all = sheet.links.map((_, row) => row);
  const scales = columns.map((column) => scale(column, all, { from: height - 34, to: 34, room: 50, log: skewed(column) }));
  const rows = taken(all, best, chart.most);
  rows.sort((a, b) => (best?.cells[a] === true) - (best?.cells[b] === true));
  const marks = [];
  for (const row of rows) {
    const places = scales.map((one, index) => [50 + index * side, one.at(row)]);
    if (places.some(([, y]) => y === null)) continue;
    const path = places.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const node = svg("path", { class: `thread${best?.cells[row] === true ? " best" : ""}`, d: path });
    const pairs = columns.map((column) => [column.title, column.numeric ? quantity(column, column.numbers[row]) : shownCell(column, row)]);
    marks.push({ node, link: sheet.links[row], title: page.links[sheet.links[row]] ?? "", pairs });
  }
  drawing.append(svg("g", {}, marks.map((one) => one.node)));
  columns.forEach((column, index) => drawing.append(axisOf(column, scales[index], 50 + index * side, { height, side, sheet, columns, scales, ranges })));
  return { drawing, marks };
}

/** Whether a column is better read on a logarithmic axis. */
function skewed(column) {
  if (!column.numeric) return false;
  const found = column.numbers.filter((value) => value !== null);
  const [low, high] = [found.reduce((a, b) => Math.min(a, b), Infinity), found.reduce((a, b) => Math.max(a, b), 0)];
  return low > 0 && high / low > 30;
}

/** At most `most` rows: those of the front, and evenly spread others. */
function taken(rows, best, most) {
  const first = rows.filter((row) => best?.cells[row] === true);
  const rest = rows.filter((row) => best?.cells[row] !== true);
  const every = Math.max(1, Math.ceil(rest.length / most));
  return [...rest.filter((_, place) => place % every === 0), ...first];
}

/** One axis, with ticks, its title, and a stretch that a reader draws over it. */
function axisOf(column, one, x, { height, side, sheet, columns, scales, ranges }) {
  const brush = svg("rect", { class: "brush", x: x - 8, width: 16, y: 0, height: 0 });
  const show = () => {
    const range = ranges.get(column.key);
    brush.setAttribute("y", range ? range[0] : 0);
    brush.setAttribute("height", range ? range[1] - range[0] : 0);
  };
  let start = null;
  const at = (event) => Math.min(height - 26, Math.max(26, event.clientY - brush.ownerSVGElement.getBoundingClientRect().top));
  const pick = () => {
    const wanted = [...ranges].map(([key, range]) => [scales[columns.findIndex((each) => each.key === key)], range]);
    chooseAll(wanted.length ? sheet.links.filter((_, row) => wanted.every(([each, [low, high]]) => each.at(row) !== null && each.at(row) >= low && each.at(row) <= high)) : []);
  };
  const area = svg("rect", {
    class: "stretch", x: x - 12, y: 20, width: 24, height: height - 40,
    pointerdown: (event) => {
      start = at(event);
      area.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      if (start === null) return;
      ranges.set(column.key, [Math.min(start, at(event)), Math.max(start, at(event))]);
      show();
    },
    pointerup: (event) => {
      if (Math.abs(at(event) - start) < 4) ranges.delete(column.key);
      start = null;
      show();
      pick();
    },
  });
  show();
  const ticks = one.ticks.map(([y, text]) => svg("text", { class: "tick halo", x: x + 6, y: y + 3.5 }, text));
  const [name, unit] = one.title.split(/ (?=\([^(]*\)$)/);
  const most = Math.floor(side / 7.4);
  return svg("g", {}, svg("line", { class: "axis", x1: x, x2: x, y1: 26, y2: height - 26 }), ticks, brush, area,
    svg("text", { class: "title", x, y: 13, "text-anchor": "middle" }, cutStart(name.length > most ? name.split(".").at(-1) : name, most)),
    svg("text", { class: "tick", x, y: height - 8, "text-anchor": "middle" }, unit ?? ""));
}
