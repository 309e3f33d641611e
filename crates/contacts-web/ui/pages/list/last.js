// The list that was opened last, for pages that are opened from it.

/** @import { List } from "../list.js" */
/** @import { Listed } from "./rows.js" */

/** Number of rows that are loaded ahead while the user walks from contact to contact. */
const AHEAD = 20;

/** @type {List | null} */
export let last = null;

/** @param {List} list */
export const keep = (list) => (last = list);

/**
 * The contacts before and after one in the list that it was opened from. The focus returns to its row.
 *
 * @param {string} id
 * @returns {{ previous?: Listed | undefined, next?: Listed | undefined }}
 */
export function neighbours(id) {
  const { items = [] } = last?.rows ?? {};
  const at = items.findIndex((contact) => contact.id === id);
  if (!last || at < 0) return {};
  last.table.at = at;
  void last.rows.want(at + AHEAD);
  return { previous: items[at - 1], next: items[at + 1] };
}
