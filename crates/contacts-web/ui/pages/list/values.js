// Filters as JSON, and the lists in their values. What shows the first rows does not need them.

import { asked, filterOf } from "./query.js";

/**
 * The filter as JSON: the values of each parameter.
 *
 * @param {URLSearchParams} filter
 * @returns {Record<string, string | string[]>}
 */
export function bodyOf(filter) {
  const query = asked(filter);
  return Object.fromEntries([...new Set(query.keys())].map((name) => {
    const values = query.getAll(name);
    return [name, values.length > 1 ? values : values[0] ?? ""];
  }));
}

/**
 * The filter of a JSON body, such as a segment's.
 *
 * @param {Record<string, string | string[]>} body
 */
export function filterFrom(body) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) for (const one of [value].flat()) search.append(name, one);
  return filterOf(search);
}

/**
 * The values of a comma-separated parameter.
 *
 * @param {URLSearchParams} filter
 * @param {string} name
 */
export const listIn = (filter, name) => (filter.get(name) ?? "").split(",").filter(Boolean);

/**
 * The values of a condition on a custom field, in which commas of a value follow a backslash.
 *
 * @param {string} operand
 */
export const splitValues = (operand) => operand.split(/(?<!\\),/).map((value) => value.replaceAll("\\,", ","));

/** @param {string[]} values */
export const joinValues = (values) => values.map((value) => value.replaceAll(",", "\\,")).join(",");
