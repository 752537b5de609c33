// What the page says when there is nothing to show, or something went wrong.

import { el } from "./dom.js";

/** A message with a heading, a text and buttons `[label, action]`, the first of them the likeliest. */
export function message({ title, text, actions = [] }) {
  const buttons = actions.map(([label, action], place) =>
    el("button", { class: place === 0 ? "solid" : "plain", type: "button", onclick: action }, label),
  );
  return el(
    "div",
    { class: "message" },
    el("h2", {}, title),
    text && el("p", {}, text),
    buttons.length > 0 && el("p", { class: "actions" }, ...buttons),
  );
}

/** A failed request, as its problem tells it, with a way to try again. */
export const failure = (problem, retry) =>
  el(
    "div",
    { role: "alert" },
    message({
      title: problem.title ?? "Something went wrong",
      text: problem.message,
      actions: [["Try again", retry]],
    }),
  );

/** Grey shapes where cards will be. */
export const skeletons = (count) =>
  Array.from({ length: count }, () =>
    el("li", { class: "skeleton", "aria-hidden": "true" }, el("div", { class: "picture" }), el("i"), el("i")),
  );
