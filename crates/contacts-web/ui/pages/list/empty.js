// The messages of an empty organisation and of a filter without matches.

import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { failure } from "../../widgets/failure.js";

/** @import { Problem } from "../../core/api.js" */
/** @import { List } from "../list.js" */

/**
 * Says why the filter of a list cannot be used. The rows go: they match another filter.
 *
 * @param {List} list
 * @param {Problem} problem
 */
export function unusable(list, { errors, message }) {
  list.rows.drop();
  list.table.element.hidden = true;
  list.count.textContent = "";
  const sort = errors.find(({ field }) => field === "sort");
  if (sort) return fill(list.state, failure(`This sorting cannot be used: it ${sort.reason}.`, () => list.turn({ sort: null }), "Reset the sorting"));
  const reasons = errors.map(({ field, reason }) => `${field} ${reason}`);
  fill(list.state, failure(`This filter cannot be used: ${reasons.join("; ") || message}.`, () => list.clear(), "Clear filters"));
}

/** Shown in an organisation without contacts. */
const noContacts = () =>
  h("div", { class: "empty" },
    h("h2", {}, "Everyone you can talk to, in one list"),
    h("p", {}, "Add people from the website chat, a spreadsheet or a connected source, or one at a time. Every contact shows how it was added."),
    h("div", { class: "row" },
      h("a", { href: "/import", data: { needs: "import" }, class: "button primary" }, icon("upload"), "Import a file"),
      h("a", { href: "/new", data: { needs: "write" }, class: "button" }, icon("add"), "New contact")),
    h("p", { data: { needs: "admin" } }, h("a", { href: "/sources" }, "Connect a source"), " or ", h("a", { href: "/settings/keys" }, "create an API key for the website chat"), "."));

/** @param {() => void} clear */
const noneFound = (clear) =>
  h("div", { class: "empty" },
    h("h2", {}, "No matching contacts"),
    h("p", {}, "A contact must match every filter and every word of the search. Remove a filter, or search for part of a name, email address or phone number."),
    h("div", { class: "row" }, h("button", { type: "button", onclick: clear }, "Clear filters")));

/**
 * Shown instead of the rows of a list without any.
 *
 * @param {List} list
 */
export const empty = (list) => (list.filter.size ? noneFound(() => list.clear()) : noContacts());
