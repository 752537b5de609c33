// Filters: each field's counts are taken without its own filter, so ticking one value does not hide its neighbours.

import { currencySymbol, exponent, formatMoney, toMajor, toMinor } from "./money.js";
import { el, icon, replace } from "./dom.js";
import { NO_FILTERS, countFilters } from "./address.js";

const FEW = 8;
const SEPARATOR = " > ";
const opened = new Set(); // category paths and lists that the shopper opened

/** Show the filters of a state in `parent`; `change(changes)` is called with what the shopper changes of them. */
export function showFacets(parent, { state, facets, currency, change }) {
  const again = () => showFacets(parent, { state, facets, currency, change });
  replace(
    parent,
    el("h2", {}, "Filters"),
    categories(state, facets.category ?? [], change, again),
    brands(state, facets.brand ?? [], change, again),
    currency && prices(state, currency, change),
    ratings(state, change),
    availability(state, facets.in_stock ?? [], change),
  );
}

const group = (name, ...children) => el("fieldset", { class: "facet" }, el("legend", {}, name), ...children);

const idOf = (name, value) => `${name}-${encodeURIComponent(value)}`;

function tick({ id, type = "checkbox", name, checked, label, count, onchange }) {
  return el(
    "label",
    { class: "tick" },
    el("input", { id, type, name, checked, onchange }),
    el("span", { class: "tick-label" }, label),
    count !== undefined && el("span", { class: "tick-count" }, String(count)),
  );
}

function categories(state, values, change, again) {
  if (values.length === 0 && state.category.length === 0) return null;
  const counts = new Map(values.map(({ value, count }) => [value, count]));
  state.category.forEach((path) => counts.has(path) || counts.set(path, 0)); // ticked, though nothing is left in it
  const parentOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf(SEPARATOR)));
  const children = (parent) => [...counts.keys()].filter((path) => parentOf(path) === parent);
  const known = (path) => !path || counts.has(path);
  const roots = [...counts.keys()].filter((path) => !parentOf(path) || !known(parentOf(path)));
  const below = (path, other) => other.startsWith(path + SEPARATOR);
  const choose = (path, on) => {
    // A path holds all below it: ticking one takes the place of those above and below.
    const others = state.category.filter((other) => other !== path && !below(other, path) && !below(path, other));
    change({ category: on ? [...others, path] : others });
  };
  const item = (path) => {
    const inside = children(path);
    const forced = roots.length === 1 || state.category.some((other) => below(path, other) || other === path);
    const open = inside.length > 0 && (opened.has(path) || (forced && !opened.has(`not ${path}`)));
    const toggle = () => {
      opened.delete(open ? path : `not ${path}`);
      opened.add(open ? `not ${path}` : path);
      again();
    };
    const label = path.split(SEPARATOR).at(-1);
    return el(
      "li",
      {},
      el(
        "div",
        { class: "branch" },
        tick({
          id: idOf("category", path),
          checked: state.category.includes(path),
          label,
          count: counts.get(path),
          onchange: (event) => choose(path, event.target.checked),
        }),
        inside.length > 0 &&
          el(
            "button",
            {
              id: idOf("open", path),
              class: "twist",
              type: "button",
              "aria-expanded": String(open),
              "aria-label": `Inside ${label}`,
              onclick: toggle,
            },
            icon("open"),
          ),
      ),
      open && el("ul", { class: "tree" }, inside.map(item)),
    );
  };
  return group("Category", el("ul", { class: "tree" }, roots.map(item)));
}

function brands(state, values, change, again) {
  const named = values.filter(({ value }) => value);
  const missing = state.brand.filter((brand) => !named.some(({ value }) => value === brand));
  const all = [...missing.map((value) => ({ value, count: 0 })), ...named];
  if (all.length === 0) return null;
  const shown = opened.has("brands") ? all : all.filter(({ value }, place) => place < FEW || state.brand.includes(value));
  const list = shown.map(({ value, count }) =>
    tick({
      id: idOf("brand", value),
      checked: state.brand.includes(value),
      label: value,
      count,
      onchange: (event) => {
        const others = state.brand.filter((brand) => brand !== value);
        change({ brand: event.target.checked ? [...others, value] : others });
      },
    }),
  );
  const toggle = () => {
    if (!opened.delete("brands")) opened.add("brands");
    again();
  };
  const more = all.length > FEW && el(
    "button",
    { id: "more-brands", class: "quiet", type: "button", "aria-expanded": String(opened.has("brands")), onclick: toggle },
    opened.has("brands") ? "Fewer brands" : `All ${all.length} brands`,
  );
  return group("Brand", ...list, more);
}

function prices(state, currency, change) {
  const field = (name, label) =>
    el(
      "label",
      { class: "amount" },
      el("span", { class: "unseen" }, `${label} price`),
      el("span", { class: "symbol", "aria-hidden": "true" }, currencySymbol(currency)),
      el("input", {
        id: `${name}-input`,
        type: "text",
        inputmode: exponent(currency) ? "decimal" : "numeric",
        placeholder: label,
        autocomplete: "off",
        value: toMajor(state[name], currency),
        onchange: (event) => change({ [name]: toMinor(event.target.value, currency) }),
      }),
    );
  return group("Price", el("div", { class: "range" }, field("price_min", "Lowest"), "–", field("price_max", "Highest")));
}

function ratings(state, change) {
  const choices = [null, 4.5, 4, 3].map((least) =>
    tick({
      id: `rating-${least}`,
      type: "radio",
      name: "rating",
      checked: state.rating_min === least,
      label: least === null ? "Any" : [icon("star"), `${least} and up`],
      onchange: () => change({ rating_min: least }),
    }),
  );
  return group("Rating", ...choices);
}

function availability(state, values, change) {
  const there = values.find(({ value }) => value === "true");
  const onchange = (event) => change({ in_stock: event.target.checked });
  const label = "In stock only";
  return group("Availability", tick({ id: "in-stock", checked: state.in_stock, label, count: there?.count, onchange }));
}

/** What is set, each with a button that takes it away. */
export function showChips(parent, { state, currency, change }) {
  const chip = (name, key, changes) =>
    el(
      "li",
      {},
      el(
        "button",
        { id: idOf("chip", key), class: "chip", type: "button", onclick: () => change(changes) },
        el("span", { class: "unseen" }, "Remove the filter "),
        name,
        icon("close"),
      ),
    );
  const amount = (minor) => (currency ? formatMoney({ minor, currency }) : String(minor));
  const without = (field, value) => ({ [field]: state[field].filter((other) => other !== value) });
  const chips = [
    ...state.category.map((path) => chip(path.replaceAll(SEPARATOR, " › "), `c-${path}`, without("category", path))),
    ...state.brand.map((brand) => chip(brand, `b-${brand}`, without("brand", brand))),
    state.price_min !== null && chip(`From ${amount(state.price_min)}`, "min", { price_min: null }),
    state.price_max !== null && chip(`Up to ${amount(state.price_max)}`, "max", { price_max: null }),
    state.rating_min !== null && chip(`${state.rating_min} stars and up`, "rating", { rating_min: null }),
    state.in_stock && chip("In stock", "stock", { in_stock: false }),
    countFilters(state) > 1 &&
      el("li", {}, el("button", { class: "quiet", type: "button", onclick: () => change(NO_FILTERS) }, "Clear all")),
  ];
  replace(parent, ...chips);
}
