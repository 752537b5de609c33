// Paying an order: the choice of a method, what the provider asks of the shopper, and the time that is left.

import { shopTime } from "./api.js";
import { el, replace } from "./dom.js";
import { formatMoney } from "./money.js";
import { once } from "./placing.js";
import { as } from "./session.js";
import { clockFace, methodName } from "./words.js";

const OPEN = ["created", "pending"];

/** The part of an order's page in which it is paid. */
export class Paying {
  constructor(section, { signal }) {
    this.section = section;
    this.left = el("p", { class: "time-left" });
    this.told = el("p", { class: "fault", role: "alert" });
    this.methods = null;
    this.choosing = false; // another method than the one under way
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
    this.methods ??= (await as("/v1/payment-methods").catch(() => ({ providers: [] }))).providers;
    if (this.order === order) this.draw();
  }

  draw() {
    const { payments, total_minor, currency } = this.order;
    const total = formatMoney({ minor: total_minor, currency });
    const last = payments.at(-1);
    const underWay = last && OPEN.includes(last.status) && !this.choosing ? last : null;
    const failed =
      last?.status === "failed" && `The payment failed: ${last.failure || "the provider refused it"}.`;
    replace(
      this.section,
      el("h2", {}, "Pay"),
      this.left,
      failed && el("p", { class: "fault" }, `${failed} Nothing was taken; you can try again.`),
      underWay ? this.step(underWay, total) : this.choice(total),
      this.told,
    );
  }

  choice(total) {
    if (this.methods.length === 0)
      return el("p", {}, "There is no way to pay here at the moment. Try again later.");
    const options = this.methods.map((name, place) =>
      el(
        "label",
        { class: "address-choice" },
        el("input", { type: "radio", name: "method", id: `method-${name}`, value: name, checked: place === 0 }),
        el("span", {}, methodName(name)),
      ),
    );
    const begin = () => {
      const provider = this.section.querySelector("input[name=method]:checked").value;
      this.attempt(async () => {
        const path = `/v1/orders/${encodeURIComponent(this.order.id)}/payments`;
        const { action } = await once(path, { body: { provider } });
        this.choosing = false;
        if (page(action)) location.assign(page(action));
        this.changed(await as(`/v1/orders/${encodeURIComponent(this.order.id)}`));
      });
    };
    return [
      el("fieldset", { class: "address-choices" }, el("legend", { class: "unseen" }, "Method"), ...options),
      el("button", { id: "pay", class: "solid wide", type: "button", onclick: begin }, `Pay ${total}`),
    ];
  }

  step({ action, provider }, total) {
    if (action.kind === "test") {
      const decide = (outcome) => () =>
        this.attempt(async () => this.changed(await as(action.decide, { method: "POST", body: { outcome } })));
      return el(
        "div",
        { class: "test-payment" },
        el("p", {}, el("strong", {}, "Test payment."), " This stands for a provider’s own page. No money moves."),
        el(
          "div",
          { class: "actions" },
          el(
            "button",
            { id: "test-pay", class: "solid", type: "button", onclick: decide("captured") },
            `Pay ${total}`,
          ),
          el("button", { id: "test-fail", class: "plain", type: "button", onclick: decide("failed") }, "Fail"),
        ),
      );
    }
    const another = () => {
      this.choosing = true;
      this.draw();
    };
    return el(
      "div",
      {},
      el("p", {}, `${methodName(provider)} is waiting for you.`),
      el(
        "div",
        { class: "actions" },
        page(action) && el("a", { class: "solid", href: page(action) }, "Go on to pay"),
        el("button", { class: "plain", type: "button", onclick: another }, "Pay in another way"),
      ),
    );
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
    if (document.activeElement === document.body) this.section.parentElement?.querySelector("button")?.focus();
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

// The provider's page, where the action names one.
const page = (action) => (/^https:\/\//.test(action?.url ?? "") ? action.url : null);
