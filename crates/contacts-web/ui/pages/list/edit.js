// Editing one cell of the list, by the key `e` or the button that appears over it (R46).

import { h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { denied } from "../../core/session.js";
import { styles } from "../../core/styles.js";
import { CORE, input, kinds } from "../../widgets/field.js";
import { toast } from "../../widgets/toast.js";
import { saverOf, snapshot } from "../record/saver.js";
import { offerUndo, stored } from "../record/undo.js";
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
  if (!contact || !kind || denied("write")) return;
  if (!cellOf(list, index, column)) {
    list.table.at = index;
    list.table.move(0);
  }
  if (cellOf(list, index, column)) new Editor(list, contact, column, kind);
}

/** The input over a cell. It saves as the page of the contact does, so what is not saved is kept there. */
class Editor {
  /**
   * @param {List} list
   * @param {Listed} contact
   * @param {string} column
   * @param {Kind} kind
   */
  constructor(list, contact, column, kind) {
    this.list = list;
    this.contact = contact;
    this.column = column;
    this.kind = kind;
    this.closed = new AbortController();
    const { signal } = this.closed;
    this.saver = saverOf(contact, signal);
    this.before = stored(this, [kind.key]);
    this.saving = false;
    this.input = input(kind, { "aria-label": `${kind.label} of ${nameOf(contact)}`, oninput: () => this.typed() });
    this.input.show(this.saver.text(kind.key));
    this.wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    this.element = h("form", { class: "cell-editor", popover: "manual", novalidate: true, onsubmit: (/** @type {SubmitEvent} */ event) => (event.preventDefault(), void this.save()), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) }, this.input.control, this.wrong);
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(/** @type {Node | null} */ (event.relatedTarget)) && document.hasFocus()) void this.save(false);
    });
    addEventListener("contactchanged", (event) => {
      const { detail } = /** @type {CustomEvent} */ (event);
      if (detail.id === contact.id) this.saver.absorb(snapshot(detail));
    }, { signal });
    list.table.element.addEventListener("scroll", () => this.place(), { signal });
    list.element.append(this.element);
    this.place();
    this.element.showPopover();
    this.input.control.focus();
    if (this.input.control instanceof HTMLInputElement) this.input.control.select();
    // A save that failed may succeed later.
    this.saver.watch(kind.key, ({ is }) => is === "saved" && !this.wrong.hidden && !this.saving && this.finish(true));
  }

  /** Where the contact is now: rows may have been loaded since. */
  get index() {
    return this.list.rows.items.findIndex(({ id }) => id === this.contact.id);
  }

  /** Puts the input over its cell. */
  place() {
    const at = cellOf(this.list, this.index, this.column)?.getBoundingClientRect();
    if (at) Object.assign(this.element.style, { left: `${Math.max(4, Math.min(at.left - 8, innerWidth - 244))}px`, top: `${at.top + (at.height - 38) / 2}px`, minWidth: `${Math.max(at.width + 8, 200)}px` });
  }

  typed() {
    const text = this.input.read();
    // Saved when the cell is left, not after a pause.
    if (text !== null) this.saver.type(this.kind.key, text, true);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    // The shortcuts of the list do not act while a cell is edited.
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") {
      if (!this.saving) this.saver.drop(this.kind.key);
      this.close();
    } else if (event.key === "Tab") {
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
    const { saver, kind: { key, label } } = this;
    const text = this.input.read();
    if (text === null) return this.complain("This value is not complete.");
    this.saving = true;
    if (saver.state(key).is === "changed") saver.keep(key);
    else {
      saver.type(key, text, true);
      saver.flush(key);
    }
    await saver.rest();
    this.saving = false;
    const { is, why, reason } = saver.state(key);
    if (is === "saved" || is === "still") return this.finish(returns);
    if (is === "changed") return this.complain(`Somebody else has just changed this to “${saver.stored(key)}”. Press Enter to save all the same.`);
    return this.complain(reason ? `${label} ${reason}.` : `${is === "failed" ? "Not saved. " : ""}${why}`);
  }

  /**
   * Says that the value was saved, and closes the editor.
   *
   * @param {boolean} returns
   */
  finish(returns) {
    const { saver, kind: { key, label }, before, index } = this;
    const contact = this.list.rows.items[index] ?? this.contact;
    const text = `${label} of ${nameOf(contact)} was saved.`;
    this.close(returns);
    if (saver.stored(key) !== before.texts[key] && !offerUndo({ contact, saver }, text, before)) toast(text);
    return true;
  }

  /** @param {string} why it was not saved */
  complain(why) {
    this.wrong.textContent = why;
    this.wrong.hidden = false;
    // Another page is shown: what was typed is kept for the page of the contact.
    if (this.list.element.hidden) this.close(false);
    else this.input.control.focus();
    return false;
  }

  /** @param {boolean} [returns] */
  close(returns = true) {
    // Removing the element moves the focus, which must not save again.
    this.saving = true;
    const { list, index } = this;
    this.element.remove();
    this.closed.abort();
    if (index >= 0) list.table.at = index;
    if (returns) list.table.focusActive();
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
  const { element } = list.table;
  /** @param {Element} target under the mouse */
  const show = (target) => {
    const cell = target.closest(/** @type {"div"} */ (".tbody .td:not(.check)"));
    if (button.contains(target)) return;
    button.remove();
    if (!cell || denied("write")) return;
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
  };
  element.addEventListener("pointerover", (event) => {
    if (event.target instanceof Element && event.pointerType === "mouse") show(event.target);
  }, { signal });
  element.addEventListener("pointerleave", () => button.remove(), { signal });
  // While this module was loaded, the mouse has come to a cell, and may rest there.
  const under = matchMedia("(hover: hover)").matches && element.querySelector(".tbody .td:hover");
  if (under) show(under);
}
