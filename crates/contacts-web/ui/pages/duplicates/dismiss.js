// Dismissing a pair of possible duplicates, and its undo.

import { ask, sentence } from "../../core/api.js";
import { toast } from "../../widgets/toast.js";

/**
 * Dismisses a pair, and offers to take that back.
 *
 * @param {string} id one contact
 * @param {string} other the other contact
 * @param {string} message said when it is done
 * @param {() => void} restored the dismissal was taken back
 */
export async function dismissPair(id, other, message, restored) {
  const path = { id, other };
  await ask("put", "/v1/duplicates/{id}/{other}/dismissal", { path });
  toast(message, { label: "Undo", run: () => void restore(path, restored) });
}

/**
 * @param {{ id: string, other: string }} path
 * @param {() => void} restored
 */
async function restore(path, restored) {
  try {
    await ask("delete", "/v1/duplicates/{id}/{other}/dismissal", { path });
    restored();
  } catch (error) {
    toast(sentence(error), { label: "Retry", run: () => void restore(path, restored) });
  }
}
