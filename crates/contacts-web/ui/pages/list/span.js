// The inputs of a time filter: a period, or between two days.

import { h } from "../../core/dom.js";
import { changed } from "./query.js";
import { PERIODS, lastDays } from "./words.js";

/** @import { List } from "../list.js" */

/** Periods of the calendar, and numbers of days. */
const CHOICES = ["today", "yesterday", "this_week", "7d", "this_month", "30d", "90d", "this_year", "365d"];

/**
 * @param {List} list
 * @param {string} what such as `created`
 */
export function spanFields(list, what) {
  const value = (/** @type {string} */ end) => list.filter.get(`${what}_${end}`) ?? "";
  const between = Boolean(value("from") || value("until"));
  const now = between ? "between" : value("in") || value("last");
  const choices = CHOICES.includes(now) || between || !now ? CHOICES : [...CHOICES, now];
  const options = [["", "Any time"], ...choices.map((choice) => [choice, capital(PERIODS[choice] ?? lastDays(choice))]), ["between", "Between two days"]];
  const when = h("select", { "aria-label": "When", onchange: () => choose() }, options.map(([key, text]) => h("option", { value: key, selected: key === now }, text)));
  const date = (/** @type {string} */ end, /** @type {string} */ label) =>
    h("label", {}, h("span", {}, label), h("input", { type: "date", value: value(end).slice(0, 10), onchange: (/** @type {Event} */ event) => put({ [end]: /** @type {HTMLInputElement} */ (event.target).value }) }));
  const days = h("div", { class: "days", hidden: !between }, date("from", "From"), date("until", "To"));

  function choose() {
    days.hidden = when.value !== "between";
    if (when.value !== "between") put({ from: null, until: null, [when.value in PERIODS ? "in" : "last"]: when.value });
  }

  /** @param {Record<string, string | null>} ends */
  function put(ends) {
    const named = Object.entries({ last: null, in: null, ...ends }).map(([end, to]) => [`${what}_${end}`, to]);
    list.turn({ filter: changed(list.filter, Object.fromEntries(named)) });
  }

  return h("div", { class: "span" }, when, days);
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
