// The signed-in user and their organisation, and the names of other actors.

import { ask, askAll, sentence } from "./api.js";
import { h } from "./dom.js";
import { hue, initials } from "./format.js";
import { menu } from "../widgets/popover.js";
import { icon } from "./icon.js";

/** @import { Schemas } from "./api.js" */

/** The signed-in user; rejected when nobody is signed in. @type {Promise<Schemas["Me"]>} */
export let session;

/** Loads the signed-in user. */
export function enter() {
  session = ask("get", "/v1/me", {});
  session.catch(() => undefined);
}

/** @param {Schemas["Me"]} me */
export function account(me) {
  const name = me.name ?? "You";
  const button = h("button", { type: "button" }, face(name), h("span", { class: "hidden" }, "Account: "), h("span", {}, name, " ", h("small", {}, me.organisation.name)));
  const holder = h("div", { class: "account-menu" }, button);
  menu(button, () => [
    h("a", { href: "/settings/sessions" }, icon("user"), "Sessions"),
    h("a", { href: "/docs", target: "_blank" }, icon("link"), "API documentation"),
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

/** Names of users and keys by id. @type {Promise<Map<string, string>> | null} */
let names = null;

/**
 * The name of an actor, or what kind of actor it is. A run without an actor was due by a schedule.
 *
 * @param {Schemas["Actor"] | null} actor
 * @param {boolean} [inSentence] whether the words stand inside a sentence
 */
export async function called(actor, inSentence = false) {
  if (!actor) return inSentence ? "its schedule" : "Schedule";
  names ??= askAll("/v1/users", {}).then(({ items }) => new Map(items.map(({ id, name }) => [id, name])), () => new Map());
  const name = actor.id ? (await names).get(actor.id) : undefined;
  const kinds = { user: "Someone", key: "An API key", import: "An import", connected: "A connected source", system: "Informly" };
  const kind = kinds[/** @type {keyof typeof kinds} */ (actor.kind)] ?? actor.kind;
  return name ?? (inSentence && kind !== kinds.system ? kind.charAt(0).toLowerCase() + kind.slice(1) : kind);
}
