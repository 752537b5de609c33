// Rows of recommendations: on the first page, below a product, in the cart.

import { fresh, go, read, write } from "./address.js";
import { card } from "./card.js";
import { el, icon, randomKey } from "./dom.js";

/** The rows of an answer as sections; empty ones are left out. `level` is that of their headings. */
export function rows(answer, { level = 2, open = openFrom, base = fresh } = {}) {
  const request = randomKey();
  return answer.rows
    .filter((row) => row.items.length > 0)
    .map((row) => section(row, { level, open, base, request }));
}

const openFrom = (id, context) => go({ ...read(), product: id }, { context });

function section(row, { level, open, base, request }) {
  const items = row.items.map((item, place) => {
    const context = { position: place + 1, request };
    const href = write({ ...base(), product: item.id });
    const reason = item.reason === row.title ? "" : item.reason; // said already
    return el("li", {}, card({ ...item, reason }, { href, open: () => open(item.id, context), level: level + 1 }));
  });
  const list = el("ul", { class: "row", "data-row": row.id }, items);
  const scroll = (way) => () => list.scrollBy({ left: way * list.clientWidth * 0.8 });
  // For the mouse: keys reach every card by themselves.
  const arrow = (name, way) =>
    el(
      "button",
      { class: `arrow ${name}`, type: "button", tabindex: "-1", "aria-hidden": "true", onclick: scroll(way) },
      icon("open"),
    );
  return el(
    "section",
    { class: "recommended" },
    el(
      "div",
      { class: "row-head" },
      el(`h${level}`, {}, row.title),
      el("div", { class: "arrows" }, arrow("back", -1), arrow("on", 1)),
    ),
    list,
  );
}
