// Filters: each field's counts are taken without its own filter, so ticking one value does not hide its neighbours.

import { NO_FILTERS, countFilters } from "./address.js";
import { isLook, lookOf } from "./camera.js";
import { categories, pathText } from "./categories.js";
import { el, icon, replace } from "./dom.js";
import { currencySymbol, exponent, formatMoney, toMajor, toMinor } from "./money.js";
import { isLiteral } from "./reading.js";
import { group, idOf, tick } from "./ticks.js";
import { values } from "./values.js";

const ATTRIBUTE = "attributes.";

/**
 * Show the filters of a state in `parent`; `change(changes)` is told what the shopper changes of them, and
 * `find(field, text)` searches among the values of a field.
 */
export function showFacets(parent, given) {
  const { state, facets, stats, currency, change, find } = given;
  const tree = {
    values: facets.category ?? [],
    ticked: state.category,
    change: (category) => change({ category }),
    redraw: () => showFacets(parent, given),
  };
  const brands = {
    name: "Brand",
    field: "brand",
    found: facets.brand ?? [],
    ticked: state.brand,
    change: (brand) => change({ brand }),
    find,
  };
  replace(
    parent,
    el("h2", {}, "Filters"),
    categories(tree),
    values(brands),
    currency && prices(state, stats?.price, currency, change),
    ratings(state, change),
    availability(state, facets.in_stock ?? [], change),
    ...attributes(given),
  );
}

/** The names of the attributes of which something is ticked. */
export const tickedAttributes = (state) => [...new Set(state.attribute.map((pair) => pair.split(":", 1)[0]))];

function attributes({ state, facets, change, find }) {
  const counted = Object.keys(facets).filter((field) => field.startsWith(ATTRIBUTE));
  return counted.map((field) => {
    const lead = `${field.slice(ATTRIBUTE.length)}:`;
    const others = state.attribute.filter((pair) => !pair.startsWith(lead));
    return values({
      name: named(field.slice(ATTRIBUTE.length)),
      field,
      found: facets[field],
      ticked: state.attribute.filter((pair) => pair.startsWith(lead)).map((pair) => pair.slice(lead.length)),
      change: (chosen) => change({ attribute: [...others, ...chosen.map((value) => lead + value)] }),
      find,
    });
  });
}

const named = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

function prices(state, bounds, currency, change) {
  const field = (name, label, bound) =>
    el(
      "label",
      { class: "amount" },
      el("span", { class: "unseen" }, `${label} price`),
      el("span", { class: "symbol", "aria-hidden": "true" }, currencySymbol(currency)),
      el("input", {
        id: `${name}-input`,
        type: "text",
        inputmode: exponent(currency) ? "decimal" : "numeric",
        placeholder: bound === undefined ? label : toMajor(bound, currency),
        autocomplete: "off",
        value: toMajor(state[name], currency),
        onchange: (event) => change({ [name]: toMinor(event.target.value, currency) }),
      }),
    );
  const [low, high] = [field("price_min", "Lowest", bounds?.min), field("price_max", "Highest", bounds?.max)];
  return group("Price", el("div", { class: "range" }, low, "–", high));
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

function availability(state, counts, change) {
  const only = tick({
    id: "in-stock",
    checked: state.in_stock,
    label: "In stock only",
    count: counts.find(({ value }) => value === "true")?.count,
    onchange: (event) => change({ in_stock: event.target.checked }),
  });
  const first = tick({
    id: "in-stock-first",
    checked: state.in_stock_first,
    label: "In stock first",
    onchange: (event) => change({ in_stock_first: event.target.checked }),
  });
  return group("Availability", only, first);
}

/** Show what is set in `parent`, each with a button that takes it away; `said` is what the query itself sets. */
export function showChips(parent, { state, said, currency, change }) {
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
    isLook(state) && chip(lookOf(state), "look", { like: "", picture: "" }),
    ...said.map(({ text, changes }) => chip(text, `q-${text}`, changes)),
    isLiteral(state) && chip("Exactly these words", "literal", { literal: "" }),
    ...state.category.map((path) => chip(pathText(path), `c-${path}`, without("category", path))),
    ...state.brand.map((brand) => chip(brand, `b-${brand}`, without("brand", brand))),
    ...state.attribute.map((pair) => chip(pair.replace(":", ": "), `a-${pair}`, without("attribute", pair))),
    state.price_min !== null && chip(`From ${amount(state.price_min)}`, "min", { price_min: null }),
    state.price_max !== null && chip(`Up to ${amount(state.price_max)}`, "max", { price_max: null }),
    state.rating_min !== null && chip(`${state.rating_min} stars and up`, "rating", { rating_min: null }),
    state.in_stock && chip("In stock", "stock", { in_stock: false }),
    countFilters(state) > 1 && el("li", {}, clear),
  );
}
