// The product view: a dialog over the page it was opened from, with an address of its own.

import { leaveProduct, read } from "./address.js";
import { get, isSuperseded, newestOnly } from "./api.js";
import { price, rating, stock, titles } from "./card.js";
import { byId, el, icon, replace } from "./dom.js";
import { note } from "./events.js";
import { failure } from "./messages.js";
import { formatMoney } from "./money.js";
import { picture } from "./picture.js";
import { rows } from "./rows.js";
import { addToCart, shopper } from "./store.js";
import { choices, variantStart } from "./variants.js";

const dialog = byId("product");
const newest = newestOnly();
let shown = "";

/** Show a product, or none for an empty id. `context` is the click that led here: position, request, query. */
export async function show(id, context = null) {
  if (!id) {
    newest.cancel();
    if (dialog.open) dialog.close();
    return;
  }
  if (id === shown && dialog.open) return;
  shown = id;
  replace(dialog, frame(el("p", { class: "loading", id: "product-title" }, "One moment …")));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  try {
    const product = await newest((signal) => get(`/v1/products/${encodeURIComponent(id)}`, {}, signal));
    replace(dialog, frame(...view(product)));
    document.title = `${product.title} · Merx`;
    byId("product-title").focus();
    const click = context && { kind: "click", product: id, ...context };
    note(...[click, { kind: "view", product: id }].filter(Boolean));
    recommend(id);
  } catch (problem) {
    if (isSuperseded(problem)) return;
    const again = () => {
      shown = "";
      show(id, context);
    };
    const told = failure(problem, again);
    told.querySelector("h2").id = "product-title";
    replace(dialog, frame(told));
  }
}

/** Make closing work: Escape, a click beside the view, the button. */
export function start({ openCart }) {
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leaveProduct();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) leaveProduct();
    if (event.target.closest?.(".to-cart")) openCart();
  });
  dialog.addEventListener("close", () => {
    const id = shown;
    shown = "";
    replace(dialog);
    // The card that was left may have been drawn anew: the focus goes to the one that took its place.
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const links = [...document.querySelectorAll("main a[data-product]")].filter((link) => link.offsetParent);
    (links.find((link) => link.dataset.product === id) ?? byId("main")).focus({ preventScroll: true });
  });
}

const frame = (...children) =>
  el(
    "div",
    { class: "product-frame" },
    el(
      "button",
      { class: "round", type: "button", "aria-label": "Close the product", onclick: leaveProduct },
      icon("close"),
    ),
    ...children,
  );

function view(product) {
  const bought = el("p", { class: "added", role: "status" });
  const cost = el("div", { class: "cost" });
  const button = el("button", { class: "solid buy", type: "button" });
  let variant = variantStart(product);
  const choose = (chosen) => {
    variant = chosen;
    replace(cost, price(variant ?? product), stock(variant ? variant.in_stock : product.in_stock));
    button.disabled = !variant?.in_stock;
    button.textContent = variant?.in_stock ? "Add to cart" : "Out of stock";
    replace(bought);
  };
  button.addEventListener("click", () => {
    const { id, title, title_zh, picture: address } = product;
    addToCart({
      product: id,
      variant: variant.id,
      title,
      title_zh,
      picture: address,
      options: variant.options,
      price: variant.price,
    });
    note({ kind: "add_to_cart", product: id, quantity: 1 });
    const open = el("button", { class: "quiet to-cart", type: "button" }, "See the cart");
    replace(bought, `Added for ${formatMoney(variant.price)}. `, open);
  });
  choose(variant);
  return [
    el(
      "div",
      { class: "product-body" },
      picture(product, { alt: product.title, eager: true }),
      el(
        "div",
        { class: "product-text" },
        el("p", { class: "path" }, product.category.join(" › ")),
        el("h1", { id: "product-title", tabindex: "-1" }, ...titles(product)),
        el(
          "p",
          { class: "by" },
          [product.brand, product.seller && `sold by ${product.seller}`].filter(Boolean).join(" · "),
        ),
        rating(product),
        choices(product, choose),
        cost,
        el("div", { class: "buying" }, button, bought),
        product.description && el("p", { class: "description" }, product.description),
        facts(product),
      ),
    ),
    el("div", { class: "product-rows", id: "product-rows" }),
  ];
}

function facts(product) {
  const entries = Object.entries(product.attributes ?? {});
  if (product.codes?.length) entries.push(["Code", product.codes.join(", ")]);
  if (entries.length === 0) return null;
  const shown = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
  return el(
    "dl",
    { class: "facts" },
    entries.map(([name, value]) =>
      el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, shown(value))),
    ),
  );
}

// The rows come when they come; one that fails is left out, the product is what was asked for.
async function recommend(id) {
  const asked = { product: id, shopper: shopper(), size: 12, explain: true };
  const kinds = ["bought-together", "similar"];
  const answers = await Promise.all(
    kinds.map((kind) => get(`/v1/recommendations/${kind}`, asked).catch(() => ({ rows: [] }))),
  );
  if (shown !== id || !dialog.open) return;
  replace(byId("product-rows"), ...answers.flatMap((answer) => rows(answer, { base: read })));
}
