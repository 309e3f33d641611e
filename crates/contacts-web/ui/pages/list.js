// The list of contacts: search, filters, rows, and bulk actions.

import { Problem, askAll, sentence } from "../core/api.js";
import { debounce, fill, h } from "../core/dom.js";
import { count as counted } from "../core/format.js";
import { icon } from "../core/icon.js";
import { go } from "../core/router.js";
import { failure } from "../widgets/failure.js";
import { popover } from "../widgets/popover.js";
import { DataTable } from "../widgets/table.js";
import { arranged, chosen, nameOf } from "./list/columns.js";
import { keep } from "./list/last.js";
import { Picked } from "./list/picked.js";
import { changed, filterOf, pathOf, sortOf } from "./list/query.js";
import { ContactRows } from "./list/rows.js";

/** @import { Schemas } from "../core/api.js" */
/** @import { Context, Page } from "../core/router.js" */

/** Delay in ms between the last key and the search. */
const PAUSE = 120;

/**
 * @param {Context} context
 * @returns {Page}
 */
export function open({ url }) {
  const list = keep(new List());
  list.follow(url);
  return { title: "Contacts", element: list.element, stays: true, follow: (to) => list.follow(to), shown: () => list.shown(), dropped: () => list.dropped.abort() };
}

export class List {
  constructor() {
    this.dropped = new AbortController();
    this.filter = new URLSearchParams();
    this.sort = "-created";
    /** @type {string | null} The order that was chosen; without one, the usual order of the list. */
    this.chosenSort = null;
    /** @type {Schemas["Field"][]} */
    this.fields = [];
    /** Ends when the fields are known, or could not be loaded. */
    this.learned = this.learnFields();
    /** The id of the segment in the URL, and the segment once it is loaded (R62). */
    this.viewId = "";
    /** @type {Schemas["Segment"] | null} */
    this.view = null;
    this.isViewGone = false;
    this.columns = chosen();
    this.picked = new Picked();
    this.rows = new ContactRows(() => this.draw(), (error) => this.fail(error));
    this.everyone = h("input", { type: "checkbox", "aria-label": "Select all matching contacts", onclick: () => this.pickEveryone() });
    /** Keyboard users reach the bar of actions by this button, without passing each row. */
    this.toBar = h("button", { type: "button", class: "to-bar", hidden: true, onclick: () => this.focusBar() }, "Go to the actions (b)");
    this.table = this.makeTable();
    /** @type {typeof import("./list/keys.js").press | undefined} */
    this.press = undefined;
    /** @type {Promise<unknown> | undefined} */
    this.keys = undefined;
    this.count = h("span", { class: "muted count", role: "status", tabIndex: -1 });
    this.search = h("input", {
      type: "search", placeholder: "Name, email, phone or tag", "aria-label": "Search contacts", autocomplete: "off", spellcheck: false,
      oninput: debounce(() => this.searchFor(), PAUSE),
    });
    this.chips = h("div", { class: "filter-chips" });
    this.tools = h("div", { class: "tools" }, h("div", { class: "search" }, icon("search"), this.search));
    this.state = h("div", { class: "state" });
    this.bulk = h("div", { class: "bulk-place" });
    this.element = h("section", { class: "list", "aria-label": "Contacts" }, this.head(), this.tools, this.chips, this.state, this.table.element, this.bulk);
    this.addTools();
    this.listen(this.dropped.signal);
  }

  /** @param {AbortSignal} signal ends when the list is dropped */
  listen(signal) {
    addEventListener("contactchanged", (event) => this.rows.replace(/** @type {CustomEvent} */ (event).detail), { signal });
    for (const name of ["contactadded", "contactgone"]) addEventListener(name, () => void this.rows.refresh(), { signal });
    addEventListener("job", (event) => {
      const { state } = /** @type {CustomEvent} */ (event).detail.job;
      if (["done", "cancelled", "failed", "undone"].includes(state)) void this.rows.refresh();
    }, { signal });
    addEventListener("keydown", (event) => void this.key(event), { signal });
  }

  head() {
    return h("header", { class: "head" }, h("h1", {}, "Contacts"), this.count,
      h("span", { class: "grow" }),
      h("a", { href: "/import", data: { needs: "import" }, class: "button" }, icon("upload"), h("span", { class: "wide" }, "Import")),
      h("a", { href: "/new", data: { needs: "write" }, class: "button primary" }, icon("add"), h("span", {}, "New", h("span", { class: "wide" }, " contact"))));
  }

  makeTable() {
    const { rows } = this;
    return new DataTable({
      label: "Contacts",
      rows: { get items() { return rows.items; }, get ended() { return rows.ended; }, want: (upTo) => void rows.want(upTo) },
      name: nameOf,
      isPicked: (contact) => this.picked.has(contact),
      pick: (index, picked, range) => this.pick(index, picked, range),
      signal: this.dropped.signal,
      everyone: [this.everyone, this.toBar],
      sort: (by) => this.turn({ sort: this.sort === by ? `-${by}` : by }),
      shown: () => void import("./list/extras.js").then(({ extend }) => extend(this)),
      open: (contact) => go(`/contacts/${contact.id}${location.search}`),
    });
  }

  addTools() {
    /** @param {import("../core/icon.js").IconName} name @param {string} label */
    const button = (name, label) => h("button", { type: "button" }, icon(name), label, icon("chevron"));
    /** @type {[import("../core/icon.js").IconName, string, "source" | "tags" | "more"][]} */
    const filters = [["link", "Source", "source"], ["tag", "Tags", "tags"], ["filter", "Filter", "more"]];
    for (const [name, label, part] of filters) {
      const opener = button(name, label);
      this.tools.append(opener);
      popover(opener, () => this.later(async () => (await import("./list/filters.js"))[part](this)), { class: "filter-panel", label });
    }
    const view = h("button", { type: "button", class: "only", "aria-label": "Columns and sorting" }, icon("columns"));
    this.tools.append(h("span", { class: "grow" }), view);
    popover(view, () => this.later(async () => (await import("./list/view.js")).view(this)));
  }

  /**
   * A placeholder that is filled once its content is loaded, and the fields are known.
   *
   * @param {() => Promise<Element>} load
   */
  later(load) {
    const place = h("div", { class: "later" }, h("span", { class: "ghost" }));
    this.learned.then(load).then((element) => fill(place, element), (error) => fill(place, h("p", { class: "wrong" }, sentence(error))));
    return place;
  }

  async learnFields() {
    this.fields = (await askAll("/v1/fields", {}).catch(() => ({ items: [] }))).items;
    void this.drawChips();
    if (this.columns.some(({ key }) => key.startsWith("field."))) this.showColumns();
  }

  showColumns() {
    this.table.show(arranged(this.columns, this.fields), this.sort);
  }

  /**
   * Shows the filter and the sorting of a URL.
   *
   * @param {URL} url
   */
  follow({ searchParams }) {
    const filter = filterOf(searchParams);
    const sort = sortOf(searchParams);
    const view = searchParams.get("view") ?? "";
    if (view !== this.viewId) {
      this.viewId = view;
      void import("./list/segment.js").then(({ openView }) => openView(this));
    }
    const first = this.table.columns.length === 0;
    if (!first && String(filter) === String(this.filter) && sort === this.sort) return true;
    // Another filter matches other contacts.
    if (this.picked.everyone && String(filter) !== String(this.filter)) this.picked.all(false);
    this.filter = filter;
    this.chosenSort = searchParams.get("sort");
    // The chips arrive later, and must not move the table.
    this.chips.classList.toggle("some", !this.isSearchOnly || view !== "");
    if (document.activeElement !== this.search) this.search.value = filter.get("q") ?? "";
    if (first || sort !== this.sort) {
      this.sort = sort;
      this.showColumns();
    }
    this.table.top();
    void this.rows.ask(filter, sort);
    void this.drawChips();
    dispatchEvent(new CustomEvent("filtered", { detail: filter }));
    this.draw();
    return true;
  }

  /** Called when the list is shown again: the focus returns to the row that was opened. */
  shown() {
    this.table.draw();
    if (this.table.at >= 0) this.table.move(0);
  }

  /**
   * Navigates to another filter or sorting.
   *
   * @param {{ filter?: URLSearchParams, sort?: string | null, replace?: boolean }} to
   */
  turn({ filter = this.filter, sort = this.chosenSort, replace = false }) {
    go(pathOf(filter, sort, this.viewId), { replace });
  }

  searchFor() {
    const filter = changed(this.filter, { q: this.search.value.trim() });
    if (String(filter) === String(this.filter)) return;
    // One step back returns to before the search, not to its previous letter.
    this.turn({ filter, replace: this.filter.has("q") });
  }

  get isSearchOnly() {
    return [...this.filter.keys()].every((name) => name === "q");
  }

  async drawChips() {
    if (this.isSearchOnly && !this.view && !this.isViewGone) return fill(this.chips);
    const { chipsOf } = await import("./list/chips.js");
    await chipsOf(this, this.chips);
  }

  draw() {
    const { items, ended, old, count } = this.rows;
    this.table.element.classList.toggle("old", old && items.length > 0);
    this.table.element.setAttribute("aria-busy", String(old));
    this.table.element.setAttribute("aria-rowcount", String(count?.exact ? count.value + 1 : -1));
    if (count && !count.exact) void import("./list/exact.js").then(({ showEstimate }) => showEstimate(this));
    else this.count.textContent = count ? counted(count.value, "person", "people") : "";
    const nobody = ended && items.length === 0 && !old;
    this.table.element.hidden = nobody;
    if (!nobody) fill(this.state);
    else void this.drawNobody();
    this.table.draw();
    this.drawPicked();
  }

  async drawNobody() {
    const { empty } = await import("./list/empty.js");
    // Rows may have been loaded meanwhile.
    if (this.table.element.hidden) fill(this.state, empty(this));
  }

  clear() {
    this.search.value = "";
    go(pathOf(new URLSearchParams(), this.chosenSort));
  }

  /** @param {unknown} error */
  fail(error) {
    this.table.element.classList.remove("old");
    if (!(error instanceof Problem) || error.status !== 422) {
      return fill(this.state, failure(sentence(error), () => void this.rows.ask(this.filter, this.sort)));
    }
    void import("./list/empty.js").then(({ unusable }) => unusable(this, error));
  }

  /**
   * @param {number} index
   * @param {boolean} picked
   * @param {boolean} range
   */
  pick(index, picked, range) {
    const { anchor } = this.picked;
    const from = range && anchor >= 0 ? Math.min(anchor, index) : index;
    const to = range && anchor >= 0 ? Math.max(anchor, index) : index;
    for (const contact of this.rows.items.slice(from, to + 1)) this.picked.set(contact, picked);
    this.picked.anchor = index;
    this.table.draw();
    this.drawPicked();
  }

  pickEveryone() {
    this.pickAll(this.picked.isEmpty);
    if (this.picked.everyone) void this.rows.countAll().catch(() => undefined);
  }

  drawPicked() {
    const { picked } = this;
    this.everyone.checked = picked.everyone && picked.ids.size === 0;
    this.everyone.indeterminate = !picked.isEmpty && !this.everyone.checked;
    this.toBar.hidden = picked.isEmpty;
    if (picked.isEmpty && !this.bulk.firstChild) return;
    void import("./list/bulk.js").then(({ bulkBar }) => bulkBar(this, this.bulk));
  }

  /** Focuses the first action for the selected contacts. */
  focusBar() {
    this.bulk.querySelector("button")?.focus();
  }

  /** @param {boolean} picked whether all matching contacts are selected */
  pickAll(picked) {
    this.picked.all(picked);
    this.table.draw();
    this.drawPicked();
  }

  /** @param {KeyboardEvent} event */
  async key(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (this.element.hidden || !this.element.isConnected || !plain || document.querySelector("dialog[open], :popover-open")) return;
    // Immediately: what is typed next belongs to the search, also before the keys are loaded.
    if (event.key === "/" && event.target !== this.search) {
      event.preventDefault();
      return this.search.select();
    }
    // Keys must act in order: all wait for the same promise, and none after it is settled.
    this.keys ??= import("./list/keys.js").then(({ press }) => (this.press = press));
    if (!this.press) await this.keys;
    this.press?.(event, this);
  }
}
