// A sentence that comes, is read out, and goes.

import { find, h } from "../core/dom.js";

/**
 * @param {string} text
 * @param {{ label: string, run: () => void }} [action] such as Undo; it stays longer then
 */
export function toast(text, action) {
  const shown = h("div", { class: "toast" }, h("span", {}, text));
  const hide = () => shown.remove();
  if (action) {
    shown.append(h("button", { type: "button", onclick: () => (hide(), action.run()) }, action.label));
  }
  let timer = setTimeout(hide, action ? 10_000 : 5_000);
  // Who reads it with the pointer on it may take their time.
  shown.addEventListener("pointerenter", () => clearTimeout(timer));
  shown.addEventListener("pointerleave", () => (timer = setTimeout(hide, 2_000)));
  find("#toasts").append(shown);
}
