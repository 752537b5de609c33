// The results of a search: hits, facets and more of them.

import { NO_FILTERS, SORTS, countFilters, fresh, go, read, write } from "./address.js";
import { get, isSuperseded, newestOnly } from "./api.js";
import { isLook, lookOf, search } from "./camera.js";
import { card } from "./card.js";
import { leafName } from "./categories.js";
import { byId, el, randomKey, replace } from "./dom.js";
import { note } from "./events.js";
import { showChips, showFacets, tickedAttributes } from "./facets.js";
import { failure, message, skeletons } from "./messages.js";
import { isLiteral, readFilters, reading } from "./reading.js";

const SIZE = 24;
const MOST_PAGES = 10; // that one address brings back at once
const SETTLED = 1000; // milliseconds that a search stands before it counts as asked

const root = byId("results");
const hits = byId("hits");
const newest = newestOnly();

let shown = ""; // the address of what is shown, without its page
let unfinished = false; // whether the last word of its query may be the beginning of one
let byPrefix = false; // whether it was read as one
let pages = 0;
let total = 0;
let currency = "";
let request = "";
let settling = 0;

/** Show the results of a state; `typing`: its last word may be unfinished, undefined: as it was shown before. */
export async function show(state, { typing } = {}) {
  const first = root.hidden;
  root.hidden = false;
  const wanted = write({ ...state, product: "", page: 1 });
  const prefix = typing ?? (wanted === shown && unfinished);
  if (wanted === shown && prefix === unfinished && pages >= state.page) return;
  head(state);
  if (first || hits.childElementCount === 0) replace(hits, ...skeletons(8));
  hits.setAttribute("aria-busy", "true");
  try {
    const answers = await newest((signal) => ask(state, prefix, signal));
    if (wanted !== shown) toTop();
    [shown, unfinished] = [wanted, prefix];
    render(state, answers);
    settle(state);
  } catch (problem) {
    if (isSuperseded(problem)) return;
    shown = "";
    fail(problem, () => show(state, { typing: prefix }));
  }
}

/** Take the results away. */
export function hide() {
  newest.cancel();
  clearTimeout(settling);
  shown = "";
  root.hidden = true;
}

// What is new begins at its beginning.
function toTop() {
  if (window.scrollY > root.offsetTop) window.scrollTo({ top: 0, behavior: "instant" });
}

async function ask(state, prefix, signal) {
  const last = Math.min(state.page, MOST_PAGES);
  const all = (asPrefix) =>
    Promise.all(
      Array.from({ length: last }, (_, place) =>
        search(state, parameters(state, place + 1, asPrefix), signal),
      ),
    );
  byPrefix = prefix;
  const answers = await all(byPrefix);
  if (answers[0].total > 0 || prefix || !state.q) return answers;
  // A word that was left unfinished finds nothing as it stands: then it is read as the beginning of one.
  byPrefix = true;
  return all(byPrefix);
}

// What a search and the search among the values of its facets have in common.
function narrowing(state, prefix) {
  const { q, brand, category, attribute, price_min, price_max, rating_min } = state;
  const flags = { in_stock: state.in_stock || null, literal: isLiteral(state) || null, prefix: prefix || null };
  return { q, brand, category, attribute, price_min, price_max, rating_min, ...flags };
}

function parameters(state, page, prefix) {
  const facet = ["category", "brand", "in_stock", "*", ...tickedAttributes(state).map((name) => `attributes.${name}`)];
  const order = { sort: state.sort, in_stock_first: state.in_stock_first || null };
  const counted = page === 1 ? { facet, stats: "price" } : { facet: "in_stock" }; // the first page's are shown
  return { ...narrowing(state, prefix), ...order, page, size: SIZE, ...counted, explain: true };
}

function head(state) {
  const place = state.category.length === 1 ? leafName(state.category[0]) : "All products";
  const asked = state.brand.length === 1 ? state.brand[0] : place;
  byId("results-title").textContent = state.q ? `“${state.q}”` : lookOf(state) || asked;
  const sorts = SORTS[state.sort] ? SORTS : { ...SORTS, [state.sort]: state.sort };
  replace(
    byId("sort"),
    ...Object.entries(sorts).map(([value, label]) =>
      el("option", { value, selected: value === state.sort }, label),
    ),
  );
  const filters = countFilters(state);
  byId("filter-word").textContent = filters ? `Filters (${filters})` : "Filters";
}

function render(state, answers) {
  const answer = answers[0];
  pages = answers.length;
  total = answer.total;
  request = randomKey();
  currency = answer.hits.find((hit) => hit.price)?.price.currency ?? currency;
  const change = (changes) => go({ ...read(), ...changes, page: 1 });
  const find = isLook(state) ? null : finder(state);
  showFacets(byId("filters"), { state, facets: answer.facets, stats: answer.stats, currency, change, find });
  showChips(byId("chips"), { state, said: readFilters(state, answer), currency, change });
  hits.setAttribute("aria-busy", "false");
  replace(hits, ...answers.flatMap((one, page) => items(one, state, page * SIZE)));
  const found = `${total.toLocaleString()} ${total === 1 ? "product" : "products"}`;
  byId("status").textContent = `${found} in ${Math.max(1, Math.round(answer.took_ms))} ms`;
  replace(byId("notice"), ...notices(state, answer));
  more(state);
}

// Searches among the values of a facet, as they are counted for the state.
function finder(state) {
  const asked = narrowing(state, byPrefix);
  return async (field, search, signal) => {
    const answer = await get(`/v1/facets/${encodeURIComponent(field)}`, { ...asked, search }, signal);
    return answer.values;
  };
}

function notices(state, answer) {
  if (answer.total === 0) {
    const actions = [["See everything", () => go(fresh({ sort: "-popularity" }))]];
    if (countFilters(state))
      actions.unshift(["Clear the filters", () => go({ ...read(), ...NO_FILTERS, page: 1 })]);
    if (isLook(state) && !state.q && !countFilters(state))
      return [message({ title: "Nothing here looks like that", text: "Try another picture, or words.", actions })];
    const what = state.q ? `Nothing matches “${state.q}”` : "Nothing is left";
    const hint = countFilters(state) ? "The filters leave nothing over." : "Try fewer or other words.";
    return [...reading(state, answer), message({ title: what, text: hint, actions })];
  }
  return reading(state, answer);
}

function items(answer, state, before) {
  return answer.hits.map((hit, place) => {
    const context = { position: before + place + 1, request, query: state.q || undefined };
    const href = write({ ...state, product: hit.id });
    const open = () => {
      settled(state);
      go({ ...read(), product: hit.id }, { context });
    };
    return el("li", {}, card(hit, { href, open, highlights: hit.highlights, level: 2 }));
  });
}

function more(state) {
  const parent = byId("more");
  const left = total - hits.childElementCount;
  if (left <= 0) {
    replace(parent);
    return;
  }
  const button = el("button", { id: "show-more", class: "solid", type: "button" }, "Show more");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const next = await newest((signal) => search(state, parameters(state, pages + 1, byPrefix), signal));
      const added = items(next, state, pages * SIZE);
      pages += 1;
      hits.append(...added);
      more(state);
      go({ ...read(), page: pages }, { replace: true });
      added[0]?.querySelector("a").focus({ preventScroll: true });
    } catch (problem) {
      if (!isSuperseded(problem))
        replace(
          parent,
          failure(problem, () => more(state)),
        );
    }
  });
  replace(parent, el("p", {}, `${hits.childElementCount} of ${total.toLocaleString()}`), button);
}

function fail(problem, retry) {
  hits.setAttribute("aria-busy", "false");
  replace(hits);
  replace(byId("more"));
  byId("status").textContent = "";
  replace(byId("notice"), failure(problem, retry));
}

// A search counts as asked when it has stood for a while, or when a result of it is opened; once each.
let asked = "";

function settle(state) {
  clearTimeout(settling);
  settling = setTimeout(() => settled(state), SETTLED);
}

function settled({ q }) {
  clearTimeout(settling);
  if (!q || q === asked) return;
  asked = q;
  note({ kind: "query", query: q, request });
}

/** Make the sorting and the filter button work. */
export function start() {
  byId("sort").addEventListener("change", (event) => go({ ...read(), sort: event.target.value, page: 1 }));
  const button = byId("show-filters");
  button.addEventListener("click", () => {
    const open = byId("filters").classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  });
}
