// A sentence at the foot of the page that is seen for a while, and read out where a screen is read.

import { byId, el, icon, replace } from "./dom.js";

const SEEN = 12_000; // milliseconds
let timer = 0;

/** Say something; `action` is [label, what it does]. */
export function announce(text, action = null) {
  const bar = byId("announcement");
  const over = () => replace(bar);
  const act = () => {
    over();
    action[1]();
  };
  replace(
    bar,
    el(
      "div",
      { class: "announcement" },
      el("p", {}, text),
      action && el("button", { class: "quiet", type: "button", onclick: act }, action[0]),
      el(
        "button",
        { class: "round", type: "button", "aria-label": "Close the message", onclick: over },
        icon("close"),
      ),
    ),
  );
  clearTimeout(timer);
  timer = setTimeout(function fade() {
    // Nobody is hurried who is about to press something in it.
    if (bar.matches(":hover, :focus-within")) timer = setTimeout(fade, SEEN);
    else over();
  }, SEEN);
}
