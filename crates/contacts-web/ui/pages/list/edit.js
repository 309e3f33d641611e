// Editing one cell of the list, by the key `e` or the button that appears over it (R46).

import { Problem, ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { denied } from "../../core/session.js";
import { styles } from "../../core/styles.js";
import { CORE, input, kinds } from "../../widgets/field.js";
import { toast } from "../../widgets/toast.js";
import { nameOf } from "./columns.js";

await styles("./edit.css", import.meta.url);

/** @import { Schemas } from "../../core/api.js" */
/** @import { Kind } from "../../widgets/field.js" */
/** @import { List } from "../list.js" */
/** @import { Listed } from "./rows.js" */

/**
 * The field that a column shows; undefined when its cells cannot be edited.
 *
 * @param {List} list
 * @param {string} column
 */
const kindOf = (list, column) => [...CORE, ...kinds(list.fields)].find(({ key }) => key === column.replace(/^field\./, "custom."));

/**
 * The columns that can be edited, in their order.
 *
 * @param {List} list
 */
const editable = (list) => list.columns.map(({ key }) => key).filter((key) => kindOf(list, key));

/**
 * @param {Listed} contact
 * @param {Kind} kind
 */
function textOf(contact, { key }) {
  const value = key.startsWith("custom.") ? contact.custom[key.slice(7)] : contact[/** @type {"name" | "email" | "phone"} */ (key)];
  return value === undefined || value === null ? "" : String(value);
}

/**
 * @param {List} list
 * @param {number} index of the row
 * @param {string} column
 */
const cellOf = (list, index, column) => list.table.shown.get(index)?.cells[list.table.columns.findIndex(({ key }) => key === column)];

/**
 * Edits a cell of a row: that of a column, or the first one that can be edited.
 *
 * @param {List} list
 * @param {number} [index]
 * @param {string} [column]
 */
export function edit(list, index = list.table.at, column = editable(list)[0] ?? "") {
  const contact = list.rows.items[index];
  const kind = kindOf(list, column);
  const cell = cellOf(list, index, column);
  if (!contact || !kind || !cell || denied("write")) return;
  new Editor(list, index, column, contact, kind, cell);
}

class Editor {
  /**
   * @param {List} list
   * @param {number} index
   * @param {string} column
   * @param {Listed} contact
   * @param {Kind} kind
   * @param {HTMLElement} cell
   */
  constructor(list, index, column, contact, kind, cell) {
    this.list = list;
    this.index = index;
    this.column = column;
    this.contact = contact;
    this.kind = kind;
    this.before = textOf(contact, kind);
    this.input = input(kind, { "aria-label": `${kind.label} of ${nameOf(contact)}` });
    this.input.show(this.before);
    this.wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    this.saving = false;
    this.element = h("form", { class: "cell-editor", popover: "manual", novalidate: true, onsubmit: (/** @type {SubmitEvent} */ event) => (event.preventDefault(), void this.save()), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) }, this.input.control, this.wrong);
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(/** @type {Node | null} */ (event.relatedTarget)) && document.hasFocus()) void this.save(false);
    });
    const at = cell.getBoundingClientRect();
    Object.assign(this.element.style, { left: `${Math.max(4, Math.min(at.left - 8, innerWidth - 244))}px`, top: `${at.top + (at.height - 38) / 2}px`, minWidth: `${Math.max(at.width + 8, 200)}px` });
    list.element.append(this.element);
    this.element.showPopover();
    this.input.control.focus();
    if (this.input.control instanceof HTMLInputElement) this.input.control.select();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    // The shortcuts of the list do not act while a cell is edited.
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    else if (event.key === "Tab") {
      const columns = editable(this.list);
      const next = columns[columns.indexOf(this.column) + (event.shiftKey ? -1 : 1)];
      if (!next) return;
      event.preventDefault();
      void this.save(false).then((done) => done && edit(this.list, this.index, next));
    } else if (event.key === "Enter" && this.input.control instanceof HTMLTextAreaElement && !event.shiftKey) {
      event.preventDefault();
      void this.save();
    }
  }

  /**
   * Saves what was typed; resolves to whether the editor was closed.
   *
   * @param {boolean} [returns] whether the focus returns to the row
   */
  async save(returns = true) {
    if (this.saving || !this.element.isConnected) return false;
    const text = this.input.read();
    if (text !== null && text === this.before) return this.close(returns);
    this.saving = true;
    try {
      if (text === null) throw new Problem({ detail: "this value is not complete" });
      const changed = await send(this.contact, this.kind, text);
      dispatchEvent(new CustomEvent("contactchanged", { detail: changed }));
      this.close(returns);
      toast(`${this.kind.label} of ${nameOf(this.contact)} was saved.`, { label: "Undo", run: () => void undo(changed, this.kind, this.before) });
      return true;
    } catch (error) {
      const reason = error instanceof Problem ? error.errors[0]?.reason : undefined;
      this.wrong.textContent = error instanceof Problem && error.code === "stale" ? "Somebody else has just changed this contact. Press Enter to save all the same." : sentence(reason ? `${this.kind.label} ${reason}` : error);
      this.wrong.hidden = false;
      if (error instanceof Problem && error.current) this.contact = { ...this.contact, version: error.current.version };
      this.input.control.focus();
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** @param {boolean} [returns] */
  close(returns = true) {
    // Removing the element moves the focus, which must not save again.
    this.saving = true;
    this.element.remove();
    this.list.table.at = this.index;
    if (returns) this.list.table.focusActive();
    return true;
  }
}

/**
 * @param {Pick<Schemas["Contact"], "id" | "version">} contact
 * @param {Kind} kind
 * @param {string} text
 */
function send({ id, version }, { key }, text) {
  const value = text.trim() ? text : null;
  const body = /** @type {Schemas["ContactPatch"]} */ (key.startsWith("custom.") ? { custom: { [key.slice(7)]: value } } : { [key]: value });
  return ask("patch", "/v1/contacts/{id}", { path: { id }, body, headers: { "if-match": `"${version}"` } });
}

/**
 * @param {Schemas["Contact"]} contact
 * @param {Kind} kind
 * @param {string} before
 */
async function undo(contact, kind, before) {
  try {
    dispatchEvent(new CustomEvent("contactchanged", { detail: await send(contact, kind, before) }));
  } catch (error) {
    toast(sentence(error));
  }
}

/**
 * Shows a button over the cell under the mouse, if it can be edited.
 *
 * @param {List} list
 * @param {AbortSignal} signal ends when the list is dropped
 */
export function offer(list, signal) {
  const button = h("button", { type: "button", class: "cell-edit", tabIndex: -1, "aria-hidden": "true", title: "Edit (e)" }, icon("form"));
  list.table.element.addEventListener("pointerover", (event) => {
    const cell = event.target instanceof Element ? event.target.closest(/** @type {"div"} */ (".tbody .td:not(.check)")) : null;
    if (event.target instanceof Node && button.contains(event.target)) return;
    button.remove();
    if (!cell || event.pointerType !== "mouse" || denied("write")) return;
    for (const [index, row] of list.table.shown) {
      const at = row.cells.indexOf(cell);
      const column = list.table.columns[at]?.key;
      if (at < 0 || !column || !kindOf(list, column) || !list.rows.items[index]) continue;
      button.onclick = (click) => {
        click.stopPropagation();
        edit(list, index, column);
      };
      cell.append(button);
    }
  }, { signal });
  list.table.element.addEventListener("pointerleave", () => button.remove(), { signal });
}
