// Links to the previous and the next contact of the list.

import { h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { neighbours } from "../list/last.js";
import { nameOf } from "../record.js";

/** @import { Opened } from "./opened.js" */
/** @import { Listed } from "../list/rows.js" */

/** @param {Opened} opened */
export function walk({ contact, signal }) {
  const { previous, next } = neighbours(contact.id);
  if (!previous && !next) return null;

  /** One step back leads to the list, however many contacts were looked at. @param {Listed} to */
  const open = (to) => go(`/contacts/${to.id}${location.search}`, { replace: true });

  addEventListener("keydown", (event) => {
    const to = { j: next, k: previous }[event.key];
    const types = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (to && !types && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open], :popover-open")) open(to);
  }, { signal });

  const links = /** @type {const} */ ([["Previous", previous, "k"], ["Next", next, "j"]]).map(([word, to, key]) =>
    h("button", { type: "button", class: "only quiet", disabled: !to, title: `${word} (${key})`, "aria-keyshortcuts": key, "aria-label": to ? `${word} contact: ${nameOf(to)}` : `${word} contact`, onclick: () => to && open(to) }, icon(word === "Next" ? "chevron" : "back")));
  return h("div", { class: "walk", role: "group", "aria-label": "Contacts of the list" }, links);
}
