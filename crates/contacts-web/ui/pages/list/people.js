// Who is selected, by name, also those that the current filter does not match.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { nameOf } from "./columns.js";
import { asked } from "./query.js";

/** @import { List } from "../list.js" */

/** The most contacts that are named. */
const NAMED = 5;
/** The most ids of one request. */
const IDS = 200;
const AND = new Intl.ListFormat("en-GB", { type: "conjunction" });

/**
 * Selected contacts that the current filter does not match.
 *
 * @typedef {Map<string, string>} Hidden names by id
 */
/** The last search for hidden contacts. @type {{ key: string, hidden: Promise<Hidden> }} */
let last = { key: "", hidden: Promise.resolve(new Map()) };

/**
 * @param {List} list
 * @returns {Promise<Hidden>}
 */
export function hiddenOf({ picked, rows, filter }) {
  const loaded = new Set(rows.old ? [] : rows.items.map(({ id }) => id));
  const others = new Map(picked.everyone ? [] : [...picked.ids].filter(([id]) => !loaded.has(id)));
  if (!others.size || (rows.ended && !rows.old)) return Promise.resolve(others);
  const key = `${filter} ${[...others.keys()]}`;
  if (last.key !== key) last = { key, hidden: unmatched(others, filter) };
  return last.hidden;
}

/**
 * @param {Hidden} others
 * @param {URLSearchParams} filter
 */
async function unmatched(others, filter) {
  const ids = [...others.keys()];
  const chunks = Array.from({ length: Math.ceil(ids.length / IDS) }, (_, at) => ids.slice(at * IDS, (at + 1) * IDS));
  await Promise.all(chunks.map(async (chunk) => {
    const query = asked(filter);
    for (const [name, value] of Object.entries({ ids: chunk.join(","), limit: String(IDS), count: "none" })) query.set(name, value);
    for (const { id } of (await ask("get", "/v1/contacts", { query })).items) others.delete(id);
  }));
  return others;
}

/**
 * Paragraphs that name up to five selected contacts, and up to five of those that are not in view.
 *
 * @param {List} list
 */
export async function people(list) {
  const { picked, rows } = list;
  const names = picked.everyone ? rows.items.filter((contact) => picked.has(contact)).map(nameOf) : [...picked.ids.values()];
  const total = picked.everyone ? (rows.count?.exact ? picked.size(rows.count.value) : null) : picked.ids.size;
  const hidden = [...(await hiddenOf(list).catch(() => new Map())).values()];
  const some = rows.old && picked.everyone ? [] : named(names, total);
  return [
    some.length > 0 && hidden.length !== total && h("p", {}, some, "."),
    hidden.length > 0 && h("p", {}, h("strong", {}, "Not in this view: "), named(hidden, hidden.length), "."),
  ];
}

/**
 * @param {string[]} names
 * @param {number | null} total number of contacts; null when it is unknown
 */
function named(names, total) {
  const shown = names.slice(0, NAMED);
  const others = total === null ? null : total - shown.length;
  const rest = !shown.length || others === 0 ? [] : [others === null ? "others" : others === 1 ? "1 other" : `${number(others)} others`];
  // Isolated, because names that are written from right to left would change places.
  return AND.formatToParts([...shown, ...rest]).map(({ type, value }) => (type === "element" ? h("bdi", {}, value) : value));
}
