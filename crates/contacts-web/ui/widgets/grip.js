// The edges of the headers of a table, which resize its columns by the mouse. The panel of columns does
// it by keyboard.

import { h } from "../core/dom.js";
import { styles } from "../core/styles.js";

await styles("./grip.css", import.meta.url);

/** @import { DataTable } from "./table.js" */

/** Range of widths in pixels. */
const [LEAST, MOST] = [40, 2_000];

/**
 * Adds an edge to each header that has none.
 *
 * @template T
 * @param {DataTable<T>} table
 * @param {(key: string, width: number | null) => void} resize keeps the width of a column in pixels; null is the default
 */
export function addGrips(table, resize) {
  for (const [at, { key }] of table.columns.entries()) {
    const cell = /** @type {HTMLElement | undefined} */ (table.head.children[at + 1]);
    if (cell && !cell.querySelector(".grip")) cell.append(grip(table, cell, at + 1, (width) => resize(key, width)));
  }
}

/**
 * @template T
 * @param {DataTable<T>} table
 * @param {HTMLElement} cell
 * @param {number} at the position of the column in the grid
 * @param {(width: number | null) => void} resize
 */
function grip(table, cell, at, resize) {
  const edge = h("span", { class: "grip", "aria-hidden": "true", ondblclick: () => resize(null) });
  edge.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    const [from, before] = [event.clientX, cell.offsetWidth];
    const widths = getComputedStyle(table.head).gridTemplateColumns.split(" ");
    let width = 0;
    edge.onpointermove = (move) => {
      width = Math.round(Math.max(LEAST, Math.min(MOST, before + move.clientX - from)));
      table.element.style.setProperty("--columns", widths.with(at, `${width}px`).join(" "));
    };
    edge.onlostpointercapture = () => {
      edge.onpointermove = null;
      if (width) resize(width);
    };
  });
  return edge;
}
