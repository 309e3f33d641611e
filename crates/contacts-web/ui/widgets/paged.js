// A list with a button that loads the next page.

import { aborted, sentence } from "../core/api.js";
import { h } from "../core/dom.js";
import { failure } from "./failure.js";
import { refocus } from "./refocus.js";

/** @import { Child } from "../core/dom.js" */

/**
 * @template T
 * @typedef {object} Paged
 * @property {(cursor: string | undefined) => Promise<{ items: T[], next: string | null }>} load
 * @property {HTMLElement} into the parent of the rows, such as a `tbody`
 * @property {(item: T) => HTMLElement} row
 * @property {(loaded: number) => void} [loaded] called after each page with the number of rows
 */

/**
 * @template T
 * @param {Paged<T>} list
 * @returns {{ more: HTMLElement, reload: () => Promise<void> }} the element below the rows, and a function
 *   that reloads the list
 */
export function paged({ load, into, row, loaded = () => undefined }) {
  const more = h("div", { class: "more" });
  let turn = 0;

  /**
   * @param {string | undefined} cursor
   * @param {Child[]} [keep] what is shown below the rows until the page is loaded
   */
  async function page(cursor, keep = [h("div", { class: "ghost", "aria-label": "Loading", role: "status" })]) {
    const mine = (turn += 1);
    more.replaceChildren(...keep.filter((child) => child instanceof Node));
    try {
      const { items, next } = await load(cursor);
      if (mine !== turn) return;
      if (cursor === undefined) refocus(into, () => into.replaceChildren(...items.map(row)));
      else into.append(...items.map(row));
      const button = next === null ? null : h("button", { type: "button" }, "Load more");
      button?.addEventListener("click", () => {
        button.disabled = true;
        void page(next ?? undefined, [button]);
      });
      more.replaceChildren(...(button ? [button] : []));
      loaded(into.childElementCount);
    } catch (error) {
      if (mine !== turn || aborted(error)) return;
      more.replaceChildren(failure(sentence(error), () => void page(cursor)));
    }
  }
  return { more, reload: () => page(undefined) };
}
