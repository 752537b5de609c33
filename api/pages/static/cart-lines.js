// The lines of a cart: how many pieces, what they cost, and what has changed since they were put in.

import { setQuantity } from "./basket.js";
import { titles } from "./card.js";
import { el } from "./dom.js";
import { formatMoney } from "./money.js";
import { pictureOf } from "./pictures.js";

const MOST = 999;

/** The lines as a list; `visit(product)` opens one. */
export const cartLines = (lines, { visit }) =>
  el(
    "ul",
    { class: "lines" },
    lines.map((item) => line(item, visit)),
  );

/** Whether all of the lines can be bought as they are. */
export const buyable = (lines) =>
  lines.length > 0 && lines.every(({ changes }) => changes.every((change) => change === "price"));

function line(item, visit) {
  const gone = item.changes.includes("gone");
  return el(
    "li",
    { class: gone ? "gone" : null },
    pictureOf(item.product, { sold: !gone }),
    el(
      "div",
      { class: "line-text" },
      el("button", { class: "line-title", type: "button", onclick: () => visit(item.product) }, ...titles(item)),
      el("p", { class: "line-options" }, Object.values(item.options ?? {}).join(" · ")),
      ...item.changes.map((change) => el("p", { class: "changed" }, said(change, item))),
      gone ? remove(item) : stepper(item),
    ),
  );
}

function said(change, { price, price_seen, available }) {
  if (change === "gone") return "Not sold any more.";
  if (change === "price")
    return `The price has changed: ${formatMoney(price_seen)} when you put it in, now ${formatMoney(price)}.`;
  return available > 0 ? `Only ${available} left.` : "Out of stock at the moment.";
}

const name = (item) => item.title || item.title_zh;

const remove = (item) =>
  el(
    "button",
    {
      id: `Remove-${encodeURIComponent(item.variant)}`,
      class: "quiet",
      type: "button",
      "aria-label": `Remove: ${name(item)}`,
      onclick: () => setQuantity(item.variant, 0),
    },
    "Remove",
  );

function stepper(item) {
  const step = (sign, label, quantity) =>
    el(
      "button",
      {
        id: `${label}-${encodeURIComponent(item.variant)}`,
        type: "button",
        "aria-label": `${label}: ${name(item)}`,
        disabled: quantity > MOST,
        onclick: () => setQuantity(item.variant, quantity),
      },
      sign,
    );
  const total = { ...item.price, minor: item.price.minor * item.quantity };
  return el(
    "div",
    { class: "stepper" },
    step("−", "One less", item.quantity - 1),
    el("output", { "aria-label": "Pieces" }, String(item.quantity)),
    step("+", "One more", item.quantity + 1),
    el("span", { class: "line-price" }, formatMoney(total)),
  );
}
