// The results of an import or a dry run in numbers.

import { fill, h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { reason } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @param {{ summary: Schemas["Summary"] }} first
 * @param {{ added?: string, updated?: string, skipped?: string }} [words]
 */
export function tally(first, { added = "Added", updated = "Updated", skipped = "Skipped" } = {}) {
  const element = h("dl", { class: "tally" });

  /** @param {{ summary: Schemas["Summary"] }} job */
  function update({ summary }) {
    const reasons = Object.entries(summary.skipped_by_reason).sort(([, a], [, b]) => b - a);
    fill(element,
      stat(added, summary.added),
      stat(updated, summary.updated),
      stat(skipped, summary.skipped, reasons.map(([code, times]) => h("li", {}, `${number(times)} ${reason(code)}`))),
      summary.warnings > 0 && stat("Warnings", summary.warnings, [h("li", {}, `${count(summary.warnings, "cell")} ignored in imported rows`)]));
  }
  update(first);
  return { element, update };
}

/**
 * @param {string} name
 * @param {number} value
 * @param {HTMLElement[]} [notes]
 */
const stat = (name, value, notes = []) =>
  h("div", { class: "panel" }, h("dt", {}, name), h("dd", {}, number(value)), notes.length > 0 && h("dd", { class: "notes" }, h("ul", {}, notes)));
