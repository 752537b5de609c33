// The personal centre: profile, addresses, favourites, and (security.js) what guards it all.

import { accountFrame } from "./account-frame.js";
import { addressForm, addressText, loadAddresses, removeAddress } from "./addresses.js";
import { announce } from "./announce.js";
import { go, read, write } from "./address.js";
import { countries } from "./countries.js";
import { el, replace } from "./dom.js";
import { heart } from "./favourites.js";
import { field, form } from "./forms.js";
import { inbox } from "./inbox.js";
import { message } from "./messages.js";
import { pictureOf } from "./pictures.js";
import { security } from "./security.js";
import { as } from "./session.js";

/** The page; see desk.js. */
export async function account(root, { args: [part = "profile"], signal }) {
  const title = part === "profile" ? "Your profile" : part.charAt(0).toUpperCase() + part.slice(1);
  const body = el("div", {});
  await { profile, addresses, favourites, messages: inbox, security }[part](body, { signal });
  signal.throwIfAborted();
  replace(root, accountFrame(part, title, body));
}

async function profile(body, { signal }) {
  const me = await as("/v1/me", { signal });
  const none = el("option", { value: "" }, "Not said");
  const options = countries().map(([code, name]) =>
    el("option", { value: code, selected: code === me.country }, name),
  );
  const send = async (values) => {
    const change = { name: values.name, phone: values.phone.trim() || null, country: values.country || null };
    await as("/v1/me", { method: "PATCH", body: change });
    announce("Your profile is saved.");
  };
  const download = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      save(await as("/v1/me/export"));
    } catch (problem) {
      announce(problem.message);
    }
    button.disabled = false;
  };
  replace(
    body,
    el(
      "section",
      { class: "panel" },
      el("p", { class: "lead" }, me.email),
      form({
        label: "Profile",
        button: "Save the profile",
        send,
        fields: [
          field({ label: "Name", name: "name", value: me.name, maxlength: 200, autocomplete: "name" }),
          field({
            label: "Phone",
            name: "phone",
            type: "tel",
            value: me.phone,
            maxlength: 32,
            autocomplete: "tel",
          }),
          field({
            label: "Country",
            name: "country",
            kind: "select",
            autocomplete: "country",
            options: [none, ...options],
          }),
        ],
      }),
    ),
    el(
      "section",
      { class: "panel" },
      el("h2", {}, "Your data"),
      el("p", {}, "Everything that the shop keeps about you, as one file."),
      el("button", { id: "export", class: "plain", type: "button", onclick: download }, "Download my data"),
    ),
  );
}

function save(data) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
  el("a", { href: address, download: "my-data.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function addresses(body, { signal }) {
  let all = await loadAddresses(signal);
  const draw = (editing = null) => {
    const saved = async () => {
      all = await loadAddresses(signal);
      draw();
    };
    const remove = async (address) => {
      try {
        await removeAddress(address.id);
        await saved();
      } catch (problem) {
        announce(problem.message);
      }
    };
    const entry = (address) =>
      el(
        "li",
        { class: "panel" },
        editing === address.id
          ? addressForm({ address, saved, cancel: () => draw() })
          : [
              addressText(address),
              el(
                "p",
                { class: "actions" },
                el("button", { class: "plain", type: "button", onclick: () => edit(address.id) }, "Change"),
                el("button", { class: "quiet", type: "button", onclick: () => remove(address) }, "Remove"),
              ),
            ],
      );
    const edit = (id) => {
      draw(id);
      body.querySelector("form input").focus();
    };
    const add =
      editing === "new"
        ? el("div", { class: "panel" }, addressForm({ saved, cancel: () => draw() }))
        : el(
            "button",
            { id: "add-address", class: "solid", type: "button", onclick: () => edit("new") },
            "Add an address",
          );
    replace(body, el("ul", { class: "plain-list" }, all.map(entry)), add);
  };
  draw();
}

async function favourites(body, { signal }) {
  const { favourites: all } = await as("/v1/me/favourites", { signal });
  if (all.length === 0) {
    replace(body, message({ title: "Nothing marked yet", text: "The heart on a product keeps it here." }));
    return;
  }
  const entry = (one) => {
    const state = { ...read(), product: one.product };
    const onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(state);
    };
    return el(
      "li",
      {},
      pictureOf(one.product, { sold: one.published }),
      one.published
        ? el("a", { href: write(state), onclick }, one.title)
        : el("span", {}, `${one.title} (not sold any more)`),
      heart({ id: one.product, title: one.title }),
    );
  };
  replace(body, el("ul", { class: "favourites" }, all.map(entry)));
}
