// Placing an order once: what was asked for is kept, with its key, until the shop has answered.

import { randomKey } from "./dom.js";
import { as } from "./session.js";
import { loadForTab, saveForTab } from "./storage.js";
import { who } from "./store.js";

const NAME = "placing";
const FRESH = 15 * 60_000; // milliseconds: nobody is asked hours later about what they have forgotten

/** What was asked for and never answered (the page was left, the line was cut): {cart, address, total_minor}. */
export function unanswered() {
  const kept = loadForTab(NAME);
  return kept && kept.user === who()?.user && Date.now() - kept.at < FRESH ? kept.body : null;
}

/**
 * Place an order. The same request goes out with the same key until there is an answer, so it is one order however
 * often it is sent. Throws a Problem; after one with status 0 or from 500 on nobody knows: place the same again.
 */
export async function place(body) {
  const user = who()?.user;
  const kept = loadForTab(NAME);
  const same = kept?.user === user && JSON.stringify(kept.body) === JSON.stringify(body);
  const key = same ? kept.key : randomKey(16);
  saveForTab(NAME, { user, key, body, at: Date.now() });
  try {
    const order = await once("/v1/orders", { key, body });
    saveForTab(NAME, null);
    return order;
  } catch (problem) {
    // 401: the login has ended, and the same person may come back.
    if (problem.status >= 400 && problem.status < 500 && problem.status !== 401) saveForTab(NAME, null);
    throw problem;
  }
}

/** Post something that is done once however often it is sent with this key. */
export const once = (path, { key = randomKey(16), body } = {}) =>
  as(path, { method: "POST", headers: { "Idempotency-Key": key }, body });
