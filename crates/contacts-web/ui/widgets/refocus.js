// The focus, when the content of an element is drawn again.

import { find } from "../core/dom.js";

const CONTROLS = "button:not(:disabled), a, select, input";

/**
 * Draws the content of an element again. If the focus was in it, it goes to the control with the same
 * name, else into the same row, else to the page. A panel that had the focus is opened again.
 *
 * @param {HTMLElement} place
 * @param {() => void} draw
 */
export function refocus(place, draw) {
  const focused = document.activeElement;
  const panel = focused?.closest(":popover-open");
  const active = panel ? panel.previousElementSibling : focused;
  const hadFocus = place.contains(active);
  const rows = () => [...place.querySelectorAll("tr, li")].filter((row) => row.querySelector(CONTROLS));
  const at = rows().findIndex((row) => row.contains(active));
  draw();
  if (!hadFocus) return;
  const name = active?.getAttribute("aria-label");
  const controls = /** @type {HTMLElement[]} */ ([...place.querySelectorAll(CONTROLS)]);
  const same = controls.find((control) => name && control.getAttribute("aria-label") === name);
  const row = rows().at(Math.min(at, rows().length - 1));
  (same ?? /** @type {HTMLElement | null | undefined} */ (row?.querySelector(CONTROLS)) ?? find("#main")).focus();
  if (panel && same instanceof HTMLButtonElement) /** @type {HTMLElement | null} */ (same.popoverTargetElement)?.showPopover();
}
