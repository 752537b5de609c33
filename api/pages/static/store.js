// What the browser remembers: who shops, who is logged in, and in which language titles are shown.

import { randomKey } from "./dom.js";
import { load, loadObject, save, saveObject } from "./storage.js";

const listeners = new Map();

/** Hear of a change of "shopper", "who", "language", "cart" or "favourites". */
export function onChange(what, listener) {
  listeners.set(what, [...(listeners.get(what) ?? []), listener]);
}

/** Tell the listeners of this tab. */
export const tell = (what) => listeners.get(what)?.forEach((listener) => listener());

const KEY = /^[A-Za-z0-9_-]{8,64}$/;

/** The key of this browser's guest: random, so it says nothing about anybody. */
export function guest() {
  const known = load("guest");
  if (known && KEY.test(known)) return known;
  const key = `guest-${randomKey()}`;
  save("guest", key);
  return key;
}

/** Who is logged in, as {user, role, shopper}; null for nobody. The tokens are elsewhere (session.js). */
export const who = () => loadObject("who");

/** Somebody has logged in, or (null) out. */
export function setWho(person) {
  saveObject("who", person);
  tell("who");
  tell("shopper");
}

/** The key of who shops now: the user's, or the guest's, or that of a sample shopper who was chosen. */
export function shopper() {
  const mine = who()?.shopper;
  if (mine) return mine;
  const chosen = load("shopper");
  return chosen && KEY.test(chosen) ? chosen : guest();
}

/** Shop as somebody else; an empty key is the guest. */
export function shopAs(key) {
  save("shopper", key === guest() ? "" : key);
  tell("shopper");
}

/** A guest of whom nothing is known yet. */
export function newGuest() {
  save("guest", `guest-${randomKey()}`);
  shopAs("");
}

/** "en" or "zh": the language of titles. */
export const language = () => (load("language") === "zh" ? "zh" : "en");

export function setLanguage(value) {
  save("language", value);
  tell("language");
}

// Another tab of the shop changed something.
const TOLD = { who: ["who", "shopper"], shopper: ["shopper"], language: ["language"], cart: ["cart-elsewhere"] };
window.addEventListener("storage", (event) => {
  for (const [name, news] of Object.entries(TOLD)) {
    if (event.key === null || event.key === `merx.${name}`) news.forEach(tell);
  }
});
