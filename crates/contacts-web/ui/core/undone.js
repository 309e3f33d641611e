// The undo of a bulk action: its button, and its result with what was kept.

import { ask, sentence } from "./api.js";
import { number } from "./format.js";
import { track } from "./jobs.js";
import { dialog } from "../widgets/dialog.js";
import { toast } from "../widgets/toast.js";

/** @import { Schemas } from "./api.js" */

const TYPES = new Set(["add_tags", "remove_tags", "add_to_campaign", "remove_from_campaign", "set_field", "merge"]);


/**
 * The button that undoes an action, if it has changed contacts and can be undone.
 *
 * @param {Schemas["Action"]} action
 */
export function undoButton(action) {
  if (!TYPES.has(action.action.type) || action.summary.changed === 0 || !action.finished_at || action.undo) return undefined;
  return { label: "Undo", run: () => void start(action) };
}

/** @param {Schemas["Action"]} action */
async function start(action) {
  try {
    await ask("post", "/v1/actions/{id}/undo", { path: { id: action.id } });
    track({ kind: "action", job: { ...action, undo: "queued" } });
  } catch (error) {
    toast(sentence(error));
  }
}

/**
 * Announces the end of an undo.
 *
 * @param {string} id of the action
 */
export async function undone(id) {
  const { state, problem, summary: { restored, kept, unchanged, gone } } = await ask("get", "/v1/actions/{id}/undo", { path: { id } });
  const numbers = [`${number(restored)} restored`, kept && `${number(kept)} kept`, gone && `${number(gone)} deleted before`, unchanged && `${number(unchanged)} unchanged`].filter(Boolean).join(", ");
  const did = state === "done" ? "Undone" : state === "failed" ? `The undo failed${problem ? `: ${problem}` : ""}` : "Stopped undoing";
  toast(`${did}: ${numbers}.`, kept + gone > 0 ? { label: "Show what was kept", run: () => void show(id) } : undefined);
}

/** @param {string} id of the action */
async function show(id) {
  // Seldom needed, so the list loads without it.
  const { keptTable, nameOfField } = await import("../widgets/kept.js");
  const load = (/** @type {{ cursor?: string, limit: number }} */ query) => ask("get", "/v1/actions/{id}/undo/kept", { path: { id }, query });
  return dialog({ title: "What was kept, and why", wide: true, body: keptTable(load, nameOfField) });
}
