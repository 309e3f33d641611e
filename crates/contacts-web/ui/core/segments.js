// Saved filters, beside the list.

import { ask } from "./api.js";
import { fill, h } from "./dom.js";
import { filterFrom, filterOf, pathOf } from "../pages/list/query.js";

/**
 * Shows the segments, and which of them is on.
 *
 * @param {HTMLElement} place
 */
export async function segments(place) {
  const show = async () => {
    const { items } = await ask("get", "/v1/segments", { query: { limit: 100 } });
    fill(place, items.map(({ name, filter }) => h("a", { href: pathOf(filterFrom(filter)), title: name }, name)));
    mark(place);
  };
  addEventListener("segmentschanged", () => void show());
  addEventListener("filtered", () => mark(place));
  await show();
}

/** @param {HTMLElement} place */
function mark(place) {
  const path = location.pathname === "/" ? pathOf(filterOf(new URLSearchParams(location.search))) : "";
  for (const link of place.querySelectorAll("a")) {
    if (link.getAttribute("href") === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
