// A message that is announced and disappears.

import { find, h } from "../core/dom.js";
import { isShortcut } from "../core/shortcut.js";

/** @typedef {{ label: string, run: () => void }} Action */

/** The label of the button that the key `u` presses. */
const UNDO = "Undo";

/**
 * @param {string} text
 * @param {(Action | undefined)[]} actions buttons such as Undo; the message then stays longer
 * @returns {() => void} hides the message
 */
export function toast(text, ...actions) {
  const shown = h("div", { class: "toast" }, h("span", {}, text));
  /** Where the focus was before it came to the message. @type {EventTarget | null} */
  let from = null;
  const hide = () => {
    const hadFocus = shown.contains(document.activeElement);
    shown.remove();
    if (hadFocus && from instanceof HTMLElement) from.focus();
  };
  const buttons = actions.flatMap((action) => action ? [h("button", { type: "button", title: action.label === UNDO ? "Undo (u)" : "", onclick: () => (hide(), action.run()) }, action.label)] : []);
  shown.append(...buttons);
  let timer = setTimeout(hide, buttons.length > 0 ? 10_000 : 5_000);
  // The message stays while the pointer or the focus is on it.
  for (const [come, leave] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
    shown.addEventListener(come ?? "", () => clearTimeout(timer));
    shown.addEventListener(leave ?? "", () => {
      clearTimeout(timer);
      timer = setTimeout(hide, 2_000);
    });
  }
  shown.addEventListener("focusin", ({ relatedTarget }) => {
    if (!shown.contains(/** @type {Node | null} */ (relatedTarget))) from = relatedTarget;
  });
  find("#toasts").append(shown);
  return hide;
}

addEventListener("keydown", (event) => {
  if (event.key !== "u" || !isShortcut(event) || document.querySelector("dialog[open], :popover-open")) return;
  [...find("#toasts").querySelectorAll("button")].findLast(({ textContent }) => textContent === UNDO)?.click();
});

/** Hides the last message about a subject. @type {Map<string, () => void>} */
const last = new Map();

/**
 * Shows a message instead of the last one about the same subject.
 *
 * @param {string} subject
 * @param {string} text
 * @param {Action} action
 */
export function toastAbout(subject, text, action) {
  last.get(subject)?.();
  last.set(subject, toast(text, action));
}
