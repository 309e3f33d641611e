// Elements, without a framework. Nothing here takes HTML, so no text can become markup.

/** @typedef {Node | string | number | false | null | undefined} Child */
/** @typedef {Record<string, unknown>} Props */

/**
 * Makes an element. A function named `on…` listens, `class` and `aria-…` are attributes, a
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

/** What is a property, too, but not one to be set. */
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
 * Puts children in the place of those that are there.
 *
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * The element of a selector, which is there.
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

/** The next id that no other element has, for labels and descriptions. */
export const newId = () => `e${(ids += 1)}`;
let ids = 0;

/**
 * Calls once nothing has asked again for a while.
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
