// What is added to the table of contacts after its rows: the edges that resize columns, the editing of
// cells by the mouse, and printing.

import { addGrips } from "../../widgets/grip.js";
import { printWhole } from "./print.js";
import { arrange } from "./segment.js";

/** @import { List } from "../list.js" */

/** Lists whose cells can be edited. @type {WeakSet<List>} */
const extended = new WeakSet();

/**
 * Called each time the columns were shown.
 *
 * @param {List} list
 */
export function extend(list) {
  addGrips(list.table, (key, width) => arrange(list, list.columns.map((column) => (column.key === key ? { key, width } : column))));
  if (extended.has(list)) return;
  extended.add(list);
  const { signal } = list.dropped;
  printWhole(list, signal);
  const offerEdit = () => void import("./edit.js").then(({ offer }) => offer(list, signal));
  // A pointer that rests on the table already causes no event.
  if (list.table.element.matches(":hover")) offerEdit();
  else list.table.element.addEventListener("pointerover", offerEdit, { once: true, signal });
}
