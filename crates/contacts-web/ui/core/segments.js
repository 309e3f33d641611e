// The segments in the sidebar.

import { ask, askAll } from "./api.js";
import { fill, h } from "./dom.js";
import { filterOf, pathOf } from "../pages/list/query.js";
import { filterFrom } from "../pages/list/values.js";
import { estimate } from "./estimate.js";
import { styles } from "./styles.js";

await styles("./segments.css", import.meta.url);

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
  const counts = items.map(() => h("small", {}));
  fill(place, items.length > 0 && h("small", {}, "Segments"), items.map(({ id, name, filter, sort, private: mine }, at) =>
    h("a", { href: pathOf(filterFrom(filter), sort, id), title: mine ? `${name} (only you)` : name, data: { view: id } }, h("span", { class: "clip" }, name), counts[at])));
  mark(place);
  await count(place, new Map(items.map(({ id }, at) => [id, counts[at]])));
}

/** Number of segments whose contacts are counted. */
const MAX_COUNTED = 12;

/**
 * Shows the number of contacts of the first segments. Nothing waits for it.
 *
 * @param {HTMLElement} place
 * @param {Map<string, HTMLElement | undefined>} counts the places of the numbers by segment
 */
async function count(place, counts) {
  if (!counts.size || !place.offsetParent) return;
  const { items } = await ask("get", "/v1/segments", { query: { counts: true, limit: MAX_COUNTED } }).catch(() => ({ items: [] }));
  for (const { id, count: found } of items) {
    const shown = counts.get(id);
    // Short, because the name needs the room.
    if (shown && found) shown.textContent = estimate(found).replace("about ", "~");
  }
}

/** @param {HTMLElement} place */
function mark(place) {
  const path = location.pathname === "/" ? pathOf(filterOf(new URLSearchParams(location.search))) : "";
  const view = location.pathname === "/" ? new URLSearchParams(location.search).get("view") : null;
  for (const link of place.querySelectorAll("a")) {
    if (view ? link.dataset["view"] === view : link.getAttribute("href")?.replace(/[?&]view=[^&]*$/, "") === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
