// Dialogs over the browser's own.

import { sentence } from "../core/api.js";
import { h, newId } from "../core/dom.js";
import { styles } from "../core/styles.js";

await styles("./dialog.css", import.meta.url);

/** @import { Child } from "../core/dom.js" */

/**
 * @typedef {object} Ask
 * @property {string} title
 * @property {Child | Child[]} [body]
 * @property {string} [action] the label of the button that runs the action; without it, the dialog only informs
 * @property {boolean} [danger] whether the action destroys data: then the safe button has the focus
 * @property {boolean} [wide]
 * @property {string} [cancel]
 * @property {(form: HTMLFormElement) => Promise<unknown> | unknown} [run] runs the action; an error
 *   is shown in the dialog, which stays open
 */

/**
 * Shows a dialog and runs its action. Resolves to whether the action was run.
 *
 * @param {Ask} ask
 * @returns {Promise<boolean>}
 */
export function dialog({ title, body, action, danger = false, wide = false, cancel, run }) {
  const heading = h("h2", { id: newId() }, title);
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const no = h("button", { type: "button", onclick: () => element.close() }, cancel ?? (action ? "Cancel" : "Close"));
  const yes = action ? h("button", { class: danger ? "danger" : "primary" }, action) : null;
  const form = h("form", { onsubmit: submit, novalidate: false }, heading, body ?? null, wrong, h("div", { class: "actions" }, no, yes));
  const element = h("dialog", { class: wide ? "wide" : "", "aria-labelledby": heading.id }, form);
  let done = false;

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (yes) yes.disabled = true;
    wrong.hidden = true;
    try {
      await run?.(form);
      done = true;
      element.close();
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
      if (yes) yes.disabled = false;
    }
  }

  document.body.append(element);
  element.showModal();
  if (danger) no.focus();
  return new Promise((resolve) => {
    element.addEventListener("close", () => {
      element.remove();
      resolve(done);
    });
  });
}
