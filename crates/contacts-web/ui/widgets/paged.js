// A list that comes page by page: the first at once, the others when asked for.

import { aborted, sentence } from "../core/api.js";
import { h } from "../core/dom.js";
import { failure } from "./failure.js";

/** @import { Child } from "../core/dom.js" */

/**
 * @template T, C
 * @typedef {object} Paged
 * @property {(cursor: C | undefined) => Promise<{ items: T[], next?: C | null | undefined }>} load
 * @property {HTMLElement} into where the rows go, such as a `tbody`
 * @property {(item: T) => HTMLElement} row
 * @property {(loaded: number) => void} [loaded] told after each page how many rows there are
 */

/**
 * @template T, C
 * @param {Paged<T, C>} list
 * @returns {{ more: HTMLElement, reload: () => Promise<void> }} what goes below the rows, and what
 *   begins again
 */
export function paged({ load, into, row, loaded = () => undefined }) {
  const more = h("div", { class: "more" });
  let turn = 0;

  /**
   * @param {C | undefined} cursor
   * @param {Child[]} [keep] what stands below until the page is there
   */
  async function page(cursor, keep = [h("div", { class: "ghost", "aria-label": "Loading", role: "status" })]) {
    const mine = (turn += 1);
    more.replaceChildren(...keep.filter((child) => child instanceof Node));
    try {
      const { items, next } = await load(cursor);
      if (mine !== turn) return;
      if (cursor === undefined) into.replaceChildren();
      into.append(...items.map(row));
      const button = next === null || next === undefined ? null : h("button", { type: "button" }, "Load more");
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
