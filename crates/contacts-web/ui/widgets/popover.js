// Panels that open at a button, over the browser's popovers.

import { h } from "../core/dom.js";

/** @import { Child } from "../core/dom.js" */

/**
 * Gives a button a panel. It is filled each time it opens, and closes on Escape or a click
 * elsewhere, which returns the focus to the button.
 *
 * @param {HTMLButtonElement} button
 * @param {(close: () => void) => Child | Child[]} content
 * @param {{ class?: string, label?: string }} [options]
 */
export function popover(button, content, options = {}) {
  const panel = h("div", { popover: "auto", class: options.class ?? "", role: "dialog", "aria-label": options.label ?? button.ariaLabel ?? button.textContent });
  const resized = new ResizeObserver(() => place(panel, button));
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
    if (/** @type {ToggleEvent} */ (event).newState === "closed") return resized.disconnect();
    // What the panel contains may arrive late, and changes its size.
    for (const child of panel.children) resized.observe(child);
    resized.observe(document.documentElement);
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

/** Distances in pixels: from the button, and from the edge of the window. */
const GAP = 4;
const MARGIN = 8;
/** A panel is not made lower than this, in pixels: it covers its button instead. */
const MIN_HEIGHT = 240;

/**
 * Places a panel below its button, or above it where there is more room, inside the window. A panel
 * that is too high scrolls.
 *
 * @param {HTMLElement} panel
 * @param {HTMLElement} button
 */
export function place(panel, button) {
  const at = button.getBoundingClientRect();
  const height = panel.scrollHeight;
  const below = innerHeight - MARGIN - at.bottom - GAP;
  const above = at.top - GAP - MARGIN;
  const isBelow = height <= below || below >= above;
  const room = Math.min(Math.max(below, above, MIN_HEIGHT), innerHeight - 2 * MARGIN);
  const shown = Math.min(height, room);
  const top = isBelow ? at.bottom + GAP : at.top - GAP - shown;
  panel.style.maxHeight = `${room}px`;
  panel.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - panel.offsetWidth - MARGIN))}px`;
  panel.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - shown - MARGIN))}px`;
}

/**
 * Moves the focus with the arrow keys.
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
