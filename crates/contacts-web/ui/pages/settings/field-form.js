// The form that creates or edits a custom field.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { dialog } from "../../widgets/dialog.js";
import { labelled } from "../../widgets/form.js";

/** @import { Schemas } from "../../core/api.js" */

/** @type {[Schemas["FieldType"], string][]} */
export const TYPES = [
  ["text", "Text"],
  ["number", "Number"],
  ["boolean", "Yes or no"],
  ["date", "Date"],
  ["select", "Single choice"],
  ["url", "Link"],
];

/** Types whose values can be searched. */
const SEARCHABLE = new Set(["text", "select", "url"]);

/** Names of built-in fields. */
const CORE = new Set(["id", "external_id", "name", "email", "other_emails", "phone", "tags", "source", "sources", "created_at", "updated_at", "version", "first_name", "last_name", "custom"]);

/**
 * The suggested key for a label.
 *
 * @param {string} label
 */
export function keyOf(label) {
  const plain = label.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const key = plain.replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 63);
  return CORE.has(key) ? `${key}_field` : key;
}

/**
 * Creates or edits a field. Resolves to null when the dialog was cancelled.
 *
 * @param {{ field?: Schemas["Field"], label?: string, type?: Schemas["FieldType"] }} from
 * @returns {Promise<Schemas["Field"] | null>}
 */
export async function fieldForm({ field, label = field?.label ?? "", type = field?.type ?? "text" }) {
  const name = h("input", { value: label, required: true, maxLength: 100, autofocus: true, autocomplete: "off" });
  const key = h("input", { value: field?.key ?? keyOf(label), required: true, maxLength: 63, pattern: "[a-z][a-z0-9_]*", title: "Lower-case letters, digits and _, starting with a letter", class: "mono", autocomplete: "off", spellcheck: false, disabled: Boolean(field) });
  const kind = h("select", {}, TYPES.map(([value, text]) => h("option", { value, selected: value === type }, text)));
  const options = h("textarea", { value: (field?.options ?? []).join("\n"), rows: 4 });
  const list = labelled("Choices", options, "One on each line.");
  const searchable = h("input", { type: "checkbox", checked: field?.searchable ?? false });
  const search = h("label", { class: "choice" }, searchable, h("span", {}, "Search finds contacts by this field"));
  let own = Boolean(field);
  name.addEventListener("input", () => {
    if (!own) key.value = keyOf(name.value);
  });
  key.addEventListener("input", () => (own = key.value !== ""));
  const fit = () => {
    list.hidden = kind.value !== "select";
    options.required = !list.hidden;
    search.hidden = !SEARCHABLE.has(kind.value);
  };
  kind.addEventListener("change", fit);
  fit();

  /** @type {Schemas["Field"] | null} */
  let made = null;
  await dialog({
    title: field ? `Edit ${field.label}` : "New custom field",
    action: field ? "Save" : "Create field",
    body: h("div", { class: "fields" },
      labelled("Label", name),
      labelled("Key", key, field ? "The key cannot be changed." : "Used in exports and by other software. It cannot be changed later."),
      labelled("Type", kind, field && "The type cannot be changed while contacts have values."),
      list, search),
    async run() {
      const chosen = /** @type {Schemas["FieldType"]} */ (kind.value);
      const items = options.value.split("\n").map((line) => line.trim()).filter(Boolean);
      const shape = { label: name.value.trim(), searchable: searchable.checked && !search.hidden, ...(chosen === "select" && { options: items }) };
      made = field
        ? await ask("patch", "/v1/fields/{key}", { path: { key: field.key }, headers: { "if-match": `"${field.version}"` }, body: { ...shape, ...((chosen !== field.type || chosen === "select") && { type: chosen }) } })
        : await ask("post", "/v1/fields", { body: { ...shape, key: key.value, type: chosen } });
    },
  });
  return made;
}
