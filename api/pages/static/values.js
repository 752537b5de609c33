// A filter by the values of a field: the most frequent ones, the others by searching among them.

import { isSuperseded, newestOnly } from "./api.js";
import { el, replace } from "./dom.js";
import { group, idOf, tick } from "./ticks.js";

const FEW = 8; // values that are shown at first
const PAUSE = 150; // milliseconds after a key
const opened = new Set(); // the fields of which all values are shown
const sought = new Map(); // what is searched for among the values of a field

/**
 * The group, or null where there is nothing to choose. `change(values)` is told what is ticked; `find(field, text)`
 * gives the values of which a word begins with the text, null where they cannot be searched.
 */
export function values({ name, field, found, ticked, change, find }) {
  const named = found.filter(({ value }) => value);
  const missing = ticked.filter((each) => !named.some(({ value }) => value === each));
  const all = [...missing.map((value) => ({ value, count: 0 })), ...named];
  if (all.length === 0) return null;
  const newest = newestOnly();
  const list = el("div", { class: "values" });

  const choose = (value) => (event) => {
    const others = ticked.filter((other) => other !== value);
    change(event.target.checked ? [...others, value] : others);
  };
  const line = ({ value, count }) =>
    tick({
      id: idOf(field, value),
      checked: ticked.includes(value),
      label: value,
      count,
      onchange: choose(value),
    });
  const draw = () => {
    const open = opened.has(field);
    const shown = all.filter(({ value }, place) => open || place < FEW || ticked.includes(value));
    const turn = () => {
      if (open) opened.delete(field);
      else opened.add(field);
      draw();
    };
    const more = el(
      "button",
      { id: idOf("more", field), class: "quiet", type: "button", "aria-expanded": String(open), onclick: turn },
      open ? "Fewer" : `More (${all.length - shown.length})`,
    );
    replace(list, shown.map(line), (open || shown.length < all.length) && more);
  };
  const seek = async () => {
    const text = sought.get(field) ?? "";
    if (!text || !find) {
      newest.cancel();
      draw();
      return;
    }
    try {
      const answer = await newest((signal) => find(field, text, signal));
      const none = el("p", { class: "hint-text" }, "None of that name");
      replace(list, answer.length > 0 ? answer.map(line) : none);
    } catch (problem) {
      if (!isSuperseded(problem)) draw(); // the search tells what is wrong
    }
  };

  let timer = 0;
  const box = el("input", {
    id: idOf("seek", field),
    class: "seek",
    type: "search",
    autocomplete: "off",
    maxlength: 100,
    "aria-label": `Search ${name}`,
    placeholder: "Search",
    value: sought.get(field) ?? "",
    oninput: (event) => {
      sought.set(field, event.target.value.trim());
      clearTimeout(timer);
      timer = setTimeout(seek, PAUSE);
    },
  });
  draw();
  if (sought.get(field)) seek();
  return group(name, find && all.length > FEW && box, list);
}
