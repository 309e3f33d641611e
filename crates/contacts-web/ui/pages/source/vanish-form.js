// The choice of what happens to contacts that are removed at the source.

import { h } from "../../core/dom.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { VANISH } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/** @typedef {{ vanish: Schemas["SourceVanish"], tag: string }} Vanish */

/**
 * @param {Vanish} first
 * @param {Schemas["SourceMode"]} mode
 * @param {(vanish: Vanish) => void} [change]
 */
export function vanishForm(first, mode, change) {
  const tag = h("input", { value: first.tag, maxLength: 64, pattern: "[^,]+", title: "A tag, without a comma", autocomplete: "off" });
  const holder = labelled("Tag", tag);
  const fieldset = choices("When someone is removed at the source", VANISH, first.vanish, () => show());
  const read = () => ({ vanish: /** @type {Schemas["SourceVanish"]} */ (chosen(fieldset)), tag: tag.value });
  function show() {
    holder.hidden = read().vanish !== "tag";
    tag.required = !holder.hidden;
    change?.(read());
  }
  const hint = mode === "full" ? "Contacts are never deleted." : "Contacts are never deleted. When only changes are read, this applies only to records that the source reports as deleted.";
  const element = h("div", { class: "stack", oninput: show }, fieldset, holder, h("p", { class: "hint" }, hint));
  show();
  return { element, read };
}

/**
 * @param {Vanish} vanish
 * @returns {{ vanish: Schemas["SourceVanish"], vanish_tag: string | null }}
 */
export const vanishOf = ({ vanish, tag }) => ({ vanish, vanish_tag: vanish === "tag" ? tag.trim() : null });
