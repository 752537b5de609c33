// What a provider asks of the shopper after a payment was begun: a page to open, a code to scan, a form to fill in.

import { el } from "./dom.js";
import { providerName } from "./words.js";

// A provider's page; one of this machine is the sandbox's.
const PAGE = /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/)/;

/** The page on which a payment goes on, where its action names one. */
export function pageOf({ kind, page, client_secret: secret }, { order }) {
  if (PAGE.test(page ?? "")) return page;
  // The page of the card form is the shop's; what it needs goes where no server sees it.
  if (kind === "stripe") return `/card#${new URLSearchParams({ order, secret })}`;
  return null;
}

/** What is left to do for a payment that is under way; `another` takes the shopper to the other methods. */
export function step({ action, provider }, { order, another }) {
  const page = pageOf(action, { order });
  return el(
    "div",
    {},
    action.code ? code(action, provider) : el("p", {}, `${providerName(provider)} is waiting for you.`),
    el(
      "div",
      { class: "actions" },
      page && el("a", { id: "go-pay", class: "solid", href: page }, "Go on to pay"),
      el("button", { id: "pay-otherwise", class: "plain", type: "button", onclick: another }, "Pay in another way"),
    ),
  );
}

function code({ code: text, picture }, provider) {
  const shown = PAGE.test(text)
    ? el("a", { id: "pay-code", href: text, target: "_blank", rel: "noopener" }, text)
    : el("code", { id: "pay-code" }, text);
  return [
    el("p", {}, `Scan this with ${providerName(provider)}, or open it there. This page goes on by itself when you have paid.`),
    picture && el("img", { class: "pay-picture", src: picture, alt: `Code to be scanned with ${providerName(provider)}` }),
    el("p", { class: "pay-code" }, shown),
  ];
}

/** The test provider's own step; `decide(outcome)` says what becomes of the payment. */
export const testStep = (total, { decide }) =>
  el(
    "div",
    { class: "test-payment" },
    el("p", {}, el("strong", {}, "Test payment."), " This stands for a provider’s own page. No money moves."),
    el(
      "div",
      { class: "actions" },
      el(
        "button",
        { id: "test-pay", class: "solid", type: "button", onclick: () => decide("captured") },
        `Pay ${total}`,
      ),
      el("button", { id: "test-fail", class: "plain", type: "button", onclick: () => decide("failed") }, "Fail"),
    ),
  );
