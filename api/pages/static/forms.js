// Forms: every field with a label, every fault beside what it is about, a button that is pressed once.

import { el, randomKey, replace } from "./dom.js";

/** A field of a form. `hint` is said below it; the other attributes are those of the input. */
export function field({ label, name, hint = "", kind = "input", options = [], ...attributes }) {
  const id = `${name}-${randomKey(4)}`;
  const about = [hint && `${id}-hint`, `${id}-fault`].filter(Boolean).join(" ");
  const control = el(kind, { id, name, "aria-describedby": about, ...attributes }, ...options);
  if (kind === "textarea") control.value = attributes.value ?? "";
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, label),
    control,
    hint && el("p", { class: "hint-text", id: `${id}-hint` }, hint),
    el("p", { class: "fault", id: `${id}-fault` }),
  );
}

/**
 * A form. `send(values, form, pressed)` is called with what was typed, and with the button; what it throws is shown, at
 * the field that the API names where it names one. One of many in a list has no `label`: each with one is a landmark.
 */
export function form({ label = null, fields, button, send, more = null, plain = false }) {
  const told = el("p", { class: "fault", role: "alert" });
  const press = el("button", { class: plain ? "plain" : "solid", type: "submit" }, button);
  const made = el(
    "form",
    { class: "form", "aria-label": label, novalidate: true },
    ...fields,
    told,
    el("div", { class: "actions" }, press, more),
  );
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (press.disabled) return;
    clear(made);
    if (!complete(made)) return;
    press.disabled = true;
    made.setAttribute("aria-busy", "true");
    try {
      const typed = [...new FormData(made)].map(([name, text]) => [name, text.replaceAll("\r\n", "\n")]);
      await send(Object.fromEntries(typed), made, event.submitter);
    } catch (problem) {
      show(made, problem, told);
    } finally {
      press.disabled = false;
      made.removeAttribute("aria-busy");
    }
  });
  return made;
}

function clear(made) {
  for (const fault of made.querySelectorAll(".fault")) replace(fault);
  for (const control of made.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

function blame(control, reason) {
  control.setAttribute("aria-invalid", "true");
  replace(document.getElementById(`${control.id}-fault`), reason);
}

// The browser's own checks, said beside the field instead of in a bubble.
function complete(made) {
  const wrong = [...made.elements].filter((control) => control.willValidate && !control.validity.valid);
  for (const control of wrong) blame(control, control.validationMessage);
  wrong[0]?.focus();
  return wrong.length === 0;
}

function show(made, problem, told) {
  const rest = [];
  for (const { at, reason } of problem.errors ?? []) {
    const control = made.elements.namedItem(at.split("/").at(-1));
    if (control instanceof HTMLElement) blame(control, reason);
    else rest.push(reason);
  }
  const blamed = made.querySelector("[aria-invalid]");
  if (blamed) blamed.focus();
  if (!blamed || rest.length) replace(told, rest.join("; ") || problem.message);
}
