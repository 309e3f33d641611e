// The mapping of the columns of a file, or of the fields of a connected source.

import { h } from "../../core/dom.js";
import { fieldForm } from "../settings/field-form.js";
import { FILE_TARGETS, TARGETS, takesSeveral } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

const NEW = "new";
const SAMPLES = 3;

/** A field of a connected source is a column without a label. @typedef {Omit<Schemas["Column"], "field_label"> & { field_label?: string }} Column */

/**
 * @typedef {object} Mapping
 * @property {{ columns: Column[] }} analysis
 * @property {(string | null)[]} columns the target of each column
 * @property {Schemas["Field"][]} fields extended when a field is created here
 * @property {(columns: (string | null)[]) => void} change
 * @property {string} [what] the word for a column
 */

/** @param {Mapping} mapping */
export function mapping({ analysis, columns, fields, change, what = "column" }) {
  const title = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  /** @type {Row[]} */
  const rows = analysis.columns.map((column, at) => row(column, at));
  const targets = [...columns];

  /** @typedef {{ element: HTMLElement, select: HTMLSelectElement, show: () => void }} Row */

  /**
   * @param {Column} column
   * @param {number} at
   * @returns {Row}
   */
  function row(column, at) {
    const name = column.header.trim() || `${title} ${at + 1}`;
    const select = h("select", { "aria-label": `Import ${name} as` });
    const certaintyCell = h("span", { class: "sure" });
    const show = () => {
      select.replaceChildren(...options(fields, what));
      select.value = targets[at] ?? "";
      const target = targets[at];
      const twice = target && !takesSeveral(target) && targets.filter((other) => other === target).length > 1;
      select.setAttribute("aria-invalid", String(Boolean(twice)));
      certaintyCell.replaceChildren(twice ? h("span", { class: "wrong" }, `Another ${what} is imported as this, too`) : certainty(column, targets[at] ?? null));
      element.classList.toggle("skips", !targets[at]);
    };
    select.addEventListener("change", async () => {
      const before = targets[at] ?? null;
      targets[at] = select.value === NEW ? ((await define(column, column.field_label || name)) ?? before) : select.value || null;
      for (const row of rows) row.show();
      select.focus();
      if (targets[at] !== before) change([...targets]);
    });
    const element = h("tr", { role: "row" },
      h("th", { scope: "row", role: "rowheader" }, h("span", { class: "header", title: name }, name)),
      h("td", { role: "cell" }, samplesOf(column)),
      h("td", { role: "cell" }, select),
      h("td", { role: "cell" }, certaintyCell));
    return { element, select, show };
  }

  /**
   * @param {Column} column
   * @param {string} label
   */
  async function define(column, label) {
    const field = await fieldForm({ label: label.slice(0, 100), type: typeOf(column.samples) });
    if (!field) return null;
    fields.push(field);
    return `custom:${field.key}`;
  }

  for (const { show } of rows) show();
  return h("table", { class: "mapping", role: "table" },
    h("caption", { class: "hidden" }, `What each ${what} is imported as`),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, [title, "First values", "Import as", "Confidence"].map((title) => h("th", { scope: "col", role: "columnheader" }, title)))),
    h("tbody", { role: "rowgroup" }, rows.map(({ element }) => element)));
}

/**
 * @param {Schemas["Field"][]} fields
 * @param {string} what
 */
const options = (fields, what) => [
  h("option", { value: "" }, `Skip this ${what}`),
  h("optgroup", { label: "Contact" }, [...TARGETS, ...(what === "column" ? FILE_TARGETS : [])].map(([value, text]) => h("option", { value }, text))),
  h("optgroup", { label: "Custom fields" }, fields.map(({ key, label }) => h("option", { value: `custom:${key}` }, label)),
    h("option", { value: NEW }, "New custom field…")),
];

/**
 * The confidence of a suggested target, as a word and a percentage.
 *
 * @param {Column} column
 * @param {string | null} target
 */
function certainty({ target: suggested = null, confidence }, target) {
  if (target !== suggested) return h("span", { class: "muted" }, "Your choice");
  if (!suggested) return h("span", { class: "muted" }, "Not recognised");
  const [tone, word] = confidence >= 0.9 ? ["good", "High"] : confidence >= 0.7 ? ["good", "Good"] : confidence >= 0.4 ? ["warn", "Low"] : ["warn", "Very low"];
  return h("span", { class: `status ${tone}` }, `${word}, ${Math.round(confidence * 100)}%`);
}

/** @param {Column} column */
function samplesOf({ samples }) {
  const shown = [...new Set(samples.map((sample) => sample.trim()).filter(Boolean))].slice(0, SAMPLES);
  if (shown.length === 0) return h("span", { class: "muted" }, "Empty in the first rows");
  return h("ul", { class: "samples" }, shown.map((sample) => h("li", { title: sample.slice(0, 500) }, sample.slice(0, 120))));
}

/**
 * The field type that all values have.
 *
 * @param {string[]} samples
 * @returns {Schemas["FieldType"]}
 */
function typeOf(samples) {
  const filled = samples.map((sample) => sample.trim()).filter(Boolean);
  /** @param {RegExp} pattern */
  const all = (pattern) => filled.length > 0 && filled.every((sample) => pattern.test(sample));
  // A leading zero belongs to a code, such as 01067, which a number would lose.
  if (all(/^[-+]?(0|[1-9]\d*|[1-9]\d{0,2}([.,' \u00a0]\d{3})+)([.,]\d+)?$/)) return "number";
  if (all(/^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([T ].*)?$/)) return "date";
  if (all(/^(true|false|yes|no)$/i)) return "boolean";
  return all(/^https?:\/\/\S+$/i) ? "url" : "text";
}
