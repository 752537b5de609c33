// The first page: departments, the rows that the shop recommends to this shopper, and shelves that are everybody's.

import { fresh, go, write } from "./address.js";
import { get, isSuperseded, newestOnly } from "./api.js";
import { byId, el, replace } from "./dom.js";
import { failure, message, skeletons } from "./messages.js";
import { rows } from "./rows.js";
import { shopper } from "./store.js";

const root = byId("home");
const parent = byId("rows");
const newest = newestOnly();
let stale = true;

/** Show the first page. */
export function show() {
  root.hidden = false;
  if (byId("departments").childElementCount === 0) departments();
  if (byId("shelves").childElementCount === 0) shelves();
  if (stale) load();
}

/** Take the first page away. */
export function hide() {
  root.hidden = true;
}

/** The shopper is another one, or did something: the rows are asked for anew, at once if they are seen. */
export function refresh() {
  stale = true;
  if (!root.hidden) load();
}

async function load() {
  stale = false;
  if (parent.childElementCount === 0) replace(parent, el("ul", { class: "row" }, skeletons(6)));
  parent.setAttribute("aria-busy", "true");
  try {
    const asked = { shopper: shopper(), size: 12, explain: true };
    const answer = await newest((signal) => get("/v1/recommendations/home", asked, signal));
    const sections = rows(answer);
    const nothing = {
      title: "Nothing to recommend yet",
      text: "Search for something: the rows follow what you look at.",
    };
    keepScroll(() => replace(parent, ...(sections.length ? sections : [message(nothing)])));
  } catch (problem) {
    if (isSuperseded(problem)) return;
    stale = true;
    replace(parent, failure(problem, load));
  }
  parent.setAttribute("aria-busy", "false");
}

// A row that is drawn anew stays where it was scrolled to.
function keepScroll(draw) {
  const lists = () => [...parent.querySelectorAll("[data-row]")];
  const places = new Map(lists().map((list) => [list.dataset.row, list.scrollLeft]));
  draw();
  for (const list of lists()) list.scrollLeft = places.get(list.dataset.row) ?? 0;
}

async function departments() {
  try {
    const { facets } = await get("/v1/search", { size: 1 });
    const top = (facets.category ?? []).filter(({ value }) => value && !value.includes(" > "));
    const link = (label, state) => {
      const onclick = (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(state);
      };
      return el("a", { href: write(state), onclick }, label);
    };
    replace(
      byId("departments"),
      ...top.map(({ value }) => link(value, fresh({ category: [value] }))),
      link("Everything", fresh({ sort: "-popularity" })),
    );
  } catch {
    // the rows tell what is wrong; without departments the page still works
  }
}

const SHELVES = { "-discount": "Biggest savings", "-released_at": "New in the shop" };

async function shelves() {
  try {
    const shelf = async ([sort, title]) => {
      const { hits } = await get("/v1/search", { sort, size: 12, in_stock: true });
      return { id: sort, title, items: sort === "-discount" ? hits.filter((hit) => hit.list_price) : hits };
    };
    replace(byId("shelves"), ...rows({ rows: await Promise.all(Object.entries(SHELVES).map(shelf)) }));
  } catch {
    // as above
  }
}
