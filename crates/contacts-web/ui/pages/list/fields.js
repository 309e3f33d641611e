// The custom fields, when a panel of the list is opened.

import { askAll } from "../../core/api.js";

/** @import { List } from "../list.js" */

/**
 * Loads the fields again: somebody may have changed them since the list was opened.
 *
 * @param {List} list
 */
export async function learnAgain(list) {
  const { items } = await askAll("/v1/fields", {}).catch(() => ({ items: list.fields }));
  if (JSON.stringify(items) !== JSON.stringify(list.fields)) await list.learnFields();
}
