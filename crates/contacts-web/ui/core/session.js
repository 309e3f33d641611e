// The signed-in user, and what the role allows.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { hue, initials } from "./format.js";

/** @import { Schemas } from "./api.js" */

/** The signed-in user; rejected when nobody is signed in. @type {Promise<Schemas["Me"]>} */
export let session;

/**
 * The end of the change feed at the time of the first rows: changes after it are shown in them. Null
 * when nobody is signed in.
 *
 * @type {Promise<Schemas["Events"] | null>}
 */
export let feedStart;

/** @type {Schemas["Scope"][]} */
const SCOPES = ["write", "export", "import", "merge", "bulk_delete", "admin"];

/** Loads the signed-in user. */
export function enter() {
  // This request is sent before that of the rows, so that no change between them is missed.
  feedStart = ask("get", "/v1/events", { query: { from: "latest" } }).catch(() => null);
  (session = allow()).catch(() => null);
}

/**
 * Loads the user. What the role does not allow is hidden: the style sheet hides elements with
 * `data-needs` and a scope that the root lists in `data-denied` (R60).
 */
export async function allow() {
  const me = await ask("get", "/v1/me", {});
  document.documentElement.dataset["denied"] = SCOPES.filter((scope) => !me.scopes.includes(scope)).join(" ");
  return me;
}

/**
 * Whether the role of the user lacks a scope. False until the session is loaded.
 *
 * @param {Schemas["Scope"]} scope
 */
export const denied = (scope) => (document.documentElement.dataset["denied"] ?? "").split(" ").includes(scope);

/**
 * The initials of a name in a circle.
 *
 * @param {string} name
 */
export function face(name) {
  const circle = h("span", { class: "face", "aria-hidden": "true" }, initials(name));
  circle.style.setProperty("--hue", String(hue(name)));
  return circle;
}
