// The tree of categories, from paths like "Home > Lamps" with the number of products in each.

import { el, icon } from "./dom.js";
import { group, idOf, tick } from "./ticks.js";

const SEPARATOR = " > ";
// Which branches the shopper opened (true) and closed (false); the others open where something in them is ticked.
const turned = new Map();

/** "Home › Lamps" */
export const pathText = (path) => path.replaceAll(SEPARATOR, " › ");

/** The last name of a path. */
export const leafName = (path) => path.split(SEPARATOR).at(-1);

const isBelow = (path, above) => path.startsWith(above + SEPARATOR);

/** The tree as a group of filters; `change(paths)` is told what is ticked, `redraw()` when a branch was turned. */
export function categories({ values, ticked, change, redraw }) {
  const counts = new Map(values.map(({ value, count }) => [value, count]));
  for (const path of ticked) if (!counts.has(path)) counts.set(path, 0); // nothing is left in it
  const paths = [...counts.keys()];
  if (paths.length === 0) return null;
  const parent = (path) => path.split(SEPARATOR).slice(0, -1).join(SEPARATOR);
  const roots = paths.filter((path) => !counts.has(parent(path)));

  const choose = (path, on) => {
    // A path holds all below it: ticking one takes the place of those above and below.
    const others = ticked.filter((other) => other !== path && !isBelow(other, path) && !isBelow(path, other));
    change(on ? [...others, path] : others);
  };

  const branch = (path) => {
    const inside = paths.filter((other) => parent(other) === path);
    const inUse = roots.length === 1 || ticked.some((other) => other === path || isBelow(other, path));
    const open = turned.get(path) ?? inUse;
    const turn = () => {
      turned.set(path, !open);
      redraw();
    };
    const line = tick({
      id: idOf("category", path),
      checked: ticked.includes(path),
      label: leafName(path),
      count: counts.get(path),
      onchange: (event) => choose(path, event.target.checked),
    });
    if (inside.length === 0) return el("li", {}, line);
    const twist = el(
      "button",
      {
        id: idOf("open", path),
        class: "twist",
        type: "button",
        "aria-expanded": String(open),
        "aria-label": `Inside ${leafName(path)}`,
        onclick: turn,
      },
      icon("open"),
    );
    const below = open && el("ul", { class: "tree" }, inside.map(branch));
    return el("li", {}, el("div", { class: "branch" }, line, twist), below);
  };
  return group("Category", el("ul", { class: "tree" }, roots.map(branch)));
}
