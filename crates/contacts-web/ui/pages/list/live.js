// Changes by others in the list.
//
// A changed contact is shown in the row where it is. A contact that leaves the filter or is deleted stays
// in its row, with a mark. A notice says that rows would move or appear; they do when the user loads the
// list again. So no row vanishes under the pointer, or from a selection.

import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { styles } from "../../core/styles.js";
import { GONE } from "./last.js";
import { asked } from "./query.js";

await styles("./live.css", import.meta.url);

/** @import { Live } from "../../core/live.js" */
/** @import { List } from "../list.js" */
/** @import { ContactRows } from "./rows.js" */

/** Delay in ms in which changes are collected. */
const COLLECT = 400;
/** Time in ms between two reloads of an empty list, for example while an import runs. */
const RELOAD = 5_000;
/** Number of contacts that one request of the API returns. */
const MAX_IDS = 200;

/** Ids of contacts that were changed. @type {Set<string>} */
const changed = new Set();
let collecting = 0;
let reloading = 0;
let reloaded = 0;
/** The notice of each list. @type {WeakMap<List, HTMLElement>} */
const notices = new WeakMap();

/**
 * Shows changes of others in the rows that are loaded.
 *
 * @param {List} list
 * @param {Live} live
 */
export function showLive(list, { type, ids }) {
  if (!notices.has(list)) {
    // Screen readers announce a text only if its live region existed before.
    const notice = h("div", { class: "news", role: "status" });
    notices.set(list, notice);
    list.bulk.before(notice);
  }
  if (type === "lost") return reload(list);
  for (const id of ids) changed.add(id);
  collecting ||= setTimeout(() => void show(list), COLLECT);
}

/** @param {List} list */
function reload(list) {
  reloading ||= setTimeout(() => {
    reloading = 0;
    reloaded = Date.now();
    if (!list.dropped.signal.aborted) void list.rows.refresh();
  }, Math.max(COLLECT, reloaded + RELOAD - Date.now()));
}

/** @param {List} list */
async function show(list) {
  collecting = 0;
  const { rows } = list;
  // Rows that are being loaded may contain the changes.
  await rows.running;
  if (list.dropped.signal.aborted) return;
  // Ends when rows are loaded again: they contain the changes.
  const { signal } = rows.asking;
  const all = [...changed];
  changed.clear();
  // An empty list has no row that a reload could move.
  if (rows.items.length === 0) return reload(list);
  const shown = rows.items.map(({ id }) => id).filter((id) => all.includes(id));
  if (shown.length > MAX_IDS) return announce(list);
  const there = new Set();
  if (shown.length > 0) {
    const found = await ask("post", "/v1/contacts/get", { body: { ids: shown }, signal }).catch(() => null);
    if (!found) return;
    for (const contact of found.items) {
      there.add(contact.id);
      dispatchEvent(new CustomEvent("contactchanged", { detail: contact }));
    }
  }
  const order = await inOrder(list, [...all, ...beside(list, shown)], signal);
  if (!order) return;
  const matching = new Set(order);
  if (shown.length > 0) rows.mark(shown, (id) => (matching.has(id) ? "" : there.has(id) ? "No longer matches" : GONE));
  rows.countBeside(signal);
  if (shown.some((id) => !matching.has(id)) || isOther(rows, order)) announce(list);
}

/**
 * The contacts of some ids that match the filter, in the order of the list: the server compares the
 * changed contacts with rows that did not change, because only it knows the order. Undefined when that
 * cannot be said in one request, which is announced.
 *
 * @param {List} list
 * @param {string[]} ids
 * @param {AbortSignal} signal
 */
async function inOrder(list, ids, signal) {
  const all = [...new Set(ids)];
  if (all.length > MAX_IDS) return announce(list);
  const query = asked(list.rows.filter);
  query.set("sort", list.rows.sort);
  query.set("ids", all.join(","));
  query.set("limit", String(MAX_IDS));
  query.set("count", "none");
  const found = await ask("get", "/v1/contacts", { query, signal }).catch(() => null);
  return found?.items.map(({ id }) => id);
}

/**
 * Whether contacts would appear among the rows, or rows would move.
 *
 * @param {ContactRows} rows
 * @param {string[]} order ids in the order of the list
 */
function isOther({ items, ended }, order) {
  const at = new Map(items.map(({ id }, index) => [id, index]));
  const places = order.map((id) => at.get(id) ?? -1);
  // Contacts after the last row will be loaded in their place.
  const end = ended ? -1 : places.indexOf(items.length - 1);
  const isNew = places.slice(0, end < 0 ? places.length : end).includes(-1);
  const rest = places.filter((place) => place >= 0);
  return isNew || rest.some((place, index) => place < (rest[index - 1] ?? -1));
}

/**
 * The nearest unchanged rows before and after each changed one, and the last row.
 *
 * @param {List} list
 * @param {string[]} shown
 */
function beside({ rows: { items } }, shown) {
  const isChanged = new Set(shown);
  const found = new Set(items.slice(-1).map(({ id }) => id));
  for (const [at, { id }] of items.entries()) {
    if (!isChanged.has(id)) continue;
    for (const step of [-1, 1]) {
      let near = at + step;
      let row = items[near];
      while (row && (row.left || isChanged.has(row.id))) row = items[(near += step)];
      if (row) found.add(row.id);
    }
  }
  return [...found];
}

/**
 * Says that the list has changed, with a button that loads it. The notice has its place below the
 * table, so that no row moves, and goes when rows are loaded again.
 *
 * @param {List} list
 */
function announce(list) {
  const notice = notices.get(list);
  if (!notice || notice.firstChild) return;
  fill(notice, h("span", {}, "The list has changed."), h("button", { type: "button", class: "link", onclick: () => void load(list) }, "Show the changes"));
  list.rows.asking.signal.addEventListener("abort", () => fill(notice), { once: true });
}

/**
 * Loads the rows again. The first row on screen stays where it is, unless it is the first of the list;
 * the focus of the button goes to it.
 *
 * @param {List} list
 */
async function load(list) {
  const { rows, table } = list;
  const { element, row } = table;
  const hadFocus = notices.get(list)?.contains(document.activeElement);
  const top = Math.ceil(element.scrollTop / row);
  const first = rows.items[top]?.id;
  await rows.refresh();
  const now = top > 0 ? rows.items.findIndex(({ id }) => id === first) : 0;
  if (now > 0) element.scrollTop += (now - top) * row;
  table.at = Math.max(0, now);
  if (hadFocus) table.move(0);
}
