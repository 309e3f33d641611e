// The choice of a stream, and how to read it.

import { h, newId } from "../../core/dom.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { fieldsWords, MODES } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/** @typedef {{ stream: string, mode: Schemas["SourceMode"], cursor: string }} Chosen */

/** Number of streams from which a search is shown. */
const MANY = 8;

/**
 * @param {Schemas["Stream"][]} streams
 * @param {Chosen} first
 * @param {(chosen: Chosen) => void} [change]
 */
export function streamForm(streams, first, change) {
  const name = newId();
  const only = streams.length === 1 ? streams[0]?.name : undefined;
  const rows = streams.map((stream) => {
    const input = h("input", { type: "radio", name, value: stream.name, checked: stream.name === (only ?? first.stream), required: true });
    const about = [stream.fields.length > 0 && fieldsWords(stream.fields.length), stream.incremental && "supports reading only changes"].filter(Boolean).join(" · ");
    const title = h("strong", { id: newId() }, stream.name);
    const note = h("span", { class: "muted", id: newId() }, about);
    input.setAttribute("aria-labelledby", title.id);
    input.setAttribute("aria-describedby", note.id);
    return { stream, input, element: h("label", { class: "choice" }, input, h("span", {}, title, note)) };
  });
  const search = h("input", { type: "search", placeholder: "Search available data", "aria-label": "Search available data", oninput: () => {
    const text = search.value.trim().toLowerCase();
    for (const { stream, input, element } of rows) element.hidden = !stream.name.toLowerCase().includes(text) && !input.checked;
  } });
  const how = h("div", { class: "stack" });
  const picked = () => rows.find(({ input }) => input.checked)?.stream;
  /** @type {Chosen} */
  let now = { ...first };
  /** @type {HTMLInputElement | HTMLSelectElement | null} */
  let cursor = null;

  function showHow() {
    const stream = picked();
    how.replaceChildren();
    cursor = null;
    if (!stream) return;
    const mode = stream.incremental ? now.mode : "full";
    const fieldset = choices("What to read each time", MODES.map(([value, title, meaning]) => [value, title, value === "incremental" && !stream.incremental ? "Not available for this data." : meaning]), mode);
    for (const input of fieldset.querySelectorAll("input")) input.disabled = input.value === "incremental" && !stream.incremental;
    const field = cursorOf(stream, now.cursor);
    const holder = field && labelled("Field that shows changes", field, "A field whose value increases with each change, such as the time of the last update.");
    cursor = field;
    how.append(fieldset, ...(holder ? [holder] : []));
    if (holder && field) {
      const fit = () => {
        holder.hidden = chosen(fieldset) !== "incremental";
        field.required = !holder.hidden;
      };
      fieldset.addEventListener("change", fit);
      fit();
    }
  }
  function read() {
    const stream = picked();
    const fieldset = /** @type {HTMLElement | null} */ (how.querySelector("fieldset"));
    const mode = /** @type {Schemas["SourceMode"]} */ (fieldset ? chosen(fieldset) : now.mode);
    now = { stream: stream?.name ?? "", mode, cursor: mode === "incremental" && cursor ? cursor.value.trim() : "" };
    return now;
  }
  const list = h("fieldset", { class: "choices streams", onchange: () => showHow() }, h("legend", {}, "Available data"), streams.length >= MANY && search, h("div", { class: "of-streams" }, rows.map(({ element }) => element)));
  showHow();
  const element = h("div", { class: "stack", onchange: () => change?.(read()), oninput: () => change?.(read()) }, list, how);
  return { element, read, picked };
}

/**
 * @param {Schemas["Stream"]} stream
 * @param {string} value
 */
function cursorOf({ needs_cursor_field: needs, cursor_field: proposed, fields }, value) {
  if (!needs) return null;
  const first = value || (proposed ?? "");
  if (fields.length === 0) return h("input", { value: first, autocomplete: "off", spellcheck: false });
  return h("select", {}, h("option", { value: "" }, "—"), fields.map((field) => h("option", { value: field, selected: field === first }, field)));
}
