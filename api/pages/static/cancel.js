// Cancelling an order, or pieces of it, for as long as they have not been sent.

import { el, replace } from "./dom.js";
import { field, form } from "./forms.js";
import { once } from "./placing.js";

const left = ({ quantity, cancelled, shipped }) => quantity - cancelled - shipped;

/** The part of an order's page in which it is cancelled; null where nothing is left. `changed(order)` gets it then. */
export function cancelling(order, { changed }) {
  const open = order.lines.filter((line) => left(line) > 0);
  if (open.length === 0 || !["pending", "paid", "part-shipped"].includes(order.status)) return null;
  const cancel = async (lines, reason) => {
    const body = lines ? { lines, reason } : { reason };
    changed(await once(`/v1/orders/${encodeURIComponent(order.id)}/cancel`, { body }));
  };
  const pieces = open.map((line) =>
    field({
      label: line.title,
      name: `line-${line.line}`,
      kind: "select",
      options: Array.from({ length: left(line) + 1 }, (_, count) =>
        el("option", { value: count }, count === 0 ? "keep all" : `cancel ${count} of ${left(line)}`),
      ),
    }),
  );
  const reason = field({ label: "Why (if you like to say)", name: "reason", maxlength: 200 });
  const some = form({
    label: "Cancel pieces",
    plain: true,
    button: "Cancel these pieces",
    fields: [...pieces, reason],
    send: async (values) => {
      const lines = open
        .map(({ line }) => ({ line, quantity: Number(values[`line-${line}`]) }))
        .filter(({ quantity }) => quantity > 0);
      if (lines.length === 0) throw new Error("Choose how many pieces to cancel.");
      await cancel(lines, values.reason);
    },
  });
  const told = el("p", { class: "fault", role: "alert" });
  const sure = el("button", { class: "danger", type: "button" }, "Yes, cancel it");
  const ask = el("button", { id: "cancel-all", class: "plain", type: "button" }, "Cancel all that is left");
  const question = el(
    "p",
    { class: "actions", hidden: true },
    "Do you want to cancel all that was not sent? ",
    sure,
  );
  ask.addEventListener("click", () => {
    question.hidden = false;
    sure.focus();
  });
  sure.addEventListener("click", async () => {
    sure.disabled = true;
    await cancel(null, "").catch((problem) => replace(told, problem.message));
    sure.disabled = false;
  });
  return el(
    "details",
    { class: "cancel" },
    el("summary", {}, "Cancel this order or a part of it"),
    some,
    ask,
    question,
    told,
  );
}
