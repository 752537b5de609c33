// What the pages of the personal centre share: the way from one to the other, a heading, and logging out.

import { fresh, go, write } from "./address.js";
import { announce } from "./announce.js";
import { el } from "./dom.js";
import { logOut } from "./session.js";
import { who } from "./store.js";

const PARTS = {
  profile: ["Profile", "/account"],
  orders: ["Orders", "/orders"],
  addresses: ["Addresses", "/account/addresses"],
  favourites: ["Favourites", "/account/favourites"],
  messages: ["Messages", "/account/messages"],
  security: ["Security", "/account/security"],
};
// What is for some alone.
const WORK = {
  seller: { reviews: ["Reviews", "/account/reviews"], returns: ["Returns", "/account/returns"] },
  staff: { moderation: ["Moderation", "/account/moderation"] },
};

/** A page of the personal centre; `part` is where one is. */
export function accountFrame(part, title, ...children) {
  const link = ([name, [label, place]]) => {
    const state = fresh({ place });
    const onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(state);
    };
    return el("a", { href: write(state), "aria-current": name === part ? "page" : null, onclick }, label);
  };
  const leave = async () => {
    try {
      await logOut();
      go(fresh());
    } catch (problem) {
      announce(problem.message);
    }
  };
  const parts = el(
    "nav",
    { class: "account-parts", "aria-label": "Your account" },
    ...Object.entries({ ...PARTS, ...WORK[who()?.role] }).map(link),
    el("button", { class: "quiet", type: "button", onclick: leave }, "Log out"),
  );
  // On a phone they are one line that can be pushed aside: where one is has to be seen.
  requestAnimationFrame(() => {
    const here = parts.querySelector("[aria-current]");
    parts.scrollLeft = here.offsetLeft - parts.offsetLeft - (parts.clientWidth - here.offsetWidth) / 2;
  });
  return el(
    "div",
    { class: "account" },
    parts,
    el("div", { class: "account-part" }, el("h1", { tabindex: "-1" }, title), ...children),
  );
}
