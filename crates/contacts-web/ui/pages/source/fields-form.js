// The field mapping of a source: targets, ID field, and what the source may overwrite.

import { fill, h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import "../../widgets/sheet.js";
import { mapping } from "../import/mapping.js";
import { targetName } from "../import/words.js";
import { OVERWRITES } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @typedef {object} Mapped
 * @property {Record<string, string | null>} targets by field; a missing field has the suggested target
 * @property {string} id the field of the external id; empty for the key of the stream
 * @property {string} overwrite the rule of all fields; empty when they differ
 */

const MIXED = "mixed";

/**
 * @param {Schemas["Sample"]} sample
 * @param {Mapped} first
 * @param {Schemas["Field"][]} fields
 * @param {(mapped: Mapped) => void} [change]
 */
export function fieldsForm(sample, first, fields, change) {
  const names = all(sample, first);
  let columns = names.map((name, at) => (name in first.targets ? first.targets[name] ?? null : sample.suggestions[at]?.target ?? null));
  const why = h("p", { class: "wrong", role: "status" });
  const table = mapping({
    analysis: { columns: names.map((header, at) => ({ header, samples: sample.rows.map((row) => row[at] ?? ""), target: sample.suggestions[at]?.target ?? null, confidence: sample.suggestions[at]?.confidence ?? 0 })) },
    columns, fields, what: "field",
    change: (next) => {
      columns = next;
      show();
    },
  });
  const id = h("select", {}, h("option", { value: "" }, sample.has_ids ? "The ID that the source provides" : "None: people are recognised by email address"), names.map((name) => h("option", { value: name, selected: name === first.id }, name)));
  /** @type {[string, string, string][]} */
  const ways = first.overwrite ? OVERWRITES : [...OVERWRITES, [MIXED, "Keep the current rules", "Each field has its own rule."]];
  const overwrite = choices("What the source may overwrite", ways, first.overwrite || MIXED);

  /** @returns {Mapped} */
  const read = () => ({ targets: Object.fromEntries(names.map((name, at) => [name, columns[at] ?? null])), id: id.value, overwrite: chosen(overwrite) === MIXED ? "" : chosen(overwrite) });
  function show() {
    why.textContent = "";
    change?.(read());
  }
  const element = h("div", { class: "stack", onchange: () => change?.(read()) },
    names.length === 0 ? h("p", { class: "muted" }, "There are no records yet. Come back when there are.") : table,
    sample.rows.length > 0 && records(sample),
    h("div", { class: "pair-of-panels" }, overwrite, labelled("ID field", id, "Used to recognise the same person if their email changes.")),
    why);
  return {
    element, read,
    /** Whether the mapping is valid; shows the reason when it is not. */
    fits() {
      why.textContent = obstacle(columns, fields);
      return why.textContent === "";
    },
  };
}

/**
 * The fields of a sample and of the mapping.
 *
 * @param {Schemas["Sample"]} sample
 * @param {Mapped} first
 */
const all = ({ fields }, { targets }) => [...fields, ...Object.keys(targets).filter((name) => targets[name] && !fields.includes(name))];

/**
 * @param {(string | null)[]} columns
 * @param {Schemas["Field"][]} fields
 */
function obstacle(columns, fields) {
  if (!columns.some((target) => target && ["name", "first_name", "last_name", "email"].includes(target))) return "Choose which field contains the name or the email address.";
  const twice = columns.find((target, at) => target && target !== "tags" && columns.indexOf(target) !== at);
  return twice ? `Two fields are imported as ${targetName(twice, fields)}: choose one of them.` : "";
}

/** @param {Schemas["Sample"]} sample */
function records({ fields, rows }) {
  const place = h("div", { class: "sheet-scroll records", tabIndex: 0, role: "region", "aria-label": "First records" });
  const details = h("details", {}, h("summary", {}, `First ${count(rows.length, "record")}`), place);
  details.addEventListener("toggle", () => fill(place, h("table", { class: "sheet" },
    h("caption", { class: "hidden" }, "First records"),
    h("thead", {}, h("tr", {}, fields.map((field) => h("th", { scope: "col" }, field)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", { title: cell.slice(0, 500) }, cell.slice(0, 80)))))))), { once: true });
  return details;
}

/**
 * @param {Mapped} mapped
 * @param {Schemas["SourceMapping"]} [before] the rules to keep when fields have different ones
 * @returns {Schemas["NewSourceMapping"]}
 */
export function mappingOf({ targets, id, overwrite }, before) {
  /** @param {string} field */
  const rule = (field) => /** @type {Schemas["Overwrite"]} */ (overwrite || (before?.fields.find((one) => one.field === field)?.overwrite ?? "own"));
  return {
    fields: Object.entries(targets).flatMap(([field, target]) => (target ? [{ field, target, overwrite: rule(field) }] : [])),
    id_field: id || null,
  };
}

/**
 * @param {Schemas["SourceMapping"]} mapping
 * @param {string[]} fields of the stream
 * @returns {Mapped}
 */
export function mappedOf({ fields: mapped, id_field: id }, fields) {
  const rules = new Set(mapped.map(({ overwrite }) => overwrite));
  const targets = Object.fromEntries(fields.map((field) => /** @type {[string, string | null]} */ ([field, null])));
  for (const { field, target } of mapped) targets[field] = target;
  return { targets, id: id ?? "", overwrite: rules.size > 1 ? "" : [...rules][0] ?? "own" };
}
