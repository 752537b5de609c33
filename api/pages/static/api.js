// The /v1 API. Every failure is a Problem with something that a person can read.

/** RFC 9457, or a network that did not answer (status 0). */
export class Problem extends Error {
  constructor({ title, detail, status }) {
    super(detail || title);
    this.title = title;
    this.status = status;
  }
}

/** Whether a newer request has taken this one's place: nothing to tell anybody. */
export const isSuperseded = (error) => error?.name === "AbortError";

const search = (parameters) => {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== null && one !== undefined && one !== "") pairs.append(name, one);
  }
  return pairs.size ? `?${pairs}` : "";
};

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
  } catch (error) {
    if (isSuperseded(error)) throw error;
    throw new Problem({ title: "No connection", detail: "The shop does not answer. Is it running?", status: 0 });
  }
  const body = await answer.json().catch((error) => {
    if (isSuperseded(error)) throw error;
    return {};
  });
  if (answer.ok) return body;
  throw new Problem({
    title: typeof body.title === "string" ? body.title : `Error ${answer.status}`,
    detail: typeof body.detail === "string" ? body.detail : "",
    status: answer.status,
  });
}

export const get = (path, parameters = {}, signal = undefined) => call(path + search(parameters), { signal });

/** Post events; the browser finishes the request even when the page is left. */
export const postEvents = (events) =>
  call("/v1/events", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ events }),
    keepalive: true,
  });

/**
 * A runner of requests of one kind of which only the newest counts: a new one aborts the one before, whose promise
 * is rejected as superseded, so an answer that comes late or out of order is never shown.
 */
export function newestOnly() {
  let running = null;
  const run = async (ask) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const answer = await ask(mine.signal);
    mine.signal.throwIfAborted();
    return answer;
  };
  run.cancel = () => running?.abort();
  return run;
}
