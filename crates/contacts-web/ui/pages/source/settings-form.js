// The form of the settings of a connector. Secrets stay in their inputs.

import { fill, h, newId } from "../../core/dom.js";

/** @import { Schemas } from "../../core/api.js" */

/** @typedef {Record<string, unknown>} Values by path */
/**
 * @typedef {object} From
 * @property {Schemas["ConnectorWithSpec"]} setup
 * @property {Values} values the settings that are not secret
 * @property {Map<string, string>} [secrets] the secrets that were entered
 * @property {string[]} [stored] paths of secrets that are stored on the server
 */
/**
 * @typedef {object} Settings
 * @property {HTMLElement} element
 * @property {() => Values} plain the settings that are not secret, by path
 * @property {() => Map<string, string>} secrets the entered secrets, by path
 * @property {() => string[]} gone paths of stored secrets to remove
 */

/** The path of settings that the connector does not describe. */
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
    element: h("div", { class: "fields setting-fields" }, named, named.length === 0 ? other.element : h("details", {}, h("summary", {}, "Advanced settings"), other.element)),
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
  description: `Further settings of the connector as a JSON object, for example {"host": "crm.example"}.`,
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
  const removal = secret && isStored && !required && h("label", { class: "choice" }, remove, h("span", {}, `Remove ${title}`));
  if (help.textContent) control.setAttribute("aria-describedby", help.id);
  const optional = required || kind === "boolean" ? null : h("span", { class: "optional" }, " · optional");
  const label = kind === "boolean"
    ? h("label", { class: "choice" }, control, h("span", {}, title))
    : h("label", {}, h("span", {}, title, optional), control);
  return { setting, control, read, gone: () => remove.checked, element: h("div", {}, label, help.textContent && help, removal) };
}

/** @param {Schemas["Setting"]} setting */
function hintOf({ description, secret }) {
  // Some descriptions contain markup; only its text is shown.
  const plain = (description ?? "").replace(/<[^>]*>/g, "").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").trim();
  return [plain, secret && "Stored encrypted and never shown again."].filter(Boolean).join(" ");
}

/**
 * @param {Schemas["Setting"]} setting
 * @param {unknown} value
 * @param {boolean} isStored
 * @returns {{ control: Input["control"], read: () => unknown }}
 */
function controlOf({ kind, choices, secret, required, default: preset, path }, value, isStored) {
  const first = value ?? preset ?? undefined;
  const plain = { autocomplete: "off", spellcheck: false, placeholder: isStored ? "Already set. Type to replace it." : "" };
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
    return isObject && (typeof value !== "object" || value === null || Array.isArray(value)) ? "Enter a JSON object, for example {\"host\": \"crm.example\"}" : "";
  } catch {
    return "Enter valid JSON";
  }
}

/**
 * Builds the settings object from values by path and the entered secrets.
 *
 * @param {Schemas["ConnectorWithSpec"]} setup
 * @param {Values} values
 * @param {Map<string, string>} secrets
 * @returns {Record<string, never>} typed like the API's description; holds anything
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
 * The value of a secret's text.
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
 * Shows the result of a connection test.
 *
 * @param {HTMLElement} place
 * @param {{ succeeded: boolean, problem?: string | null | undefined }} check
 */
export function showCheckResult(place, { succeeded, problem }) {
  const why = problem ?? "The system cannot be reached";
  fill(place, h("span", { class: `status ${succeeded ? "good" : "bad"} wraps` }, succeeded ? "Connected successfully." : `${why.charAt(0).toUpperCase()}${why.slice(1)}${/[.!?]$/.test(why) ? "" : "."}`));
}
