// Sending goods back: asking for it, and what became of it, on the page of the order.

import { el, replace } from "./dom.js";
import { field, form } from "./forms.js";
import { once } from "./placing.js";
import { inWords, moment } from "./words.js";

const UNDER_WAY = ["requested", "approved"];

// Pieces of a line that have arrived and are neither back nor on their way back.
const left = (order, { line, returned }) => {
  const count = (all, states) =>
    all.filter(({ status }) => states.includes(status)).reduce((sum, { lines }) => sum + (lines[line] ?? 0), 0);
  return count(order.shipments, ["delivered"]) - count(order.returns, UNDER_WAY) - returned;
};

/** The part of an order's page that is about returns, null where there is none; `changed()` is called after each step. */
export function returning(order, { changed }) {
  const parts = [made(order, changed), asking(order, changed)].filter(Boolean);
  return parts.length > 0 ? parts : null;
}

function made(order, changed) {
  if (order.returns.length === 0) return null;
  const titles = new Map(order.lines.map((line) => [String(line.line), line.title]));
  return el(
    "ul",
    { class: "plain-list" },
    order.returns.map((one) =>
      el(
        "li",
        {},
        returnHead(one, "return"),
        contents(one, titles),
        one.answer && el("p", { class: "said" }, "The seller says: ", one.answer),
        UNDER_WAY.includes(one.status) && keeping(one, changed),
      ),
    ),
  );
}

/** The state of a return, in the words for `subject`, and since when there is one. */
export const returnHead = ({ status, at }, subject) =>
  el(
    "p",
    { class: "between" },
    el("span", { class: `state ${status}` }, inWords(subject, status)),
    el("span", { class: "hint-text" }, moment(at)),
  );

/** What is in a return; `titles` are those of the order's lines by number. */
export const contents = ({ lines }, titles) =>
  el(
    "ul",
    { class: "contents" },
    Object.entries(lines).map(([line, pieces]) => el("li", {}, `${pieces} × ${titles.get(line) ?? `line ${line}`}`)),
  );

function keeping({ id }, changed) {
  const told = el("p", { class: "fault", role: "alert" });
  const button = el("button", { id: `keep-${id}`, class: "plain", type: "button" }, "Keep it after all");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await once(`/v1/returns/${encodeURIComponent(id)}/withdraw`);
      await changed();
    } catch (problem) {
      button.disabled = false;
      replace(told, problem.message);
    }
  });
  return el("div", { class: "actions" }, button, told);
}

function asking(order, changed) {
  const open = order.lines.filter((line) => line.seller && left(order, line) > 0);
  if (open.length === 0) return null;
  const pieces = open.map((line) =>
    field({
      label: line.title,
      name: `line-${line.line}`,
      kind: "select",
      options: Array.from({ length: left(order, line) + 1 }, (_, count) =>
        el("option", { value: count }, count === 0 ? "keep all" : `send back ${count} of ${left(order, line)}`),
      ),
    }),
  );
  const reason = field({ label: "Why? The seller reads it", name: "reason", maxlength: 200 });
  const asked = form({
    label: "Send goods back",
    plain: true,
    button: "Ask the seller",
    fields: [...pieces, reason],
    send: async (values) => {
      const lines = open
        .map(({ line }) => ({ line, quantity: Number(values[`line-${line}`]) }))
        .filter(({ quantity }) => quantity > 0);
      if (lines.length === 0) throw new Error("Choose how many pieces to send back.");
      await once(`/v1/orders/${encodeURIComponent(order.id)}/returns`, { body: { lines, reason: values.reason } });
      await changed();
    },
  });
  return el(
    "details",
    { class: "cancel" },
    el("summary", {}, "Send goods back"),
    el("p", { class: "hint-text" }, "Send nothing before the seller has agreed. The money comes back when the goods are there."),
    asked,
  );
}
