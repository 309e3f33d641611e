// Which page a URL shows.

import { aborted, Problem, sentence } from "./api.js";
import { find, h } from "./dom.js";
import { failure } from "../widgets/failure.js";

/**
 * What a page's module exports as `open`.
 *
 * @typedef {object} Context
 * @property {URL} url
 * @property {string} part what the path has after the page's own, decoded; such as an id
 * @property {AbortSignal} signal ends when the page is left
 */
/**
 * @typedef {object} Page
 * @property {string} title
 * @property {HTMLElement} element
 * @property {(url: URL) => boolean} [follow] takes another URL of its own path without being
 *   opened again; false when it cannot
 * @property {boolean} [stays] whether it is kept, hidden, to come back to
 * @property {() => void} [shown] called when a kept page comes back
 */
/**
 * A page: its path, the link of the frame under which it stands, and its module.
 *
 * @typedef {[RegExp, string, () => Promise<{ open: (context: Context) => Page | Promise<Page> }>]} Route
 */

/** @type {Route[]} */
let routes = [];
/** @type {{ path: string, page: Page | null, left: AbortController }} */
let current = { path: "", page: null, left: new AbortController() };
/** The page that is kept, and its path. @type {{ path: string, page: Page } | null} */
let kept = null;

/**
 * Shows what the address says, from now on.
 *
 * @param {Route[]} table
 */
export function start(table) {
  routes = table;
  addEventListener("popstate", () => void show());
  addEventListener("click", follow);
  void show();
}

/**
 * Goes to a path of the page.
 *
 * @param {string} to
 * @param {{ replace?: boolean }} [options]
 */
export function go(to, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  void show();
}

/** Forgets what is kept and opens the page again, such as for somebody else. */
export function renew() {
  kept = null;
  current.path = "";
  void show();
}

async function show() {
  const url = new URL(location.href);
  if (current.path === url.pathname && current.page?.follow?.(url)) return;
  const left = new AbortController();
  current.left.abort();
  current = { path: url.pathname, page: null, left };
  mark(url.pathname);
  if (kept?.path === url.pathname) {
    current.page = kept.page;
    reveal(kept.page);
    kept.page.follow?.(url);
    kept.page.shown?.();
    return;
  }
  try {
    const page = await open(url, left.signal);
    if (left.signal.aborted) return;
    current.page = page;
    if (page.stays) kept = { path: url.pathname, page };
    reveal(page);
  } catch (error) {
    if (left.signal.aborted || aborted(error)) return;
    const retry = () => (error instanceof Problem && error.code === "unloaded" ? location.reload() : void show());
    reveal({ title: "Not shown", element: h("div", { class: "page" }, failure(sentence(error), retry)) });
  }
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
async function open(url, signal) {
  for (const [pattern, , load] of routes) {
    const found = pattern.exec(url.pathname);
    if (found) return (await load().catch(unloaded)).open({ url, part: decodeURIComponent(found[1] ?? ""), signal });
  }
  const element = h("div", { class: "empty" }, h("h1", {}, "Not found"), h("p", {}, "There is nothing at this address."), h("a", { href: "/", class: "button" }, "All contacts"));
  return { title: "Not found", element };
}

/**
 * A browser may remember that a module could not be had, so only a reload tries again.
 *
 * @returns {never}
 */
function unloaded() {
  throw new Problem({ code: "unloaded", detail: "this part of the page could not be loaded" });
}

/** @param {Page} page */
function reveal(page) {
  const main = find("#main");
  for (const child of [...main.children]) {
    if (child === kept?.page.element) /** @type {HTMLElement} */ (child).hidden = true;
    else if (child !== page.element) child.remove();
  }
  page.element.hidden = false;
  if (!page.element.isConnected) main.append(page.element);
  document.title = `${page.title} · Informly`;
  // Who cannot see that the page changed hears it.
  if (document.activeElement === document.body) main.focus({ preventScroll: true });
}

/** @param {string} path */
function mark(path) {
  const section = routes.find(([pattern]) => pattern.test(path))?.[1];
  for (const link of find(".bar nav").querySelectorAll(":scope > a")) {
    if (link.getAttribute("href") === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/**
 * A click on a link to a page goes there without loading everything again.
 *
 * @param {MouseEvent} event
 */
function follow(event) {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || link.hash || !routes.some(([pattern]) => pattern.test(link.pathname))) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
