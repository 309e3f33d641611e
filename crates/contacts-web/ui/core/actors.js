// The names of those who act: users, keys and programs.

import { askAll } from "./api.js";
import { denied, session } from "./session.js";

/** @import { Schemas } from "./api.js" */

/** Names of users and keys by id. @type {Promise<Map<string, string>> | null} */
let names = null;

async function namesOfActors() {
  await session.catch(() => null);
  // Only an administrator may list the keys.
  const paths = /** @type {const} */ (["/v1/users", "/v1/keys"]).filter((path) => path !== "/v1/keys" || !denied("admin"));
  const lists = await Promise.all(paths.map((path) => askAll(path, {}).catch(() => ({ items: [] }))));
  return new Map(lists.flatMap(({ items }) => items.map(({ id, name }) => /** @type {const} */ ([id, name]))));
}

/**
 * The name of an actor, or what kind of actor it is. A run without an actor was due by a schedule.
 *
 * @param {Schemas["Actor"] | null} actor
 * @param {boolean} [inSentence] whether the words stand inside a sentence
 */
export async function called(actor, inSentence = false) {
  if (!actor) return inSentence ? "its schedule" : "Schedule";
  names ??= namesOfActors();
  const name = actor.id ? (await names).get(actor.id) : undefined;
  const kinds = { user: "Someone", key: "An API key", import: "An import", connected: "A connected source", system: "Informly" };
  const kind = kinds[/** @type {keyof typeof kinds} */ (actor.kind)] ?? actor.kind;
  return name ?? (inSentence && kind !== kinds.system ? kind.charAt(0).toLowerCase() + kind.slice(1) : kind);
}
