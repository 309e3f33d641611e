// The results of a dry run row by row, with the cells, which can be corrected.

import { ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { labelled } from "../../widgets/form.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { cellList, cellsOf } from "./cells.js";
import { reason, targetName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */
/** @import { Sheet } from "./cells.js" */

/**
 * @param {Sheet} file
 * @param {Schemas["Field"][]} fields
 * @param {Schemas["Summary"]} summary
 */
export function dryRows(file, fields, summary) {
  const path = { id: file.id };
  const into = h("tbody");
  const filter = filterOf(summary);
  /** The elements of the rows that are shown. @type {Map<number, HTMLElement>} */
  const shown = new Map();
  const list = paged({
    load: async (/** @type {string | undefined} */ cursor) => {
      const page = await ask("get", "/v1/imports/{id}/dry-run/rows", { path, query: { ...filter.query(), ...(cursor && { cursor }), limit: 50 } });
      const cells = await cellsOf(file.id, page.items.map(({ row }) => row));
      return { ...page, items: page.items.map((row) => ({ row, cells: cells.get(row.row) })) };
    },
    into,
    row: (/** @type {{ row: Schemas["DryRow"], cells: Schemas["RowCells"] | undefined }} */ { row, cells }) => {
      const element = h("tr", {}, ...resultOf(row, fields), h("td", {}, cells && cellList(cells, file)));
      shown.set(row.row, element);
      return element;
    },
  });
  const element = h("details", { class: "by-row" }, h("summary", {}, "Row by row"),
    filter.element,
    sheet("Result for each row", ["#Line", "Result", "Details", "Cells"], into),
    list.more);
  filter.select.addEventListener("change", () => void list.reload());
  element.addEventListener("toggle", () => element.open && into.childElementCount === 0 && void list.reload());

  /**
   * Shows something in place of the result of a row.
   *
   * @param {number} row
   * @param {HTMLElement[]} cells line, result and details
   */
  function replace(row, cells) {
    const old = shown.get(row)?.children;
    for (const [at, cell] of cells.entries()) {
      const former = /** @type {HTMLElement | undefined} */ (old?.[at]);
      cell.dataset["label"] = former?.dataset["label"] ?? "";
      former?.replaceWith(cell);
    }
  }
  return {
    element,
    /** @param {Schemas["Summary"]} summary */
    count: (summary) => filter.count(summary),
    /**
     * Says what happens to a corrected row until its new result is known.
     *
     * @param {number} row
     * @param {string} text
     */
    mark(row, text) {
      const details = shown.get(row)?.children[2];
      if (details) fill(/** @type {HTMLElement} */ (details), h("span", { class: "muted", role: "status" }, text));
    },
    /**
     * Loads the result of a corrected row again. The row stays where it is, whatever the filter.
     *
     * @param {number} row
     */
    async refresh(row) {
      const { items: [result] } = await ask("get", "/v1/imports/{id}/dry-run/rows", { path, query: { row } });
      if (result) replace(row, resultOf(result, fields));
    },
  };
}

/**
 * A choice of the rows by their result and reason, with the number of rows of each.
 *
 * @param {Schemas["Summary"]} first
 */
function filterOf(first) {
  const select = h("select");
  /** @param {Schemas["Summary"]} summary */
  function count({ added, updated, skipped, warnings, skipped_by_reason: reasons }) {
    const chosen = select.value;
    /** @type {[string, string, number][]} */
    const results = [["outcome=added", "Would be added", added], ["outcome=updated", "Would be updated", updated], ["outcome=skipped", "Would be skipped", skipped]];
    const skips = Object.entries(reasons).map(([code, rows]) => /** @type {[string, string, number]} */ ([`reason=${code}`, `Skipped: ${reason(code)}`, rows]));
    // The chosen rows may have become none.
    const options = [...results, ...skips].filter(([value, , rows]) => rows > 0 || value === chosen).map(([value, text, rows]) => h("option", { value }, `${text} (${number(rows)})`));
    if (chosen.startsWith("reason=") && chosen !== "reason=warning" && !options.some(({ value }) => value === chosen)) options.push(h("option", { value: chosen }, `Skipped: ${reason(chosen.slice(7))} (0)`));
    fill(select, h("option", { value: "" }, "All rows"), options, (warnings > 0 || chosen === "reason=warning") && h("option", { value: "reason=warning" }, "With an ignored cell"));
    select.value = chosen;
  }
  count(first);
  return { select, count, element: h("div", { class: "rows-filter" }, labelled("Show", select)), query: () => Object.fromEntries(new URLSearchParams(select.value)) };
}

/**
 * The line, result and details of a row.
 *
 * @param {Schemas["DryRow"]} row
 * @param {Schemas["Field"][]} fields
 */
function resultOf(row, fields) {
  const [tone, word] = { added: ["good", "Added"], updated: ["busy", "Updated"], skipped: ["", "Skipped"] }[row.outcome] ?? ["", row.outcome];
  return [
    h("td", { class: "number" }, number(row.line)), h("td", {}, h("span", { class: `status ${tone}` }, word)),
    h("td", {}, h("ul", {}, detailsOf(row, fields).map((detail) => h("li", {}, detail)), row.warnings.map((warning) => h("li", { class: "muted" }, `Warning: ${warning}`))))];
}

/**
 * @param {Schemas["DryRow"]} row
 * @param {Schemas["Field"][]} fields
 * @returns {Child[][]}
 */
function detailsOf(row, fields) {
  if (row.outcome === "added") return [["New contact"]];
  if (row.outcome === "skipped") return [[sentence(new Error(row.reason))]];
  const changes = row.changes.map(({ field, from, to }) => [`${targetName(field, fields)}: `, h("del", {}, from ?? "empty"), " → ", h("ins", {}, to ?? "empty")]);
  const tags = row.tags.length > 0 ? [[`Tags: ${row.tags.map((tag) => `+ ${tag}`).join(", ")}`]] : [];
  const who = row.contact_id ? [[h("a", { href: `/contacts/${row.contact_id}` }, "Open the contact")]] : [["A contact that an earlier row adds"]];
  return [...changes, ...tags, ...who];
}
