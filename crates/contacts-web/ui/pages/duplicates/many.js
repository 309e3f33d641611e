// Merging many pairs at once, as one bulk action.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { dialog } from "../../widgets/dialog.js";
import { nameOf } from "../record.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {Schemas["DuplicatePair"]} Pair */

/** Maximum number of pairs that the dialog names. */
const MAX_NAMED = 5;

/**
 * Asks, and merges the pairs. The contact that was added first is kept.
 *
 * @param {Pair[]} picked
 * @returns {Promise<Schemas["Action"] | null>} the action; null when it was not started
 */
export async function mergeMany(picked) {
  /** @type {Schemas["Action"] | null} */
  let action = null;
  const pairs = distinct(picked);
  const left = picked.length - pairs.length;
  const words = count(pairs.length, "pair");
  await dialog({
    title: `Merge ${words}?`,
    body: [h("ul", {}, pairs.slice(0, MAX_NAMED).map((pair) => h("li", {}, named(pair))), pairs.length > MAX_NAMED && h("li", {}, `and ${count(pairs.length - MAX_NAMED, "more pair")}`)),
      left > 0 && h("p", {}, `${count(left, "selected pair")} will be left out, because another selected pair already merges one of the contacts.`),
      h("p", { class: "muted" }, "In each pair, the contact that was added first is kept with its values. Its empty fields are filled from the other contact, whose email addresses and tags are kept too. You can undo this for 30 days.")],
    action: `Merge ${words}`,
    run: async () => {
      action = await ask("post", "/v1/duplicates/merge", { body: { pairs: pairs.map(({ contact, other }) => ({ survivor_id: contact.id, other_id: other.id })) } });
    },
  });
  return action;
}

/** @param {Pair} pair */
function named({ contact, other }) {
  const [one, another] = [nameOf(contact), nameOf(other)];
  if (one !== another) return `${one} and ${another}`;
  const addresses = [contact.email, other.email].filter(Boolean).join(", ");
  return addresses ? `${one} (${addresses})` : one;
}

/**
 * The pairs without those that would merge a contact a second time.
 *
 * @param {Pair[]} pairs
 */
function distinct(pairs) {
  const merged = new Set();
  return pairs.filter(({ other }) => !merged.has(other.id) && merged.add(other.id));
}
