// A chip, such as a tag.

import { h } from "../core/dom.js";
import { icon } from "../core/icon.js";

/**
 * A chip; with `remove`, one that has a remove button.
 *
 * @param {string} name
 * @param {() => void} [remove]
 */
export const chip = (name, remove) =>
  h("span", { class: "chip", title: name }, h("span", {}, name),
    remove && h("button", { type: "button", data: { needs: "write" }, "aria-label": `Remove ${name}`, onclick: remove }, icon("close")));
