// The cart, which the shop keeps: what lies in it, and every change of it, one after the other.

import { call, isSuperseded } from "./api.js";
import { randomKey } from "./dom.js";
import { perhapsAs } from "./session.js";
import { load, loadObject, save, saveObject } from "./storage.js";
import { onChange, shopper, tell, who } from "./store.js";

const NONE = { id: null, currency: "", lines: [], goods_minor: 0, discount_minor: 0, total_minor: 0 };

let shown = NONE;
let owner = shopper(); // whose cart is shown
let mine = null; // the id of the cart of the user who is logged in
let waiting = 0; // changes that are not answered yet
let turn = Promise.resolve();
let failure = null;

/** The cart as the shop last told it, with the quantities that are on their way there. */
export const cart = () => shown;

/** Why the last thing that was asked of the cart did not work: a Problem, or null. */
export const cartProblem = () => failure;

/** How many pieces lie in it. */
export const pieces = () => shown.lines.reduce((sum, line) => sum + line.quantity, 0);

/** The country that the total is for; "" while nobody has said. */
export const country = () => load("country") ?? "";

/** Ask for the total for another country. */
export function sendTo(code) {
  if (code === country()) return;
  save("country", code);
  read();
}

/** Ask the shop what lies in the cart now. */
export const read = () =>
  inTurn(async () => {
    const keys = await keysOf({ make: false });
    take(keys ? await ask(keys, "") : NONE);
  });

/** Put one more piece of a variant in. Throws a Problem. */
export const add = (variant) =>
  inTurn(async () => {
    const keys = await keysOf({ make: true });
    if (shown.id !== keys.id) shown = await ask(keys, "");
    const there = shown.lines.find((line) => line.variant === variant)?.quantity ?? 0;
    take(await put(keys, variant, there + 1));
  }, true);

/** Have so many pieces of a variant in the cart; 0 takes it out. It is shown at once, and told to the shop. */
export function setQuantity(variant, quantity) {
  const lines = shown.lines.map((line) => (line.variant === variant ? { ...line, quantity } : line));
  shown = { ...shown, lines: lines.filter((line) => line.quantity > 0) };
  tell("cart");
  return inTurn(async () => {
    const keys = await keysOf({ make: true });
    try {
      take(await put(keys, variant, quantity));
    } catch (problem) {
      take(await ask(keys, "").catch(() => shown)); // what was shown beforehand is not so
      throw problem;
    }
  });
}

/** Use a voucher, or (an empty code) none. Throws a Problem. */
export const setVoucher = (code) =>
  inTurn(async () => {
    const keys = await keysOf({ make: true });
    const change = code ? { method: "PUT", body: { code } } : { method: "DELETE" };
    take(await ask(keys, "/voucher", change));
  }, true);

/** The cart has become an order: the next one is another. */
export function leave() {
  mine = null;
  saveObject(`basket.${owner}`, null);
  take(NONE);
  save("cart", randomKey(4));
}

/** Put the cart that a guest (a shopper's key) filled before logging in into the user's. */
export const takeOver = (guest) =>
  inTurn(async () => {
    const left = loadObject(`basket.${guest}`);
    if (!left || !who()) return;
    try {
      take(await ask(left, "/merge", { method: "POST" }));
      mine = shown.id;
    } catch (problem) {
      if (problem.status !== 404) throw problem; // 404: it is gone, or was taken over already
    }
    saveObject(`basket.${guest}`, null);
  });

/** Keep up with who shops, with other tabs, and with what happens while nobody looks. */
export function start() {
  onChange("shopper", () => {
    if (shopper() === owner && !(mine && !who())) return;
    [owner, mine] = [shopper(), null];
    take(NONE);
    read();
  });
  onChange("cart-elsewhere", read);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && read());
  read();
}

// Changes go out in the order in which they were made; of their answers the last one is shown.
function inTurn(work, loud = false) {
  waiting += 1;
  const done = turn.then(work).then(
    () => settle(null),
    (problem) => {
      settle(isSuperseded(problem) || loud ? null : problem);
      if (loud) throw problem;
    },
  );
  turn = done.catch(() => {});
  return done;
}

function settle(problem) {
  waiting -= 1;
  if (failure === null && problem === null) return;
  failure = problem;
  tell("cart");
}

function take(answer) {
  if (waiting > 1 && answer.id === shown.id) return; // a later change is on its way: its answer says it all
  shown = answer;
  tell("cart");
}

const put = async (keys, variant, quantity) => {
  const answer = await ask(keys, `/lines/${encodeURIComponent(variant)}`, { method: "PUT", body: { quantity } });
  save("cart", randomKey(4)); // other tabs hear of it
  return answer;
};

// The id of the cart, and a guest's key to it; null where there is none and none is to be made.
async function keysOf({ make }) {
  if (who()) {
    mine ??= (await perhapsAs("/v1/carts", { method: "POST" })).id;
    return { id: mine };
  }
  const kept = loadObject(`basket.${owner}`);
  if (kept?.id || !make) return kept;
  const made = await call("/v1/carts", { method: "POST" });
  saveObject(`basket.${owner}`, made);
  return made;
}

async function ask(keys, part, options = {}) {
  const headers = keys.key ? { "Merx-Cart-Key": keys.key } : {};
  const parameters = country() ? { country: country() } : {};
  const path = (id) => `/v1/carts/${encodeURIComponent(id)}${part}`;
  try {
    return await perhapsAs(path(keys.id), { ...options, headers, parameters });
  } catch (problem) {
    if (problem.status !== 404 || problem.ids.cart !== keys.id || part === "/merge") throw problem;
  }
  // It became an order, or another's, in another tab: go on with a new one.
  mine = null;
  if (keys.key) saveObject(`basket.${owner}`, null);
  const next = await keysOf({ make: true });
  return perhapsAs(path(next.id), {
    ...options,
    headers: next.key ? { "Merx-Cart-Key": next.key } : {},
    parameters,
  });
}
