// What the browser remembers: who shops, in which language titles are shown, and the cart of each shopper.

import { randomKey } from "./dom.js";

const listeners = new Map();

/** Hear of a change of "shopper", "language" or "cart". */
export function onChange(what, listener) {
  listeners.set(what, [...(listeners.get(what) ?? []), listener]);
}

const tell = (what) => listeners.get(what)?.forEach((listener) => listener());

// Storage can be switched off or full: then the page works on, for as long as it is open.
const memory = new Map();

function load(name) {
  try {
    return localStorage.getItem(`merx.${name}`) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

function save(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`merx.${name}`, value);
  } catch {
    // kept in memory
  }
}

const KEY = /^[A-Za-z0-9_-]{8,64}$/;

/** The key of this browser's guest: random, so it says nothing about anybody. */
export function guest() {
  const known = load("guest");
  if (known && KEY.test(known)) return known;
  const key = `guest-${randomKey()}`;
  save("guest", key);
  return key;
}

/** The key of who shops now: the guest, or a sample shopper that was chosen. */
export function shopper() {
  const chosen = load("shopper");
  return chosen && KEY.test(chosen) ? chosen : guest();
}

/** Shop as somebody else; an empty key is the guest. */
export function shopAs(key) {
  save("shopper", key === guest() ? "" : key);
  tell("shopper");
  tell("cart");
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

/** The lines of the shopper's cart: {product, variant, title, title_zh, picture, options, price, quantity}. */
export function cart() {
  try {
    const lines = JSON.parse(load(`cart.${shopper()}`) ?? "[]");
    return Array.isArray(lines) ? lines.filter((line) => line?.variant && line.price && line.quantity > 0) : [];
  } catch {
    return [];
  }
}

/** Add pieces of a variant; a line that is there already grows. */
export function addToCart(line, quantity = 1) {
  const lines = cart();
  const same = lines.find((other) => other.variant === line.variant);
  if (same) same.quantity += quantity;
  else lines.push({ ...line, quantity });
  saveCart(lines);
}

/** Set how many pieces of a variant are in the cart; 0 takes the line away. */
export function setQuantity(variant, quantity) {
  const lines = cart().map((line) => (line.variant === variant ? { ...line, quantity } : line));
  saveCart(lines.filter((line) => line.quantity > 0));
}

function saveCart(lines) {
  save(`cart.${shopper()}`, JSON.stringify(lines));
  tell("cart");
}

// Another tab of the shop changed something.
window.addEventListener("storage", (event) => {
  for (const what of ["shopper", "language", "cart"]) {
    if (event.key === null || event.key.startsWith(`merx.${what}`)) tell(what);
  }
});
