// The panel for sorting and columns.

import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { styles } from "../../core/styles.js";
import { every } from "./columns.js";
import { learnAgain } from "./fields.js";
import { arrange } from "./segment.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */

await styles("./filters.css", import.meta.url);

/** @type {[string, string][]} */
const ORDERS = [
  ["-created", "Newest first"], ["created", "Oldest first"], ["name", "Name, A to Z"], ["-name", "Name, Z to A"],
  ["email", "Email, A to Z"], ["-email", "Email, Z to A"], ["-updated", "Recently updated"], ["updated", "Least recently updated"],
  ["-last_conversation", "Latest conversation first"], ["last_conversation", "Oldest conversation first"],
];

/** What both directions of the orders by a custom field are called. @type {Record<Schemas["Field"]["type"], [string, string]>} */
const DIRECTIONS = {
  text: ["A to Z", "Z to A"], url: ["A to Z", "Z to A"], number: ["lowest first", "highest first"],
  date: ["earliest first", "latest first"], boolean: ["no first", "yes first"], select: ["first choice first", "last choice first"],
};

/** @param {Schemas["Field"][]} fields */
const ofFields = (fields) => fields.filter(({ archived }) => !archived).flatMap(({ key, label, type }) =>
  DIRECTIONS[type].map((direction, at) => /** @type {[string, string]} */ ([`${at ? "-" : ""}field.${key}`, `${label}, ${direction}`])));

/** @param {List} list */
export async function view(list) {
  await learnAgain(list);
  /** @type {[string, string][]} */
  const best = list.filter.get("q") ? [["relevance", "Best match first"]] : [];
  const order = h("select", { onchange: () => list.turn({ sort: order.value }) },
    [...best, ...ORDERS, ...ofFields(list.fields)].map(([value, text]) => h("option", { value, selected: value === list.sort }, text)));
  const columns = h("ul", { class: "columns" });

  const titles = new Map(every(list.fields).map(({ key, title }) => [key, title]));
  /** The columns that are shown. Those of archived fields are kept, and are not. */
  const visible = () => list.columns.filter(({ key }) => titles.has(key));

  /** Shows the columns of the list: those that are shown in their order, then the others. */
  function show() {
    const shown = visible();
    const others = [...titles.keys()].filter((key) => !shown.some((column) => column.key === key));
    fill(columns, [...shown, ...others.map((key) => ({ key, width: null }))].map((column) => row(column, titles.get(column.key) ?? "")));
  }

  /**
   * @param {import("./columns.js").Shown[]} next
   * @param {string} [focused] the control that keeps the focus, by its name
   */
  function put(next, focused) {
    arrange(list, [...next, ...list.columns.filter(({ key }) => !titles.has(key))]);
    show();
    if (focused) columns.querySelector(/** @type {"button"} */ (`[aria-label="${CSS.escape(focused)}"]:not(:disabled)`))?.focus();
  }

  /**
   * @param {import("./columns.js").Shown} column
   * @param {string} title
   */
  function row(column, title) {
    const { key, width } = column;
    const shown = visible();
    const at = shown.findIndex((other) => other.key === key);
    const box = h("input", { type: "checkbox", checked: at >= 0, disabled: key === "name", onchange: () => put(box.checked ? [...shown, { key, width: null }] : shown.filter((other) => other.key !== key), undefined) });
    const item = h("li", {}, h("label", { class: "choice" }, box, h("span", { class: "clip" }, title)));
    if (at < 0) return item;
    const size = h("input", { type: "number", min: 40, max: 2000, step: 10, value: width ?? "", placeholder: "Auto", "aria-label": `Width of ${title} in pixels`,
      onchange: () => put(shown.map((other) => (other.key === key ? { key, width: size.validity.valid && size.value ? Number(size.value) : null } : other)), `Width of ${title} in pixels`) });
    /** @param {number} to @param {string} name */
    const move = (to, name) => {
      const next = shown.filter((other) => other.key !== key);
      next.splice(to, 0, column);
      put(next, name);
    };
    const arrow = (/** @type {string} */ name, /** @type {number} */ to, /** @type {string} */ way) =>
      h("button", { type: "button", class: `only quiet ${way}`, "aria-label": name, disabled: to < 0 || to >= shown.length, onclick: () => move(to, name) }, icon("chevron"));
    item.append(size, arrow(`Move ${title} up`, at - 1, "up"), arrow(`Move ${title} down`, at + 1, "down"));
    return item;
  }

  show();
  return h("div", { class: "view" },
    h("label", {}, h("span", {}, "Sort by"), order),
    h("fieldset", {}, h("legend", {}, "Columns"), h("span", { class: "label widths", "aria-hidden": "true" }, "Width"), columns));
}
