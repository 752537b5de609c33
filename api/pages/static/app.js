// The storefront: what the address asks for is shown.

import { fresh, go, isHome, onNavigate, read } from "./address.js";
import * as cart from "./cart.js";
import { byId } from "./dom.js";
import { onNoted } from "./events.js";
import * as home from "./home.js";
import * as product from "./product.js";
import * as results from "./results.js";
import * as searchbox from "./searchbox.js";
import * as shoppers from "./shoppers.js";
import { language, onChange, setLanguage } from "./store.js";

function show(state, { typing, context = null } = {}) {
  document.title = state.q ? `${state.q} · Merx` : "Merx";
  searchbox.show(state.q);
  if (isHome(state)) {
    results.hide();
    home.show();
  } else {
    home.hide();
    results.show(state, { typing });
  }
  product.show(state.product, context);
}

function showLanguage() {
  document.documentElement.dataset.language = language();
  for (const input of byId("language").elements) {
    if (input.name === "language") input.checked = input.value === language();
  }
}

byId("language").addEventListener("change", (event) => setLanguage(event.target.value));
byId("logo").addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(fresh());
  window.scrollTo(0, 0);
});
onChange("language", showLanguage);
onChange("shopper", home.refresh);
onNoted(home.refresh);
onNavigate(show);
showLanguage();
searchbox.start();
results.start();
cart.start();
product.start({ openCart: cart.open });
shoppers.start();
show(read());
