// The dialogs that edit the parts of a source.

import { ask, askAll, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { dialog } from "../../widgets/dialog.js";
import { labelled } from "../../widgets/form.js";
import { toast } from "../../widgets/toast.js";
import { fieldsForm, mappedOf, mappingOf } from "./fields-form.js";
import { flat } from "./facts.js";
import { why } from "./save-step.js";
import { scheduleForm, scheduleOf, typed } from "./schedule.js";
import { at, nested, put, settingsForm } from "./settings-form.js";
import { streamForm } from "./stream-form.js";
import { vanishForm, vanishOf } from "./vanish-form.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */
/** @typedef {Schemas["ConnectedSource"]} Source */

/**
 * Shows a dialog and saves the change. Resolves to null when it was cancelled.
 *
 * @param {Source} source
 * @param {string} title
 * @param {Child[]} body
 * @param {() => Schemas["ConnectedSourcePatch"]} read
 * @param {boolean} [wide]
 * @returns {Promise<Source | null>}
 */
async function change({ id }, title, body, read, wide = false) {
  /** @type {Source | null} */
  let changed = null;
  await dialog({
    title, wide, action: "Save",
    body: h("div", { class: "stack source-dialog" }, body),
    async run() {
      try {
        changed = await ask("patch", "/v1/sources/{id}", { path: { id }, body: read() });
      } catch (error) {
        throw new Error(why(error));
      }
    },
  });
  return changed;
}

/**
 * Loads the data of a dialog; a connector may take a while to return it.
 *
 * @template T
 * @param {() => Promise<T>} get
 * @returns {Promise<T | null>}
 */
async function needed(get) {
  try {
    return await get();
  } catch (error) {
    toast(sentence(error));
    return null;
  }
}

/** @param {Source} source */
export function name(source) {
  const input = h("input", { value: source.name, required: true, maxLength: 200, autofocus: true, autocomplete: "off" });
  return change(source, "Name", [labelled("Name", input)], () => ({ name: input.value.trim() }));
}

/** @param {Source} source */
export async function settings(source) {
  const setup = await needed(() => ask("get", "/v1/connectors/{name}", { path: { name: source.connector } }));
  if (!setup) return null;
  const stored = source.settings;
  const values = Object.fromEntries(setup.settings.map(({ path }) => [path, at(stored, path)]).filter(([, value]) => value !== undefined));
  const form = settingsForm({ setup, values, stored: source.secrets });
  return change(source, "Connection", [form.element, h("p", { class: "hint" }, "Leave a secret empty to keep it.")], () => ({ settings: /** @type {any} */ (patch()) }), true);

  function patch() {
    if (!setup) return {};
    const [before, after] = [values, form.plain()].map((plain) => new Map(flat(nested(setup, plain, new Map()))));
    /** @type {Record<string, any>} */
    const changes = nested(setup, {}, form.secrets());
    for (const path of form.gone()) put(changes, path, null);
    for (const [path, value] of after ?? []) if (JSON.stringify(value) !== JSON.stringify(before?.get(path))) put(changes, path, value);
    for (const path of before?.keys() ?? []) if (!after?.has(path)) put(changes, path, null);
    return changes;
  }
}

/** @param {Source} source */
export async function stream(source) {
  const found = await needed(() => ask("post", "/v1/sources/{id}/discover", { path: { id: source.id } }));
  if (!found) return null;
  const form = streamForm(found.items, { stream: source.stream, mode: source.mode, cursor: source.cursor_field ?? "" });
  return change(source, "Data", [form.element, h("p", { class: "hint" }, "After a change here, the next run reads everything again. Check the field mapping, too.")], () => {
    const { stream, mode, cursor } = form.read();
    return { stream, mode, ...(cursor && { cursor_field: cursor }) };
  }, true);
}

/** @param {Source} source */
export async function fields(source) {
  const found = await needed(() => Promise.all([ask("post", "/v1/sources/{id}/sample", { path: { id: source.id } }), askAll("/v1/fields", {})]));
  if (!found) return null;
  const [sample, { items }] = found;
  const form = fieldsForm(sample, mappedOf(source.mapping, sample.fields), items.filter(({ archived }) => !archived));
  return change(source, "Field mapping", [h("div", { class: "import" }, form.element)], () => {
    if (!form.fits()) throw new Error("check the field mapping");
    return { mapping: mappingOf(form.read(), source.mapping) };
  }, true);
}

/** @param {Source} source */
export function schedule(source) {
  const form = scheduleForm(typed(source.schedule));
  return change(source, "Schedule", [form.element], () => ({ schedule: scheduleOf(form.read()) }));
}

/** @param {Source} source */
export function vanish(source) {
  const form = vanishForm({ vanish: source.vanish, tag: source.vanish_tag ?? "" }, source.mode);
  return change(source, "When someone is removed at the source", [form.element], () => {
    const { vanish, vanish_tag: tag } = vanishOf(form.read());
    return { vanish, ...(tag && { vanish_tag: tag }) };
  });
}
