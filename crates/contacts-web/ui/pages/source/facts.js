// The setup of a source, each part with a button that edits it.

import { h } from "../../core/dom.js";
import { targetName } from "../import/words.js";
import { scheduleWords } from "./schedule.js";
import { modeWords, OVERWRITES, vanishWords } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */

/** @typedef {Schemas["ConnectedSource"]} Source */
/** @typedef {(source: Source) => void} Show */
/**
 * Fields and settings with their names.
 *
 * @typedef {object} Names
 * @property {Schemas["Field"][]} fields
 * @property {Schemas["Setting"][]} settings of the connector; empty until they are loaded
 */

/**
 * @param {Source} source
 * @param {Names} names
 * @param {Show} show shows the changed source
 */
export function facts(source, names, show) {
  /**
   * @param {string} name
   * @param {Child[]} values
   * @param {(edit: typeof import("./edit.js")) => (source: Source) => Promise<Source | null>} how
   */
  const fact = (name, values, how) => {
    const button = h("button", { type: "button", class: "quiet", "aria-label": `Change: ${name}`, onclick: async () => {
      button.disabled = true;
      const changed = await how(await import("./edit.js"))(source);
      button.disabled = false;
      if (changed) show(changed);
      // The button may have been replaced.
      document.querySelector(/** @type {"button"} */ (`[aria-label="Change: ${name}"]`))?.focus();
    } }, "Change");
    return h("div", {}, h("dt", {}, name), values.map((value) => h("dd", {}, value)), h("dd", { class: "act" }, button));
  };
  return h("dl", { class: "setup" },
    fact("Name", [source.name], ({ name }) => name),
    fact("Connection", [source.connector, settingsOf(source, names)], ({ settings }) => settings),
    fact("Data", [`${source.stream}: ${modeWords(source)}`], ({ stream }) => stream),
    fact("Field mapping", [mapped(source, names), rule(source)], ({ fields }) => fields),
    fact("Schedule", [scheduleWords(source.schedule)], ({ schedule }) => schedule),
    fact("When someone is removed at the source", [vanishWords(source)], ({ vanish }) => vanish));
}

/**
 * Settings with their default value are not shown.
 *
 * @param {Source} source
 * @param {Names} names
 */
function settingsOf({ settings, secrets }, { settings: known }) {
  const of = (/** @type {string} */ path) => known.find((setting) => setting.path === path);
  const name = (/** @type {string} */ path) => h("span", { class: "muted" }, `${of(path)?.title ?? path} `);
  const shown = flat(settings).filter(([path, value]) => value !== (of(path)?.default ?? undefined))
    .map(([path, value]) => h("span", {}, name(path), String(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 200)));
  return h("span", { class: "settings-list" }, shown, secrets.map((path) => h("span", {}, name(path), "set, not shown")));
}

/**
 * Flattens an object to values by path.
 *
 * @param {Record<string, unknown>} object
 * @param {string} [prefix]
 * @returns {[string, unknown][]}
 */
export const flat = (object, prefix = "") => Object.entries(object).flatMap(([name, value]) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    ? flat(/** @type {Record<string, unknown>} */ (value), `${prefix}${name}.`)
    : [/** @type {[string, unknown]} */ ([`${prefix}${name}`, value])]);

/**
 * @param {Source} source
 * @param {Names} names
 */
const mapped = ({ mapping: { fields, id_field: id } }, names) =>
  h("span", { class: "settings-list" }, fields.map(({ field, target }) => h("span", {}, h("code", {}, field), " → ", targetName(target, names.fields))), id && h("span", {}, h("code", {}, id), " → ID"));

/** @param {Source} source */
function rule({ mapping: { fields } }) {
  const rules = [...new Set(fields.map(({ overwrite }) => overwrite))];
  const words = rules.map((rule) => OVERWRITES.find(([value]) => value === rule)?.[1].toLowerCase()).join(", or for some fields ");
  return h("span", { class: "muted" }, `May overwrite ${words}`);
}
