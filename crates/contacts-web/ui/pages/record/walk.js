// Links to the previous and the next contact of the list.

import { h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { GONE, last } from "../list/last.js";
import { nameOf } from "../record.js";

/** @import { Listed } from "../list/rows.js" */

/** Number of rows that are loaded ahead while the user walks from contact to contact. */
const AHEAD = 20;

/** @param {{ contact: { id: string }, signal: AbortSignal }} opened */
export function walk({ contact, signal }) {
  const { previous, next } = neighbours(contact.id);
  if (!previous && !next) return null;

  /**
   * One step back leads to the list, however many contacts were looked at. The list may have changed since.
   *
   * @param {"previous" | "next"} way
   */
  const open = (way) => {
    const to = neighbours(contact.id)[way];
    if (to) go(`/contacts/${to.id}${location.search}`, { replace: true });
  };

  addEventListener("keydown", (event) => {
    const way = /** @type {const} */ ({ j: "next", k: "previous" })[event.key];
    const types = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (way && !types && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open], :popover-open")) open(way);
  }, { signal });

  const links = /** @type {const} */ ([["Previous", "previous", previous, "k"], ["Next", "next", next, "j"]]).map(([word, way, to, key]) =>
    h("button", { type: "button", class: "only quiet", disabled: !to, title: `${word} (${key})`, "aria-keyshortcuts": key, "aria-label": to ? `${word} contact: ${nameOf(to)}` : `${word} contact`, onclick: () => open(way) }, icon(word === "Next" ? "chevron" : "back")));
  return h("div", { class: "walk", role: "group", "aria-label": "Contacts of the list" }, links);
}

/**
 * The contacts before and after one in the list that it was opened from. The focus returns to its row.
 *
 * @param {string} id
 * @returns {{ previous?: Listed | undefined, next?: Listed | undefined }}
 */
function neighbours(id) {
  const { items = [] } = last?.rows ?? {};
  const at = items.findIndex((contact) => contact.id === id);
  if (!last || at < 0) return {};
  last.table.at = at;
  void last.rows.want(at + AHEAD);
  const exists = (/** @type {Listed} */ { left }) => left !== GONE;
  return { previous: items.slice(0, at).findLast(exists), next: items.slice(at + 1).find(exists) };
}
