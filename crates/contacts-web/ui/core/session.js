// Who is signed in.

import { ask, sentence } from "./api.js";
import { h } from "./dom.js";
import { hue, initials } from "./format.js";
import { menu } from "../widgets/popover.js";
import { icon } from "./icon.js";

/** @import { Schemas } from "./api.js" */

/** Who is signed in; refused when nobody is. @type {Promise<Schemas["Me"]>} */
export let session;

/** Asks who is signed in. */
export function enter() {
  session = ask("get", "/v1/me", {});
  session.catch(() => undefined);
}

/** @param {Schemas["Me"]} me */
export function account(me) {
  const name = me.name ?? "You";
  const button = h("button", { type: "button" }, face(name), h("span", { class: "hidden" }, "Account: "), h("span", {}, name, h("small", {}, me.organisation.name)));
  const holder = h("div", { class: "account-menu" }, button);
  menu(button, () => [
    h("a", { href: "/settings/sessions" }, icon("user"), "Sessions"),
    h("a", { href: "/docs", target: "_blank" }, icon("link"), "API"),
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
  // What was typed and not saved is nothing for who signs in next.
  sessionStorage.clear();
  location.assign("/sign-in");
}

/**
 * A person's first letters in a circle.
 *
 * @param {string} name
 */
export function face(name) {
  const circle = h("span", { class: "face", "aria-hidden": "true" }, initials(name));
  circle.style.setProperty("--hue", String(hue(name)));
  return circle;
}

/** Who does things: names of users and keys by id. @type {Promise<Map<string, string>> | null} */
let people = null;

/**
 * What to call an actor.
 *
 * @param {Schemas["Actor"]} actor
 */
export async function called(actor) {
  people ??= ask("get", "/v1/users", {}).then(({ items }) => new Map(items.map(({ id, name }) => [id, name])), () => new Map());
  const name = actor.id ? (await people).get(actor.id) : undefined;
  const kinds = { user: "Somebody", key: "An API key", import: "An import", connected: "A connected source", system: "Informly" };
  return name ?? kinds[/** @type {keyof typeof kinds} */ (actor.kind)] ?? actor.kind;
}
