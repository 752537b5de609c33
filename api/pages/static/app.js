// The storefront: what the address asks for is shown.

import { fresh, go, isHome, onNavigate, read } from "./address.js";
import * as camera from "./camera.js";
import * as cart from "./cart.js";
import * as desk from "./desk.js";
import { byId } from "./dom.js";
import * as entrance from "./entrance.js";
import { onNoted } from "./events.js";
import * as favourites from "./favourites.js";
import * as home from "./home.js";
import * as product from "./product.js";
import * as results from "./results.js";
import * as searchbox from "./searchbox.js";
import * as shoppers from "./shoppers.js";
import { language, onChange, setLanguage, who } from "./store.js";

function show(state, { typing, context = null } = {}) {
  document.title = state.q ? `${state.q} · Merx` : "Merx";
  searchbox.show(state.q);
  if (state.place !== "/") {
    home.hide();
    results.hide();
    document.title = `${desk.show(state.place)} · Merx`;
  } else if (isHome(state)) {
    desk.hide();
    results.hide();
    home.show();
  } else {
    desk.hide();
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

// A plain click goes on in this page; any other (a tab of its own) is the browser's.
function leadsTo(id, action) {
  byId(id).addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    action();
  });
}

function showWho() {
  byId("account-word").textContent = who() ? "Account" : "Log in";
}

byId("language").addEventListener("change", (event) => setLanguage(event.target.value));
leadsTo("logo", () => {
  go(fresh());
  window.scrollTo(0, 0);
});
leadsTo("to-account", () => (who() ? go(fresh({ place: "/orders" })) : entrance.enter()));
onChange("language", showLanguage);
onChange("shopper", home.refresh);
onChange("who", showWho);
onNoted(home.refresh);
onNavigate(show);
showLanguage();
showWho();
searchbox.start();
camera.start();
results.start();
cart.start();
product.start({ openCart: cart.open });
shoppers.start();
entrance.start();
favourites.start({ enter: entrance.enter });
desk.start();
show(read());
