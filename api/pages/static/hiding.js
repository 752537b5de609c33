// "Not interested": a product that is not to be recommended to this shopper any more.

import { announce } from "./announce.js";
import { call } from "./api.js";
import { el, icon } from "./dom.js";
import { shopper } from "./store.js";

/** The button of a product in the list item `place()`; what it takes away can be taken back for a while. */
export function hideButton(product, place) {
  const title = product.title || product.title_zh;
  return el(
    "button",
    { class: "hide", type: "button", "aria-label": `Not interested: ${title}`, onclick: () => hide(product, place()) },
    icon("close"),
  );
}

async function hide(product, place) {
  const list = place.parentElement;
  const next = place.nextElementSibling ?? place.previousElementSibling;
  const key = shopper();
  const ask = (method) =>
    call(`/v1/recommendations/hidden/${encodeURIComponent(product.id)}`, { method, parameters: { shopper: key } });
  place.remove();
  next?.querySelector("a[data-product]")?.focus({ preventScroll: true });
  const back = () => {
    if (list.isConnected) list.insertBefore(place, list.contains(next) ? next : null);
  };
  const undo = async () => {
    back();
    try {
      await ask("DELETE");
    } catch (problem) {
      announce(problem.message);
    }
  };
  try {
    await ask("PUT");
    announce("This will not be recommended to you again.", ["Undo", undo]);
  } catch (problem) {
    back();
    announce(problem.message);
  }
}
