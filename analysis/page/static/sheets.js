// Sheets: tables that sort, filter, choose, and leave as CSV.

const FIRST_ROWS = 25;
const MORE_ROWS = 200;

/** A table of the page. */
function table(sheet) {
  const state = { sort: null, down: false, filters: new Map(), most: FIRST_ROWS, all: false, chosenOnly: false };
  const body = el("tbody");
  const head = el("thead");
  const count = el("p", { class: "count", "aria-live": "polite" });
  const more = el("button", { type: "button", click: () => {
    state.most += MORE_ROWS;
    fillBody();
  } }, "more rows");
  const shown = () => sheet.columns.filter((column) => state.all || column.shown);
  const wanted = () => arranged(sheet, state).filter((row) => !state.chosenOnly || chosen.has(sheet.links[row]));
  const fillBody = () => {
    const rows = wanted();
    const columns = shown();
    body.replaceChildren(...rows.slice(0, state.most).map((row) => rowOf(sheet, columns, row)));
    for (const row of body.children) mark(row);
    more.hidden = rows.length <= state.most;
    const out = sheet.links.length < sheet.whole ? `; ${sheet.links.length} of ${sheet.whole} rows are in this page, all of them in ${sheet.source}` : "";
    count.textContent = `${Math.min(rows.length, state.most)} of ${rows.length} rows shown${out}`;
  };
  const sorted = (key) => {
    const numeric = sheet.columns.find((column) => column.key === key).numeric;
    if (state.sort !== key) [state.sort, state.down] = [key, numeric];
    else if (state.down === numeric) state.down = !state.down;
    else [state.sort, state.down] = [null, false];
    for (const cell of head.querySelectorAll("th[data-key]")) cell.setAttribute("aria-sort", cell.dataset.key === state.sort ? (state.down ? "descending" : "ascending") : "none");
    fillBody();
  };
  const fillHead = () => head.replaceChildren(...headOf(sheet, shown(), state, sorted, fillBody));
  const tools = toolsOf(sheet, state, wanted, () => {
    fillHead();
    fillBody();
  }, fillBody);
  watchers.push(() => state.chosenOnly && fillBody());
  fillHead();
  fillBody();
  const box = el("div", { class: "box", tabindex: "0", role: "region", "aria-label": sheet.title }, el("table", {}, head, body));
  return el("section", { class: "sheet", id: `sheet-${sheet.name}` }, el("h2", {}, said(sheet.title)),
    sheet.note ? el("p", { class: "reading" }, said(sheet.note)) : null, tools, box, el("div", { class: "foot" }, count, more));
}

/** One row with the box that chooses it. */
function rowOf(sheet, columns, row) {
  const link = sheet.links[row];
  const name = page.links[link] ?? "";
  const pick = sheet.linked && el("td", { class: "pick" }, link < 0 ? null : el("input", { type: "checkbox", "aria-label": `choose ${cut(name, 80)}`, change: () => choose(link, true) }));
  const cells = columns.map((column) => {
    const text = shownCell(column, row);
    const exact = column.numeric && column.cells[row] !== null ? `${column.cells[row]}${column.written ?? ""} ${column.factor === 1 && !column.written ? column.unit : ""}`.trim() : text;
    return el("td", { class: column.numeric ? "number" : text.length > 40 ? "text" : "text short", title: text === "" ? undefined : exact }, said(cut(text, 90)));
  });
  return el("tr", {
    "data-link": link,
    click: (event) => event.target.localName !== "input" && String(window.getSelection()) === "" && choose(link, event.shiftKey || event.ctrlKey || event.metaKey),
  }, pick, cells);
}

/** The headers, each a button that sorts, and a line of filters under them. */
function headOf(sheet, columns, state, sorted, fillBody) {
  const names = columns.map((column) => el("th", {
    scope: "col", "data-key": column.key, class: column.numeric ? "number" : "text", title: column.key,
    "aria-sort": column.key === state.sort ? (state.down ? "descending" : "ascending") : "none",
  }, el("button", { type: "button", click: () => sorted(column.key) }, said(titleOf(column)))));
  const filters = columns.map((column) => {
    const input = el("input", { type: "search", "aria-label": `filter ${column.title}`, placeholder: column.numeric ? "<, >, a..b" : "holds", input: () => {
      state.filters.set(column.key, input.value);
      state.most = FIRST_ROWS;
      fillBody();
    } });
    input.value = state.filters.get(column.key) ?? "";
    return el("td", {}, input);
  });
  const pick = () => (sheet.linked ? el("td", { class: "pick" }) : null);
  return [el("tr", {}, pick(), names), el("tr", { class: "filters" }, pick(), filters)];
}

/** What can be done with a table. */
function toolsOf(sheet, state, wanted, again, fillBody) {
  const tools = el("div", { class: "controls" });
  if (sheet.columns.some((column) => !column.shown)) tools.append(toggle(`all ${sheet.columns.length} columns`, false, (on) => {
    state.all = on;
    again();
  }));
  if (sheet.linked) tools.append(toggle("chosen only", false, (on) => {
    state.chosenOnly = on;
    fillBody();
  }));
  const button = el("button", { type: "button", click: async () => {
    const done = await copy(csv(sheet, wanted()));
    button.textContent = done ? "copied" : "not copied";
    setTimeout(() => { button.textContent = "copy CSV"; }, 1500);
  } }, "copy CSV");
  tools.append(button, el("button", { type: "button", click: () => save(csv(sheet, wanted()), sheet.file) }, "save CSV"));
  return tools;
}
