// Changes by others in the rows of the list.
//
// A contact that leaves the filter by the edit of somebody else stays in its row, marked, until the
// list is loaded again: a row must not vanish under the pointer, or from a selection.

import { ask } from "../../core/api.js";
import { asked } from "./query.js";

/** @import { Live } from "../../core/live.js" */
/** @import { List } from "../list.js" */

/** Delay in ms in which changes are collected. */
const COLLECT = 400;
/** Time in ms between two reloads of the rows, for example while an import runs. */
const RELOAD = 5_000;
/** Number of contacts that one request of the API returns. */
const MAX_IDS = 200;

/** Ids of contacts that were changed. @type {Set<string>} */
const changed = new Set();
let collecting = 0;
let reloading = 0;
let reloaded = 0;

/**
 * Shows changes of others in the rows that are loaded.
 *
 * @param {List} list
 * @param {Live} live
 */
export function showLive(list, { type, ids }) {
  if (type !== "updated") return reload(list);
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
  const ids = list.rows.items.map(({ id }) => id).filter((id) => changed.has(id));
  changed.clear();
  if (ids.length > MAX_IDS) return reload(list);
  if (ids.length === 0) return;
  const { items } = await ask("post", "/v1/contacts/get", { body: { ids }, signal: list.dropped.signal }).catch(() => ({ items: [] }));
  for (const contact of items) dispatchEvent(new CustomEvent("contactchanged", { detail: contact }));
  if (list.filter.size) await markLeft(list, items.map(({ id }) => id));
}

/**
 * Marks the rows of contacts that the filter does not match any more, and counts again.
 *
 * @param {List} list
 * @param {string[]} ids
 */
async function markLeft(list, ids) {
  const { filter, dropped: { signal }, rows } = list;
  const query = asked(filter);
  query.set("ids", ids.join(","));
  query.set("limit", String(MAX_IDS));
  query.set("count", "none");
  const found = await ask("get", "/v1/contacts", { query, signal }).catch(() => null);
  if (!found || filter !== list.filter) return;
  const matching = new Set(found.items.map(({ id }) => id));
  rows.mark(ids, (id) => !matching.has(id));
  rows.countBeside(rows.asking.signal);
}
