// How the shop read a query, where that is not as it was typed, and the way to what was typed.

import { go, read } from "./address.js";
import { el } from "./dom.js";

/** Whether the words of a state are to be taken as they stand. */
export const isLiteral = ({ q, literal }) => q !== "" && q === literal;

/** What the shopper should know of how the query was read; empty where it was taken as it is. */
export function reading(state, { corrected, did_you_mean: meant, relaxed }) {
  const to = (changes) => () => go({ ...read(), page: 1, ...changes });
  const line = (...children) => el("p", { class: "hint" }, ...children);
  return [
    corrected &&
      line(
        "Showing results for ",
        el("b", {}, corrected),
        ". Search instead for ",
        action("as-typed", state.q, to({ literal: state.q })),
      ),
    meant && line("Did you mean ", action("meant", meant, to({ q: meant })), "?"),
    relaxed?.length > 0 && line(`Nothing fits all of that. These come closest (${relaxed.join("; ")}).`),
  ].filter(Boolean);
}

const action = (id, text, onclick) => el("button", { id, class: "inline", type: "button", onclick }, text);

/** What of the query was read as a filter, each with what to change of the state to take it away. */
export const readFilters = (state, { understood = [], relaxed = [] }) =>
  understood
    .filter(({ kind }) => kind === "price" || kind === "without") // the others only move products up
    .filter(({ text }) => !relaxed.some((step) => step.includes(text)))
    .map(({ kind, text }) => ({
      text: kind === "without" ? `without ${text}` : text,
      changes: without(state.q, text, kind),
    }));

const DENIES = /(?:(?:^|\s)(?:without|no|not|w\/o)(?:\s+(?:a|an|any|the))*|不含|不要|不带|没有|沒有|無|无)\s*$/i;
const LINK_BEFORE = /(?:\s*,|\s+(?:or|and|nor))\s*$/i;
const LINK_BEHIND = /^\s*(?:,|(?:or|and|nor)\s)\s*/i;

// The query less a stretch of it, which is told in small letters; as it stands where the stretch is not found in it.
// What is denied goes together with the word that denies it, or with the one that links it to what is denied too.
function without(query, text, kind) {
  const at = query.toLowerCase().indexOf(text.toLowerCase());
  if (at < 0) return { literal: query };
  let [before, behind] = [query.slice(0, at), query.slice(at + text.length)];
  if (kind === "without") {
    if (LINK_BEHIND.test(behind)) behind = behind.replace(LINK_BEHIND, "");
    else before = before.replace(LINK_BEFORE.test(before) ? LINK_BEFORE : DENIES, "");
  }
  return { q: `${before} ${behind}`.replace(/\s+/g, " ").trim() };
}
