// A link to the topic of the help page that explains what it stands beside.

import { h } from "../core/dom.js";

/**
 * It opens another window, so that nothing typed is lost.
 *
 * @param {string} topic an id of `pages/help.js`
 * @param {string} about what is explained
 */
export const helpLink = (topic, about) =>
  h("a", { class: "help", href: `/help/${topic}`, target: "_blank", title: "Help", "aria-label": `Help: ${about} (opens a new window)` }, "?");
