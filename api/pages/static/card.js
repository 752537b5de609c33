// A product as a card of a list, and why it stands there.

import { fresh, write } from "./address.js";
import { el, icon } from "./dom.js";
import { heart } from "./favourites.js";
import { formatMoney, percentOff } from "./money.js";
import { picture } from "./picture.js";

/**
 * A card. `href` is where it leads and `open(event)` what a plain click does; `highlights` are the pieces of a
 * search's texts; `level` is that of the heading. A variant that the search singled out stands for the product.
 */
export function card(product, { href = write(fresh({ product: product.id })), open, highlights, level = 3 }) {
  const link = el(
    "a",
    {
      class: "card-link",
      href,
      "data-product": product.id,
      onclick: (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // a tab of its own
        event.preventDefault();
        open();
      },
    },
    ...titles(product, highlights),
  );
  const sold = product.variant ?? product;
  const off = percentOff(sold.price, sold.list_price);
  return el(
    "article",
    { class: sold.in_stock ? "card" : "card sold-out" },
    el("div", { class: "card-picture" }, picture(product), off > 0 && el("span", { class: "off" }, `−${off}%`)),
    el(
      "div",
      { class: "card-text" },
      product.brand && el("p", { class: "brand" }, ...pieces(product.brand, highlights?.brand)),
      el(`h${level}`, { class: "card-title" }, link),
      chosen(product.variant),
      product.snippet && el("p", { class: "snippet" }, ...pieces("", product.snippet)),
      product.reason && el("p", { class: "reason" }, product.reason),
      price(sold),
      el("div", { class: "card-facts" }, rating(product), stock(sold.in_stock)),
      why(product),
    ),
    heart(product),
  );
}

/** The title in each language there is; the style sheet shows the chosen one. */
export function titles(product, highlights = {}) {
  const both = Boolean(product.title && product.title_zh);
  const one = (name, lang) =>
    product[name] &&
    el(
      "span",
      { class: both ? `title-${lang}` : null, lang: lang === "zh" ? "zh-Hans" : "en" },
      ...pieces(product[name], highlights[name]),
    );
  return [one("title", "en"), one("title_zh", "zh")].filter(Boolean);
}

const chosen = (variant) => {
  const options = Object.values(variant?.options ?? {}).filter(Boolean);
  return options.length > 0 && el("p", { class: "chosen" }, options.join(" · "));
};

const pieces = (text, found) =>
  found?.length ? found.map((piece) => (piece.match ? el("mark", {}, piece.text) : piece.text)) : [text];

/** The price, beside the list price where it is lower. */
export function price(product) {
  if (!product.price) return el("p", { class: "price none" }, "Price on request");
  if (percentOff(product.price, product.list_price) <= 0)
    return el("p", { class: "price" }, formatMoney(product.price));
  return el(
    "p",
    { class: "price reduced" },
    el("span", { class: "unseen" }, "Now "),
    formatMoney(product.price),
    el("span", { class: "unseen" }, ", before "),
    el("s", {}, formatMoney(product.list_price)),
  );
}

/** The mean rating and how many rated. */
export function rating(product) {
  if (product.rating == null || !product.rating_count) return null;
  const mean = product.rating.toFixed(1);
  return el(
    "p",
    { class: "rating" },
    icon("star"),
    el("span", { "aria-hidden": "true" }, mean, el("small", {}, ` (${product.rating_count})`)),
    el("span", { class: "unseen" }, `Rated ${mean} of 5 by ${product.rating_count}`),
  );
}

export const stock = (there) =>
  el("p", { class: there ? "stock" : "stock out" }, there ? "In stock" : "Out of stock");

/** The parts of a score, each with its share; null where the order was not by score. */
export function why(product) {
  if (!product.why?.length) return null;
  const shown = addingUp(
    product.why.map((part) => part.value),
    product.score,
  );
  const most = Math.max(...product.why.map((part) => Math.abs(part.value)), 1e-9);
  const lines = product.why.map((part, place) => {
    const bar = el("span", { class: part.value < 0 ? "bar less" : "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", Math.abs(part.value) / most);
    return el(
      "li",
      {},
      el("span", { class: "part" }, part.part.replaceAll("_", " ")),
      el("data", { value: part.value }, signed(shown.parts[place])),
      bar,
      part.note && el("span", { class: "note" }, part.note),
    );
  });
  return el(
    "details",
    { class: "why" },
    el("summary", {}, "Why this?"),
    el("ul", {}, lines),
    el("p", { class: "sum" }, el("span", {}, "Score"), el("data", { value: product.score }, signed(shown.total))),
  );
}

const signed = (thousandths) => `${thousandths < 0 ? "−" : ""}${(Math.abs(thousandths) / 1000).toFixed(3)}`;

/**
 * The numbers in thousandths, rounded so that the shown parts add up to the shown total (largest remainders). Parts
 * that do not add up to begin with are rounded each for itself: the page does not hide it.
 */
export function addingUp(values, total) {
  const sum = Math.round(total * 1000);
  const parts = values.map((value) => Math.floor(value * 1000));
  const missing = sum - parts.reduce((all, part) => all + part, 0);
  if (missing < 0 || missing > parts.length)
    return { parts: values.map((value) => Math.round(value * 1000)), total: sum };
  const remainder = (place) => values[place] * 1000 - parts[place];
  const order = [...parts.keys()].sort((one, other) => remainder(other) - remainder(one));
  for (const place of order.slice(0, missing)) parts[place] += 1;
  return { parts, total: sum };
}
