// How a source is set up, each part with a button that changes it.

import { h } from "../../core/dom.js";
import { targetName } from "../import/words.js";
import { scheduleWords } from "./schedule.js";
import { modeWords, OVERWRITES, vanishWords } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */

/** @typedef {Schemas["ConnectedSource"]} Source */
/** @typedef {(source: Source) => void} Show */
/**
 * What names things as people know them.
 *
 * @typedef {object} Names
 * @property {Schemas["Field"][]} fields
 * @property {Schemas["Setting"][]} settings of its connector; none until that has told
 */

/**
 * @param {Source} source
 * @param {Names} names
 * @param {Show} show shows the source as it is now
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
      // What was pressed may have been drawn anew.
      document.querySelector(/** @type {"button"} */ (`[aria-label="Change: ${name}"]`))?.focus();
    } }, "Change");
    return h("div", {}, h("dt", {}, name), values.map((value) => h("dd", {}, value)), h("dd", { class: "act" }, button));
  };
  return h("dl", { class: "setup" },
    fact("Name", [source.name], ({ name }) => name),
    fact("Connection", [source.connector, settingsOf(source, names)], ({ settings }) => settings),
    fact("What is read", [`${source.stream}: ${modeWords(source)}`], ({ stream }) => stream),
    fact("Where it goes", [mapped(source, names), rule(source)], ({ fields }) => fields),
    fact("Schedule", [scheduleWords(source.schedule)], ({ schedule }) => schedule),
    fact("People who vanish there", [vanishWords(source)], ({ vanish }) => vanish));
}

/**
 * What is as the connector proposes it needs no words.
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
 * Values by paths.
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
  h("span", { class: "settings-list" }, fields.map(({ field, target }) => h("span", {}, h("code", {}, field), " → ", targetName(target, names.fields))), id && h("span", {}, h("code", {}, id), " → its id"));

/** @param {Source} source */
function rule({ mapping: { fields } }) {
  const rules = [...new Set(fields.map(({ overwrite }) => overwrite))];
  const words = rules.map((rule) => OVERWRITES.find(([value]) => value === rule)?.[1].toLowerCase()).join("; or, for some fields, ");
  return h("span", { class: "muted" }, `May overwrite ${words}`);
}
