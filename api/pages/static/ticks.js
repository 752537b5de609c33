// What filters are made of: a group with a name, and lines to tick.

import { el } from "./dom.js";

/** A group of filters. */
export const group = (name, ...children) =>
  el("fieldset", { class: "facet" }, el("legend", {}, name), ...children);

/** An id that a value keeps, so that the focus can be given back to it. */
export const idOf = (name, value) => `${name}-${encodeURIComponent(value)}`;

/** A line with a box (or a radio button) to tick, and how many products have it. */
export function tick({ id, type = "checkbox", name, checked, label, count, onchange }) {
  return el(
    "label",
    { class: "tick" },
    el("input", { id, type, name, checked, onchange }),
    el("span", { class: "tick-label" }, label),
    count !== undefined && el("span", { class: "tick-count" }, String(count)),
  );
}
