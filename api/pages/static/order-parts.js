// The parts of an order's page that only show: lines, shipments, payments and refunds, history.

import { go, read } from "./address.js";
import { el, replace } from "./dom.js";
import { formatMoney } from "./money.js";
import { pictureOf } from "./pictures.js";
import { once } from "./placing.js";
import { inWords, moment, providerName } from "./words.js";

/** The lines, with what became of their pieces. */
export const lines = (order) =>
  el(
    "ul",
    { class: "lines" },
    order.lines.map((line) =>
      el(
        "li",
        {},
        pictureOf(line.product),
        el(
          "div",
          { class: "line-text" },
          el(
            "button",
            {
              id: `line-${line.line}`,
              class: "line-title",
              type: "button",
              onclick: () => go({ ...read(), product: line.product }),
            },
            line.title,
          ),
          el(
            "p",
            { class: "line-options" },
            `${line.quantity} × ${money(order, line.unit_price_minor)}`,
            ...became(line).map((text) => ` · ${text}`),
          ),
        ),
        el("p", { class: "line-price" }, money(order, line.unit_price_minor * line.quantity)),
      ),
    ),
  );

const became = ({ cancelled, shipped, returned, refunded }) =>
  [
    shipped > 0 && `${shipped} sent`,
    returned > 0 && `${returned} returned`,
    cancelled > 0 && `${cancelled} cancelled`,
    refunded > 0 && `${refunded} refunded`,
  ].filter(Boolean);

/** The shipments, each with a button that says it has arrived; `changed()` is called when one has. */
export function shipments(order, { changed }) {
  if (order.shipments.length === 0) return null;
  const titles = new Map(order.lines.map((line) => [String(line.line), line.title]));
  return el(
    "ul",
    { class: "plain-list" },
    order.shipments.map((shipment) =>
      el(
        "li",
        {},
        el(
          "p",
          { class: "between" },
          el("span", { class: `state ${shipment.status}` }, inWords("shipment", shipment.status)),
          el("span", { class: "hint-text" }, moment(shipment.at)),
        ),
        shipment.tracking_number &&
          el("p", {}, `${shipment.carrier || "Carrier"} `, el("code", {}, shipment.tracking_number)),
        el(
          "ul",
          { class: "contents" },
          Object.entries(shipment.lines).map(([line, pieces]) =>
            el("li", {}, `${pieces} × ${titles.get(line) ?? `line ${line}`}`),
          ),
        ),
        shipment.status === "shipped" && received(shipment, changed),
      ),
    ),
  );
}

function received(shipment, changed) {
  const told = el("p", { class: "fault", role: "alert" });
  const button = el(
    "button",
    { id: `received-${shipment.id}`, class: "solid", type: "button" },
    "I have received it",
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await once(`/v1/orders/shipments/${encodeURIComponent(shipment.id)}/received`);
      await changed();
    } catch (problem) {
      button.disabled = false;
      replace(told, problem.message);
    }
  });
  return [button, told];
}

/** Payments and refunds, oldest first. */
export function payments(order) {
  const paid = order.payments.map((payment) => ({
    at: payment.at,
    what: providerName(payment.provider),
    state: inWords("payment", payment.status),
    kind: payment.status,
    note: payment.failure,
    minor: payment.amount_minor,
  }));
  const back = order.refunds.map((refund) => ({
    at: refund.at,
    what: "Refund",
    state: inWords("refund", refund.status),
    kind: refund.status,
    note: refund.reason,
    minor: -refund.amount_minor,
  }));
  const all = [...paid, ...back].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  if (all.length === 0) return null;
  return el(
    "ul",
    { class: "plain-list" },
    all.map(({ at, what, state, kind, note, minor }) =>
      el(
        "li",
        {},
        el(
          "p",
          { class: "between" },
          el("span", {}, `${what} `, el("span", { class: `state ${kind}` }, state)),
          el("span", { class: "line-price" }, money(order, minor)),
        ),
        el("p", { class: "hint-text" }, [moment(at), note].filter(Boolean).join(" · ")),
      ),
    ),
  );
}

const SUBJECTS = { order: "Order", payment: "Payment", refund: "Refund", shipment: "Parcel", return: "Return" };

/** What happened to the order and to its parts, oldest first. */
export const history = (transitions) =>
  transitions.length > 0 &&
  el(
    "ol",
    { class: "history" },
    transitions.map((one) =>
      el(
        "li",
        {},
        el("span", { class: "hint-text" }, moment(one.at)),
        el(
          "span",
          {},
          `${SUBJECTS[one.subject] ?? one.subject}: ${inWords(one.subject, one.after).toLowerCase()}`,
        ),
        one.reason && el("span", { class: "hint-text" }, one.reason),
      ),
    ),
  );

const money = ({ currency }, minor) => formatMoney({ minor, currency });
