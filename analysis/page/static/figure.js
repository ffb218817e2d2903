// Figures: the frame of every chart, with controls, a legend, the keyboard, and a redraw when the width changes.

const COLOURS = 8;
const SHAPES = [
  (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (r) => `M0 ${-1.3 * r}L${1.2 * r} ${r}H${-1.2 * r}z`,
  (r) => `M0 ${-1.4 * r}L${1.4 * r} 0L0 ${1.4 * r}L${-1.4 * r} 0z`,
  (r) => `M0 ${1.3 * r}L${1.2 * r} ${-r}H${-1.2 * r}z`,
  (r) => `M${-r / 2} ${-1.3 * r}h${r}v${0.8 * r}h${0.8 * r}v${r}h${-0.8 * r}v${0.8 * r}h${-r}v${-0.8 * r}h${-0.8 * r}v${-r}h${0.8 * r}z`,
  (r) => `M0 ${-1.3 * r}L${1.3 * r} ${-0.3 * r}L${0.8 * r} ${1.2 * r}H${-0.8 * r}L${-1.3 * r} ${-0.3 * r}z`,
];

/** The mark of the series `index` as a path: colours repeat every eight, shapes every seven. */
function symbol(index, r = 4.5) {
  return SHAPES[index % SHAPES.length](r);
}

/** The class that colours the series `index`. */
function colour(index) {
  return `c${index % COLOURS}`;
}

/** A chart's frame; `draw(width)` returns the drawing and its marks: {node, x, y, link, title, pairs}. */
function figure(chart, draw) {
  const controls = el("div", { class: "controls" });
  const legend = el("div", { class: "legend" });
  const plot = el("div", { class: "plot" });
  const frame = { controls, legend, hidden: new Set(), redraw: () => redraw(frame, plot, chart, draw) };
  const head = el("h2", {}, said(chart.title));
  frame.node = el("figure", { class: `chart ${chart.kind}` }, head, el("p", { class: "reading" }, said(chart.reading)), controls, legend, plot);
  let width = 0;
  new ResizeObserver(() => {
    if (plot.clientWidth && plot.clientWidth !== width) {
      width = plot.clientWidth;
      frame.redraw();
    }
  }).observe(plot);
  return frame;
}

/** Draw a chart anew and give its marks the pointer and the keyboard. */
function redraw(frame, plot, chart, draw) {
  if (!plot.clientWidth) return;
  const { drawing, marks } = draw(plot.clientWidth);
  let at = -1;
  const leave = () => {
    marks[at]?.node.classList.remove("at");
    at = -1;
    hideTip();
  };
  const move = (place) => {
    leave();
    if (!marks.length) return;
    at = Math.min(marks.length - 1, Math.max(0, place));
    const one = marks[at];
    one.node.classList.add("at");
    const box = one.node.getBoundingClientRect();
    showTip(one.title, one.pairs, box.right, box.top);
  };
  const keys = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
  fill(drawing, {
    tabindex: "0",
    role: "group",
    "aria-label": `${chart.title}; ${marks.length} marks: arrow keys go through them, enter chooses`,
    keydown: (event) => {
      if (event.key in keys) move(Math.max(0, at) + (at < 0 && Number.isFinite(keys[event.key]) ? 0 : keys[event.key]));
      else if ((event.key === "Enter" || event.key === " ") && at >= 0) choose(marks[at].link, event.shiftKey);
      else return;
      event.preventDefault();
    },
    blur: leave,
    focus: () => drawing.matches(":focus-visible") && at < 0 && move(0),
  }, []);
  for (const one of marks) {
    one.node.addEventListener("pointermove", (event) => showTip(one.title, one.pairsAt?.(event) ?? one.pairs, event.clientX, event.clientY));
    one.node.addEventListener("pointerleave", hideTip);
    one.node.addEventListener("click", (event) => choose(one.link, event.shiftKey || event.ctrlKey || event.metaKey));
    one.node.dataset.link = one.link;
    mark(one.node);
  }
  plot.replaceChildren(drawing);
}

/** An empty drawing. */
function canvas(width, height) {
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
}

/** A legend of series, each of which can be hidden. */
function fillLegend(frame, names, swatch) {
  frame.legend.replaceChildren(...names.map((name, index) => {
    const button = el("button", { type: "button", class: "key", "aria-pressed": String(!frame.hidden.has(name)) },
      swatch(index), said(cut(name, 48)));
    button.addEventListener("click", () => {
      if (!frame.hidden.delete(name)) frame.hidden.add(name);
      button.setAttribute("aria-pressed", String(!frame.hidden.has(name)));
      frame.redraw();
    });
    return button;
  }));
}

/** The swatch of a legend: a mark, a line, or a patch of colour. */
function swatch(index, kind, look = `${colour(index)}${index >= COLOURS ? " again" : ""}`) {
  const shape = kind === "patch" ? "M1 1h12v12h-12z" : kind === "line" ? "M0 7H14" : symbol(index, 4);
  const place = kind === "mark" ? "translate(7 7)" : undefined;
  return svg("svg", { width: 14, height: 14, "aria-hidden": "true" },
    svg("path", { d: shape, transform: place, class: `${kind} ${look}` }));
}

/** What is drawn where there is nothing to draw. */
function nothing(width, text = "nothing to draw here") {
  const drawing = canvas(width, 60);
  drawing.append(svg("text", { x: width / 2, y: 34, "text-anchor": "middle", class: "tick" }, text));
  return { drawing, marks: [] };
}
