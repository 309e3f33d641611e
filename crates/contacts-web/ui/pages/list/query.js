// What the list shows, as the address holds it: the names are the API's own.

/** Filters that can be repeated, and those that hold one value. */
export const REPEATED = ["source", "campaign", "campaign_none"];
const SINGLE = ["q", "source_from", "source_until", "source_last", "tags_any", "tags_all", "tags_none",
  "created_from", "created_until", "created_last", "updated_from", "updated_until", "updated_last", "reachable", "duplicates"];
/** Times need to know where days begin. */
const OF_TIME = /_(from|until|last)$/;

/** @param {string} name */
const isFilter = (name) => REPEATED.includes(name) || SINGLE.includes(name) || name.startsWith("field.");

/**
 * The filter of an address, in an order that is always the same.
 *
 * @param {URLSearchParams} search
 */
export function filterOf(search) {
  const filter = new URLSearchParams();
  for (const [name, value] of search) if (isFilter(name) && value) filter.append(name, value);
  filter.sort();
  return filter;
}

/** @param {URLSearchParams} search */
export const sortOf = (search) => search.get("sort") ?? "-created";

/**
 * The filter as the API takes it.
 *
 * @param {URLSearchParams} filter
 */
export function asked(filter) {
  const query = new URLSearchParams(filter);
  if ([...filter.keys()].some((name) => OF_TIME.test(name))) query.set("time_zone", zone());
  return query;
}

/** @returns {string} */
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * The filter as a body: a name's values.
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
 * The filter of a body, such as a segment's.
 *
 * @param {Record<string, string | string[]>} body
 */
export function filterFrom(body) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) for (const one of [value].flat()) search.append(name, one);
  return filterOf(search);
}

/**
 * The path of the list with a filter and an order.
 *
 * @param {URLSearchParams} filter
 * @param {string} [sort]
 */
export function pathOf(filter, sort = "-created") {
  const search = new URLSearchParams(filter);
  if (sort !== "-created") search.set("sort", sort);
  return search.size ? `/?${search}` : "/";
}

/**
 * A list in one parameter, such as of tags.
 *
 * @param {URLSearchParams} filter
 * @param {string} name
 */
export const listIn = (filter, name) => (filter.get(name) ?? "").split(",").filter(Boolean);

/**
 * A filter with one parameter put in the place of what it was.
 *
 * @param {URLSearchParams} filter
 * @param {Record<string, string | string[] | null>} changes
 */
export function changed(filter, changes) {
  const next = new URLSearchParams(filter);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of [value ?? []].flat()) if (one) next.append(name, one);
  }
  next.sort();
  return next;
}
