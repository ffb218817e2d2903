// Elements: made of names and texts, so that no text is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Give a node its attributes and children; what is false or missing is left out, functions listen. */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An element of HTML. */
function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An element of SVG. */
function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** A text whose direction of writing ends where it ends. */
function said(text) {
  return el("bdi", {}, String(text));
}

/** A text of at most `most` characters. */
function cut(text, most) {
  const letters = [...String(text)];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : letters.join("");
}

/** The end of a text of at most `most` characters: names of layers differ there. */
function cutStart(text, most) {
  const letters = [...String(text)];
  return letters.length > most ? `…${letters.slice(letters.length - most + 1).join("")}` : letters.join("");
}

/** A labelled choice among `options`, pairs of a value and a text. */
function select(label, options, value, changed) {
  const box = el("select", { change: () => changed(box.value) });
  for (const [key, text] of options) box.append(el("option", { value: key }, cut(text, 60)));
  box.value = value;
  return el("label", { class: "control" }, el("span", {}, label), box);
}

/** A button that is on or off. */
function toggle(label, pressed, changed) {
  const button = el("button", { type: "button", "aria-pressed": String(pressed) }, label);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    changed(on);
  });
  return button;
}

/** The distinct values of a list in the order of their first appearance. */
function distinct(values) {
  return [...new Set(values)];
}
