// The message of a failed request.

import { h } from "../core/dom.js";
import { icon } from "../core/icon.js";

/**
 * A sentence and a Retry button.
 *
 * @param {string} text
 * @param {() => void} retry
 */
export const failure = (text, retry) =>
  h("div", { class: "failed", role: "alert" }, icon("warning"), h("span", {}, text), h("button", { type: "button", onclick: retry }, "Retry"));
