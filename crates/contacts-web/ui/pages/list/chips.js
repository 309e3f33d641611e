// The chips of the active filters with their remove buttons, and what else can be done with the filter.

import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { menu } from "../../widgets/popover.js";
import { filterOfTree, treeOf } from "./conditions.js";
import { changed, pathOf } from "./query.js";
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
    list.isViewGone && gone(list),
    ways(list),
    filter.get("duplicates") === "true" && h("a", { href: "/duplicates" }, "Review duplicates"),
    h("button", { type: "button", class: "link", onclick: () => list.clear() }, "Clear filters"),
    saving(list));
}

/**
 * The menu that changes how the conditions are combined (R62).
 *
 * @param {List} list
 */
function ways(list) {
  const { tree, rest } = treeOf(list.filter);
  if (tree.members.length === 0) return null;
  const isOne = tree.members.length === 1;
  const button = h("button", { type: "button", class: "link" }, "Combine", icon("chevron"));
  const place = h("span", {}, button);
  /** @param {import("./conditions.js").Branch["way"]} way @param {string} text */
  const turn = (way, text) => way !== tree.way && h("button", { type: "button", onclick: () => list.turn({ filter: filterOfTree({ ...tree, way }, rest) }) }, text);
  menu(button, () => [
    turn("all", isOne ? "Include this" : "Match all of these"),
    !isOne && turn("any", "Match any of these"),
    turn("none", isOne ? "Exclude this" : "Match none of these"),
    h("button", { type: "button", onclick: async () => (await import("./builder.js")).arrange(list) }, "Arrange…"),
  ]);
  return place;
}

/**
 * Stands in the place of a segment that is not there.
 *
 * @param {List} list
 */
function gone(list) {
  const leave = h("button", { type: "button", class: "link", onclick: () => go(pathOf(list.filter, list.chosenSort)) }, "Leave it");
  return h("span", { class: "status warn" }, "This segment was deleted, or is private to somebody else.", leave);
}
