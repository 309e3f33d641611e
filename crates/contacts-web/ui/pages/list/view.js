// The panel for sorting and columns.

import { h } from "../../core/dom.js";
import { styles } from "../../core/styles.js";
import { choose, chosen, every } from "./columns.js";

/** @import { List } from "../list.js" */

await styles("./filters.css", import.meta.url);

/** @type {[string, string][]} */
const ORDERS = [
  ["-created", "Newest first"], ["created", "Oldest first"], ["name", "Name, A to Z"], ["-name", "Name, Z to A"],
  ["email", "Email, A to Z"], ["-email", "Email, Z to A"], ["-updated", "Recently updated"], ["updated", "Least recently updated"],
];

/** @param {List} list */
export function view(list) {
  /** @type {[string, string][]} */
  const best = list.filter.get("q") ? [["relevance", "Best match first"]] : [];
  const order = h("select", { onchange: () => list.turn({ sort: order.value }) },
    [...best, ...ORDERS].map(([value, text]) => h("option", { value, selected: value === list.sort }, text)));
  const shown = chosen();
  const boxes = every(list.fields).filter(({ key }) => key !== "name").map(({ key, title }) => {
    const input = h("input", { type: "checkbox", value: key, checked: shown.includes(key), onchange: () => put() });
    return { input, label: h("label", { class: "choice" }, input, h("span", {}, title)) };
  });

  function put() {
    choose(["name", ...boxes.filter(({ input }) => input.checked).map(({ input }) => input.value)]);
    list.showColumns();
  }

  return h("div", { class: "view" },
    h("label", {}, h("span", {}, "Sort by"), order),
    h("fieldset", {}, h("legend", {}, "Columns"), boxes.map(({ label }) => label)));
}
