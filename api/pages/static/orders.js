// A user's orders, the newest first.

import { accountFrame } from "./account-frame.js";
import { fresh, go, write } from "./address.js";
import { el, replace } from "./dom.js";
import { message } from "./messages.js";
import { formatMoney } from "./money.js";
import { as } from "./session.js";
import { inWords, moment } from "./words.js";

const SIZE = 20;

/** The page; see desk.js. */
export async function orders(root, { signal }) {
  const list = el("ul", { class: "order-list" });
  const more = el("div", { class: "more" });
  const load = async (before) => {
    const { orders: found } = await as("/v1/orders", { parameters: { limit: SIZE, before }, signal });
    list.append(...found.map(item));
    const last = found.at(-1);
    const on = async (event) => {
      event.target.disabled = true;
      await load(last.id).catch(() => (event.target.disabled = false));
    };
    replace(
      more,
      found.length === SIZE && el("button", { class: "plain", type: "button", onclick: on }, "Older ones"),
    );
  };
  await load(null);
  signal.throwIfAborted();
  const none = message({
    title: "No orders yet",
    text: "What you buy is found here.",
    actions: [["To the shop", () => go(fresh())]],
  });
  replace(root, accountFrame("orders", "Orders", list.childElementCount ? [list, more] : none));
}

function item(order) {
  const state = fresh({ place: `/orders/${order.id}` });
  const onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(state);
  };
  return el(
    "li",
    {},
    el(
      "a",
      { href: write(state), onclick },
      el("span", { class: "order-when" }, moment(order.placed_at)),
      el("span", { class: "order-id" }, order.id),
      el("span", { class: `state ${order.status}` }, inWords("order", order.status)),
      el("span", { class: "order-total" }, formatMoney({ minor: order.total_minor, currency: order.currency })),
    ),
  );
}
