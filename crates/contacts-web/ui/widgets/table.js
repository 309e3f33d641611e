// A table of any length: only visible rows exist, and are reused while it scrolls.

import { fill, h } from "../core/dom.js";

/** @import { Child } from "../core/dom.js" */

/**
 * @template T
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {string} width a column of the grid, such as `minmax(160px, 2fr)`
 * @property {string} [sort] the sorting of the API
 * @property {(item: T, room: number) => Child | Child[]} cell its content, given the width of the column in pixels
 */
/**
 * The rows that are loaded.
 *
 * @template T
 * @typedef {object} Rows
 * @property {T[]} items
 * @property {boolean} ended whether all rows are loaded
 * @property {(upTo: number) => void} want loads rows up to an index
 */
/**
 * @template T
 * @typedef {object} Table
 * @property {string} label
 * @property {Rows<T>} rows
 * @property {(item: T) => string} name the name of a row
 * @property {(item: T) => boolean} isPicked
 * @property {(index: number, picked: boolean, range: boolean) => void} pick
 * @property {Child[]} everyone the checkbox in the header, and what belongs to it
 * @property {AbortSignal} signal ends when the table is dropped
 * @property {(by: string) => void} sort
 * @property {() => void} [shown] called after the columns were shown
 * @property {(item: T) => void} open
 */

const OVERSCAN = 10;
const GHOSTS = 3;
/** Distance between two columns in pixels. */
const GAP = 12;

/** @template T */
export class DataTable {
  /** @param {Table<T>} options */
  constructor(options) {
    this.options = options;
    /** @type {Column<T>[]} */
    this.columns = [];
    /** @type {Map<number, Row<T>>} */
    this.shown = new Map();
    /** @type {Row<T>[]} */
    this.spare = [];
    /** Index of the row that the keyboard shortcuts act on. */
    this.at = -1;
    this.frame = 0;
    this.settled = 0;
    /** Whether the first rows are on screen. */
    this.isReady = false;
    this.head = h("div", { role: "row", class: "tr", "aria-rowindex": 1 });
    this.body = h("div", { role: "rowgroup", class: "tbody" });
    this.element = h("div", { class: "table", role: "table", "aria-label": options.label, onscroll: () => this.later() },
      h("div", { role: "rowgroup", class: "thead" }, this.head), this.body);
    this.row = 44;
    this.view = 0;
    /** Widths of the columns in pixels. @type {number[]} */
    this.rooms = [];
    new ResizeObserver(() => this.measure()).observe(this.element);
    addEventListener("beforeprint", () => this.print(true), { signal: options.signal });
    addEventListener("afterprint", () => this.print(false), { signal: options.signal });
  }

  /** Reads the sizes. Reading them in each frame would force a layout. */
  measure() {
    this.row = parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || this.row;
    this.view = this.element.clientHeight;
    const rooms = [...this.head.children].slice(1).map(({ clientWidth }) => clientWidth);
    if (String(rooms) !== String(this.rooms)) for (const row of this.shown.values()) row.drawn = false;
    this.rooms = rooms;
    this.draw();
  }

  /**
   * Draws all loaded rows for printing, in their order.
   *
   * @param {boolean} starts
   */
  print(starts) {
    this.view = starts ? Infinity : this.element.clientHeight;
    this.draw();
    this.settle();
  }

  /**
   * @param {Column<T>[]} columns
   * @param {string} sort the sorting, with a leading `-` when it is descending
   */
  show(columns, sort) {
    this.columns = columns;
    const widths = ["36px", ...columns.map(({ width }) => width)];
    this.element.style.setProperty("--columns", widths.join(" "));
    // In a narrower window, the table scrolls sideways.
    const narrowest = widths.map((width) => parseFloat(width.replace("minmax(", ""))).reduce((sum, width) => sum + width + GAP, -GAP);
    this.element.style.setProperty("--narrowest", `${narrowest}px`);
    this.element.setAttribute("aria-colcount", String(columns.length + 1));
    fill(this.head, h("div", { role: "columnheader", class: "td check" }, this.options.everyone), columns.map((column) => this.title(column, sort)));
    this.body.replaceChildren();
    this.shown.clear();
    this.spare = [];
    this.measure();
    this.options.shown?.();
  }

  /**
   * @param {Column<T>} column
   * @param {string} sort
   */
  title({ key, title, sort: by }, sort) {
    const cell = h("div", { role: "columnheader", class: `td of-${key.replaceAll(".", "-")}` });
    if (!by) return fill(cell, title), cell;
    const direction = sort === by ? "ascending" : sort === `-${by}` ? "descending" : "none";
    cell.setAttribute("aria-sort", direction);
    cell.append(h("button", { type: "button", class: "sort", onclick: () => this.options.sort(by) }, title,
      h("span", { "aria-hidden": "true" }, { ascending: "↑", descending: "↓", none: "" }[direction])));
    return cell;
  }

  /** Draws in the next frame. */
  later() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** Draws the visible rows. */
  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { rows } = this.options;
    const total = rows.items.length + (rows.ended ? 0 : GHOSTS);
    const top = this.element.scrollTop;
    this.body.style.height = `${total * this.row}px`;
    // The first rows do not wait for those beyond the screen.
    const beyond = this.isReady ? OVERSCAN : 0;
    const first = this.view === Infinity ? 0 : Math.max(0, Math.floor(top / this.row) - beyond);
    const end = this.view === Infinity ? rows.items.length : total;
    const last = Math.min(end, Math.ceil((top + this.view) / this.row) + beyond);
    this.free(first, last);
    for (let index = first; index < last; index += 1) this.place(index);
    if (this.view !== Infinity) rows.want(last + 2 * OVERSCAN);
    clearTimeout(this.settled);
    this.settled = setTimeout(() => this.settle(), 150);
  }

  /**
   * Rows that left the screen can be reused, except one that has the focus: it would become
   * another contact while the user acts on it.
   *
   * @param {number} first
   * @param {number} last
   */
  free(first, last) {
    for (const [index, row] of this.shown) {
      if ((index >= first && index < last) || row.element.contains(document.activeElement)) continue;
      this.shown.delete(index);
      this.spare.push(row);
    }
  }

  /** @param {number} index */
  place(index) {
    let row = this.shown.get(index);
    if (!row) {
      row = this.spare.pop() ?? new Row(this);
      if (!row.element.isConnected) this.body.append(row.element);
      this.shown.set(index, row);
    }
    row.show(index, this.options.rows.items[index]);
  }

  /** Sorts the rows in the document like those on screen, after scrolling has ended. */
  settle() {
    if (!this.isReady && this.options.rows.items.length > 0) {
      this.isReady = true;
      return this.draw();
    }
    for (const row of this.spare.splice(0)) row.element.remove();
    const ordered = [...this.shown].sort(([a], [b]) => a - b).map(([, row]) => row.element);
    for (const [at, element] of ordered.entries()) {
      const there = this.body.children[at];
      if (there === element || element.contains(document.activeElement)) continue;
      this.body.insertBefore(element, there ?? null);
    }
  }

  /** Scrolls to the top. */
  top() {
    this.element.scrollTop = 0;
    this.at = -1;
  }

  /**
   * Moves to another row.
   *
   * @param {number} step
   */
  move(step) {
    const { items } = this.options.rows;
    if (!items.length) return;
    this.at = Math.max(0, Math.min(this.at + step, items.length - 1));
    const top = this.at * this.row;
    const view = this.view - this.head.offsetHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    if (top + this.row > this.element.scrollTop + view) this.element.scrollTop = top + this.row - view;
    this.draw();
    this.focusActive();
  }

  /** Focuses the active row. */
  focusActive() {
    this.shown.get(this.at)?.focus();
  }

  /** The item of the active row. */
  get active() {
    return this.options.rows.items[this.at];
  }
}

/** @template T */
class Row {
  /** @param {DataTable<T>} table */
  constructor(table) {
    this.table = table;
    this.index = -1;
    /** @type {T | undefined} */
    this.item = undefined;
    this.drawn = false;
    this.check = h("input", { type: "checkbox", onclick: (/** @type {MouseEvent} */ event) => this.pick(event) });
    this.cells = table.columns.map(({ key }) => h("div", { role: "cell", class: `td of-${key.replaceAll(".", "-")}` }));
    this.element = h("div", { role: "row", class: "tr", onfocusin: () => (table.at = this.index), onclick: (/** @type {MouseEvent} */ event) => this.open(event) },
      h("div", { role: "cell", class: "td check" }, this.check), this.cells);
  }

  /** @param {MouseEvent} event */
  pick(event) {
    this.table.options.pick(this.index, this.check.checked, event.shiftKey);
  }

  /**
   * A click anywhere on the row opens it, except on its checkbox and links.
   *
   * @param {MouseEvent} event
   */
  open(event) {
    if (!(event.target instanceof Element) || event.target.closest("a, input, button, .check") || getSelection()?.toString()) return;
    this.table.at = this.index;
    if (this.item !== undefined) this.table.options.open(this.item);
  }

  /**
   * @param {number} index
   * @param {T | undefined} item
   */
  show(index, item) {
    this.element.style.transform = `translateY(${index * this.table.row}px)`;
    this.element.setAttribute("aria-rowindex", String(index + 2));
    this.index = index;
    this.check.checked = item !== undefined && this.table.options.isPicked(item);
    this.element.toggleAttribute("data-picked", this.check.checked);
    if (this.drawn && item === this.item) return;
    this.item = item;
    this.drawn = true;
    this.check.disabled = item === undefined;
    this.check.setAttribute("aria-label", item === undefined ? "Loading" : `Select ${this.table.options.name(item)}`);
    const focused = this.element.querySelector("a") === document.activeElement;
    for (const [at, cell] of this.cells.entries()) {
      fill(cell, item === undefined ? h("span", { class: "ghost" }) : this.table.columns[at]?.cell(item, this.table.rooms[at] ?? 0));
    }
    if (focused) this.focus();
  }

  focus() {
    (this.element.querySelector("a") ?? this.check).focus({ preventScroll: true });
  }
}
