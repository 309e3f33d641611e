// The keyboard shortcuts of the list. None works in a text field.

import { h } from "../../core/dom.js";
import { go } from "../../core/router.js";
import { denied } from "../../core/session.js";
import { dialog } from "../../widgets/dialog.js";

/** @import { List } from "../list.js" */

/** @type {[string, string][]} */
const KEYS = [
  ["/", "Search"], ["j", "Next contact"], ["k", "Previous contact"], ["x", "Select"], ["a", "Select all matching contacts, or none"], ["Enter", "Open"], ["e", "Edit a cell of the row; Tab goes to the next cell"],
  ["t", "Add tags to the selected contacts"], ["b", "Go to the other actions for the selected contacts; Tab goes to the next one"], ["u", "Undo what was just done"], ["n", "New contact"], ["i", "Import a file; Ctrl Enter starts the import after the review"], ["Esc", "Clear the selection"], ["Ctrl K", "Go to a page, a segment or a contact"], ["?", "Show keyboard shortcuts"],
];
const OF_RECORD = "On the page of a contact, j and k open the next and the previous one, and u undoes the last change.";

/**
 * @param {KeyboardEvent} event
 * @param {List} list
 */
export function press(event, list) {
  const { target, key } = event;
  const types = target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (types) {
    if (key === "Escape") list.search.blur();
    return;
  }
  /** @type {Record<string, () => void>} */
  const acts = {
    j: () => list.table.move(1),
    k: () => list.table.move(-1),
    x: () => toggle(list),
    a: () => list.pickEveryone(),
    t: () => void tag(list),
    b: () => list.focusBar(),
    e: () => void import("./edit.js").then(({ edit }) => edit(list)),
    n: () => denied("write") || go("/new"),
    i: () => denied("import") || go("/import"),
    "?": () => help(),
    Escape: () => list.pickAll(false),
  };
  acts[key]?.();
}

/** @param {List} list */
function toggle(list) {
  const contact = list.table.active;
  if (contact) list.pick(list.table.at, !list.picked.has(contact), false);
}

/** @param {List} list */
async function tag(list) {
  if (list.picked.isEmpty || denied("write")) return;
  await (await import("./bulk.js")).addTags(list);
}

/** Shows the keyboard shortcuts. */
export const help = () => dialog({
  title: "Keyboard shortcuts",
  body: [h("dl", { class: "keys" }, KEYS.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])), h("p", { class: "muted" }, OF_RECORD)],
});
