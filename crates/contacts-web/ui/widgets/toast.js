// A message that is announced and disappears.

import { find, h } from "../core/dom.js";

/**
 * @param {string} text
 * @param {({ label: string, run: () => void } | undefined)[]} actions buttons such as Undo; the message then stays longer
 */
export function toast(text, ...actions) {
  const shown = h("div", { class: "toast" }, h("span", {}, text));
  const hide = () => shown.remove();
  const buttons = actions.flatMap((action) => action ? [h("button", { type: "button", onclick: () => (hide(), action.run()) }, action.label)] : []);
  shown.append(...buttons);
  let timer = setTimeout(hide, buttons.length > 0 ? 10_000 : 5_000);
  // The message stays while the pointer is on it.
  shown.addEventListener("pointerenter", () => clearTimeout(timer));
  shown.addEventListener("pointerleave", () => (timer = setTimeout(hide, 2_000)));
  find("#toasts").append(shown);
}
