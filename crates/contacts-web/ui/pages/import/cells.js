// The cells of a row of a file, each of which can be corrected in place.

import { ask, sentence } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";

/** @import { Schemas } from "../../core/api.js" */

/** Most characters of a cell that are shown outside its editor. */
const SHOWN = 80;

/**
 * @typedef {object} Sheet
 * @property {string} id of the import
 * @property {string[]} names of the columns
 * @property {(string | null)[]} columns the target of each column; a live list
 * @property {boolean} [editable]
 * @property {(row: number) => void} [corrected] called when a cell of a row was saved
 */

/**
 * Reads the cells of some rows.
 *
 * @param {string} id
 * @param {number[]} rows
 * @param {AbortSignal} [signal]
 * @returns {Promise<Map<number, Schemas["RowCells"]>>}
 */
export async function cellsOf(id, rows, signal) {
  if (rows.length === 0) return new Map();
  const found = await ask("get", "/v1/imports/{id}/cells", { path: { id }, query: { rows: rows.join(",") }, ...(signal && { signal }) });
  return new Map(found.rows.map((row) => [row.row, row]));
}

/**
 * The cells of the columns that are imported, by the names of the columns.
 *
 * @param {Schemas["RowCells"]} row
 * @param {Sheet} sheet
 */
export function cellList(row, sheet) {
  const mapped = row.cells.map((cell, at) => ({ cell, at })).filter(({ at }) => sheet.columns[at]);
  const beyond = row.cells.slice(sheet.columns.length).map(({ text }) => text.trim()).filter(Boolean);
  return h("dl", { class: "cells" },
    mapped.map(({ cell, at }) => cellOf(row, cell, at, sheet)),
    beyond.length > 0 && h("div", {}, h("dt", {}, "Not in a column"), h("dd", { class: "muted" }, beyond.join(", ").slice(0, SHOWN))));
}

/**
 * @param {Schemas["RowCells"]} row
 * @param {Schemas["Cell"]} cell
 * @param {number} at
 * @param {Sheet} sheet
 */
function cellOf({ row, line }, cell, at, sheet) {
  const name = sheet.names[at] ?? "";
  const value = h("dd");
  const element = h("div", {}, h("dt", {}, name), value);
  let { text, original = null } = cell;

  /** @param {boolean} [focus] */
  function show(focus = false) {
    element.classList.toggle("corrected", original !== null);
    const shown = text.trim() ? text.slice(0, SHOWN) : h("span", { class: "muted" }, "empty");
    const was = original !== null && h("span", { class: "was muted" }, " was ", original.trim() ? h("del", {}, original.slice(0, SHOWN)) : "empty");
    if (!sheet.editable) return fill(value, shown, was);
    const button = h("button", { type: "button", class: "cell", title: text.slice(0, 500), "aria-label": `Correct ${name} on line ${line}: ${text.trim() || "empty"}`, onclick: edit }, shown);
    fill(value, button, was);
    if (focus) button.focus();
  }

  function edit() {
    const input = h("input", { type: "text", "aria-label": `${name} on line ${line}`, maxLength: 4000 });
    input.value = text;
    const state = h("span", { class: "hint", id: newId(), role: "status" });
    const restore = original === null ? null : h("button", { type: "button", class: "link", onclick: () => void save(null) }, "Restore");
    input.setAttribute("aria-describedby", state.id);
    let busy = false;

    /** @param {string | null} next @param {boolean} [focus] */
    async function save(next, focus = true) {
      if (busy) return;
      busy = true;
      if (next === text) return show(focus);
      input.readOnly = true;
      state.className = "hint";
      state.textContent = "Saving…";
      try {
        const { rows: [saved] } = await ask("patch", "/v1/imports/{id}/cells", { path: { id: sheet.id }, body: { cells: [{ row, column: at, text: next === (original ?? text) ? null : next }] } });
        const now = saved?.cells[at];
        if (now) ({ text, original = null } = now);
        show(focus && editor.contains(document.activeElement));
        sheet.corrected?.(row);
      } catch (error) {
        // What was typed stays, and Enter sends it again.
        busy = input.readOnly = false;
        state.className = "wrong";
        state.textContent = `Not saved: ${sentence(error)}`;
      }
    }
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Enter") return void save(input.value);
      if (busy) return;
      // The field loses the focus as it goes, which must not save it.
      busy = true;
      show(true);
    });
    const editor = h("div", { class: "cell-editor" }, input, h("span", { class: "row" }, state, restore));
    editor.addEventListener("focusout", (event) => {
      if (!editor.contains(/** @type {Node | null} */ (event.relatedTarget)) && !busy && input.isConnected) void save(input.value, false);
    });
    fill(value, editor);
    input.select();
  }

  show();
  return element;
}
