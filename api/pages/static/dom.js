// Elements from data. Data only ever becomes text or an attribute value: nothing here, or anywhere, reads markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that are null, undefined or false are left out, `onclick` and its like are listeners. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for a drawing. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A symbol of the sheet that the page carries. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

/** Put new children in place of the old ones; what had the focus gets it back where its id lives on. */
export function replace(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : "";
  parent.replaceChildren(...children.flat(2).filter(Boolean));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

export const byId = (id) => document.getElementById(id);

/** A key that nobody guesses; also where the page is not served over https and `randomUUID` is missing. */
export function randomKey(bytes = 10) {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
