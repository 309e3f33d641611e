// The segments in the sidebar.

import { askAll } from "./api.js";
import { fill, h } from "./dom.js";
import { filterFrom, filterOf, pathOf } from "../pages/list/query.js";

let isListening = false;

/**
 * Shows the segments, and marks the one whose filter is applied.
 *
 * @param {HTMLElement} place
 */
export async function segments(place) {
  if (!isListening) {
    addEventListener("segmentschanged", () => void show(place));
    addEventListener("filtered", () => mark(place));
    isListening = true;
  }
  await show(place);
}

/** @param {HTMLElement} place */
async function show(place) {
  const { items } = await askAll("/v1/segments", {});
  fill(place, items.length > 0 && h("small", {}, "Segments"), items.map(({ name, filter }) => h("a", { href: pathOf(filterFrom(filter)), title: name }, name)));
  mark(place);
}

/** @param {HTMLElement} place */
function mark(place) {
  const path = location.pathname === "/" ? pathOf(filterOf(new URLSearchParams(location.search))) : "";
  for (const link of place.querySelectorAll("a")) {
    if (link.getAttribute("href") === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
