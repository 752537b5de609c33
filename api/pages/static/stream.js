// States that the shop sends whenever they change: of a product, which everybody may see, and of an order.
//
// A browser opens six connections to a host for all of its tabs, so a tab that nobody sees listens to nothing; when it
// is seen again it begins anew, and is told the state of now.

import { problemOf } from "./api.js";
import { authorization } from "./session.js";
import { who } from "./store.js";

const FIRST_PAUSE = 1000; // milliseconds; doubled after each failure
const LONGEST_PAUSE = 30_000;

/** Hear of a product until `signal` is aborted: `changed(product)`, and `gone()` when it is not sold any more. */
export function watchProduct(id, { signal, changed, gone }) {
  whileSeen(signal, (seen) => {
    const source = new EventSource(`/v1/products/${encodeURIComponent(id)}/stream`);
    source.addEventListener("product", ({ data }) => changed(JSON.parse(data)));
    source.addEventListener("gone", () => {
      source.close();
      gone();
    });
    seen.addEventListener("abort", () => source.close());
  });
}

/**
 * Hear of an order until `signal` is aborted: `changed(order)`. The browser's EventSource sends no Authorization, so
 * the stream is read by hand.
 */
export function watchOrder(id, { signal, changed }) {
  whileSeen(signal, async (seen) => {
    let pause = FIRST_PAUSE;
    let refused = null;
    while (!seen.aborted) {
      try {
        const headers = { Accept: "text/event-stream", ...(await authorization(refused)) };
        refused = null;
        const answer = await fetch(`/v1/orders/${encodeURIComponent(id)}/stream`, { headers, signal: seen });
        if (answer.status === 401) refused = headers.Authorization.slice("Bearer ".length);
        if (!answer.ok) throw await problemOf(answer);
        for await (const { name, data } of messages(answer.body)) {
          pause = FIRST_PAUSE;
          if (name === "order") changed(JSON.parse(data));
        }
      } catch (problem) {
        if (seen.aborted || problem.status === 404) return; // it is not this user's
        if (!who()) return; // nobody is logged in any more
      }
      // Not all at once, when the shop comes back to those who were listening.
      await rest(pause * (0.5 + Math.random() / 2), seen);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  });
}

function whileSeen(signal, begin) {
  let running = null;
  const turn = () => {
    if (document.visibilityState === "visible" && !signal.aborted) {
      if (running) return;
      running = new AbortController();
      begin(running.signal);
    } else {
      running?.abort();
      running = null;
    }
  };
  document.addEventListener("visibilitychange", turn);
  signal.addEventListener("abort", () => {
    document.removeEventListener("visibilitychange", turn);
    turn();
  });
  turn();
}

/** The messages of a stream of server-sent events, each as {name, data}. */
export async function* messages(body) {
  let rest = "";
  for await (const text of pieces(body)) {
    const parts = (rest + text).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const message = { name: "message", data: "" };
      for (const line of part.split("\n")) {
        if (line.startsWith("event: ")) message.name = line.slice(7);
        if (line.startsWith("data: ")) message.data += line.slice(6);
      }
      if (message.data) yield message; // a comment keeps the connection alive and says nothing
    }
  }
}

async function* pieces(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const rest = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
