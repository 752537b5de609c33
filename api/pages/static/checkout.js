// Checkout: what is bought, where it goes, what it costs there, and the button that places the order.

import { fresh, go, read as readAddress } from "./address.js";
import { addressForm, addressText, loadAddresses } from "./addresses.js";
import * as basket from "./basket.js";
import { buyable, cartLines } from "./cart-lines.js";
import { el, replace } from "./dom.js";
import { message } from "./messages.js";
import { formatMoney } from "./money.js";
import { place, unanswered } from "./placing.js";
import { onChange } from "./store.js";
import { totals } from "./totals.js";
import { voucherField } from "./voucher.js";

const IDLE = { draw: () => {} };
let open = IDLE; // the page that is shown: the cart tells of its changes here
onChange("cart", () => open.draw());

/** The page; see desk.js. */
export async function checkout(root, { signal }) {
  const pending = unanswered();
  if (pending) {
    replace(root, heading(), el("p", { class: "lead", role: "status" }, "Asking the shop about your order …"));
    await send(pending, { signal }).catch((problem) => {
      if (problem.status === 0 || problem.status >= 500) throw problem; // still nobody knows: try again
      said = wordsFor(problem);
    });
    if (signal.aborted || readAddress().place !== "/checkout") return;
  }
  const addresses = await loadAddresses(signal);
  await basket.read();
  signal.throwIfAborted();
  const page = new Page(root, addresses, signal);
  open = page;
  signal.addEventListener("abort", () => {
    if (open === page) open = IDLE;
  });
  page.draw();
}

let said = ""; // what the last attempt ended with, until the next

async function send(body, { signal = null } = {}) {
  const order = await place(body);
  basket.leave();
  if (signal?.aborted) return;
  go(fresh({ place: `/orders/${order.id}` }), { replace: true });
}

function wordsFor(problem) {
  if (problem.code === "out-of-stock") return "There are fewer pieces left than you want. See what is left below.";
  if (problem.code === "changed") return `Something has changed: ${problem.message}. See the new total below.`;
  return problem.message;
}

const heading = () => el("h1", { tabindex: "-1" }, "Checkout");

class Page {
  constructor(root, addresses, signal) {
    this.signal = signal;
    this.addresses = addresses;
    this.chosen = (addresses.find(({ country }) => country === basket.country()) ?? addresses[0])?.id ?? "";
    this.where = el("section", { class: "panel", "aria-labelledby": "where-title" });
    this.what = el("section", { class: "panel", "aria-labelledby": "what-title" });
    this.sum = el("section", { class: "panel sum-panel", "aria-labelledby": "sum-title" });
    this.told = el("p", { class: "fault", role: "alert" });
    this.voucher = voucherField();
    this.busy = false;
    this.root = root;
    this.whole = el("div", { class: "checkout" }, el("div", {}, this.where, this.what), this.sum);
    this.drawAddresses({ adding: addresses.length === 0 });
    this.choose(this.chosen);
  }

  draw() {
    if (this.busy) return;
    const pending = unanswered();
    if (pending) {
      replace(this.root, heading(), el("div", { role: "alert" }, this.unknown(pending)));
      return;
    }
    const { lines } = basket.cart();
    if (lines.length === 0) {
      const shop = ["To the shop", () => go(fresh())];
      replace(this.root, heading(), message({ title: "The cart is empty", text: "", actions: [shop] }));
      return;
    }
    if (!this.whole.isConnected) replace(this.root, heading(), this.whole);
    const visit = (product) => go({ ...readAddress(), product });
    replace(this.what, el("h2", { id: "what-title" }, "What you buy"), cartLines(lines, { visit }));
    this.drawSum();
  }

  drawSum() {
    const cart = basket.cart();
    const address = this.addresses.find(({ id }) => id === this.chosen);
    const reason = !address
      ? "Choose where it goes."
      : !buyable(cart.lines)
        ? "Change what cannot be bought."
        : "";
    this.voucher.show();
    const total = formatMoney({ minor: cart.total_minor, currency: cart.currency });
    const ready = !reason && !this.busy;
    replace(this.told, said || basket.cartProblem()?.message);
    replace(
      this.sum,
      el("h2", { id: "sum-title" }, "What it costs"),
      this.voucher.node,
      totals(cart, { whole: true, open: address ? "" : "depends on where" }),
      this.told,
      el(
        "button",
        { id: "place", class: "solid wide", type: "button", disabled: !ready, onclick: () => this.place() },
        this.busy ? "One moment …" : `Place the order · ${total}`,
      ),
      el(
        "p",
        { class: "hint-text" },
        reason || "You pay in the next step; your pieces are kept for you in the meantime.",
      ),
    );
  }

  drawAddresses({ adding = false } = {}) {
    const option = (address) =>
      el(
        "label",
        { class: "address-choice" },
        el("input", {
          type: "radio",
          name: "address",
          id: `address-${address.id}`,
          value: address.id,
          checked: address.id === this.chosen,
          onchange: () => this.choose(address.id),
        }),
        addressText(address),
      );
    const saved = (address) => {
      this.addresses = [...this.addresses, address];
      this.chosen = address.id;
      this.drawAddresses();
      document.getElementById(`address-${address.id}`)?.focus();
      this.choose(address.id);
    };
    const cancel = this.addresses.length > 0 ? () => this.drawAddresses() : null;
    const add = () => {
      this.drawAddresses({ adding: true });
      this.where.querySelector("form input").focus();
    };
    replace(
      this.where,
      el("h2", { id: "where-title" }, "Where it goes"),
      this.addresses.length > 0 &&
        el(
          "fieldset",
          { class: "address-choices" },
          el("legend", { class: "unseen" }, "Address"),
          ...this.addresses.map(option),
        ),
      adding
        ? addressForm({ saved, cancel })
        : el("button", { id: "add-address", class: "plain", type: "button", onclick: add }, "Another address"),
    );
  }

  choose(id) {
    this.chosen = id;
    const address = this.addresses.find((one) => one.id === id);
    if (address) basket.sendTo(address.country);
    if (this.whole.isConnected) this.drawSum();
  }

  async place() {
    const { id: cart, total_minor } = basket.cart();
    said = "";
    this.busy = true;
    this.drawSum();
    try {
      await send({ cart, address: this.chosen, total_minor });
    } catch (problem) {
      said = wordsFor(problem);
      if (!unanswered()) await basket.read();
    }
    if (this.signal.aborted) return; // the order is shown
    this.busy = false;
    this.draw();
    said = "";
  }

  unknown(pending) {
    const ask = async (event) => {
      event.target.disabled = true;
      await send(pending).catch((problem) => (said = wordsFor(problem)));
      if (!this.signal.aborted) this.draw();
    };
    return message({
      title: "The shop has not answered",
      text: "Your order may have been placed. Ask again to find out: it is placed once.",
      actions: [["Ask again", ask]],
    });
  }
}
