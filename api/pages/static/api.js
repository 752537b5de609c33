// The /v1 API. Every failure is a Problem with something that a person can read.

/** RFC 9457, or a network that did not answer (status 0). `code` names the kind, `ids` what it speaks of. */
export class Problem extends Error {
  constructor({ title, detail, status, type = "", ids = {}, errors = [] }) {
    super(detail || title);
    this.title = title;
    this.status = status;
    this.code = type.split("/").at(-1);
    this.ids = ids;
    this.errors = errors;
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

let ahead = 0; // milliseconds that the shop's clock is before the browser's, which is not to be trusted

/** What time it is in the shop, in milliseconds; good to a second or two. */
export const shopTime = () => Date.now() + ahead;

/** Ask the API: `body` goes as JSON, or as the form it is. Gives the answer's JSON ({} where it has none), or throws a Problem. */
export async function call(path, { method = "GET", parameters = {}, body, headers = {}, ...options } = {}) {
  const form = body instanceof FormData; // the browser says of what kind it is
  const sent = body === undefined ? {} : { body: form ? body : JSON.stringify(body) };
  const kind = body === undefined || form ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    const asked = { method, headers: { Accept: "application/json", ...kind, ...headers }, ...sent, ...options };
    answer = await fetch(path + search(parameters), asked);
  } catch (error) {
    if (isSuperseded(error)) throw error;
    throw new Problem({ title: "No connection", detail: "The shop does not answer. Is it running?", status: 0 });
  }
  const now = Date.parse(answer.headers.get("Date"));
  if (now) ahead = now + 1000 - Date.now(); // the header counts whole seconds
  if (!answer.ok) throw await problemOf(answer);
  return answer.json().catch((error) => {
    if (isSuperseded(error)) throw error;
    return {};
  });
}

/** The Problem that an answer tells of. */
export async function problemOf(answer) {
  const body = await answer.json().catch((error) => {
    if (isSuperseded(error)) throw error;
    return {};
  });
  const text = (value) => (typeof value === "string" ? value : "");
  return new Problem({
    title: text(body.title) || `Error ${answer.status}`,
    detail: text(body.detail),
    status: answer.status,
    type: text(body.type),
    ids: body.ids ?? {},
    errors: body.errors ?? [],
  });
}

export const get = (path, parameters = {}, signal = undefined) => call(path, { parameters, signal });

/** Post events; the browser finishes the request even when the page is left. */
export const postEvents = (events) => call("/v1/events", { method: "POST", body: { events }, keepalive: true });

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
