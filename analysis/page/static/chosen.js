// Chosen: what a reader has picked, in every chart and table at once; and the note beside the pointer.

const chosen = new Set();
const page = {};
const watchers = [];

/** Pick `link`, or let it go; what was picked before stays only if `more`. Rows without one have -1. */
function choose(link, more = false) {
  if (link < 0) return;
  const alone = chosen.size === 1 && chosen.has(link);
  if (more && chosen.has(link)) chosen.delete(link);
  else {
    if (!more) chosen.clear();
    if (!alone || more) chosen.add(link);
  }
  paint();
}

/** Pick these and nothing else. */
function chooseAll(links) {
  chosen.clear();
  for (const link of links) if (link >= 0) chosen.add(link);
  paint();
}

/** Show in every chart and table what is picked. */
function paint() {
  document.body.classList.toggle("choosing", chosen.size > 0);
  for (const node of document.querySelectorAll("[data-link]")) mark(node);
  page.bar.hidden = chosen.size === 0;
  const names = [...chosen].slice(0, 3).map((link) => said(cut(page.links[link], 60)));
  const rest = chosen.size - names.length;
  page.names.replaceChildren(...names.flatMap((name, place) => (place ? [", ", name] : [name])));
  if (rest > 0) page.names.append(`, and ${rest} more`);
  for (const watch of watchers) watch();
}

/** Show of one node whether it is picked. */
function mark(node) {
  const on = chosen.has(Number(node.dataset.link));
  node.classList.toggle("chosen", on);
  const box = node.localName === "tr" && node.querySelector("input[type=checkbox]");
  if (box) box.checked = on;
}

/** The bar that says what is picked and lets it go. */
function chosenBar(linked) {
  page.names = el("span", { class: "names" });
  const clear = el("button", { type: "button", click: () => chooseAll([]) }, "clear");
  page.bar = el("div", { class: "bar", role: "status", hidden: "" }, el("span", {}, `chosen ${linked}: `), page.names, clear);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      hideTip();
      if (chosen.size) chooseAll([]);
    }
  });
  return page.bar;
}

/** The note beside a mark: its first line is its name, the others pairs of a word and a value. */
function showTip(title, pairs, x, y) {
  const list = el("dl", {}, pairs.map(([name, value]) => el("div", {}, el("dt", {}, said(cut(name, 60))), el("dd", {}, said(cut(value, 120))))));
  page.tip.replaceChildren(el("strong", {}, said(cut(title, 120))), list);
  page.tip.hidden = false;
  const box = page.tip.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const left = x + 14 + box.width > width ? Math.max(4, x - 14 - box.width) : x + 14;
  const top = y + 14 + box.height > window.innerHeight ? Math.max(4, y - 14 - box.height) : y + 14;
  page.tip.style.left = `${Math.min(left, Math.max(4, width - box.width - 4))}px`;
  page.tip.style.top = `${top}px`;
}

/** Take the note away. */
function hideTip() {
  page.tip.hidden = true;
}
