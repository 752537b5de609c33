// The cart: a panel at the side, with what goes well with what lies in it.

import { fresh, go, read } from "./address.js";
import { get, isSuperseded, newestOnly } from "./api.js";
import { cart, cartProblem, country, pieces, read as readCart, start as startBasket } from "./basket.js";
import { cartLines } from "./cart-lines.js";
import { byId, el, icon, replace } from "./dom.js";
import { message } from "./messages.js";
import { rows } from "./rows.js";
import { onChange, shopper } from "./store.js";
import { totals } from "./totals.js";
import { voucherField } from "./voucher.js";

const dialog = byId("cart");
const count = byId("cart-count");
const newest = newestOnly();
const voucher = voucherField();
let recommendedFor = "";

/** Show the cart, as it is in the shop now. */
export function open() {
  recommendedFor = "";
  draw();
  if (!dialog.open) dialog.showModal();
  readCart();
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
  startBasket();
}

function badge() {
  const all = pieces();
  count.hidden = all === 0;
  count.textContent = String(all);
  byId("open-cart").setAttribute("aria-label", all === 1 ? "Cart, 1 piece" : `Cart, ${all} pieces`);
}

function draw() {
  const now = cart();
  const rest = byId("cart-rows") ?? el("div", { id: "cart-rows" });
  const empty = message({ title: "The cart is empty", text: "What you add to it waits here." });
  const close = el(
    "button",
    {
      id: "close-cart",
      class: "round",
      type: "button",
      "aria-label": "Close the cart",
      onclick: () => dialog.close(),
    },
    icon("close"),
  );
  voucher.show();
  const focused = dialog.contains(document.activeElement);
  replace(
    dialog,
    el("header", {}, el("h2", { id: "cart-title" }, "Cart"), close),
    cartProblem() && el("p", { class: "fault", role: "alert" }, cartProblem().message),
    now.lines.length ? cartLines(now.lines, { visit }) : empty,
    now.lines.length > 0 && [
      voucher.node,
      totals(now),
      !country() && el("p", { class: "hint-text" }, "Shipping and tax depend on where it goes."),
      el("button", { id: "to-checkout", class: "solid wide", type: "button", onclick: checkOut }, "Check out"),
    ],
    rest,
  );
  if (focused && !dialog.contains(document.activeElement)) close.focus(); // its line is gone
  recommend(now.lines, rest);
}

function checkOut() {
  dialog.close();
  go(fresh({ place: "/checkout" }));
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
