// Numbers as people read them: few digits, SI prefixes, and one prefix for a whole column.

const PREFIXES = ["a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z"];

/** The size and the name of the prefix that leaves 1 to 999 of `value`. */
function prefixOf(value) {
  const size = Math.abs(value);
  if (!(size > 0) || !Number.isFinite(size)) return [1, ""];
  const power = Math.floor(Math.log10(size * 1.0000001) / 3);
  const place = Math.min(PREFIXES.length - 1, Math.max(0, power + 6));
  return [10 ** (3 * (place - 6)), PREFIXES[place]];
}

/** `value` with `places` digits, without an exponent where people need none. */
function digits(value, places = 4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 10 ** 7) {
    const text = size >= 10 ** places ? value.toFixed(0) : value.toPrecision(places);
    return (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace("-", "−");
  }
  return value.toExponential(Math.max(0, places - 2)).replace(/\.?0+e/, "e").replace(/-/g, "−").replace("e+", "e");
}

/** A raw number in the unit of `column`, with a prefix of its own where it takes one: 4.56 mJ. */
function quantity(column, raw, places = 4) {
  if (raw === null || Number.isNaN(raw)) return "–";
  const value = raw * (column.factor ?? 1);
  if (!column.prefixed) return `${digits(value, places)}${column.unit ? ` ${column.unit}` : ""}`;
  const [size, name] = prefixOf(value);
  return `${digits(value / size, places)} ${joined(name, column.unit)}`.trimEnd();
}

/** A prefix with its unit; a word keeps its distance. */
function joined(name, unit) {
  return name && unit.length > 3 && unit !== "FLOP" ? `${name} ${unit}` : `${name}${unit}`;
}

/** What all numbers of a column are divided by, and the unit that is then in its header. */
function scaleOf(column) {
  const values = column.numbers.filter((value) => value !== null);
  const most = values.reduce((high, value) => Math.max(high, Math.abs(value)), 0) * column.factor;
  if (!column.prefixed || most === 0) return { size: 1 / column.factor, unit: column.unit };
  if (column.factor === 1 && most < 1e5 && most >= 1 && values.every(Number.isInteger)) return { size: 1, unit: column.unit };
  const [size, name] = prefixOf(most);
  return { size: size / column.factor, unit: joined(name, column.unit) };
}

/** A column as the charts use it: `texts` to show and `numbers` to place, null where there is none. */
function read(column) {
  const cells = column.words ? column.cells.map((place) => column.words[place]) : column.cells;
  const whole = /^-?[0-9]{16,}$/;
  const counts = (cell) => cell === null || typeof cell === "number" || (typeof cell === "string" && whole.test(cell));
  const numeric = cells.some((cell) => cell !== null && cell !== "") && cells.every(counts);
  const numbers = numeric ? cells.map((cell) => (cell === null ? null : Number(cell))) : null;
  return { ...column, cells, numeric, numbers, names: numeric ? null : distinct(cells.map(String)) };
}

/** A cell as a table shows it, in the scale of its column. */
function shownCell(column, row) {
  const cell = column.cells[row];
  if (cell === null) return "";
  if (!column.numeric) return cell === true ? "yes" : cell === false ? "no" : String(cell);
  const value = column.numbers[row] / column.scale.size;
  return Number.isInteger(value) && Math.abs(value) < 1e7 ? String(value).replace("-", "−") : digits(value);
}

/** The header of a column, with the unit that its numbers have in a table. */
function titleOf(column) {
  const unit = column.numeric ? column.scale.unit : column.unit;
  return unit ? `${column.title} (${unit})` : column.title;
}
