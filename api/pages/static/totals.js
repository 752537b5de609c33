// What it comes to: goods, what a voucher takes off, shipping, tax, and all together.

import { el } from "./dom.js";
import { formatMoney } from "./money.js";

/** The sums of a cart or an order; `whole`: those of nothing too, `open` is said of what depends on an address. */
export function totals(sums, { whole = false, open = "" } = {}) {
  const { currency, goods_minor, discount_minor, shipping_minor, tax_minor, total_minor, voucher } = sums;
  const line = (name, minor, kind = null) =>
    el("div", { class: kind }, el("dt", {}, name), el("dd", {}, formatMoney({ minor, currency })));
  const charged = (name, minor) => {
    if (minor) return line(name, minor);
    if (!whole) return null;
    return el("div", {}, el("dt", {}, name), el("dd", {}, open || "free"));
  };
  const parts = [
    discount_minor > 0 && line(voucher ? `Voucher ${voucher}` : "Voucher", -discount_minor),
    charged("Shipping", shipping_minor),
    tax_minor > 0 && line("Tax", tax_minor),
  ].filter(Boolean);
  return el(
    "dl",
    { class: "totals" },
    parts.length > 0 && line("Goods", goods_minor),
    ...parts,
    line("Total", total_minor, "total"),
  );
}
