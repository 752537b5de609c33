// What guards an account: its password, its e-mail address, and where it is logged in.

import { fresh, go } from "./address.js";
import { announce } from "./announce.js";
import { el, replace } from "./dom.js";
import { development, messageTo, password } from "./entrance.js";
import { field, form } from "./forms.js";
import { as, forgetLogin, logOut } from "./session.js";
import { newGuest } from "./store.js";
import { moment } from "./words.js";

/** The page's parts, drawn into `body`. */
export async function security(body, { signal }) {
  const list = el("div", {});
  await sessions(list, signal);
  replace(
    body,
    el("section", { class: "panel" }, el("h2", {}, "Password"), passwordForm(list, signal)),
    el("section", { class: "panel" }, el("h2", {}, "E-mail address"), ...emailForm()),
    el("section", { class: "panel" }, el("h2", {}, "Where you are logged in"), list),
    el("section", { class: "panel" }, el("h2", {}, "Erase your account"), ...erasing()),
  );
}

// The form stays folded away until it is asked for; the password is the confirmation.
function erasing() {
  const body = el("div", {});
  const ask = () => {
    const cancel = el("button", { class: "quiet", type: "button", onclick: offer }, "Keep my account");
    const send = async ({ password: typed }) => {
      await as("/v1/me", { method: "DELETE", body: { password: typed } });
      await forgetLogin();
      newGuest(); // what this browser did as a guest before may have become the user's
      go(fresh());
      announce("Your account is erased.");
    };
    const made = form({
      label: "Erase your account",
      button: "Erase my account for good",
      fields: [password()],
      more: cancel,
      send,
    });
    replace(body, el("p", {}, "Nobody can undo this, not even the shop. Type your password to go on."), made);
    made.querySelector("input").focus();
  };
  const offer = () =>
    replace(body, el("button", { id: "erase", class: "plain", type: "button", onclick: ask }, "Erase my account"));
  offer();
  const text =
    "Your name, addresses, searches, carts, favourites and messages are deleted, unpaid orders are cancelled, and " +
    "your reviews keep their stars alone. What the law asks of the shop about your orders stays, without you.";
  return [el("p", {}, text), body];
}

const passwordForm = (list, signal) =>
  form({
    label: "Change the password",
    button: "Change the password",
    fields: [
      password({ label: "Current password", name: "current" }),
      password({ label: "New password", name: "new", fresh: true }),
    ],
    send: async (values, made) => {
      await as("/v1/me/password", { method: "POST", body: { current: values.current, new: values.new } });
      made.reset();
      announce("Your password is changed; all other sessions have ended.");
      await sessions(list, signal);
    },
  });

function emailForm() {
  const told = el("div", { role: "status" });
  const made = form({
    label: "Change the e-mail address",
    button: "Send a link to the new address",
    fields: [
      field({
        label: "New e-mail",
        name: "email",
        type: "email",
        required: true,
        maxlength: 254,
        autocomplete: "email",
      }),
      password(),
    ],
    send: async ({ email, password: typed }) => {
      await as("/v1/me/email", { method: "POST", body: { email: email.trim(), password: typed } });
      made.reset();
      replace(
        told,
        el(
          "p",
          {},
          `If ${email} is right, a message is on its way there. The address is yours once its link was opened.`,
        ),
        development && (await messageTo(email.trim())),
      );
    },
  });
  return [made, told];
}

async function sessions(list, signal) {
  const { sessions: all } = await as("/v1/me/sessions", { signal });
  const end = (id) => async () => {
    try {
      await as(`/v1/me/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
      await sessions(list, signal);
    } catch (problem) {
      announce(problem.message);
    }
  };
  const everywhere = () => logOut({ everywhere: true }).catch((problem) => announce(problem.message));
  const entry = ({ id, created_at, renewed_at, current }) =>
    el(
      "li",
      { class: "between" },
      el("span", {}, `Since ${moment(created_at)}, last seen ${moment(renewed_at)}`),
      current
        ? el("strong", {}, "This one")
        : el("button", { class: "quiet", type: "button", onclick: end(id) }, "Log out there"),
    );
  replace(
    list,
    el("ul", { class: "plain-list" }, all.map(entry)),
    el("button", { class: "plain", type: "button", onclick: everywhere }, "Log out everywhere"),
  );
}
