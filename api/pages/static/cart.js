// The cart: a panel at the side, with what goes well with what lies in it.

import { go, read } from "./address.js";
import { get, isSuperseded, newestOnly } from "./api.js";
import { titles } from "./card.js";
import { byId, el, icon, replace } from "./dom.js";
import { message } from "./messages.js";
import { formatMoney } from "./money.js";
import { picture } from "./picture.js";
import { rows } from "./rows.js";
import { cart, onChange, setQuantity, shopper } from "./store.js";

const dialog = byId("cart");
const count = byId("cart-count");
const newest = newestOnly();
let recommendedFor = "";

/** Show the cart. */
export function open() {
  recommendedFor = "";
  draw();
  if (!dialog.open) dialog.showModal();
}

/** Make the cart work and show how much lies in it. */
export function start() {
  byId("open-cart").addEventListener("click", open);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  onChange("cart", () => {
    badge();
    if (dialog.open) draw();
  });
  badge();
}

function badge() {
  const pieces = cart().reduce((sum, line) => sum + line.quantity, 0);
  count.hidden = pieces === 0;
  count.textContent = String(pieces);
  byId("open-cart").setAttribute("aria-label", pieces === 1 ? "Cart, 1 piece" : `Cart, ${pieces} pieces`);
}

function draw() {
  const lines = cart();
  const rest = byId("cart-rows") ?? el("div", { id: "cart-rows" });
  const empty = message({ title: "The cart is empty", text: "What you add to it waits here." });
  replace(
    dialog,
    el(
      "header",
      {},
      el("h2", { id: "cart-title" }, "Cart"),
      el(
        "button",
        {
          id: "close-cart",
          class: "round",
          type: "button",
          "aria-label": "Close the cart",
          onclick: () => dialog.close(),
        },
        icon("close"),
      ),
    ),
    lines.length ? el("ul", { class: "lines" }, lines.map(line)) : empty,
    lines.length > 0 && el("dl", { class: "totals" }, totals(lines)),
    rest,
  );
  recommend(lines, rest);
}

function line(item) {
  const name = item.title || item.title_zh;
  const set = (quantity) => () => setQuantity(item.variant, quantity);
  const step = (sign, label, quantity) =>
    el(
      "button",
      {
        id: `${label}-${encodeURIComponent(item.variant)}`,
        type: "button",
        "aria-label": `${label}: ${name}`,
        onclick: set(quantity),
      },
      sign,
    );
  return el(
    "li",
    {},
    picture({ ...item, id: item.product }),
    el(
      "div",
      { class: "line-text" },
      el("button", { class: "line-title", type: "button", onclick: () => visit(item.product) }, ...titles(item)),
      el("p", { class: "line-options" }, Object.values(item.options ?? {}).join(" · ")),
      el(
        "div",
        { class: "stepper" },
        step("−", "One less", item.quantity - 1),
        el("output", { "aria-label": "Pieces" }, String(item.quantity)),
        step("+", "One more", item.quantity + 1),
        el(
          "span",
          { class: "line-price" },
          formatMoney({ ...item.price, minor: item.price.minor * item.quantity }),
        ),
      ),
    ),
  );
}

// One sum for each currency: amounts of different ones are not added.
function totals(lines) {
  const sums = new Map();
  for (const { price, quantity } of lines)
    sums.set(price.currency, (sums.get(price.currency) ?? 0) + price.minor * quantity);
  return [...sums].map(([currency, minor]) =>
    el("div", {}, el("dt", {}, "Total"), el("dd", {}, formatMoney({ minor, currency }))),
  );
}

function visit(id, context = null) {
  dialog.close();
  go({ ...read(), product: id }, { context });
}

async function recommend(lines, parent) {
  const products = [...new Set(lines.map((item) => item.product))].slice(-20);
  const wanted = JSON.stringify([shopper(), products]);
  if (wanted === recommendedFor) return;
  recommendedFor = wanted;
  if (products.length === 0) {
    newest.cancel();
    replace(parent);
    return;
  }
  try {
    const asked = { product: products, shopper: shopper(), size: 8, explain: true };
    const answer = await newest((signal) => get("/v1/recommendations/cart", asked, signal));
    replace(parent, ...rows(answer, { level: 3, base: read, open: visit }));
  } catch (problem) {
    if (!isSuperseded(problem)) replace(parent); // a cart without a row is still a cart
  }
}
