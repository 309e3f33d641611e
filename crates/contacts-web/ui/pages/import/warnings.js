// What a user should know about a file before the start.

import { count } from "../../core/format.js";

/** @import { Schemas } from "../../core/api.js" */

/** What is wrong with the cells of some rows. @type {Record<string, string>} */
const PROBLEMS = {
  damaged_text: "with characters that could not be decoded",
  garbled_text: "with text that another program has garbled",
  ambiguous_date: "with a date that can be read in two ways, and is ignored in date fields until you choose how below",
  ambiguous_number: "with a number that can be read in two ways: choose how below",
  exponent: "with a phone number that a spreadsheet program has shortened, and is ignored",
};

/**
 * The sentences for the warnings of an import.
 *
 * @param {Schemas["PlanWarning"][]} warnings
 */
export function sentences(warnings) {
  return warnings.map(({ code, header, rows, line, example }) => {
    const column = `“${(header ?? "").trim()}”`;
    if (code === "unread_id") return `${column} is not imported: rows find their contacts by other columns only.`;
    if (code === "unread_opt_out") return `${column} says who wants no messages, but is not imported: these people will stay subscribed.`;
    if (code === "unclear_opt_out") return `${column} seems to say who opted out, but ${example ? `“${example}” cannot be read` : "it is not clear which answer means that"}. It is not imported: these people will stay subscribed.`;
    const affected = count(rows ?? 0, "row");
    if (code === "one_contact") return `Every row has the same value in ${column}, so all rows would become one contact. Choose another column.`;
    const where = `Example: “${example}” on line ${line}.`;
    if (code === "long_row") return `${affected} with more cells than the header. These cells are not imported. ${where}`;
    if (code === "header_row") return `${affected} that ${rows === 1 ? "looks" : "look"} like a header. If a second table begins there, import it as a file of its own: its rows are read by the columns of the first. ${where}`;
    return `${column}: ${affected} ${PROBLEMS[code] ?? code}. ${where}`;
  });
}
