// Words for the states, policies, targets and reasons of imports.

import { h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";

/** @import { Schemas } from "../../core/api.js" */

/** @type {Record<Schemas["ImportState"], [string, string]>} */
const STATES = {
  uploading: ["busy", "Uploading"],
  analysing: ["busy", "Reading the file"],
  unusable: ["bad", "Cannot be imported"],
  ready: ["warn", "Ready to start"],
  queued: ["busy", "Waiting to start"],
  running: ["busy", "Importing"],
  done: ["good", "Imported"],
  cancelled: ["", "Cancelled"],
  failed: ["bad", "Failed"],
  undoing: ["busy", "Undoing"],
  undone: ["", "Undone"],
};

/** @param {Schemas["ImportState"]} state */
export function status(state) {
  const [tone, word] = STATES[state];
  return h("span", { class: `status ${tone}` }, word);
}

/** Each policy with its name and its effect. @type {[Schemas["Policy"], string, string][]} */
export const POLICIES = [
  ["overwrite", "Add and update", "New people are added. Existing contacts are updated from the file; empty cells change nothing."],
  ["fill_blanks", "Add and fill empty fields", "New people are added. For existing contacts, only empty fields are filled in."],
  ["add_only", "Only add", "New people are added. Existing contacts are not changed."],
  ["update_only", "Only update", "Existing contacts are updated from the file. Nobody is added."],
  ["opt_out", "Unsubscribe everyone", "Contacts in the file are unsubscribed; with a column that says who opted out, only those. A contact that gets one of its other addresses later is unsubscribed, too. Nobody is added, and nothing else is changed."],
];

/** @type {[string, string][]} */
export const TARGETS = [
  ["name", "Name"],
  ["first_name", "First name"],
  ["middle_name", "Middle name"],
  ["last_name", "Last name"],
  ["email", "Email"],
  ["phone", "Phone"],
  ["tags", "Tags"],
];

/** Targets that only the columns of a file have. @type {[string, string][]} */
export const FILE_TARGETS = [
  ["other_emails", "Other email addresses"],
  ["unsubscribed", "Unsubscribed (yes, or a date)"],
  ["subscribed", "Subscribed (yes or no)"],
  ["external_id", "External ID"],
  ["id", "Contact ID"],
];

/**
 * Whether several columns may have a target.
 *
 * @param {string} target
 */
export const takesSeveral = (target) => ["email", "other_emails", "phone", "tags", "subscribed", "unsubscribed"].includes(target);

/**
 * The name of a mapping target, or of a field of a contact.
 *
 * @param {string} target `name`, …, or `custom` with a `:` or `.` and a key
 * @param {Schemas["Field"][]} fields
 */
export function targetName(target, fields) {
  const key = /^custom[:.](.*)$/.exec(target)?.[1];
  if (key === undefined) return [...TARGETS, ...FILE_TARGETS].find(([name]) => name === target)?.[1] ?? target;
  return fields.find((field) => field.key === key)?.label ?? key;
}

/** @type {Record<string, string>} */
const REASONS = {
  unreadable: "could not be read",
  missing_name: "without a name",
  invalid_name: "with an invalid name",
  missing_email: "without an email address",
  invalid_email: "with an invalid email address",
  unchanged: "without changes",
  already_known: "already in your contacts",
  not_known: "not in your contacts",
  not_found: "with an unknown contact ID",
  ambiguous: "that match two contacts",
  too_many_addresses: "of contacts that already have 20 email addresses",
  invalid_id: "with an invalid external ID",
  suppressed: "not in your contacts, kept as unsubscribed",
  warning: "with an ignored cell",
};

/** @param {string} code */
export const reason = (code) => REASONS[code] ?? code;

/** Names of delimiters. @type {Record<string, string>} */
const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" };

/**
 * The name of a delimiter, as an option.
 *
 * @param {string} sign
 */
export function delimiterName(sign) {
  const name = DELIMITERS[sign];
  return name ? `${name.charAt(0).toUpperCase()}${name.slice(1)}` : `“${sign}”`;
}

/** Names of encodings by which people know them. @type {Record<string, string>} */
const ENCODINGS = { macintosh: "Mac Roman", ibm850: "DOS (850)", ibm852: "DOS Central European (852)", ibm866: "DOS Cyrillic (866)", shift_jis: "Shift JIS" };

/**
 * The name of an encoding.
 *
 * @param {string} name
 */
export const encodingName = (name) => ENCODINGS[name] ?? name.toUpperCase().replace("WINDOWS", "Windows");

/**
 * The detected format of a file in a few words.
 *
 * @param {Schemas["Analysis"]} analysis
 */
export function understood({ rows, columns, sheet, encoding, delimiter, header_line: line }) {
  const place = typeof sheet === "string" ? "row" : "line";
  return [
    count(rows, "row"),
    count(columns.length, "column"),
    typeof sheet === "string" && `sheet “${sheet}”`,
    delimiter && (DELIMITERS[delimiter] ? `${DELIMITERS[delimiter]}-separated` : `separated by “${delimiter}”`),
    encoding && encodingName(encoding),
    typeof line !== "number" ? "no header" : line === 1 ? `header on the first ${place}` : `header on ${place} ${number(line)}`,
  ].filter((fact) => typeof fact === "string");
}

/**
 * Number of skipped rows that a person may want to correct: not those that worked as they are.
 *
 * @param {Schemas["Summary"]} summary
 */
export const correctable = ({ skipped, skipped_by_reason: by }) => skipped - (by["unchanged"] ?? 0) - (by["suppressed"] ?? 0);
