// The settings of custom fields.

import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { denied } from "../../core/session.js";
import { refocus } from "../../widgets/refocus.js";
import { sheet } from "../../widgets/sheet.js";
import { toast } from "../../widgets/toast.js";
import { TYPES, fieldForm } from "./field-form.js";
import { nothing, part } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */

/** @param {Context} context */
export async function section({ signal }) {
  let fields = (await askAll("/v1/fields", { signal })).items;
  const body = h("div", { class: "stack" });
  /** The index of the dragged row. */
  let dragged = -1;

  /** @param {{ key: string, act: string }} [focus] the button that was used and keeps the focus */
  function show(focus) {
    const active = fields.filter((field) => !field.archived);
    const archived = fields.filter((field) => field.archived);
    refocus(body, () => fill(body,
      active.length > 0 ? sheet("Custom fields", ["Order", "Label", "Key", "Type", ""], h("tbody", {}, active.map((field, at) => rowOf(field, at, active))))
        : nothing("No custom fields yet", "Add fields for what you want to know about people besides name, email, phone and tags."),
      archived.length > 0 && [h("h2", {}, "Archived"), h("p", { class: "muted" }, "Archived fields are hidden. Their values are kept."), sheet("Archived fields", ["Label", "Key", "Type", ""], h("tbody", {}, archived.map(archivedOf)))]));
    if (focus) body.querySelector(/** @type {"button"} */ (`[data-key="${focus.key}"][data-act="${focus.act}"]:not(:disabled), [data-key="${focus.key}"]:not(:disabled)`))?.focus();
  }

  /**
   * @param {() => Promise<unknown>} change
   * @param {{ key: string, act: string }} [focus]
   */
  async function apply(change, focus) {
    try {
      await change();
    } catch (error) {
      toast(sentence(error));
    }
    fields = (await askAll("/v1/fields", { signal })).items;
    show(focus);
  }

  /**
   * @param {Schemas["Field"][]} active
   * @param {number} from
   * @param {number} to
   * @param {string} [act]
   */
  function move(active, from, to, act) {
    const keys = active.map(({ key }) => key);
    const [key = ""] = keys.splice(from, 1);
    keys.splice(to, 0, key);
    void apply(() => ask("put", "/v1/fields/order", { body: { keys } }), act ? { key, act } : undefined);
  }

  /**
   * @param {Schemas["Field"]} field
   * @param {number} at
   * @param {Schemas["Field"][]} active
   */
  function rowOf(field, at, active) {
    const { key, label } = field;
    /** @param {string} act @param {string} name @param {number} to */
    const step = (act, name, to) => h("button", { type: "button", class: `quiet only ${act}`, "aria-label": `Move ${label} ${name}`, disabled: to < 0 || to >= active.length, data: { key, act, needs: "admin" }, onclick: () => move(active, at, to, act) }, icon("chevron"));
    const row = h("tr", { draggable: !denied("admin") },
      h("td", { class: "order" }, step("up", "up", at - 1), step("down", "down", at + 1)),
      h("th", { scope: "row" }, label),
      h("td", {}, h("code", {}, key)),
      h("td", {}, typeOf(field)),
      h("td", { class: "commands" },
        h("button", { type: "button", class: "quiet", "aria-label": `Edit ${label}`, data: { key, act: "change", needs: "admin" }, onclick: async () => {
          const edited = await fieldForm({ field });
          if (edited) await apply(async () => undefined, { key, act: "change" });
          if (edited && edited.searchable !== field.searchable) toast(edited.searchable ? `Search will find contacts by ${edited.label} in a moment.` : `Search no longer looks at ${edited.label}.`);
        } }, "Edit"),
        h("button", { type: "button", class: "quiet", data: { needs: "admin" }, "aria-label": `Archive ${label}`, onclick: () => archive(field, true) }, "Archive")));
    row.addEventListener("dragstart", () => (dragged = at));
    row.addEventListener("dragend", () => (dragged = -1));
    row.addEventListener("dragover", (event) => dragged >= 0 && event.preventDefault());
    row.addEventListener("drop", (event) => {
      if (dragged < 0 || dragged === at) return;
      event.preventDefault();
      move(active, dragged, at);
    });
    return row;
  }

  /** @param {Schemas["Field"]} field */
  const archivedOf = (field) =>
    h("tr", {}, h("th", { scope: "row" }, field.label), h("td", {}, h("code", {}, field.key)), h("td", {}, typeOf(field)),
      h("td", { class: "commands" }, h("button", { type: "button", class: "quiet", data: { needs: "admin" }, "aria-label": `Restore ${field.label}`, onclick: () => archive(field, false) }, "Restore")));

  /**
   * @param {Schemas["Field"]} field
   * @param {boolean} archived
   */
  async function archive({ key, label }, archived) {
    await apply(() => ask("patch", "/v1/fields/{key}", { path: { key }, body: { archived } }));
    if (archived) toast(`${label} was archived.`, { label: "Restore", run: () => void apply(() => ask("patch", "/v1/fields/{key}", { path: { key }, body: { archived: false } })) });
  }

  show();
  const add = h("button", { type: "button", class: "primary", data: { needs: "admin" }, onclick: async () => {
    const field = await fieldForm({});
    if (field) await apply(async () => undefined, { key: field.key, act: "change" });
  } }, icon("add"), "New field");
  return part("Custom fields", "Every contact has these fields, in this order. They can be filtered, imported and exported.", add, body);
}

/** @param {Schemas["Field"]} field */
function typeOf({ type, options, searchable }) {
  const name = TYPES.find(([value]) => value === type)?.[1] ?? type;
  return [
    options ? h("span", { title: options.join(", ") }, `${name}: ${count(options.length, "choice")}`) : name,
    searchable && h("span", { class: "muted" }, ", searched"),
  ];
}
