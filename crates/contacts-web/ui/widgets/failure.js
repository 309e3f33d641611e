// The message of a failed request.

import { h } from "../core/dom.js";
import { icon } from "../core/icon.js";

/**
 * A sentence and a button that helps.
 *
 * @param {string} text
 * @param {() => void} retry
 * @param {string} [label]
 */
export const failure = (text, retry, label = "Retry") =>
  h("div", { class: "failed", role: "alert" }, icon("warning"), h("span", {}, text), h("button", { type: "button", onclick: retry }, label));
