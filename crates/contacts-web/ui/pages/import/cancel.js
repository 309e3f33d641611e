// Cancels an import, whether it is a draft or runs.

import { ask } from "../../core/api.js";

/**
 * Cancels an import and returns it. Rows that were imported stay.
 *
 * @param {string} id
 */
export async function cancelled(id) {
  await ask("post", "/v1/runs/{id}/cancel", { path: { id } });
  return ask("get", "/v1/imports/{id}", { path: { id } });
}
