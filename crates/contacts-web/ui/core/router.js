// The router: shows the page of a URL.

import { aborted, Problem, sentence } from "./api.js";
import { find, h } from "./dom.js";
import { failure } from "../widgets/failure.js";

/**
 * The argument of the function `open` that each page exports.
 *
 * @typedef {object} Context
 * @property {URL} url
 * @property {string} part the last part of the path, such as an id
 * @property {AbortSignal} signal aborts when the page is left
 */
/**
 * @typedef {object} Page
 * @property {string} title
 * @property {HTMLElement} element
 * @property {(url: URL) => boolean} [follow] shows another URL of the same path without being
 *   opened again; returns false when it cannot
 * @property {boolean} [stays] whether the page is kept, hidden, when it is left
 * @property {() => void} [shown] called when a kept page is shown again
 * @property {() => void} [dropped] called when a kept page is discarded
 */
/**
 * The path of a page, the link of the frame that is marked as current, and the page's module.
 *
 * @typedef {[RegExp, string, () => Promise<{ open: (context: Context) => Page | Promise<Page> }>]} Route
 */

/** @type {Route[]} */
let routes = [];
/** @type {{ path: string, page: Page | null, left: AbortController }} */
let current = { path: "", page: null, left: new AbortController() };
/** The hidden page that is kept, and its path. @type {{ path: string, page: Page } | null} */
let kept = null;

/**
 * Starts showing the page of the current URL.
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
 * Navigates to a path.
 *
 * @param {string} to
 * @param {{ replace?: boolean }} [options]
 */
export function go(to, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  void show();
}

/** Discards the kept page and opens the current one again, for example for another user. */
export function renew() {
  kept?.page.dropped?.();
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
    reveal({ title: "Error", element: h("div", { class: "page" }, failure(sentence(error), retry)) });
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
    if (found) return (await load().catch(unloaded)).open({ url, part: found[1] ?? "", signal });
  }
  return (await import("../pages/unknown.js").catch(unloaded)).open();
}

/**
 * A browser may cache the failure to load a module, so only a reload tries again.
 *
 * @returns {never}
 */
export function unloaded() {
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
  // Moving the focus lets screen readers announce the new page.
  const active = document.activeElement;
  if (active && active !== document.body && !active.closest("[hidden]")) return;
  const heading = /** @type {HTMLElement | null} */ (page.element.querySelector("h1[tabindex]"));
  (heading ?? main).focus({ preventScroll: true });
}

/** @param {string} path */
function mark(path) {
  const section = routes.find(([pattern]) => pattern.test(path))?.[1];
  // The frame has its place before anything is shown, so that nothing moves when its content arrives.
  find(".bar").hidden = section === "";
  for (const link of find(".bar nav").querySelectorAll(":scope > a")) {
    if (link.getAttribute("href") === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/**
 * Follows links to pages without reloading the document.
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
