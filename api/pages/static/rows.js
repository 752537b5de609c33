// Rows of recommendations: on the first page, below a product, in the cart.

import { fresh, go, read, write } from "./address.js";
import { card } from "./card.js";
import { el, icon, randomKey } from "./dom.js";
import { hideButton } from "./hiding.js";

/** The rows of an answer as sections; empty ones are left out. `level` is that of their headings. */
export function rows(answer, { level = 2, open = openFrom, base = fresh } = {}) {
  const request = answer.request_id ?? randomKey();
  return answer.rows
    .filter((row) => row.items.length > 0)
    .map((row) => section(row, { level, open, base, request, hides: Boolean(answer.request_id) }));
}

/** A text in each language there is; the style sheet shows the chosen one. */
export const inBoth = (text, chinese) =>
  chinese && chinese !== text
    ? [el("span", { class: "title-en" }, text), el("span", { class: "title-zh", lang: "zh-Hans" }, chinese)]
    : [text];

const openFrom = (id, context) => go({ ...read(), product: id }, { context });

function section(row, { level, open, base, request, hides }) {
  const items = row.items.map((item, place) => {
    const context = { position: place + 1, request };
    const href = write({ ...base(), product: item.id });
    const said = item.reason === row.title; // already, above the row
    const reason = said ? null : inBoth(item.reason, item.reason_zh);
    const entry = el("li", {});
    entry.append(card({ ...item, reason }, { href, open: () => open(item.id, context), level: level + 1 }));
    if (hides && row.id !== "recently-viewed") entry.firstChild.append(hideButton(item, () => entry));
    return entry;
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
      el(`h${level}`, {}, ...inBoth(row.title, row.title_zh)),
      el("div", { class: "arrows" }, arrow("back", -1), arrow("on", 1)),
    ),
    list,
  );
}
