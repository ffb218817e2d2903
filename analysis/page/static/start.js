// Start: read the data of the page and draw all of it.

const KINDS = { scatter, curves, bars, heat, parallel };
const data = JSON.parse(document.getElementById("data").textContent);
page.links = data.links;
page.tip = el("div", { class: "tip", hidden: "" });
const sheets = {};
for (const sheet of data.sheets) {
  sheet.columns = sheet.columns.map(read);
  for (const column of sheet.columns) column.scale = column.numeric ? scaleOf(column) : { size: 1, unit: "" };
  sheet.linked = sheet.links.some((link) => link >= 0);
  sheets[sheet.name] = sheet;
}
document.body.append(chosenBar(data.linked), page.tip);
document.getElementById("charts").append(...data.charts.map((chart) => KINDS[chart.kind](chart, sheets)));
document.getElementById("sheets").append(...data.sheets.map(table));
document.documentElement.classList.add("drawn");
