// The pages beside the shop itself: checkout, orders, the personal centre, and where links in messages lead to.

import { account } from "./account.js";
import { isSuperseded } from "./api.js";
import { checkout } from "./checkout.js";
import { byId, el, replace } from "./dom.js";
import { enter } from "./entrance.js";
import { letters } from "./letters.js";
import { failure, message } from "./messages.js";
import { order } from "./order.js";
import { orders } from "./orders.js";
import { takingBack } from "./return-desk.js";
import { answers, moderation } from "./review-desk.js";
import { onChange, who } from "./store.js";

// A page draws itself into `root` and returns its title; what it keeps running ends when `signal` is aborted.
const PAGES = [
  { path: /^\/checkout$/, page: checkout, title: "Checkout" },
  { path: /^\/orders$/, page: orders, title: "Orders" },
  { path: /^\/orders\/([^/]+)$/, page: order, title: "Order" },
  { path: /^\/account\/(verify|password|email)$/, page: letters, title: "Your account", open: true },
  { path: /^\/account\/reviews$/, page: answers, title: "Reviews" },
  { path: /^\/account\/returns$/, page: takingBack, title: "Returns" },
  { path: /^\/account\/moderation$/, page: moderation, title: "Reviews to look at" },
  { path: /^\/account(?:\/(addresses|favourites|messages|security))?$/, page: account, title: "Your account" },
];

const root = byId("desk");
let shown = "";
let running = null;

/** Show the page at a path; one that is shown already stays as it is. Returns its title. */
export function show(path) {
  const found = PAGES.find((one) => one.path.test(path));
  if (path !== shown) draw(path, found);
  return found?.title ?? "Not found";
}

/** Take the page away. */
export function hide() {
  running?.abort();
  running = null;
  shown = "";
  root.hidden = true;
  replace(root);
}

/** Another person sees another page. */
export function start() {
  onChange("who", () => {
    const path = shown;
    const found = PAGES.find((one) => one.path.test(path));
    if (path && !found?.open) draw(path, found);
  });
}

async function draw(path, found) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  shown = path;
  root.hidden = false;
  window.scrollTo(0, 0);
  if (!found) {
    replace(root, message({ title: "There is no such page" }));
    return;
  }
  if (!found.open && !who()) {
    replace(root, el("h1", { tabindex: "-1" }, found.title), wall());
    focus();
    return;
  }
  replace(root, el("p", { class: "loading" }, "One moment …"));
  root.setAttribute("aria-busy", "true");
  try {
    const args = found.path
      .exec(path)
      .slice(1)
      .map((part) => part && decodeURIComponent(part));
    await found.page(root, { args, signal: mine.signal });
    focus();
  } catch (problem) {
    if (isSuperseded(problem) || mine.signal.aborted) return;
    replace(
      root,
      el("h1", { tabindex: "-1" }, found.title),
      failure(problem, () => draw(path, found)),
    );
  }
  root.removeAttribute("aria-busy");
}

// Who reads the screen by ear is told where they are; what has the focus already keeps it.
function focus() {
  if (document.querySelector("dialog[open]") || root.contains(document.activeElement)) return;
  root.querySelector("h1")?.focus({ preventScroll: true });
}

const wall = () =>
  message({
    title: "Who are you?",
    text: "Log in to go on; what lies in your cart comes with you.",
    actions: [["Log in or make an account", () => enter()]],
  });
