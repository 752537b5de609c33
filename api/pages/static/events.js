// What the shopper does, told to the shop: the home rows follow it.

import { postEvents } from "./api.js";
import { randomKey } from "./dom.js";
import { shopper } from "./store.js";

const MOST = 100; // events kept for later when the shop does not answer
let waiting = [];
let heard = () => {};

/** Be called when the shop has taken events. */
export function onNoted(listener) {
  heard = listener;
}

/**
 * Post events: {kind, product, query, position, request, quantity}, each as far as it applies. Each carries an id
 * of its own, so one that is sent again (the answer got lost) counts once. Never throws: shopping goes on.
 */
export async function note(...events) {
  // Without a time of its own an event counts as of its arrival: the clocks of browsers are not to be trusted.
  const sent = [...waiting, ...events.map((event) => ({ id: randomKey(), shopper: shopper(), ...event }))];
  waiting = [];
  try {
    await postEvents(sent);
    heard();
  } catch (problem) {
    // Refused ones would be refused again; the others wait for the next.
    if (problem.status === 0 || problem.status >= 500) waiting = [...sent, ...waiting].slice(-MOST);
  }
}
