// Where the links in messages lead to: confirming an address, choosing a new password, changing the address.

import { fresh, go } from "./address.js";
import { call } from "./api.js";
import { el, replace } from "./dom.js";
import { enter, password } from "./entrance.js";
import { form } from "./forms.js";
import { message } from "./messages.js";
import { who } from "./store.js";

const KINDS = {
  verify: {
    title: "Confirm your e-mail address",
    text: "One step more, and you can use your account.",
    button: "Confirm",
    route: "/v1/auth/verify",
    fields: () => [],
    done: "Your address is confirmed. You can log in now.",
  },
  password: {
    title: "Choose a new password",
    text: "You will be logged out wherever you are logged in.",
    button: "Save the password",
    route: "/v1/auth/password/reset",
    fields: () => [password({ label: "New password", fresh: true })],
    done: "Your password is changed. Log in with the new one.",
  },
  email: {
    title: "Confirm your new e-mail address",
    text: "From then on it is the one that you log in with.",
    button: "Confirm",
    route: "/v1/auth/email",
    fields: () => [],
    done: "Your account has the new address now.",
  },
};

/** The page of a kind of link. The token is behind the #, and taken out of the address once it is used. */
export function letters(root, { args: [kind] }) {
  const { title, text, button, route, fields, done } = KINDS[kind];
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  const heading = el("h1", { tabindex: "-1" }, title);
  if (!token) {
    const again = "This link is not whole, or was used. Open the one in the message once more.";
    replace(
      root,
      heading,
      message({ title: "Nothing to confirm", text: again, actions: [["To the shop", home]] }),
    );
    return title;
  }
  const send = async (values) => {
    await call(route, { method: "POST", body: { token, ...values } });
    history.replaceState(history.state, "", location.pathname);
    const next = who() ? ["To the shop", home] : ["Log in", () => enter({ then: home })];
    const told = el("div", { role: "status" });
    replace(root, heading, told);
    replace(told, message({ title: "Done", text: done, actions: [next] }));
    told.querySelector("button").focus();
  };
  replace(root, heading, el("p", { class: "lead" }, text), form({ label: title, fields: fields(), button, send }));
  return title;
}

const home = () => go(fresh());
