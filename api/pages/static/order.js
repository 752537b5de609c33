// One order, live: its state, paying it, what is in it, what became of it.

import { addressText } from "./addresses.js";
import { accountFrame } from "./account-frame.js";
import { cancelling } from "./cancel.js";
import { el, replace } from "./dom.js";
import { Reviewing } from "./review-form.js";
import { history, lines, payments, shipments } from "./order-parts.js";
import { Paying } from "./pay.js";
import { returning } from "./returns.js";
import { as } from "./session.js";
import { watchOrder } from "./stream.js";
import { totals } from "./totals.js";
import { inWords, moment } from "./words.js";

/** The page; see desk.js. */
export async function order(root, { args: [id], signal }) {
  const path = `/v1/orders/${encodeURIComponent(id)}`;
  const parts = Object.fromEntries(
    ["pay", "lines", "shipments", "returns", "reviews", "sums", "payments", "history", "cancel"].map((name) => [
      name,
      el("section", { class: "panel", hidden: true }),
    ]),
  );
  const status = el("p", { role: "status" });
  const when = el("p", { class: "hint-text" });
  const where = el("section", { class: "panel" });
  const paying = new Paying(parts.pay, { signal });
  const reviewing = new Reviewing(parts.reviews, { signal });
  let drawn = "";

  const show = (now) => {
    if (signal.aborted || JSON.stringify(now) === drawn) return;
    drawn = JSON.stringify(now);
    replace(status, el("span", { class: `state ${now.status}` }, inWords("order", now.status)));
    replace(when, `Order ${now.id}, placed ${moment(now.placed_at)}`);
    paying.show(now, { changed: show });
    put(parts.lines, "What you bought", lines(now));
    put(parts.shipments, "On the way", shipments(now, { changed: again }));
    put(parts.returns, "Returns", returning(now, { changed: again }));
    put(parts.sums, "What it costs", totals(now, { whole: true }));
    put(parts.payments, "Payments", payments(now));
    reviewing.show(now);
    put(parts.cancel, "Cancel", cancelling(now, { changed: show }));
    replace(where, el("h2", {}, "Where it goes"), addressText(now.address));
    tell();
  };
  const tell = async () => {
    const { transitions } = await as(`${path}/history`, { signal }).catch(() => ({ transitions: [] }));
    put(parts.history, "What happened", history(transitions));
  };
  const again = async () => show(await as(path, { signal }));

  const first = await as(path, { signal });
  signal.throwIfAborted();
  const { pay, sums, ...rest } = parts;
  replace(
    root,
    accountFrame(
      "orders",
      "Your order",
      el(
        "div",
        { class: "order" },
        el("div", { class: "order-head" }, status, when),
        el(
          "div",
          { class: "checkout" },
          el("div", {}, pay, ...Object.values(rest)),
          el("div", {}, sums, where),
        ),
      ),
    ),
  );
  show(first);
  watchOrder(id, { signal, changed: show });
}

// A part with its heading; one with nothing to say is hidden.
function put(section, title, content) {
  section.hidden = !content;
  if (content) replace(section, el("h2", {}, title), content);
  else replace(section);
}
