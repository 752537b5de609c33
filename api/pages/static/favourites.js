// Hearts: what a user marked, on cards and on the product page.

import { announce } from "./announce.js";
import { el, icon } from "./dom.js";
import { as } from "./session.js";
import { onChange, who } from "./store.js";

let marked = new Set();
let askToLogIn = () => {};

/** The heart of a product. */
export function heart(product) {
  const button = el(
    "button",
    {
      class: "heart",
      type: "button",
      "data-heart": product.id,
      "aria-label": `Favourite: ${product.title || product.title_zh}`,
      "aria-pressed": String(marked.has(product.id)),
      onclick: () => toggle(product.id),
    },
    icon("heart"),
  );
  return button;
}

/** Follow who is logged in; `enter({why, then})` asks to log in. */
export function start({ enter }) {
  askToLogIn = enter;
  onChange("who", load);
  load();
}

async function load() {
  const found = who() ? await as("/v1/me/favourites").catch(() => ({ favourites: [] })) : { favourites: [] };
  marked = new Set(found.favourites.map(({ product }) => product));
  show();
}

function show() {
  for (const button of document.querySelectorAll("[data-heart]"))
    button.setAttribute("aria-pressed", String(marked.has(button.dataset.heart)));
}

// Mark a product, or take the mark away.
async function toggle(product) {
  if (!who()) {
    askToLogIn({ why: "Log in to keep favourites.", then: () => marked.has(product) || toggle(product) });
    return;
  }
  const on = !marked.has(product);
  set(product, on);
  try {
    await as(`/v1/me/favourites/${encodeURIComponent(product)}`, { method: on ? "PUT" : "DELETE" });
  } catch (problem) {
    set(product, !on);
    if (problem.status !== 401) announce(problem.message);
  }
}

function set(product, on) {
  if (on) marked.add(product);
  else marked.delete(product);
  show();
}
