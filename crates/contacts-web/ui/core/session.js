// The signed-in user and their organisation.

import { ask, sentence } from "./api.js";
import { h } from "./dom.js";
import { hue, initials } from "./format.js";
import { menu } from "../widgets/popover.js";
import { icon } from "./icon.js";

/** @import { Schemas } from "./api.js" */

/** The signed-in user; rejected when nobody is signed in. @type {Promise<Schemas["Me"]>} */
export let session;

/** @type {Schemas["Scope"][]} */
const SCOPES = ["write", "export", "import", "merge", "bulk_delete", "admin"];

/**
 * Loads the signed-in user. What the role does not allow is hidden: the style sheet hides elements with
 * `data-needs` and a scope that the root lists in `data-denied` (R60).
 */
export function enter() {
  session = ask("get", "/v1/me", {});
  session.then(({ scopes }) => {
    document.documentElement.dataset["denied"] = SCOPES.filter((scope) => !scopes.includes(scope)).join(" ");
  }).catch(() => undefined);
}

/**
 * Whether the role of the user lacks a scope. False until the session is loaded.
 *
 * @param {Schemas["Scope"]} scope
 */
export const denied = (scope) => (document.documentElement.dataset["denied"] ?? "").split(" ").includes(scope);

/** @param {Schemas["Me"]} me */
export function account(me) {
  const name = me.name ?? "You";
  const button = h("button", { type: "button" }, face(name), h("span", { class: "hidden" }, "Account: "), h("span", {}, name, " ", h("small", {}, me.organisation.name)));
  const holder = h("div", { class: "account-menu" }, button);
  menu(button, () => [
    h("a", { href: "/settings/sessions" }, icon("user"), "Sessions"),
    h("a", { href: "/docs", target: "_blank" }, icon("link"), "API documentation"),
    h("button", { type: "button", onclick: async () => (await import("../pages/list/keys.js")).help() }, h("kbd", { "aria-hidden": "true" }, "?"), "Keyboard shortcuts"),
    h("button", { type: "button", onclick: signOut }, "Sign out"),
  ]);
  return holder;
}

async function signOut() {
  try {
    await ask("delete", "/v1/session", {});
  } catch (error) {
    const { toast } = await import("../widgets/toast.js");
    return toast(`You are still signed in. ${sentence(error)}`);
  }
  // Drafts must not be visible to the next user of this browser.
  sessionStorage.clear();
  location.assign("/sign-in");
}

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
