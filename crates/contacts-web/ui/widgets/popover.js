// Panels that float at a button, over the platform's popovers.

import { h } from "../core/dom.js";

/** @import { Child } from "../core/dom.js" */

/**
 * Gives a button a panel. It is filled each time it opens, closes on Escape and on a click
 * elsewhere, and gives the focus back.
 *
 * @param {HTMLButtonElement} button
 * @param {(close: () => void) => Child | Child[]} content
 * @param {{ class?: string, label?: string }} [options]
 */
export function popover(button, content, options = {}) {
  const panel = h("div", { popover: "auto", class: options.class ?? "", role: "dialog", "aria-label": options.label ?? button.ariaLabel ?? button.textContent });
  const close = () => {
    panel.hidePopover();
    button.focus();
  };
  button.popoverTargetElement = panel;
  button.setAttribute("aria-expanded", "false");
  panel.addEventListener("beforetoggle", (event) => {
    const opens = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(opens));
    if (!opens) return;
    panel.replaceChildren();
    panel.append(...[content(close)].flat().filter((child) => child instanceof Node));
  });
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") return;
    place(panel, button);
    panel.querySelector(/** @type {"button"} */ ("[autofocus], input, button, a, select"))?.focus();
  });
  panel.addEventListener("keydown", walk);
  button.after(panel);
  return { close, button };
}

/**
 * A menu of commands: buttons and links.
 *
 * @param {HTMLButtonElement} button
 * @param {(close: () => void) => Child[]} commands
 */
export const menu = (button, commands) =>
  popover(button, (close) => h("div", { class: "menu", onclick: close }, commands(close)));

/**
 * Puts a panel under its button, or over it, within the window.
 *
 * @param {HTMLElement} panel
 * @param {HTMLElement} button
 */
export function place(panel, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = at.bottom + 4;
  const top = below + height <= innerHeight - 8 || at.top < height + 12 ? below : at.top - height - 4;
  panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  panel.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/**
 * The arrows walk through what can be chosen.
 *
 * @param {KeyboardEvent} event
 */
function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const panel = /** @type {HTMLElement} */ (event.currentTarget);
  if (!step || (event.target instanceof HTMLInputElement && event.target.type !== "checkbox") || event.target instanceof HTMLSelectElement) return;
  const stops = [...panel.querySelectorAll(/** @type {"button"} */ ("button, a, input, select"))].filter((stop) => !stop.disabled);
  const at = stops.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  stops.at((at + step) % stops.length)?.focus();
  event.preventDefault();
}
