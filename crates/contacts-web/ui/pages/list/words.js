// Filters in words.

import { ask, askAll } from "../../core/api.js";
import { day } from "../../core/format.js";
import { parsed } from "./groups.js";
import { listIn, splitValues } from "./values.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Member } from "./groups.js" */

/**
 * The text of one part of a filter, and the change that removes it.
 *
 * @typedef {{ text: string, without: Record<string, string | string[] | null> }} Part
 */

export const SOURCES = { chat: "Chat", csv_import: "Import", manual: "Added manually or through the API", connected: "Connected source" };
export const STATUSES = { pending: "Pending", sent: "Sent", bounced: "Bounced", opened: "Opened", clicked: "Clicked", unsubscribed: "Unsubscribed" };
export const OPERATORS = {
  is: "is", is_not: "is not", contains: "contains", starts_with: "starts with", ends_with: "ends with", any_of: "is one of", none_of: "is none of",
  less: "is less than", at_most: "is at most", greater: "is greater than", at_least: "is at least", set: "is set", unset: "is not set",
};
const OF_DATES = { less: "is before", at_most: "is on or before", greater: "is after", at_least: "is on or after" };
/** Periods of the calendar. @type {Record<string, string>} */
export const PERIODS = { today: "today", yesterday: "yesterday", this_week: "this week", this_month: "this month", this_year: "this year" };

/** @param {string} last such as `7d` */
export const lastDays = (last) => `last ${last.replace(/^(\d+)d$/, (_, days) => (days === "1" ? "day" : `${days} days`))}`;

/**
 * An operator in words.
 *
 * @param {string} operator
 * @param {Schemas["FieldType"]} [type]
 */
export const operatorName = (operator, type) => (type === "date" && OF_DATES[/** @type {"less"} */ (operator)]) || (OPERATORS[/** @type {"is"} */ (operator)] ?? operator);

/** Names by id, each requested once. @type {Map<string, Promise<string>>} */
const names = new Map();

/**
 * @param {string} id
 * @param {() => Promise<string>} find
 */
function named(id, find) {
  let name = names.get(id);
  if (!name) names.set(id, (name = find().catch(() => "deleted")));
  return name;
}

/** @param {string} id */
export const importName = (id) => named(id, async () => (await ask("get", "/v1/imports/{id}", { path: { id } })).file_name);
/** @param {string} id */
export const campaignName = (id) => named(id, async () => (await ask("get", "/v1/campaigns/{id}", { path: { id } })).name);
/** @param {string} id */
export const sourceName = (id) => named(id, async () => (await ask("get", "/v1/sources/{id}", { path: { id } })).name);

/** Widgets by id. @type {Promise<Map<string, Schemas["Widget"]>> | null} */
let widgets = null;
addEventListener("widgetschanged", () => (widgets = null));

/** @param {Pick<Schemas["Widget"], "id" | "name">} widget */
export const shownName = ({ id, name }) => name ?? `Widget ${id.slice(0, 8)}`;

/**
 * @param {string} id
 * @returns {Promise<string | null>} the name of a widget; null while it has none
 */
export async function widgetName(id) {
  widgets ??= askAll("/v1/widgets", {}).then(({ items }) => new Map(items.map((widget) => [widget.id, widget])), () => new Map());
  return (await widgets).get(id)?.name ?? null;
}

/**
 * Shows the name of a connected source, or of a widget that has one.
 *
 * @param {HTMLElement} place
 * @param {Extract<Schemas["Source"], { kind: "chat" | "connected" }>} source
 */
export async function nameSource(place, source) {
  const isChat = source.kind === "chat";
  const name = isChat ? await widgetName(source.widget_id) : await sourceName(source.source_id);
  if (name) place.textContent = name;
  place.title = isChat ? (name ? `Chat: ${name}` : "") : `Connected source: ${source.external_id}`;
}

/**
 * The parts of a filter, without the search.
 *
 * @param {URLSearchParams} filter
 * @param {Schemas["Field"][]} fields
 * @returns {Promise<Part[]>}
 */
export async function described(filter, fields) {
  const parts = await Promise.all([
    sources(filter),
    tags(filter),
    ["created", "updated"].map((what) => span(filter, what, what === "created" ? "Created" : "Updated")),
    truth(filter, "reachable", "Has email", "No email"),
    truth(filter, "subscribed", "Subscribed", "Unsubscribed"),
    truth(filter, "duplicates", "Possible duplicates", "No possible duplicates"),
    truth(filter, "tagged", "Has tags", "No tags"),
    truth(filter, "incomplete", "Incomplete", "Complete"),
    truth(filter, "mailed", "Emailed before", "Never emailed"),
    domains(filter),
    deliveries(filter),
    span(filter, "conversation", "Last conversation"),
    Promise.all(["campaign", "campaign_none"].flatMap((name) => filter.getAll(name).map((value) => campaign(filter, name, value)))),
    [...filter].filter(([name]) => name.startsWith("field.")).map(([name, value]) => field(name, value, fields)),
    Promise.all(filter.getAll("group").map((text) => group(filter, text, fields))),
  ]);
  return parts.flat().filter((part) => part !== null);
}

/**
 * @param {URLSearchParams} filter
 * @returns {Promise<Part | null>}
 */
async function sources(filter) {
  const when = span(filter, "source", "")?.text.trim() ?? "";
  const values = filter.getAll("source");
  if (!values.length && !when) return null;
  const kinds = await Promise.all(values.map(async (value) => {
    const [kind = "", id] = value.split(/:(.*)/s);
    const word = SOURCES[/** @type {keyof typeof SOURCES} */ (kind)] ?? kind;
    return id ? `${word} ${await detailName(kind, id)}` : word;
  }));
  const text = `Source: ${[kinds.join(" or ") || "any", when].filter(Boolean).join(", ")}`;
  return { text, without: { source: null, ...Object.fromEntries(ENDS.map((end) => [`source_${end}`, null])) } };
}

/**
 * @param {string} kind
 * @param {string} id
 */
async function detailName(kind, id) {
  return kind === "csv_import" ? importName(id) : kind === "connected" ? sourceName(id) : kind === "chat" ? shownName({ id, name: await widgetName(id) }) : id;
}

/** @param {URLSearchParams} filter */
function tags(filter) {
  const words = { tags_any: ["Tagged", "or"], tags_all: ["Tagged", "and"], tags_none: ["Not tagged", "or"] };
  return Object.entries(words).map(([name, [word, between]]) => {
    const values = listIn(filter, name);
    return values.length ? { text: `${word} ${values.join(` ${between} `)}`, without: { [name]: null } } : null;
  });
}

/** @param {URLSearchParams} filter */
function domains(filter) {
  const values = listIn(filter, "email_domain");
  return values.length ? { text: `Email at ${values.join(" or ")}`, without: { email_domain: null } } : null;
}

/** @param {URLSearchParams} filter */
function deliveries(filter) {
  const when = span(filter, "delivery", "")?.text.trim() ?? "";
  const kinds = filter.getAll("delivery").map((kind) => STATUSES[/** @type {keyof typeof STATUSES} */ (kind)] ?? kind);
  if (!kinds.length && !when) return null;
  const text = ["Any campaign:", [kinds.join(" or ") || "any delivery", when].filter(Boolean).join(", ").toLowerCase()].join(" ");
  return { text, without: { delivery: null, ...Object.fromEntries(ENDS.map((end) => [`delivery_${end}`, null])) } };
}

/**
 * @param {URLSearchParams} filter
 * @param {string} text
 * @param {Schemas["Field"][]} fields
 * @returns {Promise<Part>}
 */
async function group(filter, text, fields) {
  return { text: await sentenceOf(parsed(text), fields), without: { group: filter.getAll("group").filter((other) => other !== text) } };
}

/**
 * Conditions that must all match, with the search among them.
 *
 * @param {URLSearchParams} conditions
 * @param {Schemas["Field"][]} fields
 */
export async function sentenceOfConditions(conditions, fields) {
  const parts = await described(conditions, fields);
  const search = conditions.get("q");
  // A condition that this page does not know is shown as it is.
  return [...(search ? [`“${search}”`] : []), ...parts.map(({ text }) => text)].join(" and ") || decodeURIComponent(String(conditions));
}

/**
 * @param {Member} member
 * @param {Schemas["Field"][]} fields
 * @param {boolean} [isInner] whether it stands inside another group
 * @returns {Promise<string>}
 */
async function sentenceOf(member, fields, isInner = false) {
  if (member instanceof URLSearchParams) return sentenceOfConditions(member, fields);
  const inner = await Promise.all(member.members.map((one) => sentenceOf(one, fields, true)));
  if (member.connective === "not") return `Not: ${inner.join(" and ")}`;
  const text = inner.join(member.connective === "any" ? " or " : " and ");
  return isInner && inner.length > 1 ? `(${text})` : text;
}

/**
 * The day of a filter, which is one of the reader's time zone.
 *
 * @param {string} text a day such as `2026-11-23`, or a time
 */
function calendarDay(text) {
  const at = text.length === 10 ? `${text}T00:00` : text;
  return Number.isNaN(Date.parse(at)) ? text : day(at);
}

const ENDS = ["from", "until", "last", "in"];

/**
 * @param {URLSearchParams} filter
 * @param {string} what
 * @param {string} word
 * @returns {Part | null}
 */
function span(filter, what, word) {
  const [from, until, last, period] = ENDS.map((end) => filter.get(`${what}_${end}`));
  if (!from && !until && !last && !period) return null;
  const text = period ? PERIODS[period] ?? period : last ? `in the ${lastDays(last)}` : [from && `from ${calendarDay(from)}`, until && `to ${calendarDay(until)}`].filter(Boolean).join(" ");
  return { text: `${word} ${text}`, without: Object.fromEntries(ENDS.map((end) => [`${what}_${end}`, null])) };
}

/**
 * @param {URLSearchParams} filter
 * @param {string} name
 * @param {string} yes
 * @param {string} no
 * @returns {Part | null}
 */
function truth(filter, name, yes, no) {
  const value = filter.get(name);
  return value ? { text: value === "true" ? yes : no, without: { [name]: null } } : null;
}

/**
 * @param {URLSearchParams} filter
 * @param {string} name
 * @param {string} value
 * @returns {Promise<Part>}
 */
async function campaign(filter, name, value) {
  const [id = "", statuses] = value.split(":");
  const called = await campaignName(id);
  const how = statuses?.split("|").map((status) => STATUSES[/** @type {keyof typeof STATUSES} */ (status)] ?? status).join(" or ");
  const text = name === "campaign_none" ? `Not in ${called}` : `In ${called}${how ? `: ${how.toLowerCase()}` : ""}`;
  return { text, without: { [name]: filter.getAll(name).filter((other) => other !== value) } };
}

/**
 * @param {string} name
 * @param {string} value
 * @param {Schemas["Field"][]} fields
 * @returns {Part}
 */
function field(name, value, fields) {
  const key = name.slice("field.".length);
  const [operator = "", operand = ""] = value.split(/:(.*)/s);
  const { label = key, type } = fields.find((one) => one.key === key) ?? {};
  const word = (/** @type {string} */ text) => (type === "date" ? calendarDay(text) : type === "boolean" ? { true: "Yes", false: "No" }[text] ?? text : text);
  const values = /^(any|none)_of$/.test(operator) ? splitValues(operand) : [operand];
  return { text: [label, operatorName(operator, type), values.map(word).join(" or ")].filter(Boolean).join(" "), without: { [name]: null } };
}
