// The format of dates and numbers in columns whose values can be read in two ways.

import { fill, h } from "../../core/dom.js";
import { day, number } from "../../core/format.js";
import { labelled } from "../../widgets/form.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {{ column: number, kind: "date" | "number", example: string }} Ambiguous */

/**
 * A choice for each column of a custom field whose values do not show their format.
 *
 * @param {Schemas["Analysis"]} analysis
 * @param {{ columns: (string | null)[], formats: Schemas["ColumnFormat"][] }} plan as it is now
 * @param {(formats: Schemas["ColumnFormat"][]) => void} change
 */
export function formatChoices({ columns }, plan, change) {
  const element = h("div", { class: "formats layout-fields", hidden: true });
  /** Columns that had a warning: it goes when a format is chosen, and the choice stays. @type {Map<string, Ambiguous>} */
  const found = new Map();
  for (const { column, date_order: order, decimal_mark: mark } of plan.formats) {
    if (order) note({ column, kind: "date", example: sampleOf(column, dates) ?? "03/04/2026" });
    if (mark) note({ column, kind: "number", example: sampleOf(column, numbers) ?? "1.234" });
  }
  /** @param {Ambiguous} one */
  function note(one) {
    found.set(`${one.column} ${one.kind}`, one);
  }
  /** @param {number} column @param {(example: string) => unknown} readings */
  function sampleOf(column, readings) {
    return columns[column]?.samples.map((sample) => sample.trim()).find(readings);
  }

  /**
   * Shows the choices for the columns that are imported as custom fields.
   *
   * @param {Schemas["PlanWarning"][]} warnings
   */
  function show(warnings) {
    for (const { code, column, example } of warnings) {
      if (typeof column !== "number" || !example) continue;
      if (code === "ambiguous_date") note({ column, kind: "date", example });
      if (code === "ambiguous_number") note({ column, kind: "number", example });
    }
    const shown = [...found].filter(([, { column }]) => plan.columns[column]?.startsWith("custom:"));
    element.hidden = shown.length === 0;
    // Selects are kept, so that the one that was changed keeps the focus.
    const keys = shown.map(([key]) => key).join();
    if (keys === element.dataset["shown"]) return;
    element.dataset["shown"] = keys;
    fill(element, shown.map(([, one]) => choiceOf(one)));
  }

  /** @param {Ambiguous} one */
  function choiceOf({ column, kind, example }) {
    const name = columns[column]?.header.trim() || `Column ${column + 1}`;
    const readings = (kind === "date" ? dates : numbers)(example) ?? [];
    const chosen = plan.formats.find((format) => format.column === column);
    const current = (kind === "date" ? chosen?.date_order : chosen?.decimal_mark) ?? "";
    const select = h("select", {}, h("option", { value: "" }, "Not chosen"), readings.map(([value, text]) => h("option", { value, selected: value === current }, text)));
    select.addEventListener("change", () => {
      const former = plan.formats.find((format) => format.column === column) ?? { column, date_order: null, decimal_mark: null };
      const format = /** @type {Schemas["ColumnFormat"]} */ ({ ...former, [kind === "date" ? "date_order" : "decimal_mark"]: select.value || null });
      const others = plan.formats.filter((other) => other.column !== column);
      change(format.date_order || format.decimal_mark ? [...others, format] : others);
    });
    return labelled(`In “${name}”, ${example} means`, select);
  }
  return { element, show };
}

/**
 * Both readings of a date; null for a text that has not two.
 *
 * @param {string} example
 * @returns {[string, string][] | null}
 */
function dates(example) {
  const [, one, two, year] = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})/.exec(example) ?? [];
  if (!one || !two || !year || Number(one) > 12 || Number(two) > 12) return null;
  /** @param {string} month @param {string} date */
  const shown = (month, date) => day(`${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}T12:00`);
  return [["day_first", shown(two, one)], ["month_first", shown(one, two)]];
}

/**
 * Both readings of a number; null for a text that has not two.
 *
 * @param {string} example
 * @returns {[string, string][] | null}
 */
function numbers(example) {
  const [text, mark] = /^\D?\d{1,3}([.,])\d{3}\D?$/.exec(example) ?? [];
  if (!text || !mark) return null;
  const digits = text.replace(/[^\d.,]/g, "");
  const [whole, decimal] = [`${number(Number(digits.replace(mark, "")))}, a whole number`, `${number(Number(digits.replace(mark, ".")))}, with decimals`];
  return mark === "." ? [["comma", whole], ["point", decimal]] : [["point", whole], ["comma", decimal]];
}
