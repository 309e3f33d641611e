// The input of a field by its type. Its value is a text, empty for no value.

import { h } from "../core/dom.js";
import { icon } from "../core/icon.js";

/** @import { Schemas } from "../core/api.js" */

/**
 * The kind of an input: a custom field, or a core field.
 *
 * @typedef {object} Kind
 * @property {string} key the name in errors of the API, such as `custom.tier`
 * @property {string} label
 * @property {Schemas["FieldType"] | "line" | "email" | "phone"} type
 * @property {string[]} [options]
 * @property {boolean} [required]
 */
/**
 * @typedef {object} Input
 * @property {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control
 * @property {() => string | null} read null while the value is invalid, such as half a date
 * @property {(text: string) => void} show
 * @property {() => boolean} half whether the text is obviously incomplete
 * @property {boolean} picks whether each change is a complete choice
 */

/** @type {Kind[]} */
export const CORE = [
  { key: "name", label: "Name", type: "line", required: true },
  { key: "email", label: "Email", type: "email", required: true },
  { key: "phone", label: "Phone", type: "phone" },
];

/** The organisation's own id of a contact (R49). @type {Kind} */
export const EXTERNAL_ID = { key: "external_id", label: "External ID", type: "line" };

/** @param {Schemas["Field"][]} fields */
export const kinds = (fields) =>
  fields.filter(({ archived }) => !archived).sort((one, other) => one.position - other.position)
    .map(({ key, label, type, options }) => /** @type {Kind} */ ({ key: `custom.${key}`, label, type, options: options ?? [] }));

/** Patterns of complete texts. `type="email"` is not used because it rewrites addresses. */
const WHOLE = { email: /^\S+@\S+\.\S{2,}$/, url: /^https?:\/\/[^/\s]+/i, date: /^[1-9]/, number: /\d$/ };
const MODES = { email: "email", phone: "tel", url: "url", number: "decimal" };

/**
 * @param {Kind} kind
 * @param {Record<string, unknown>} [props] properties of the element
 * @returns {Input}
 */
export function input({ type, options = [], required = false }, props = {}) {
  const all = { autocomplete: "off", spellcheck: false, required, ...props };
  if (type === "select" || type === "boolean") return choice(type === "select" ? options.map((option) => [option, option]) : [["true", "Yes"], ["false", "No"]], props);
  const control = type === "text" ? h("textarea", { ...all, dir: "auto", rows: 1 })
    : h("input", { ...all, dir: type === "line" ? "auto" : "", type: type === "date" ? "date" : "text", inputMode: MODES[/** @type {keyof typeof MODES} */ (type)] ?? "text" });
  const whole = WHOLE[/** @type {keyof typeof WHOLE} */ (type)];
  return {
    control,
    read: () => (control.validity.badInput ? null : control.value),
    show: (text) => void (control.value !== text && (control.value = text)),
    half: () => control.value !== "" && !!whole && !whole.test(control.value.trim()),
    picks: false,
  };
}

/**
 * A choice of options, or none. A value that is no longer an option is still shown.
 *
 * @param {string[][]} options values and their labels
 * @param {Record<string, unknown>} props
 * @returns {Input}
 */
function choice(options, props) {
  const control = h("select", props, [["", "—"], ...options].map(([value, label]) => h("option", { value }, label ?? "")));
  return {
    control,
    read: () => control.value,
    show: (text) => {
      if (![...control.options].some(({ value }) => value === text)) control.append(h("option", { value: text }, text));
      control.value = text;
    },
    half: () => false,
    picks: true,
  };
}

/**
 * A value in words.
 *
 * @param {Kind | undefined} kind
 * @param {string} text
 */
export const worded = (kind, text) => (kind?.type === "boolean" ? { true: "Yes", false: "No" }[text] : undefined) ?? text;

/**
 * A link for an email address, a phone number or a URL; null for other texts.
 *
 * @param {Kind} kind
 * @param {string} text
 */
export function leads({ type }, text) {
  const to = type === "email" ? /^[^\s@?&]+@[^\s@?&]+$/.test(text) && `mailto:${text}`
    : type === "phone" ? /^[+\d][\d\s()./-]+$/.test(text) && `tel:${text.replace(/[^+\d]/g, "")}`
    : type === "url" && /^https?:\/\//i.test(text) && text;
  if (!to) return null;
  const words = type === "email" ? "Email" : type === "phone" ? "Call" : "Open";
  return h("a", { class: "leads", href: to, target: type === "url" ? "_blank" : null, rel: "noopener noreferrer", "aria-label": `${words} ${text}`, title: words },
    icon(type === "email" ? "mail" : type === "phone" ? "phone" : "link"));
}
