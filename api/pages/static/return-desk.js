// Returns at work: a seller agrees or refuses, and says what becomes of goods that have come back.

import { accountFrame } from "./account-frame.js";
import { announce } from "./announce.js";
import { el, replace } from "./dom.js";
import { field, form } from "./forms.js";
import { message } from "./messages.js";
import { once } from "./placing.js";
import { contents, returnHead } from "./returns.js";
import { as } from "./session.js";

const SIZE = 20;
const FATES = { restored: "into stock again", "written-off": "cannot be sold" };

/** The page of a seller; see desk.js. */
export async function takingBack(root, { signal }) {
  const list = el("ul", { class: "plain-list return-desk" });
  const more = el("div", { class: "more" });
  const load = async (before) => {
    const { returns } = await as("/v1/seller/returns", { parameters: { limit: SIZE, before }, signal });
    const titles = await titlesOf(new Set(returns.map(({ order }) => order)), signal);
    list.append(...returns.map((one) => item(one, titles.get(one.order))));
    const on = async (event) => {
      event.target.disabled = true;
      await load(returns.at(-1).id).catch(() => (event.target.disabled = false));
    };
    replace(
      more,
      returns.length === SIZE && el("button", { class: "plain", type: "button", onclick: on }, "Older ones"),
    );
  };
  await load(null);
  signal.throwIfAborted();
  const none = message({ title: "No returns", text: "What buyers want to send back is found here." });
  replace(root, accountFrame("returns", "Returns", list.childElementCount ? [list, more] : none));
}

// By order: the titles of its lines by number.
async function titlesOf(orders, signal) {
  const known = [...orders].map(async (order) => {
    const { lines } = await as(`/v1/seller/orders/${encodeURIComponent(order)}`, { signal });
    return [order, new Map(lines.map(({ line, title }) => [String(line), title]))];
  });
  return new Map(await Promise.all(known));
}

function item(one, titles) {
  const place = el("li", {});
  const path = `/v1/seller/returns/${encodeURIComponent(one.id)}`;
  const draw = (now) => {
    const act = async (what, body, told) => {
      draw(await once(`${path}/${what}`, { body }));
      announce(told);
    };
    replace(
      place,
      returnHead(now, "return-here"),
      el("p", { class: "hint-text" }, `Order ${now.order}`),
      contents(now, titles),
      now.reason && el("p", { class: "said" }, "The buyer says: ", now.reason),
      now.answer && el("p", { class: "said" }, "You said: ", now.answer),
      now.status === "requested" && answering(act),
      now.status === "approved" && receiving(now, titles, act),
    );
  };
  draw(one);
  return place;
}

function answering(act) {
  const answer = field({
    label: "To the buyer",
    hint: "How to send the goods, or why not",
    name: "answer",
    maxlength: 200,
  });
  const refuse = el("button", { class: "danger", type: "submit", name: "act", value: "reject" }, "Refuse");
  return form({
    button: "Agree",
    fields: [answer],
    more: refuse,
    send: async (values, made, pressed) => {
      if (pressed !== refuse) return act("approve", values, "You have agreed; the buyer is told.");
      if (!values.answer.trim()) throw new Error("Tell the buyer why not.");
      return act("reject", values, "You have refused; the buyer is told.");
    },
  });
}

function receiving({ lines }, titles, act) {
  const numbers = Object.keys(lines);
  const fates = numbers.map((line) =>
    field({
      label: `${lines[line]} × ${titles.get(line) ?? `line ${line}`}`,
      name: `line-${line}`,
      kind: "select",
      options: Object.entries(FATES).map(([value, word]) => el("option", { value }, word)),
    }),
  );
  return form({
    button: "I have received it",
    fields: fates,
    send: (values) => {
      const back = numbers.map((line) => ({ line: Number(line), stock: values[`line-${line}`] }));
      return act("receive", { lines: back }, "Received: the buyer gets the money back.");
    },
  });
}
