// Filters: each field's counts are taken without its own filter, so ticking one value does not hide its neighbours.

import { NO_FILTERS, countFilters } from "./address.js";
import { categories, pathText } from "./categories.js";
import { el, icon, replace } from "./dom.js";
import { currencySymbol, exponent, formatMoney, toMajor, toMinor } from "./money.js";
import { group, idOf, tick } from "./ticks.js";

const FEW = 8; // brands that are shown at first
let allBrands = false;

/** Show the filters of a state in `parent`; `change(changes)` is told what the shopper changes of them. */
export function showFacets(parent, { state, facets, currency, change }) {
  const redraw = () => showFacets(parent, { state, facets, currency, change });
  const tree = {
    values: facets.category ?? [],
    ticked: state.category,
    change: (category) => change({ category }),
    redraw,
  };
  replace(
    parent,
    el("h2", {}, "Filters"),
    categories(tree),
    brands(state, facets.brand ?? [], change, redraw),
    currency && prices(state, currency, change),
    ratings(state, change),
    availability(state, facets.in_stock ?? [], change),
  );
}

function brands(state, values, change, redraw) {
  const named = values.filter(({ value }) => value);
  const missing = state.brand.filter((brand) => !named.some(({ value }) => value === brand));
  const all = [...missing.map((value) => ({ value, count: 0 })), ...named];
  if (all.length === 0) return null;
  const shown = all.filter(({ value }, place) => allBrands || place < FEW || state.brand.includes(value));
  const choose = (value) => (event) => {
    const others = state.brand.filter((brand) => brand !== value);
    change({ brand: event.target.checked ? [...others, value] : others });
  };
  const lines = shown.map(({ value, count }) =>
    tick({
      id: idOf("brand", value),
      checked: state.brand.includes(value),
      label: value,
      count,
      onchange: choose(value),
    }),
  );
  const turn = () => {
    allBrands = !allBrands;
    redraw();
  };
  const more = el(
    "button",
    { id: "more-brands", class: "quiet", type: "button", "aria-expanded": String(allBrands), onclick: turn },
    allBrands ? "Fewer brands" : `All ${all.length} brands`,
  );
  return group("Brand", ...lines, all.length > FEW && more);
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
  const range = el("div", { class: "range" }, field("price_min", "Lowest"), "–", field("price_max", "Highest"));
  return group("Price", range);
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
  const line = tick({
    id: "in-stock",
    checked: state.in_stock,
    label: "In stock only",
    count: values.find(({ value }) => value === "true")?.count,
    onchange: (event) => change({ in_stock: event.target.checked }),
  });
  return group("Availability", line);
}

/** Show what is set in `parent`, each with a button that takes it away. */
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
  const clear = el("button", { class: "quiet", type: "button", onclick: () => change(NO_FILTERS) }, "Clear all");
  replace(
    parent,
    ...state.category.map((path) => chip(pathText(path), `c-${path}`, without("category", path))),
    ...state.brand.map((brand) => chip(brand, `b-${brand}`, without("brand", brand))),
    state.price_min !== null && chip(`From ${amount(state.price_min)}`, "min", { price_min: null }),
    state.price_max !== null && chip(`Up to ${amount(state.price_max)}`, "max", { price_max: null }),
    state.rating_min !== null && chip(`${state.rating_min} stars and up`, "rating", { rating_min: null }),
    state.in_stock && chip("In stock", "stock", { in_stock: false }),
    countFilters(state) > 1 && el("li", {}, clear),
  );
}
