// Rules of single columns: whether they overwrite, and the word that clears a value.

import { fill, h } from "../../core/dom.js";
import { labelled } from "../../widgets/form.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @param {Schemas["Analysis"]} analysis
 * @param {{ columns: (string | null)[], rules: Schemas["ColumnRule"][] }} plan as it is now
 * @param {(rules: Schemas["ColumnRule"][]) => void} change
 */
export function columnRules({ columns }, plan, change) {
  const list = h("div", { class: "stack" });
  const element = h("details", { class: "by-row column-rules", open: plan.rules.length > 0 }, h("summary", {}, "Rules for single columns"),
    h("p", { class: "hint" }, "A column without a rule follows the choice above. Blank cells change nothing, unless the text that empties a field is \"\". Tags and other email addresses are always added."), list);

  /** Shows the columns that can have a rule. */
  function show() {
    const shown = plan.columns.map((target, at) => ({ target: target ?? "", at })).filter(({ target }) => takesRule(target));
    element.hidden = shown.length === 0;
    // Controls are kept, so that the one that was changed keeps the focus.
    const keys = shown.map(({ target, at }) => `${at} ${target}`).join();
    if (keys === list.dataset["shown"]) return;
    list.dataset["shown"] = keys;
    fill(list, shown.map(({ target, at }) => rowOf(target, at)));
  }

  /** @param {string} target @param {number} column */
  function rowOf(target, column) {
    const name = columns[column]?.header.trim() || `Column ${column + 1}`;
    const current = plan.rules.find((rule) => rule.column === column);
    const select = h("select", {}, OPTIONS.map(([value, text]) => h("option", { value, selected: value === (current?.rule ?? "") }, text)));
    const word = canBeCleared(target) ? h("input", { type: "text", maxLength: 50, value: current?.clear ?? "", placeholder: "None", spellcheck: false }) : null;
    const save = () => {
      const others = plan.rules.filter((rule) => rule.column !== column);
      const rule = /** @type {Schemas["ColumnRule"]} */ ({ column, rule: select.value || null, clear: word?.value.trim() || null });
      change(rule.rule || rule.clear ? [...others, rule] : others);
    };
    select.addEventListener("change", save);
    word?.addEventListener("change", save);
    return h("div", { class: "layout-fields", role: "group", "aria-label": name },
      labelled(`“${name}” of existing contacts`, select),
      word && labelled(`Text in “${name}” that empties the field`, word));
  }
  return { element, show };
}

/** @type {[string, string][]} */
const OPTIONS = [["", "As chosen above"], ["overwrite", "Update from the file"], ["fill_blanks", "Only fill in if empty"]];

/** @param {string} target */
const canBeCleared = (target) => target === "phone" || target === "external_id" || target.startsWith("custom:");

/** @param {string} target */
const takesRule = (target) => canBeCleared(target) || ["name", "first_name", "middle_name", "last_name", "email"].includes(target);

/**
 * The rules that still fit after the targets of columns have changed; null if all do.
 *
 * @param {(string | null)[]} columns
 * @param {Schemas["ColumnRule"][]} rules
 */
export function fittingRules(columns, rules) {
  const fitting = rules.map((rule) => {
    const target = columns[rule.column] ?? "";
    return { ...rule, rule: takesRule(target) ? rule.rule ?? null : null, clear: canBeCleared(target) ? rule.clear ?? null : null };
  }).filter(({ rule, clear }) => rule || clear);
  return JSON.stringify(fitting) === JSON.stringify(rules) ? null : fitting;
}
