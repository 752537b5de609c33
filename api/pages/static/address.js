// The address of the page is its state: the place, what is searched, what is ticked, which product is open.

export const SORTS = {
  relevance: "Best match",
  "-popularity": "Most popular",
  price: "Price: low to high",
  "-price": "Price: high to low",
  "-rating": "Best rated",
  "-discount": "Biggest saving",
  "-released_at": "Newest",
};

const EMPTY = {
  place: "/", // the shop, or one of the pages of desk.js
  q: "",
  sort: "relevance",
  brand: [],
  category: [],
  attribute: [], // each NAME:VALUE
  price_min: null,
  price_max: null,
  rating_min: null,
  in_stock: false,
  in_stock_first: false,
  literal: "", // a query to be taken as it stands; another one is not
  like: "", // a product: what looks like it
  picture: "", // a photograph of this page (camera.js): what looks like that
  page: 1,
  product: "",
};

const number = (text) => (text !== null && text !== "" && Number(text) >= 0 ? Number(text) : null);

/** The state that an address stands for. */
export function read() {
  const given = new URLSearchParams(location.search);
  return {
    place: location.pathname,
    q: given.get("q") ?? "",
    sort: given.get("sort") || EMPTY.sort,
    brand: given.getAll("brand"),
    category: given.getAll("category"),
    attribute: given.getAll("attribute"),
    price_min: number(given.get("price_min")),
    price_max: number(given.get("price_max")),
    rating_min: number(given.get("rating_min")),
    in_stock: given.get("in_stock") === "true",
    in_stock_first: given.get("in_stock_first") === "true",
    literal: given.get("literal") ?? "",
    like: given.get("like") ?? "",
    picture: given.get("picture") ?? "",
    page: Math.max(1, Math.trunc(number(given.get("page")) ?? 1)),
    product: given.get("product") ?? "",
  };
}

/** The address of a state: only what differs from an empty one is written. */
export function write(state) {
  const pairs = new URLSearchParams();
  for (const [name, empty] of Object.entries(EMPTY)) {
    const value = state[name];
    if (name === "place") continue;
    if (Array.isArray(value)) value.forEach((one) => pairs.append(name, one));
    else if (value !== empty) pairs.set(name, value);
  }
  return pairs.size ? `${state.place}?${pairs}` : state.place;
}

/** A state with nothing but these. */
export const fresh = (changes = {}) => ({ ...EMPTY, ...changes });

/** What to change of a state to take its filters away. */
export const NO_FILTERS = {
  brand: [],
  category: [],
  attribute: [],
  price_min: null,
  price_max: null,
  rating_min: null,
  in_stock: false,
};

/** Whether nothing is asked for: then the home rows are shown. */
export const isHome = (state) => write({ ...state, product: "", page: 1 }) === "/";

/** How many filters are set. */
export function countFilters(state) {
  const price = state.price_min !== null || state.price_max !== null;
  const ticked = state.brand.length + state.category.length + state.attribute.length;
  return ticked + price + (state.rating_min !== null) + state.in_stock;
}

let listener = () => {};

/**
 * Be called as `(state, {typing, context})` whenever the state changes: by what the shopper does here (see `go`), or
 * by the browser's back and forward.
 */
export function onNavigate(show) {
  listener = show;
  window.addEventListener("popstate", () => listener(read(), {}));
}

/**
 * Go to a state. `replace` leaves no step to go back to; `typing` says whether the query may be unfinished
 * (undefined: as before); `context` is the click that opens a product.
 */
export function go(state, { replace = false, typing, context = null } = {}) {
  const before = history.state?.depth ?? 0;
  // How many steps back the page lies on which no product was open.
  let depth = 0;
  if (state.product) depth = replace || read().product === state.product ? before : before + 1;
  const address = write(state);
  if (replace || address === write(read())) history.replaceState({ depth }, "", address);
  else history.pushState({ depth }, "", address);
  listener(state, { typing, context });
}

/** Close the product view: back to where it was opened from, or, when the page began with it, to the page below. */
export function leaveProduct() {
  const depth = history.state?.depth ?? 0;
  if (depth > 0) history.go(-depth);
  else go({ ...read(), product: "" }, { replace: true });
}
