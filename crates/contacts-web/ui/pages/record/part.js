// A part of the contact page that loads independently: placeholders, then content or an error.

import { aborted, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { unloaded } from "../../core/router.js";
import { failure } from "../../widgets/failure.js";

/** @import { Child } from "../../core/dom.js" */
/** @import { Part } from "./opened.js" */

/**
 * The content stays while it is reloaded, also when that fails.
 *
 * @template T
 * @param {HTMLElement} place
 * @param {() => Promise<T>} get
 * @param {(got: T) => boolean} draw shows the content; returns whether there is any
 */
export function part(place, get, draw) {
  const state = h("div", { class: "part-state" });
  place.before(state);
  let drawn = false;
  let turn = 0;
  /** The latest request, whose response counts. @type {Promise<boolean>} */
  let last;

  /** @param {number} mine */
  async function read(mine) {
    if (!drawn) fill(state, ghosts());
    try {
      const got = await get();
      if (mine !== turn) return last;
      fill(state);
      drawn = true;
      return draw(got);
    } catch (error) {
      if (mine !== turn) return last;
      if (!aborted(error)) fill(state, failure(sentence(error), () => void load()));
      return false;
    }
  }
  const load = () => (last = read((turn += 1)));
  return load;
}

/**
 * A part whose module is loaded when its content is, because the profile must not wait for it.
 *
 * @param {() => Promise<Part>} get
 * @returns {Part}
 */
export function deferred(get) {
  const element = h("section", {}, ghosts());
  /** @type {Promise<Part> | undefined} */
  let loaded;
  const load = async () => {
    try {
      loaded ??= get().catch(unloaded);
      const one = await loaded;
      if (one.element.parentNode !== element) fill(element, one.element);
      return await one.load();
    } catch (error) {
      fill(element, failure(sentence(error), () => location.reload()));
      return false;
    }
  };
  return { element, load };
}

/** Resolves when what was added to the page is on screen, or at once while the page is not visible. */
export const painted = () =>
  new Promise((resolve) => (document.hidden ? resolve(null) : requestAnimationFrame(() => setTimeout(resolve))));

const ghosts = () => h("div", { class: "loading", role: "status" }, h("span", { class: "hidden" }, "Loading"), [1, 2, 3].map(() => h("div", { class: "ghost" })));

/**
 * A list with a button that loads the next page.
 *
 * @template T
 * @param {HTMLElement} place
 * @param {(from: string | undefined) => Promise<{ items: T[], next?: string | null }>} get
 * @param {(items: T[], more: boolean) => Child[]} draw shows all loaded items
 */
export function pages(place, get, draw) {
  /** @type {T[]} */
  let items = [];
  const rows = h("div", {});
  const below = h("div", { class: "below" });
  place.append(rows, below);

  /** @param {string | null | undefined} next */
  function show(next) {
    fill(rows, draw(items, !!next));
    fill(below, next && h("button", { type: "button", onclick: () => void more(next) }, "Load more"));
  }

  /** @param {string} from */
  async function more(from) {
    try {
      const page = await get(from);
      items = [...items, ...page.items];
      show(page.next);
    } catch (error) {
      if (!aborted(error)) fill(below, failure(sentence(error), () => void more(from)));
    }
  }

  return part(rows, () => get(undefined), (page) => {
    items = page.items;
    show(page.next);
    return items.length > 0;
  });
}
