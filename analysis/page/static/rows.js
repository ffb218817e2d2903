// Rows: which rows of a table are shown, in which order, and how they leave as CSV.

/** Whether a cell passes what a reader wrote over its column: a text it holds, or <4, >=2, 1..3, =x. */
function passes(column, row, wanted) {
  const text = wanted.trim();
  if (text === "") return true;
  const value = column.numeric ? (column.numbers[row] === null ? null : column.numbers[row] / column.scale.size) : null;
  const compare = /^(<=|>=|<|>|=)\s*(-?[0-9.]+(?:e[-+]?[0-9]+)?)$/i.exec(text);
  const range = /^(-?[0-9.]+(?:e[-+]?[0-9]+)?)\s*\.\.\s*(-?[0-9.]+(?:e[-+]?[0-9]+)?)$/i.exec(text);
  if (column.numeric && compare) {
    const bound = Number(compare[2]);
    const tests = { "<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound, "=": value === bound };
    return value !== null && tests[compare[1]];
  }
  if (column.numeric && range) return value !== null && value >= Number(range[1]) && value <= Number(range[2]);
  const cell = shownCell(column, row).toLowerCase();
  return text.startsWith("=") ? cell === text.slice(1).trim().toLowerCase() : cell.includes(text.toLowerCase());
}

/** The rows that pass all filters, sorted by a column; empty cells come last, whichever way. */
function arranged(sheet, state) {
  const filters = [...state.filters].map(([key, wanted]) => [sheet.columns.find((column) => column.key === key), wanted]);
  const rows = sheet.links.map((_, row) => row).filter((row) => filters.every(([column, wanted]) => passes(column, row, wanted)));
  const column = sheet.columns.find((one) => one.key === state.sort);
  if (!column) return rows;
  const way = state.down ? -1 : 1;
  const empty = (row) => column.cells[row] === null || column.cells[row] === "";
  const order = new Intl.Collator("en", { numeric: true });
  const against = column.numeric ? (a, b) => exactly(column, a, b) : (a, b) => order.compare(String(column.cells[a]), String(column.cells[b]));
  return rows.sort((a, b) => empty(a) - empty(b) || (empty(a) ? 0 : way * against(a, b)) || a - b);
}

/** The order of two numbers; of counts beyond what a number holds, exactly. */
function exactly(column, a, b) {
  const [one, other] = [column.cells[a], column.cells[b]];
  if (typeof one === "string" && typeof other === "string") {
    const [x, y] = [BigInt(one), BigInt(other)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return Number(one) - Number(other);
}

/** A cell of CSV (RFC 4180). */
function quoted(value) {
  const text = value === null ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows with all columns of a sheet as CSV, in the units of its file. */
function csv(sheet, rows) {
  const head = sheet.columns.map((column) => quoted(column.key)).join(",");
  const lines = rows.map((row) => sheet.columns.map((column) => quoted(column.cells[row] === null ? null : `${column.cells[row]}${column.written ?? ""}`)).join(","));
  return [head, ...lines, ""].join("\n");
}

/** Hand `text` to the reader as a file. */
function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** Hand `text` to the clipboard; true if it is there. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { readonly: "", class: "away", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
