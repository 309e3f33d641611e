// The segment that the list shows, and saving the list as one (R62).

import { Problem, ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { go } from "../../core/router.js";
import { dialog } from "../../widgets/dialog.js";
import { toast } from "../../widgets/toast.js";
import { STORED, chosen } from "./columns.js";
import { pathOf, usualSort } from "./query.js";
import { bodyOf, filterFrom } from "./values.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */
/** @import { Shown } from "./columns.js" */

/**
 * A segment and its columns; no segment when it was deleted, or is private to somebody else.
 *
 * @param {string} id
 * @returns {Promise<{ view: Schemas["Segment"] | null, columns: Shown[], isGone?: boolean }>}
 */
async function viewOf(id) {
  try {
    const view = await ask("get", "/v1/segments/{id}", { path: { id } });
    return { view, columns: view.columns.map(({ key, width }) => ({ key, width: width ?? null })) };
  } catch (error) {
    if (error instanceof Problem) return { view: null, columns: [], isGone: error.code === "not_found" };
    throw error;
  }
}

/** @param {Shown[]} columns */
const choose = (columns) => localStorage.setItem(STORED, columns.map(({ key, width }) => (width ? `${key}:${width}` : key)).join(" "));

/**
 * Shows other columns. Those of a segment are kept with the segment, when it is updated.
 *
 * @param {List} list
 * @param {Shown[]} columns
 */
export function arrange(list, columns) {
  list.columns = columns;
  if (!list.viewId) choose(columns);
  list.showColumns();
  void list.drawChips();
}

/**
 * Shows the columns of the segment in the URL, or those of the user.
 *
 * @param {List} list
 */
export async function openView(list) {
  const id = list.viewId;
  list.view = null;
  list.isViewGone = false;
  const { view, columns, isGone = false } = id ? await viewOf(id) : { view: null, columns: [] };
  if (id !== list.viewId) return;
  list.view = view;
  list.isViewGone = isGone;
  const wanted = columns.length > 0 ? columns : chosen();
  if (JSON.stringify(wanted) !== JSON.stringify(list.columns)) {
    list.columns = wanted;
    list.showColumns();
  }
  void list.drawChips();
}

/** @param {Schemas["Segment"]} segment */
export const pathOfSegment = ({ id, filter, sort }) => pathOf(filterFrom(filter), sort, id);

/**
 * Whether the list differs from its segment.
 *
 * @param {List} list
 */
function differs({ view, filter, sort, columns }) {
  if (!view) return false;
  const kept = view.columns.map(({ key, width }) => ({ key, width: width ?? null }));
  const isArranged = kept.length > 0 && JSON.stringify(kept) !== JSON.stringify(columns);
  return isArranged || String(filterFrom(view.filter)) !== String(filter) || (view.sort ?? usualSort(filter)) !== sort;
}

/**
 * What the list can be saved as.
 *
 * @param {List} list
 */
export function saving(list) {
  const { view } = list;
  return [
    view && differs(list) && h("button", { type: "button", class: "link", data: { needs: "write" }, onclick: () => void update(list, view) }, `Update “${view.name}”`),
    h("button", { type: "button", class: "link", data: { needs: "write" }, onclick: () => void save(list) }, view ? "Save as new segment" : "Save as segment"),
  ];
}

/** @param {List} list */
const layoutOf = ({ sort, columns }) => ({ sort: /** @type {Schemas["Sort"]} */ (sort), columns });

/**
 * @param {List} list
 * @param {Schemas["Segment"]} view
 */
async function update(list, { id, name, version, private: mine }) {
  const path = { id };
  const filter = bodyOf(list.filter);
  const done = await dialog({
    title: `Update “${name}”?`,
    body: h("p", {}, mine ? "It keeps the current filter, columns and sorting." : "It keeps the current filter, columns and sorting, for everyone who uses it."),
    action: "Update segment",
    async run() {
      try {
        list.view = await ask("patch", "/v1/segments/{id}", { path, body: { filter, ...layoutOf(list) }, headers: { "if-match": `"${version}"` } });
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 412) throw error;
        const changed = (list.view = await ask("get", "/v1/segments/{id}", { path }));
        version = changed.version;
        const renamed = changed.name === name ? "" : `, and named it “${changed.name}”`;
        throw new Error(`Somebody else has changed this segment${renamed}. Update it again to replace their filter, columns and sorting.`);
      }
    },
  });
  dispatchEvent(new CustomEvent("segmentschanged"));
  void list.drawChips();
  if (!done) return;
  toast(`Segment “${name}” was updated.`);
}

/** @param {List} list */
async function save(list) {
  const name = h("input", { required: true, maxLength: 100, autofocus: true });
  const mine = h("input", { type: "checkbox" });
  /** @type {Schemas["Segment"][]} */
  const made = [];
  await dialog({
    title: "Save as segment",
    body: h("div", { class: "fields" }, h("p", { class: "muted" }, "A segment keeps the filter, the columns and the sorting, and opens from the sidebar."),
      h("label", {}, h("span", {}, "Name"), name), h("label", { class: "choice" }, mine, h("span", {}, "Only I can see it"))),
    action: "Save",
    async run() {
      made.push(await ask("post", "/v1/segments", { body: { name: name.value, filter: bodyOf(list.filter), private: mine.checked, ...layoutOf(list) } }));
    },
  });
  const [segment] = made;
  if (!segment) return;
  dispatchEvent(new CustomEvent("segmentschanged"));
  go(pathOfSegment(segment), { replace: true });
  toast(`Segment “${segment.name}” was saved.`, { label: "Manage", run: () => go("/settings/segments") });
}
