// The field for a voucher's code, and what became of the code.

import { cart, setVoucher } from "./basket.js";
import { el, replace } from "./dom.js";
import { field, form } from "./forms.js";

/** A field that is kept between drawings of the cart: {node, show}. */
export function voucherField() {
  const node = el("div", { class: "voucher" });
  const entry = form({
    label: "Voucher",
    plain: true,
    button: "Use it",
    fields: [
      field({
        label: "Voucher code",
        name: "code",
        maxlength: 40,
        required: true,
        autocomplete: "off",
        autocapitalize: "characters",
        spellcheck: "false",
      }),
    ],
    send: async ({ code }, made) => {
      await setVoucher(code.trim());
      made.reset();
    },
  });
  const shell = el("details", {}, el("summary", {}, "I have a voucher"), entry);
  let last;
  const show = () => {
    const { voucher, voucher_problem } = cart();
    const now = JSON.stringify([voucher, voucher_problem]);
    if (now === last) return;
    last = now;
    if (!voucher) {
      replace(node, shell);
      return;
    }
    shell.open = false;
    const drop = () => setVoucher("").catch(() => {}); // what is wrong is said by the cart
    replace(
      node,
      el(
        "p",
        { class: "voucher-used" },
        el("span", {}, "Voucher ", el("strong", {}, voucher)),
        el("button", { class: "quiet", type: "button", onclick: drop }, "Take it out"),
      ),
      voucher_problem && el("p", { class: "fault", role: "status" }, sentence(voucher_problem)),
    );
  };
  show();
  return { node, show };
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
