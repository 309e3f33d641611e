// The undo of a merge: its button, and its result with what was kept.

import { ask, sentence } from "./api.js";
import { go } from "./router.js";
import { dialog } from "../widgets/dialog.js";
import { toast } from "../widgets/toast.js";

/** @import { Schemas } from "./api.js" */

/** In ms. An undo of a merge is a job of one step. */
const POLL = 200;

/**
 * The button that undoes the merge of a contact.
 *
 * @param {string} id the contact that was merged into another one
 */
export const unmergeButton = (id) => ({ label: "Undo", run: () => void unmerge(id) });

/**
 * Undoes the merge of a contact, and says what was kept. Returns whether the contact exists again.
 *
 * @param {string} id the contact that was merged into another one
 */
export async function unmerge(id) {
  const path = { id };
  try {
    let undo = await ask("post", "/v1/merges/{id}/undo", { path });
    while (!undo.finished_at) {
      await new Promise((resolve) => setTimeout(resolve, POLL));
      undo = await ask("get", "/v1/merges/{id}/undo", { path });
    }
    return await told(id, undo);
  } catch (error) {
    toast(sentence(error));
    return false;
  }
}

/**
 * @param {string} id
 * @param {Schemas["Undo"]} undo
 */
async function told(id, { state, problem, summary }) {
  if (state !== "done") {
    toast(problem ? `The undo failed: ${problem}` : "The undo was stopped.");
    return false;
  }
  const { items } = await ask("get", "/v1/merges/{id}/undo/kept", { path: { id }, query: { limit: 200 } });
  const isBack = !items.some(({ field }) => field === null);
  if (isBack) dispatchEvent(new CustomEvent("contactadded", { detail: id }));
  const open = { label: "Open the other contact", run: () => go(`/contacts/${id}`) };
  if (summary.kept + summary.gone === 0) toast("The merge was undone.", open);
  else toast(isBack ? "The merge was undone in part." : "The merge cannot be undone any more.", { label: "Show what was kept", run: () => void show(id) }, ...(isBack ? [open] : []));
  return isBack;
}

/** @param {string} id */
async function show(id) {
  // Seldom needed, so the list loads without it.
  const { keptTable, nameOfField } = await import("../widgets/kept.js");
  const load = (/** @type {{ cursor?: string, limit: number }} */ query) => ask("get", "/v1/merges/{id}/undo/kept", { path: { id }, query });
  return dialog({ title: "What was kept, and why", wide: true, body: keptTable(load, nameOfField) });
}
