// A message that is announced and disappears.

import { find, h } from "../core/dom.js";

/**
 * @param {string} text
 * @param {{ label: string, run: () => void }} [action] a button such as Undo; the message then stays longer
 */
export function toast(text, action) {
  const shown = h("div", { class: "toast" }, h("span", {}, text));
  const hide = () => shown.remove();
  if (action) {
    shown.append(h("button", { type: "button", onclick: () => (hide(), action.run()) }, action.label));
  }
  let timer = setTimeout(hide, action ? 10_000 : 5_000);
  // The message stays while the pointer is on it.
  shown.addEventListener("pointerenter", () => clearTimeout(timer));
  shown.addEventListener("pointerleave", () => (timer = setTimeout(hide, 2_000)));
  find("#toasts").append(shown);
}
