// The search box: results as you type, with suggestions by group that the arrow keys walk through (ARIA combobox).

import { NO_FILTERS, fresh, go, read } from "./address.js";
import { get, newestOnly } from "./api.js";
import { byId, el, icon, replace } from "./dom.js";
import { shopper } from "./store.js";

const PAUSE = 120; // milliseconds without a key before the shop is asked
const SIZE = 8;
const KINDS = { query: "search", category: "folder", brand: "tag", product: "box" };
const GROUPS = { query: "Searches", category: "Categories", brand: "Brands", product: "Products" };

const input = byId("q");
const list = byId("suggestions");
const clear = byId("clear");
const newest = newestOnly();

let timer; // of the search that is about to begin
let shown = [];
let active = -1;
// While one query is being typed, its steps replace one another in the history.
let typing = false;

/** Set the box to the query of the page, unless it is there already, as while typing. */
export function show(query) {
  if (input.value.trimStart() !== query) {
    timer = clearTimeout(timer);
    typing = false;
    input.value = query;
  }
  clear.hidden = input.value === "";
}

/** Make the box work. */
export function start() {
  input.addEventListener("input", (event) => {
    clear.hidden = input.value === "";
    if (!event.isComposing) soon(); // a syllable on its way to a character is not yet a query
  });
  input.addEventListener("compositionend", soon);
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", () => {
    if (timer) search(); // what was typed last is not lost
    typing = false;
    close();
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    if (active >= 0) choose(shown[active]);
    else settle({ ...read(), place: "/", q: input.value.trim(), product: "", page: 1 });
  });
  clear.addEventListener("click", () => {
    input.value = "";
    settle({ ...read(), place: "/", q: "", product: "", page: 1 });
    input.focus();
  });
  // Pressing the mouse on a suggestion must not take the focus from the box: that would close the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    search();
    suggest();
  }, PAUSE);
}

function search() {
  timer = clearTimeout(timer);
  go(
    { ...read(), place: "/", q: input.value.trimStart(), product: "", page: 1 },
    { replace: typing, typing: true },
  );
  typing = true;
}

// The query is finished: the next key begins a new step of the history.
function settle(state) {
  timer = clearTimeout(timer);
  newest.cancel();
  close();
  go(state, { replace: typing, typing: false });
  typing = false;
  input.value = state.q;
  clear.hidden = state.q === "";
}

async function suggest() {
  const typed = input.value.trim();
  if (!typed) {
    newest.cancel();
    close();
    return;
  }
  try {
    const asked = { q: typed, size: SIZE, shopper: shopper(), scopes: true };
    const answer = await newest((signal) => get("/v1/suggest", asked, signal));
    if (document.activeElement === input) open(answer.suggestions);
  } catch {
    close(); // suggestions are a help: without them the search goes on, and it tells what is wrong
  }
}

function open(suggestions) {
  shown = suggestions;
  replace(list, ...Object.keys(GROUPS).map(group));
  list.hidden = shown.length === 0;
  input.setAttribute("aria-expanded", String(shown.length > 0));
  mark(-1);
}

function close() {
  open([]);
}

// The suggestions of a kind below its name; the shop sends them kind after kind, so places go on counting.
function group(kind) {
  const options = shown.flatMap((suggestion, place) => (suggestion.kind === kind ? [option(suggestion, place)] : []));
  if (options.length === 0) return null;
  const title = el("li", { class: "group", role: "presentation", id: `suggested-${kind}` }, GROUPS[kind]);
  return el("ul", { role: "group", "aria-labelledby": title.id }, title, ...options);
}

function option(suggestion, place) {
  const { kind, highlights, category, count, reason } = suggestion;
  const side = category ? `in ${category.split(" > ").at(-1)}` : (count?.toLocaleString() ?? "");
  return el(
    "li",
    {
      id: `suggestion-${place}`,
      role: "option",
      "aria-selected": "false",
      ...(reason && { title: reason }),
      onclick: () => choose(suggestion),
    },
    icon(KINDS[kind]),
    // What was typed stands back, what it would become stands out.
    el("span", { class: "text" }, ...highlights.map(({ text, match }) => (match ? text : el("b", {}, text)))),
    side && el("span", { class: "kind" }, side),
  );
}

function mark(place) {
  active = place;
  const options = [...list.querySelectorAll('[role="option"]')];
  options.forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
  if (place < 0) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", `suggestion-${place}`);
  options[place]?.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.isComposing) return;
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && shown.length > 0) {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    // One place more than suggestions: the box itself.
    mark(((active + 1 + step + shown.length + 1) % (shown.length + 1)) - 1);
  } else if (event.key === "ArrowDown") {
    suggest();
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault(); // the first press closes the list, a second one empties the box
    close();
  }
}

function choose({ kind, text, id, category }) {
  if (kind === "category") settle(fresh({ category: [id ?? text] }));
  else if (kind === "brand") settle(fresh({ brand: [id ?? text] }));
  else if (kind === "product" && id) {
    settle({ ...read(), place: "/", q: input.value.trim() });
    go({ ...read(), product: id }, { context: { query: input.value.trim() } });
  } else {
    const within = category ? { category: [category] } : {};
    settle({ ...read(), ...NO_FILTERS, ...within, place: "/", q: text, product: "", page: 1 });
  }
}
