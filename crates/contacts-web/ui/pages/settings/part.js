// Building blocks of the settings sections.

import { h } from "../../core/dom.js";
import { ago, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";

/** @import { Child } from "../../core/dom.js" */

/**
 * @param {string} title
 * @param {string} lead the purpose in a sentence
 * @param {Child} action the button that creates an entry
 * @param {...(Child | Child[])} children
 */
export const part = (title, lead, action, ...children) =>
  h("div", { class: "stack" }, h("div", { class: "head" }, h("h1", {}, title), action), h("p", { class: "muted lead" }, lead), ...children);

/**
 * @param {string} title
 * @param {string} text
 */
export const nothing = (title, text) => h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text));

/** @param {string | null | undefined} at */
export const when = (at) => (at ? h("time", { dateTime: at, title: moment(at) }, ago(at)) : null);

/**
 * A status: a dot and a word.
 *
 * @param {string} tone
 * @param {string} word
 */
export const state = (tone, word) => h("span", { class: `status ${tone}` }, word);

/**
 * Shows a secret once.
 *
 * @param {string} title
 * @param {string} text
 * @param {string} secret
 * @param {string} [label] what the secret is
 */
export async function secret(title, text, secret, label = "Secret") {
  const shown = h("input", { value: secret, readOnly: true, class: "mono", "aria-label": label, spellcheck: false, onfocus: () => shown.select() });
  const hint = h("span", { class: "hint", role: "status" }, "");
  const copy = h("button", { type: "button", autofocus: true, onclick: async () => {
    shown.select();
    // Without a secure connection there is no clipboard, but selected text can be copied.
    const copied = await navigator.clipboard?.writeText(secret).then(() => true, () => false);
    hint.textContent = copied ? "Copied." : "Press Ctrl+C to copy it.";
  } }, icon("copy"), "Copy");
  await dialog({ title, cancel: "I have saved it", body: h("div", { class: "stack" }, h("p", {}, text), h("div", { class: "row" }, h("div", { class: "grow" }, shown), copy), hint) });
}
