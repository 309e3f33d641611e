// The inputs of a time filter: the last days, or between two days.

import { h } from "../../core/dom.js";
import { changed } from "./query.js";

/** @import { List } from "../list.js" */

/** @type {[string, string][]} */
const LAST = [["", "Any time"], ["1d", "Last day"], ["7d", "Last 7 days"], ["30d", "Last 30 days"], ["90d", "Last 90 days"], ["365d", "Last year"], ["between", "Between two days"]];

/**
 * @param {List} list
 * @param {string} what such as `created`
 */
export function spanFields(list, what) {
  const value = (/** @type {string} */ end) => list.filter.get(`${what}_${end}`) ?? "";
  const between = Boolean(value("from") || value("until"));
  const last = h("select", { "aria-label": "When", onchange: () => choose() }, LAST.map(([key, text]) =>
    h("option", { value: key, selected: between ? key === "between" : key === value("last") }, text)));
  const date = (/** @type {string} */ end, /** @type {string} */ label) =>
    h("label", {}, h("span", {}, label), h("input", { type: "date", value: value(end).slice(0, 10), onchange: (/** @type {Event} */ event) => put({ [end]: /** @type {HTMLInputElement} */ (event.target).value }) }));
  const days = h("div", { class: "days", hidden: !between }, date("from", "From"), date("until", "To"));

  function choose() {
    days.hidden = last.value !== "between";
    if (last.value !== "between") put({ last: last.value, from: null, until: null });
  }

  /** @param {Record<string, string | null>} ends */
  function put(ends) {
    const named = Object.fromEntries(Object.entries(ends).map(([end, to]) => [`${what}_${end}`, to]));
    list.turn({ filter: changed(list.filter, "last" in ends ? named : { ...named, [`${what}_last`]: null }) });
  }

  return h("div", { class: "span" }, last, days);
}
