// A table that shows each row as a card on a phone.

import { h } from "../core/dom.js";
import { styles } from "../core/styles.js";

// Modules that make tables of their own import this one for its looks.
await styles("./sheet.css", import.meta.url);

/**
 * @param {string} caption
 * @param {string[]} titles an empty one heads actions; one with a leading `#` heads numbers
 * @param {HTMLElement} rows a `tbody`; rows may be added later
 */
export function sheet(caption, titles, rows) {
  const names = titles.map((title) => title.replace("#", ""));
  const label = () => {
    for (const row of rows.querySelectorAll("tr:not([data-labelled])")) {
      /** @type {HTMLElement} */ (row).dataset["labelled"] = "";
      // Cards have no column headers.
      for (const [at, cell] of [...row.children].entries()) if (cell.localName === "td") /** @type {HTMLElement} */ (cell).dataset["label"] = names[at] ?? "";
    }
  };
  label();
  new MutationObserver(label).observe(rows, { childList: true });
  return h("div", { class: "sheet-scroll boxed" }, h("table", { class: "sheet" },
    h("caption", { class: "hidden" }, caption),
    h("thead", {}, h("tr", {}, titles.map((title, at) => title ? h("th", { scope: "col", class: title.startsWith("#") ? "number" : "" }, names[at] ?? "") : h("td", {}, h("span", { class: "hidden" }, "Actions"))))),
    rows));
}
