// What the shop has told a user, the newest first.

import { el, replace } from "./dom.js";
import { message } from "./messages.js";
import { as } from "./session.js";
import { moment } from "./words.js";

const SIZE = 20;

/** The page's list, drawn into `body`. */
export async function inbox(body, { signal }) {
  const list = el("ul", { class: "plain-list inbox" });
  const more = el("div", { class: "more" });
  const load = async (before) => {
    const { messages, next } = await as("/v1/me/messages", { parameters: { limit: SIZE, before }, signal });
    list.append(...messages.map(item));
    const on = async (event) => {
      event.target.disabled = true;
      await load(next).catch(() => (event.target.disabled = false));
    };
    replace(more, next && el("button", { class: "plain", type: "button", onclick: on }, "Older ones"));
  };
  await load(null);
  if (list.childElementCount) replace(body, list, more);
  else replace(body, message({ title: "No messages yet", text: "What the shop writes to you is found here too." }));
}

const item = (one) =>
  el(
    "li",
    { class: "panel" },
    el("h2", {}, one.subject),
    el("p", { class: "order-when" }, moment(one.at)),
    el("p", { class: "letter" }, one.link ? one.text.replaceAll(one.link, "").trim() : one.text),
    orderOf(one.link) && el("p", {}, el("a", { href: orderOf(one.link) }, "To the order")),
  );

// The link begins with the address that the operator set; the page may be open under another.
const orderOf = (link) => /\/orders\/[^/?#]+$/.exec(link)?.[0];
