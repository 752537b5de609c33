// A user's addresses: shown, added, changed and removed; checkout lets one of them be chosen.

import { countries, countryName, likelyCountry } from "./countries.js";
import { el } from "./dom.js";
import { field, form } from "./forms.js";
import { as } from "./session.js";

const PATH = "/v1/me/addresses";

/** The user's addresses, the oldest first. */
export const loadAddresses = async (signal) => (await as(PATH, { signal })).addresses;

/** Forget one. */
export const removeAddress = (id) => as(`${PATH}/${encodeURIComponent(id)}`, { method: "DELETE" });

/** An address as it is written on a parcel. */
export const addressText = (address) =>
  el(
    "address",
    {},
    ...[
      address.recipient,
      ...String(address.lines ?? "").split("\n"),
      [address.postcode, address.city].filter(Boolean).join(" "),
      countryName(address.country),
      address.phone,
    ]
      .filter(Boolean)
      .map((line) => el("span", {}, line)),
  );

/** A form for a new address, or for another in place of one; `saved(address)` gets it as it is kept. */
export function addressForm({ address = null, saved, cancel = null }) {
  const was = address ?? {};
  const chosen = was.country ?? likelyCountry();
  const choose = el("option", { value: "" }, "Choose …");
  const options = countries().map(([code, name]) =>
    el("option", { value: code, selected: code === chosen }, name),
  );
  const send = async (values) => {
    const body = { ...values, phone: values.phone.trim() || null };
    const path = address ? `${PATH}/${encodeURIComponent(address.id)}` : PATH;
    await saved(await as(path, { method: address ? "PUT" : "POST", body }));
  };
  return form({
    label: address ? "Change the address" : "A new address",
    button: "Save the address",
    more: cancel && el("button", { class: "quiet", type: "button", onclick: cancel }, "Leave it"),
    send,
    fields: [
      text("Name", "recipient", was, { maxlength: 200, required: true, autocomplete: "name" }),
      field({
        label: "Street and number",
        name: "lines",
        kind: "textarea",
        rows: 2,
        value: was.lines ?? "",
        maxlength: 500,
        required: true,
        autocomplete: "street-address",
      }),
      el(
        "div",
        { class: "beside" },
        text("Postcode", "postcode", was, { maxlength: 20, autocomplete: "postal-code" }),
        text("City", "city", was, { maxlength: 100, required: true, autocomplete: "address-level2" }),
      ),
      field({
        label: "Country",
        name: "country",
        kind: "select",
        required: true,
        autocomplete: "country",
        options: [choose, ...options],
      }),
      text("Phone (if the carrier has a question)", "phone", was, {
        type: "tel",
        maxlength: 32,
        autocomplete: "tel",
      }),
    ],
  });
}

const text = (label, name, was, attributes) => field({ label, name, value: was[name] ?? "", ...attributes });
