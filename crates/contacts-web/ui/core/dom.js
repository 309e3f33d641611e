// Creates elements without a framework. Nothing here parses HTML, so no text can become markup.

/** @typedef {Node | string | number | false | null | undefined} Child */
/** @typedef {Record<string, unknown>} Props */

/**
 * Creates an element. A function named `on…` becomes a listener, `class` and `aria-…` are attributes, a
 * property of the element is set, anything else becomes an attribute; false and null are left out.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  append(element, children);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {unknown} value
 */
function set(element, name, value) {
  if (value === undefined || value === null) return;
  if (typeof value === "function") {
    element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
  } else if (name === "data") {
    Object.assign(element.dataset, value);
  } else if (name in element && !ATTRIBUTES.has(name)) {
    Reflect.set(element, name, value);
  } else if (value !== false) {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Names that are read-only properties, and must be set as attributes. */
const ATTRIBUTES = new Set(["list", "form", "role"]);

/**
 * @param {Element} parent
 * @param {(Child | Child[])[]} children
 */
export function append(parent, children) {
  for (const child of children.flat()) {
    if (child !== false && child !== null && child !== undefined) {
      parent.append(child instanceof Node ? child : String(child));
    }
  }
}

/**
 * Replaces the children of an element.
 *
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * The first element that matches a selector; throws when there is none.
 *
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {E}
 */
export function find(selector, root = document) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`no ${selector}`);
  return /** @type {E} */ (element);
}

/** A new unique id, for labels and descriptions. */
export const newId = () => `e${(ids += 1)}`;
let ids = 0;

/**
 * Returns a function that runs `call` after it was not called for `ms`.
 *
 * @param {() => void} call
 * @param {number} ms
 */
export function debounce(call, ms) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(call, ms);
  };
  later.now = () => {
    clearTimeout(timer);
    call();
  };
  return later;
}
