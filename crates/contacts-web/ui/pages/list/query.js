// The filter and the sorting in the URL. The parameters are those of the API.

/** Parameters that can be repeated. */
export const REPEATED = ["source", "campaign", "campaign_none", "delivery", "group"];
const SINGLE = ["q", "source_from", "source_until", "source_last", "source_in", "tags_any", "tags_all", "tags_none",
  "created_from", "created_until", "created_last", "created_in", "updated_from", "updated_until", "updated_last", "updated_in",
  "reachable", "subscribed", "duplicates", "email_domain", "tagged", "incomplete", "mailed",
  "delivery_from", "delivery_until", "delivery_last", "delivery_in", "conversation_from", "conversation_until", "conversation_last", "conversation_in"];
/** Parameters that depend on the time zone. */
const OF_TIME = /_(from|until|last|in)$/;
const IN_GROUP = /_(from|until|last|in)=/;

/** @param {string} name */
const isFilter = (name) => REPEATED.includes(name) || SINGLE.includes(name) || name.startsWith("field.");

/**
 * The filter of a URL, with sorted parameters.
 *
 * @param {URLSearchParams} search
 */
export function filterOf(search) {
  const filter = new URLSearchParams();
  for (const [name, value] of search) if (isFilter(name) && value) filter.append(name, value);
  // The days of a segment, and of a link from somebody else, stay those of its time zone.
  const zone = search.get("time_zone");
  if (zone && hasTimes(filter)) filter.set("time_zone", zone);
  filter.sort();
  return filter;
}

/** @param {URLSearchParams} filter */
const hasTimes = (filter) => [...filter].some(([name, value]) => OF_TIME.test(name) || (name === "group" && IN_GROUP.test(value)));

/**
 * The order of a list whose order was not chosen: the best matches of a search, else the newest.
 *
 * @param {URLSearchParams} filter
 */
export const usualSort = (filter) => filter.get("q") ? "relevance" : "-created";

/** @param {URLSearchParams} search */
export const sortOf = (search) => search.get("sort") ?? usualSort(search);

/**
 * The filter as query parameters of the API.
 *
 * @param {URLSearchParams} filter
 */
export function asked(filter) {
  const query = new URLSearchParams(filter);
  if (hasTimes(filter) && !query.has("time_zone")) query.set("time_zone", zone());
  return query;
}

/** @returns {string} */
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * The path of the list with a filter, a sorting and the segment whose columns are shown.
 *
 * @param {URLSearchParams} filter
 * @param {string | null} [sort] the chosen order
 * @param {string} [view]
 */
export function pathOf(filter, sort = null, view = "") {
  const search = new URLSearchParams(filter);
  if (sort && sort !== usualSort(filter)) search.set("sort", sort);
  if (view) search.set("view", view);
  return search.size ? `/?${search}` : "/";
}

/**
 * A copy of a filter with some parameters replaced.
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
