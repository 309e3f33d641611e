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
 * @param {Source} source
 * @param {Show} show shows the source as it is now
 */
export function facts(source, show) {
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
    fact("Connection", [source.connector, settingsOf(source)], ({ settings }) => settings),
    fact("What is read", [`${source.stream}: ${modeWords(source)}`], ({ stream }) => stream),
    fact("Where it goes", [mapped(source), rule(source)], ({ fields }) => fields),
    fact("Schedule", [scheduleWords(source.schedule)], ({ schedule }) => schedule),
    fact("People who vanish there", [vanishWords(source)], ({ vanish }) => vanish));
}

/** @param {Source} source */
function settingsOf({ settings, secrets }) {
  const shown = flat(settings).map(([path, value]) => h("span", {}, h("code", {}, path), " ", String(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 200)));
  return h("span", { class: "settings-list" }, shown, secrets.map((path) => h("span", {}, h("code", {}, path), " ", h("span", { class: "muted" }, "set, not shown"))));
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

/** @param {Source} source */
const mapped = ({ mapping: { fields, id_field: id } }) =>
  h("span", { class: "settings-list" }, fields.map(({ field, target }) => h("span", {}, h("code", {}, field), " → ", targetName(target, []))), id && h("span", {}, h("code", {}, id), " → its id"));

/** @param {Source} source */
function rule({ mapping: { fields } }) {
  const rules = [...new Set(fields.map(({ overwrite }) => overwrite))];
  const words = rules.map((rule) => OVERWRITES.find(([value]) => value === rule)?.[1].toLowerCase()).join("; or, for some fields, ");
  return h("span", { class: "muted" }, `May overwrite ${words}`);
}
