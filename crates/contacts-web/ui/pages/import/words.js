// What an import's states, policies, targets and reasons are called.

import { h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";

/** @import { Schemas } from "../../core/api.js" */

/** @type {Record<Schemas["ImportState"], [string, string]>} */
const STATES = {
  uploading: ["busy", "Uploading"],
  analysing: ["busy", "Reading the file"],
  unusable: ["bad", "Unusable"],
  ready: ["warn", "Ready to start"],
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

/** Each policy: what it is called, and what it does. @type {[Schemas["Policy"], string, string][]} */
export const POLICIES = [
  ["overwrite", "Add and update", "New people are added. For people you already have, the file wins; its empty cells change nothing."],
  ["fill_blanks", "Add and fill in blanks", "New people are added. For people you already have, only what is blank is filled in."],
  ["add_only", "Only add", "New people are added. People you already have stay as they are."],
  ["update_only", "Only update", "People you already have are updated from the file. Nobody is added."],
];

/** @type {[string, string][]} */
export const TARGETS = [
  ["name", "Name"],
  ["first_name", "First name"],
  ["last_name", "Last name"],
  ["email", "Email"],
  ["phone", "Phone"],
  ["tags", "Tags"],
];

/**
 * What to call a target, or a field of a contact.
 *
 * @param {string} target `name`, …, or `custom` with a `:` or `.` and a key
 * @param {Schemas["Field"][]} fields
 */
export function targetName(target, fields) {
  const key = /^custom[:.](.*)$/.exec(target)?.[1];
  if (key === undefined) return TARGETS.find(([name]) => name === target)?.[1] ?? target;
  return fields.find((field) => field.key === key)?.label ?? key;
}

/** @type {Record<string, string>} */
const REASONS = {
  unreadable: "could not be read",
  missing_name: "without a name",
  invalid_name: "with an unusable name",
  missing_email: "without an email address",
  invalid_email: "with an address that is none",
  unchanged: "with nothing new",
  already_known: "of people you already have",
  not_known: "of people you do not have",
  warning: "one cell left out",
};

/** @param {string} code */
export const reason = (code) => REASONS[code] ?? code;

/** Names of delimiters. @type {Record<string, string>} */
const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" };

/**
 * What was understood of a file, in a few words.
 *
 * @param {Schemas["Analysis"]} analysis
 */
export function understood({ rows, columns, encoding, delimiter, header_line: line }) {
  return [
    count(rows, "row"),
    count(columns.length, "column"),
    `separated by ${DELIMITERS[delimiter] ?? `“${delimiter}”`}`,
    encoding.toUpperCase().replace("WINDOWS", "Windows"),
    line === 1 ? "header on the first line" : `header on line ${number(line)}`,
  ];
}

/**
 * How many rows were skipped that somebody may want to correct: of those without news nobody does.
 *
 * @param {Schemas["Summary"]} summary
 */
export const correctable = ({ skipped, skipped_by_reason: by }) => skipped - (by["unchanged"] ?? 0);
