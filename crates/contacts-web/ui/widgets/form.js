// Building blocks of forms.

import { h, newId } from "../core/dom.js";

/**
 * A control with its label and a hint.
 *
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} control
 * @param {string} [hint]
 */
export function labelled(label, control, hint) {
  if (!hint) return h("label", {}, h("span", {}, label), control);
  const help = h("p", { class: "hint", id: newId() }, hint);
  control.setAttribute("aria-describedby", help.id);
  return h("div", {}, h("label", {}, h("span", {}, label), control), help);
}

/**
 * Radio buttons, each with a sentence that explains it.
 *
 * @param {string} legend
 * @param {[string, string, string][]} choices value, name and explanation
 * @param {string} chosen
 * @param {(value: string) => void} [change]
 */
export function choices(legend, choices, chosen, change) {
  const name = newId();
  return h("fieldset", { class: "choices" }, h("legend", {}, legend),
    choices.map(([value, title, meaning]) => {
      const note = h("span", { class: "muted", id: newId() }, meaning);
      const input = h("input", { type: "radio", name, value, checked: value === chosen, "aria-labelledby": `${note.id}-name`, "aria-describedby": note.id });
      input.addEventListener("change", () => change?.(value));
      return h("label", { class: "choice" }, input, h("span", {}, h("strong", { id: `${note.id}-name` }, title), note));
    }));
}

/**
 * The chosen value of `choices`.
 *
 * @param {HTMLElement} fieldset
 */
export const chosen = (fieldset) => /** @type {HTMLInputElement | null} */ (fieldset.querySelector("input:checked"))?.value ?? "";
