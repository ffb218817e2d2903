// Axes: from values to places on the page, with ticks at round numbers.

/** Round steps over a linear range, about `count` of them. */
function linearTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const ticks = [];
  for (let place = Math.ceil(low / step - 1e-9); place * step <= high + step * 1e-9; place += 1) ticks.push(place * step);
  return ticks;
}

/** Powers of ten over a logarithmic range, with 2 and 5 between them where there is room. */
function logTicks(low, high, count) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const within = last - first <= count / 3 ? [1, 2, 5] : last - first <= count / 2 ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil((last - first) / count));
  const ticks = [];
  for (let power = first; power <= last; power += every) for (const each of within) ticks.push(each * 10 ** power);
  const inside = ticks.filter((tick) => tick >= low * 0.9999 && tick <= high * 1.0001);
  return inside.length > 1 ? inside : linearTicks(low, high, count);
}

/** A scale of a column's values over [from, to]: `at(row)`, `place(value)`, `ticks`, and the axis' title. */
function scale(column, rows, { log = false, from, to, room = 70, spans = [], own = true }) {
  if (!column.numeric) return nameScale(column, rows, from, to);
  const values = [column, ...spans].flatMap((one) => rows.map((row) => one.numbers[row])).filter((value) => value !== null && (!log || value > 0));
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(low <= high)) [low, high] = log ? [1, 10] : [0, 1];
  [low, high] = padded(low * column.factor, high * column.factor, log);
  const count = Math.max(2, Math.abs(to - from) / room);
  const [a, b] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const place = (value) => from + ((log ? Math.log(value * column.factor) : value * column.factor) - a) / (b - a) * (to - from);
  const every = distinct(values).sort((one, other) => one - other).map((value) => value * column.factor);
  const apart = every.slice(1).every((value, index) => Math.abs(place(value / column.factor) - place(every[index] / column.factor)) > room * 0.62);
  const ticks = own && every.length > 1 && every.length <= 8 && apart ? every : log ? logTicks(low, high, count) : linearTicks(low, high, count);
  const [size, name] = column.prefixed ? prefixOf(Math.max(Math.abs(low), Math.abs(high)) * 0.9999) : [1, ""];
  const each = column.prefixed && log && high / low > 2000;
  const unit = each ? column.unit : joined(name, column.unit);
  const text = (tick) => (each ? quantity({ ...column, factor: 1 }, tick, 3) : digits(tick / size, tickDigits(ticks, size)));
  return {
    place,
    at: (row) => (column.numbers[row] === null || (log && !(column.numbers[row] > 0)) ? null : place(column.numbers[row])),
    ticks: ticks.map((tick) => [place(tick / column.factor), text(tick)]),
    title: unit ? `${column.title} (${unit})` : column.title,
  };
}

/** Digits enough to tell neighbouring ticks apart. */
function tickDigits(ticks, size) {
  for (let places = 2; places < 8; places += 1) {
    if (distinct(ticks.map((tick) => digits(tick / size, places))).length === ticks.length) return Math.max(3, places);
  }
  return 8;
}

/** A range with some air around it, and never an empty one. */
function padded(low, high, log) {
  if (log) {
    const air = Math.max((high / low) ** 0.04, 1.02);
    return [low / air, high * air];
  }
  const air = high > low ? 0.04 * (high - low) : Math.abs(low) * 0.05 || 1;
  return [low >= 0 && low - air < 0 ? 0 : low - air, high + air];
}

/** A scale of texts: each has a place of its own. */
function nameScale(column, rows, from, to) {
  const names = distinct(rows.map((row) => String(column.cells[row])));
  const step = (to - from) / Math.max(1, names.length);
  const place = (value) => from + (names.indexOf(String(value)) + 0.5) * step;
  const every = Math.ceil(names.length / 24);
  const ticks = names.map((name) => [place(name), cut(name, 14)]).filter((_, index) => index % every === 0);
  return { place, at: (row) => place(column.cells[row]), ticks, title: column.title };
}

/** Both axes of a plot, with a faint grid and their titles. */
function axes(x, y, box) {
  const { left, top, right, bottom } = box;
  const across = x.ticks.map(([at, text]) => [
    svg("line", { class: "grid", x1: at, x2: at, y1: top, y2: bottom }),
    svg("text", { class: "tick", x: at, y: bottom + 15, "text-anchor": "middle" }, text),
  ]);
  const up = y.ticks.map(([at, text]) => [
    svg("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
    svg("text", { class: "tick", x: left - 6, y: at + 3.5, "text-anchor": "end" }, text),
  ]);
  const middle = (top + bottom) / 2;
  return svg("g", { class: "axes", "aria-hidden": "true" }, across.flat(), up.flat(),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    svg("line", { class: "axis", x1: left, x2: left, y1: top, y2: bottom }),
    svg("text", { class: "title", x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, cut(x.title, (right - left) / 6.2)),
    svg("text", { class: "title", x: 0, y: 0, "text-anchor": "middle", transform: `translate(12 ${middle}) rotate(-90)` }, cut(y.title, (bottom - top) / 6.2)));
}
