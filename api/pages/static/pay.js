// Paying an order: the choice of a method, what the provider asks of the shopper, and the time that is left.

import { shopTime } from "./api.js";
import { el, replace } from "./dom.js";
import { formatMoney } from "./money.js";
import { pageOf, step, testStep } from "./pay-steps.js";
import { once } from "./placing.js";
import { as } from "./session.js";
import { clockFace, methodName } from "./words.js";

const OPEN = ["created", "pending"];
const FIRST = ["test", "stripe", "alipay", "wechatpay"]; // then those of other names
const INSIDE = "wechatpay jsapi"; // works in WeChat’s own browser alone, where it is known who pays

/** The part of an order's page in which it is paid. */
export class Paying {
  constructor(section, { signal }) {
    this.section = section;
    this.left = el("p", { class: "time-left" });
    this.told = el("p", { class: "fault", role: "alert" });
    this.methods = null;
    this.picked = 0; // the place of the method that is ticked
    this.choosing = false; // another method than the one under way
    this.begun = ""; // the payment that was chosen last: one that was begun before may be taken up again
    const timer = setInterval(() => this.tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Show how to pay an order that is not paid; `changed(order)` gets it when something has happened. */
  async show(order, { changed }) {
    this.order = order;
    this.changed = changed;
    this.section.hidden = order.status !== "pending";
    if (this.section.hidden) {
      replace(this.section);
      return;
    }
    this.tick();
    this.methods ??= ways((await as(`/v1/payment-methods?currency=${order.currency}`).catch(() => ({}))).methods ?? {});
    if (this.order === order) this.draw();
  }

  draw() {
    const { payments, total_minor, currency } = this.order;
    const total = formatMoney({ minor: total_minor, currency });
    const last = payments.find(({ id }) => id === this.begun) ?? payments.at(-1);
    const underWay = last && OPEN.includes(last.status) && !this.choosing ? last : null;
    const failed =
      last?.status === "failed" && `The payment failed: ${last.failure || "the provider refused it"}.`;
    replace(
      this.section,
      el("h2", {}, "Pay"),
      this.left,
      failed && el("p", { class: "fault" }, `${failed} Nothing was taken; you can try again.`),
      underWay ? this.next(underWay, total) : this.choice(total),
      this.told,
    );
  }

  choice(total) {
    if (this.methods.length === 0)
      return el("p", {}, "There is no way to pay here at the moment. Try again later.");
    const options = this.methods.map(({ provider, method }, place) =>
      el(
        "label",
        { class: "address-choice" },
        el("input", {
          type: "radio",
          name: "method",
          id: `method-${[provider, method].filter(Boolean).join("-")}`,
          value: String(place),
          checked: place === this.picked,
          onchange: () => (this.picked = place),
        }),
        el("span", {}, methodName(provider, method)),
      ),
    );
    const begin = () => this.attempt(() => this.begin(this.methods[this.picked]));
    return [
      el("fieldset", { class: "address-choices" }, el("legend", { class: "unseen" }, "Method"), ...options),
      el("button", { id: "pay", class: "solid wide", type: "button", onclick: begin }, `Pay ${total}`),
    ];
  }

  async begin(chosen) {
    const path = `/v1/orders/${encodeURIComponent(this.order.id)}`;
    const { id, action } = await once(`${path}/payments`, { body: chosen });
    this.choosing = false;
    this.begun = id;
    const page = pageOf(action ?? {}, { order: this.order.id });
    if (page) location.assign(page);
    this.changed(await as(path));
    this.draw(); // one that is taken up again changes nothing about the order
  }

  next(payment, total) {
    const { action } = payment;
    if (action.kind === "test") {
      const decide = (outcome) =>
        this.attempt(async () => this.changed(await as(action.decide, { method: "POST", body: { outcome } })));
      return testStep(total, { decide });
    }
    const another = () => {
      this.choosing = true;
      this.draw();
      this.section.querySelector("input[name=method]")?.focus();
    };
    return step(payment, { order: this.order.id, another });
  }

  async attempt(work) {
    for (const button of this.section.querySelectorAll("button")) button.disabled = true;
    replace(this.told);
    try {
      await work();
    } catch (problem) {
      replace(this.told, problem.message);
    }
    for (const button of this.section.querySelectorAll("button")) button.disabled = false;
    // What was pressed is gone: the focus goes to what comes next.
    if (document.activeElement !== document.body) return;
    const next = this.section.querySelector("a, button") ?? this.section.parentElement?.querySelector("button");
    next?.focus();
  }

  tick() {
    if (!this.order?.expires_at || this.section.hidden) return;
    const seconds = Math.max(0, (Date.parse(this.order.expires_at) - shopTime()) / 1000);
    const text =
      seconds > 0
        ? `Your pieces are kept for ${clockFace(seconds)} more minutes.`
        : "The time is over: the order is about to be cancelled.";
    if (this.left.textContent !== text) this.left.textContent = text;
  }
}

// The ways to pay of the providers, those that are the usual ones first.
function ways(methods) {
  const rank = (provider) => (FIRST.indexOf(provider) + FIRST.length + 1) % (FIRST.length + 1);
  return Object.entries(methods)
    .sort(([one], [other]) => rank(one) - rank(other))
    .flatMap(([provider, names]) => names.map((method) => ({ provider, method })))
    .filter(({ provider, method }) => `${provider} ${method}` !== INSIDE);
}
