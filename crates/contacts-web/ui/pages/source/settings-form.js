// A form made of what a connector says of its settings. Secrets stay in their inputs.

import { fill, h, newId } from "../../core/dom.js";

/** @import { Schemas } from "../../core/api.js" */

/** @typedef {Record<string, unknown>} Values by paths */
/**
 * @typedef {object} From
 * @property {Schemas["ConnectorWithSpec"]} setup
 * @property {Values} values what is not secret
 * @property {Map<string, string>} [secrets] those that were typed
 * @property {string[]} [stored] paths of secrets that the server has
 */
/**
 * @typedef {object} Settings
 * @property {HTMLElement} element
 * @property {() => Values} plain what is not secret, by paths
 * @property {() => Map<string, string>} secrets what was typed of what is secret, by paths
 * @property {() => string[]} gone stored secrets that are to be taken away
 */

/** What has no path: settings of a connector that does not say what it wants. */
const OTHERS = "";

/**
 * @param {From} from
 * @returns {Settings}
 */
export function settingsForm({ setup, values, secrets = new Map(), stored = [] }) {
  const inputs = setup.settings.map((setting) =>
    inputOf(setting, setting.secret ? secrets.get(setting.path) : values[setting.path], stored.some((path) => path === setting.path || path.startsWith(`${setting.path}.`))));
  const other = inputOf(otherOf(setup), setup.others_are_secret ? secrets.get(OTHERS) : values[OTHERS], false);
  const named = inputs.map(({ element }) => element);
  inputs.push(other);
  return {
    element: h("div", { class: "fields setting-fields" }, named, named.length === 0 ? other.element : h("details", {}, h("summary", {}, "Settings that are not named here"), other.element)),
    plain: () => Object.fromEntries(inputs.filter(({ setting }) => !setting.secret).map(({ setting, read }) => [setting.path, read()]).filter(([, value]) => value !== undefined)),
    secrets: () => new Map(inputs.filter(({ setting, read }) => setting.secret && read() !== undefined).map(({ setting, control }) => [setting.path, control.value])),
    gone: () => inputs.filter(({ gone }) => gone?.()).map(({ setting }) => setting.path),
  };
}

/**
 * @param {Schemas["ConnectorWithSpec"]} setup
 * @returns {Schemas["Setting"]}
 */
const otherOf = ({ settings, others_are_secret: secret }) => ({
  path: OTHERS, title: settings.length > 0 ? "Other settings" : "Settings", kind: "json", choices: [], required: false, secret,
  description: `What the connector does not name itself, as an object in JSON, such as {"host": "crm.example"}.`,
});

/** @typedef {{ setting: Schemas["Setting"], element: HTMLElement, control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement, read: () => unknown, gone?: () => boolean }} Input */

/**
 * @param {Schemas["Setting"]} setting
 * @param {unknown} value
 * @param {boolean} isStored
 * @returns {Input}
 */
function inputOf(setting, value, isStored) {
  const { title, kind, secret, required } = setting;
  const { control, read } = controlOf(setting, value, isStored);
  control.required = required && !isStored && kind !== "boolean";
  control.dataset["path"] = setting.path;
  const help = h("p", { class: "hint", id: newId() }, hintOf(setting));
  const remove = h("input", { type: "checkbox", onchange: () => (control.disabled = remove.checked) });
  const removal = secret && isStored && !required && h("label", { class: "choice" }, remove, h("span", {}, `Take ${title} away`));
  if (help.textContent) control.setAttribute("aria-describedby", help.id);
  const optional = required || kind === "boolean" ? null : h("span", { class: "optional" }, " · optional");
  const label = kind === "boolean"
    ? h("label", { class: "choice" }, control, h("span", {}, title))
    : h("label", {}, h("span", {}, title, optional), control);
  return { setting, control, read, gone: () => remove.checked, element: h("div", {}, label, help.textContent && help, removal) };
}

/** @param {Schemas["Setting"]} setting */
function hintOf({ description, secret }) {
  // Some explain themselves in markup, which is shown as the words that it holds.
  const plain = (description ?? "").replace(/<[^>]*>/g, "").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").trim();
  return [plain, secret && "Kept encrypted; never shown again."].filter(Boolean).join(" ");
}

/**
 * @param {Schemas["Setting"]} setting
 * @param {unknown} value
 * @param {boolean} isStored
 * @returns {{ control: Input["control"], read: () => unknown }}
 */
function controlOf({ kind, choices, secret, required, default: preset, path }, value, isStored) {
  const first = value ?? preset ?? undefined;
  const plain = { autocomplete: "off", spellcheck: false, placeholder: isStored ? "Set. Type to replace it." : "" };
  if (kind === "choice") {
    const select = h("select", {}, required && first !== undefined ? null : h("option", { value: "" }, "—"), choices.map((choice) => h("option", { value: choice, selected: choice === first }, choice)));
    return { control: select, read: () => select.value || undefined };
  }
  if (kind === "boolean") {
    const box = h("input", { type: "checkbox", checked: first === true });
    return { control: box, read: () => (box.checked || first !== undefined ? box.checked : undefined) };
  }
  if (kind === "json") {
    const text = typeof first === "string" && (secret || path === OTHERS) ? first : first === undefined ? "" : JSON.stringify(first, null, 2);
    const area = h("textarea", { ...plain, class: `mono${secret ? " secret" : ""}`, rows: 3, value: text });
    area.addEventListener("input", () => area.setCustomValidity(problemOf(area.value, path === OTHERS)));
    return { control: area, read: () => (area.value.trim() && !problemOf(area.value, false) ? JSON.parse(area.value) : undefined) };
  }
  if (kind === "number") {
    const number = h("input", { ...plain, type: "number", step: "any", value: first === undefined ? "" : String(first) });
    return { control: number, read: () => (number.value === "" || Number.isNaN(number.valueAsNumber) ? undefined : number.valueAsNumber) };
  }
  const input = h("input", { ...plain, type: secret ? "password" : "text", autocomplete: secret ? "new-password" : "off", value: first === undefined ? "" : String(first) });
  return { control: input, read: () => input.value || undefined };
}

/**
 * @param {string} text
 * @param {boolean} isObject
 */
function problemOf(text, isObject) {
  if (!text.trim()) return "";
  try {
    const value = JSON.parse(text);
    return isObject && (typeof value !== "object" || value === null || Array.isArray(value)) ? "This must be an object in JSON, such as {\"host\": \"crm.example\"}" : "";
  } catch {
    return "This must be JSON";
  }
}

/**
 * The object that values by paths make, with what is typed of secrets in it.
 *
 * @param {Schemas["ConnectorWithSpec"]} setup
 * @param {Values} values
 * @param {Map<string, string>} secrets
 * @returns {Record<string, never>} as it is described; it holds anything
 */
export function nested(setup, values, secrets) {
  /** @type {Record<string, any>} */
  const object = {};
  const kinds = new Map(setup.settings.map(({ path, kind }) => [path, kind]));
  const all = [...Object.entries(values), ...[...secrets].map(([path, text]) => /** @type {[string, unknown]} */ ([path, meant(kinds.get(path), text)]))];
  for (const [path, value] of all) {
    if (path === OTHERS) Object.assign(object, value);
    else put(object, path, value);
  }
  return /** @type {Record<string, never>} */ (object);
}

/**
 * What a secret's text means.
 *
 * @param {Schemas["SettingKind"] | undefined} kind
 * @param {string} text
 */
const meant = (kind, text) => (kind === undefined || kind === "json" ? JSON.parse(text) : kind === "number" ? Number(text) : text);

/**
 * @param {Record<string, any>} object
 * @param {string} path
 * @param {unknown} value
 */
export function put(object, path, value) {
  const names = path.split(".");
  const last = names.pop() ?? "";
  let at = object;
  for (const name of names) at = at[name] = typeof at[name] === "object" && at[name] !== null ? at[name] : {};
  at[last] = value;
}

/**
 * The value at a path.
 *
 * @param {Record<string, any>} object
 * @param {string} path
 * @returns {unknown}
 */
export const at = (object, path) => path.split(".").reduce((/** @type {any} */ inner, name) => inner?.[name], object);

/**
 * Says what came of a try to connect.
 *
 * @param {HTMLElement} place
 * @param {{ succeeded: boolean, problem?: string | null | undefined }} check
 */
export function tell(place, { succeeded, problem }) {
  const why = problem ?? "It cannot be reached";
  fill(place, h("span", { class: `status ${succeeded ? "good" : "bad"} wraps` }, succeeded ? "It can be reached." : `${why.charAt(0).toUpperCase()}${why.slice(1)}${/[.!?]$/.test(why) ? "" : "."}`));
}
