// Search by picture: a photograph that the shopper uploads, or the pictures of a product (`like` in the address).

import { fresh, go } from "./address.js";
import { Problem, call, get } from "./api.js";
import { byId, randomKey } from "./dom.js";

// Photographs stay in this page: the address only names one, and the shop keeps none.
const photographs = new Map();

/** Make the button beside the search box work. */
export function start() {
  const input = byId("photograph");
  byId("camera").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (!file) return;
    const name = randomKey(4);
    photographs.set(name, file);
    input.value = ""; // the same file may be chosen again
    go(fresh({ picture: name }));
  });
}

/** Whether a state asks for what looks like something. */
export const isLook = (state) => Boolean(state.picture || state.like);

/** What a state looks for, in words; empty for a search by words alone. */
export function lookOf(state) {
  if (state.picture) return "Looks like your picture";
  return state.like ? "Looks like this" : "";
}

/** A page of results of a state: by words, or by what it looks like, refined by words. */
export function search(state, parameters, signal) {
  if (state.like) return get(`/v1/products/${encodeURIComponent(state.like)}/looks-like`, parameters, signal);
  if (!state.picture) return get("/v1/search", parameters, signal);
  const file = photographs.get(state.picture);
  if (!file) throw new Problem({ title: "The picture is gone", detail: "Choose it again with the camera.", status: 0 });
  const body = new FormData();
  body.append("file", file);
  return call("/v1/search/picture", { method: "POST", parameters, body, signal });
}
