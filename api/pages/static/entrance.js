// Logging in, registering and asking for a new password: a dialog over whatever one was about to do.

import { get, call } from "./api.js";
import { takeOver } from "./basket.js";
import { byId, el, icon, replace } from "./dom.js";
import { field, form } from "./forms.js";
import { logIn } from "./session.js";
import { guest, shopper } from "./store.js";

const dialog = byId("entrance");
export const development = "development" in document.body.dataset; // no mail is sent, and there are accounts to try

const email = (value = "") =>
  field({
    label: "E-mail",
    name: "email",
    type: "email",
    value,
    required: true,
    maxlength: 254,
    autocomplete: "username",
  });

/** A field for a password; a new one has its rule below it. */
export const password = ({ label = "Password", name = "password", fresh = false } = {}) =>
  field({
    label,
    name,
    type: "password",
    required: true,
    maxlength: 256,
    minlength: fresh ? 10 : 1,
    autocomplete: fresh ? "new-password" : "current-password",
    hint: fresh ? "At least 10 characters; a sentence is good." : "",
  });

/** Ask who it is. `why` is said above; `then` is called when somebody has logged in. */
export function enter({ why = "", then = () => {}, address = "" } = {}) {
  const done = () => {
    dialog.close();
    then();
  };
  const draw = (title, ...children) => {
    replace(
      dialog,
      el(
        "header",
        {},
        el("h2", { id: "entrance-title", tabindex: "-1" }, title),
        el(
          "button",
          { class: "round", type: "button", "aria-label": "Close", onclick: () => dialog.close() },
          icon("close"),
        ),
      ),
      ...children,
    );
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector("input") ?? byId("entrance-title")).focus();
  };
  const turnTo = (label, view) => el("button", { class: "quiet", type: "button", onclick: view }, label);
  const loggedIn = async (values) => {
    const before = shopper();
    await logIn(values.email.trim(), values.password);
    await takeOver(before).catch(() => {}); // the guest's cart stays the guest's
    done();
  };

  const first = () => {
    draw(
      "Log in",
      why && el("p", { class: "why-in" }, why),
      form({ label: "Log in", fields: [email(address), password()], button: "Log in", send: loggedIn }),
      el("p", { class: "turns" }, turnTo("Make an account", register), turnTo("Password forgotten", forgotten)),
      development && tryOut(loggedIn),
    );
  };
  const register = () => {
    const name = field({ label: "Name", name: "name", maxlength: 200, autocomplete: "name" });
    const send = async (values) => {
      const body = { email: values.email.trim(), name: values.name, password: values.password, shopper: guest() };
      await call("/v1/auth/register", { method: "POST", body });
      sent("Confirm your address", values.email.trim());
    };
    draw(
      "Make an account",
      form({
        label: "Make an account",
        fields: [email(), name, password({ fresh: true })],
        button: "Register",
        send,
      }),
      el("p", { class: "turns" }, turnTo("I have an account", first)),
    );
  };
  const forgotten = () => {
    const send = async (values) => {
      await call("/v1/auth/password/forgot", { method: "POST", body: { email: values.email.trim() } });
      sent("A new password", values.email.trim());
    };
    draw(
      "Password forgotten",
      el("p", { class: "why-in" }, "A link to choose a new password goes to your address."),
      form({ label: "Password forgotten", fields: [email()], button: "Send the link", send }),
      el("p", { class: "turns" }, turnTo("Log in", first)),
    );
  };
  const sent = async (title, to) => {
    draw(
      title,
      el(
        "p",
        { role: "status" },
        `If ${to} is right, a message is on its way there. Open the link in it to go on.`,
      ),
      development && el("div", { id: "sent-link" }),
    );
    if (development) replace(byId("sent-link"), await messageTo(to));
  };
  first();
}

/** Make closing by a click beside the dialog work. */
export function start() {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/** The newest message to an address, which nothing delivers in development: its link, on this page's own host. */
export async function messageTo(address) {
  const { messages } = await get("/v1/demo/messages", { email: address }).catch(() => ({ messages: [] }));
  const newest = messages.find(({ link }) => link);
  if (!newest) return el("p", { class: "hint-text" }, "This shop is in development: it sends no mail.");
  const { pathname, hash } = new URL(newest.link);
  return el(
    "p",
    { class: "development" },
    "This shop is in development and sends no mail. The message says: ",
    el("a", { href: pathname + hash }, newest.subject),
  );
}

// Accounts to try the shop with, where it has some.
function tryOut(send) {
  const parent = el("div", { class: "development" });
  get("/v1/demo/accounts").then(
    ({ accounts }) => {
      if (accounts.length === 0) return parent.remove();
      const as = (account) => () => send(account).catch((problem) => replace(told, problem.message));
      const told = el("p", { class: "fault", role: "alert" });
      const button = (account) =>
        el("button", { class: "plain", type: "button", onclick: as(account) }, `Log in as ${account.label}`);
      return replace(parent, el("p", {}, "To try the shop:"), ...accounts.map(button), told);
    },
    () => parent.remove(), // the shop can be used without
  );
  return parent;
}
