// Where the fields of a stream go, what its ids are, and what it may overwrite.

import { fill, h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { mapping } from "../import/mapping.js";
import { targetName } from "../import/words.js";
import { OVERWRITES } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @typedef {object} Mapped
 * @property {Record<string, string | null>} targets by fields; what is absent is as suggested
 * @property {string} id the field of the external id; none for the stream's own key
 * @property {string} overwrite for all fields; none when it differs between them
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
  const id = h("select", {}, h("option", { value: "" }, sample.has_ids ? "The stream's own key" : "None: people are known by their addresses"), names.map((name) => h("option", { value: name, selected: name === first.id }, name)));
  /** @type {[string, string, string][]} */
  const ways = first.overwrite ? OVERWRITES : [...OVERWRITES, [MIXED, "As it is", "Each field has its own rule."]];
  const overwrite = choices("What it may overwrite", ways, first.overwrite || MIXED);

  /** @returns {Mapped} */
  const read = () => ({ targets: Object.fromEntries(names.map((name, at) => [name, columns[at] ?? null])), id: id.value, overwrite: chosen(overwrite) === MIXED ? "" : chosen(overwrite) });
  function show() {
    why.textContent = "";
    change?.(read());
  }
  const element = h("div", { class: "stack", onchange: () => change?.(read()) },
    names.length === 0 ? h("p", { class: "muted" }, "The stream has no records yet, so there is nothing to choose from. Come back when it has.") : table,
    sample.rows.length > 0 && records(sample),
    h("div", { class: "pair-of-panels" }, overwrite, labelled("Field that holds the id", id, "By it a person is found again, also with another address.")),
    why);
  return {
    element, read,
    /** Whether it can be used; it says why not. */
    fits() {
      why.textContent = obstacle(columns, fields);
      return why.textContent === "";
    },
  };
}

/**
 * The fields of a sample, and those that the mapping names besides.
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
  if (!columns.some((target) => target && ["name", "first_name", "last_name", "email"].includes(target))) return "Choose the field that holds the name, or the email address.";
  const twice = columns.find((target, at) => target && target !== "tags" && columns.indexOf(target) !== at);
  return twice ? `Two fields go to ${targetName(twice, fields)}: choose one of them.` : "";
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
 * @param {Schemas["SourceMapping"]} [before] what holds where each field has its own rule
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
 * @param {string[]} fields of the stream; those that go nowhere are skipped
 * @returns {Mapped}
 */
export function mappedOf({ fields: mapped, id_field: id }, fields) {
  const rules = new Set(mapped.map(({ overwrite }) => overwrite));
  const targets = Object.fromEntries(fields.map((field) => /** @type {[string, string | null]} */ ([field, null])));
  for (const { field, target } of mapped) targets[field] = target;
  return { targets, id: id ?? "", overwrite: rules.size > 1 ? "" : [...rules][0] ?? "own" };
}
