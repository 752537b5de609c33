// The product view: a dialog over the page it was opened from, with an address of its own. It is live: what changes
// in the shop changes here.

import { fresh, go, leaveProduct, read, write } from "./address.js";
import { get, isSuperseded, newestOnly } from "./api.js";
import * as basket from "./basket.js";
import { price, rating, stock, titles } from "./card.js";
import { byId, el, icon, replace } from "./dom.js";
import { note } from "./events.js";
import { heart } from "./favourites.js";
import { failure } from "./messages.js";
import { formatMoney } from "./money.js";
import { picture } from "./picture.js";
import { remember } from "./pictures.js";
import { reviews } from "./reviews.js";
import { rows } from "./rows.js";
import { shopper } from "./store.js";
import { watchProduct } from "./stream.js";
import { choices, variantStart } from "./variants.js";

const dialog = byId("product");
const newest = newestOnly();
let shown = "";
let listening = null; // an AbortController while the product on show is listened to

/** Show a product, or none for an empty id. `context` is the click that led here: position, request, query. */
export async function show(id, context = null) {
  if (!id) {
    newest.cancel();
    listening?.abort();
    if (dialog.open) dialog.close();
    return;
  }
  if (id === shown && dialog.open) return;
  shown = id;
  listening?.abort();
  replace(dialog, frame(el("p", { class: "loading", id: "product-title" }, "One moment …")));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  try {
    const product = await newest((signal) => get(`/v1/products/${encodeURIComponent(id)}`, {}, signal));
    remember(product);
    const { parts, changed, gone } = view(product);
    replace(dialog, frame(...parts));
    listening = new AbortController();
    watchProduct(id, { signal: listening.signal, changed, gone });
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
    listening?.abort();
    replace(dialog);
    // The card that was left may have been drawn anew: the focus goes to the one that took its place.
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const links = [...document.querySelectorAll("main a[data-product]")].filter((link) => link.offsetParent);
    const heading = document.querySelector("#desk h1");
    (links.find((link) => link.dataset.product === id) ?? heading ?? byId("main")).focus({ preventScroll: true });
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

// The parts of the view, and what to call when the product changes and when it is not sold any more.
function view(first) {
  let product = first;
  let variant = variantStart(product);
  const bought = el("p", { class: "added", role: "status" });
  const news = el("p", { class: "changed", role: "status" });
  const cost = el("div", { class: "cost" });
  const options = el("div", {});
  const button = el("button", { id: "buy", class: "solid buy", type: "button" });
  const choose = (chosen) => {
    variant = chosen;
    replace(cost, price(variant ?? product), stock(variant ? variant.in_stock : product.in_stock));
    button.disabled = !variant?.in_stock;
    button.textContent = variant?.in_stock ? "Add to cart" : "Out of stock";
    replace(bought);
  };
  button.addEventListener("click", () => buy(product, variant, { button, bought }));
  const stars = el("div", {}, rating(product));
  const said = reviews(product.id);
  let heard = false; // the first that the stream tells is what was just read
  const offer = () => replace(options, choices(product, choose, variant));
  const changed = (now) => {
    const same = JSON.stringify(now) === JSON.stringify(product);
    const rated = now.rating !== product.rating || now.rating_count !== product.rating_count;
    // News that changes nothing of the product itself may be of words: an answer, an edited review.
    if (rated || (same && heard)) said.load();
    heard = true;
    if (same) return;
    replace(stars, rating(now));
    const before = variant;
    product = now;
    variant = now.variants.find(({ id }) => id === before?.id) ?? variantStart(now);
    offer();
    const kept = [...bought.childNodes];
    choose(variant);
    bought.append(...kept); // what was said of the cart still holds
    replace(news, difference(before, variant));
    if (basket.cart().lines.some((line) => line.product === now.id)) basket.read();
  };
  const gone = () => {
    button.disabled = true;
    button.textContent = "Not sold any more";
    replace(cost);
    replace(news, "This product is not sold any more.");
  };
  offer();
  choose(variant);
  said.load();
  const parts = [
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
        stars,
        options,
        cost,
        news,
        el("div", { class: "buying" }, button, heart(product), bought),
        looksLike(product),
        product.description && el("p", { class: "description" }, product.description),
        facts(product),
      ),
    ),
    said.section,
    el("div", { class: "product-rows", id: "product-rows" }),
  ];
  return { parts, changed, gone };
}

// Only the shop's own pictures are searched.
function looksLike(product) {
  if (!product.picture?.startsWith("/pictures/")) return null;
  const state = fresh({ like: product.id });
  const onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(state);
  };
  return el("a", { class: "quiet looks-like", href: write(state), onclick }, "What else looks like this");
}

async function buy(product, variant, { button, bought }) {
  button.disabled = true;
  try {
    await basket.add(variant.id);
    note({ kind: "add_to_cart", product: product.id, quantity: 1 });
    const open = el("button", { class: "quiet to-cart", type: "button" }, "See the cart");
    replace(bought, `Added for ${formatMoney(variant.price)}. `, open);
  } catch (problem) {
    replace(bought, el("span", { class: "fault" }, problem.message));
  }
  button.disabled = false;
  if (document.activeElement === document.body) button.focus(); // a button that is disabled loses it
}

// What is other than it was, in words.
function difference(before, now) {
  if (!before || !now || before.id !== now.id) return "What is on offer has changed.";
  if (before.price.minor !== now.price.minor)
    return `The price has just changed: it was ${formatMoney(before.price)}.`;
  if (before.in_stock && !now.in_stock) return "The last piece has just been sold.";
  if (!before.in_stock && now.in_stock) return "It is in stock again.";
  return null;
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
  const kinds = ["bought-together", "similar", "looks-similar", "recently-viewed"];
  const answers = await Promise.all(
    kinds.map((kind) => get(`/v1/recommendations/${kind}`, asked).catch(() => ({ rows: [] }))),
  );
  if (shown !== id || !dialog.open) return;
  replace(byId("product-rows"), ...answers.flatMap((answer) => rows(answer, { base: read })));
}
