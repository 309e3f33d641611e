// The chips of the active filters with their remove buttons, and what else can be done with the filter.

import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { menu } from "../../widgets/popover.js";
import { combined, dissolved, unitsOf } from "./groups.js";
import { changed } from "./query.js";
import { saving } from "./segment.js";
import { described } from "./words.js";

/** @import { List } from "../list.js" */

/**
 * @param {List} list
 * @param {HTMLElement} place
 */
export async function chipsOf(list, place) {
  const { filter } = list;
  const parts = await described(filter, list.fields);
  if (filter !== list.filter) return;
  fill(place,
    parts.map(({ text, without }) => h("span", { class: "chip", title: text }, h("span", {}, text),
      h("button", { type: "button", "aria-label": `Remove the filter: ${text}`, onclick: () => list.turn({ filter: changed(filter, without) }) }, icon("close")))),
    ways(list),
    parts.map(({ text, group }) => (group ? edit(list, group, text) : null)),
    filter.get("duplicates") === "true" && h("a", { href: "/duplicates" }, "Review duplicates"),
    h("button", { type: "button", class: "link", onclick: () => list.clear() }, "Clear filters"),
    saving(list));
}

/**
 * The menu that puts the conditions into a group (R62).
 *
 * @param {List} list
 */
function ways(list) {
  const { units } = unitsOf(list.filter);
  if (units.length === 0) return null;
  const button = h("button", { type: "button", class: "link" }, "Combine", icon("chevron"));
  const place = h("span", {}, button);
  const turn = (/** @type {"any" | "none"} */ way) => () => list.turn({ filter: combined(list.filter, way) });
  menu(button, () => [
    units.length > 1 && h("button", { type: "button", onclick: turn("any") }, "Match any of these"),
    h("button", { type: "button", onclick: turn("none") }, units.length > 1 ? "Match none of these" : "Exclude this"),
  ]);
  return place;
}

/**
 * The button that takes a group apart, so that its conditions can be changed. Beside other conditions
 * it would mix them.
 *
 * @param {List} list
 * @param {string} group
 * @param {string} text
 */
function edit(list, group, text) {
  const conditions = unitsOf(list.filter).units.length === 0 ? dissolved(group) : null;
  if (!conditions) return null;
  return h("button", { type: "button", class: "link", "aria-label": `Edit the conditions: ${text}`, onclick: () => {
    const filter = changed(list.filter, { group: list.filter.getAll("group").filter((other) => other !== group) });
    for (const [name, value] of conditions) filter.append(name, value);
    filter.sort();
    list.turn({ filter });
  } }, "Edit");
}
