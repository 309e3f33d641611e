// Bulk actions: the selection is fixed first, then the action runs on it.

import { ask, link, Problem } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { track } from "../../core/jobs.js";
import { undoButton } from "../../core/undone.js";
import { toast } from "../../widgets/toast.js";
import { bodyOf } from "./values.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */

/**
 * Fixes the selected contacts, so that later changes do not alter the selection (R23).
 *
 * @param {List} list
 */
export function freeze({ picked, filter }) {
  const ids = [...picked.ids.keys()];
  return ask("post", "/v1/selections", { body: picked.everyone ? { filter: bodyOf(filter), except: ids } : { ids } });
}

/** The most contacts whose export is waited for; larger ones continue as a job. */
const MAX_AWAITED_EXPORT = 10_000;

/** Number of times that the end of an action is looked for within ten seconds. */
const TURNS = 50;

/**
 * Waits for the end of an action, as long as `waits` of the number of looks so far is true.
 *
 * @param {Schemas["Action"]} action
 * @param {(turn: number) => boolean} waits
 */
export async function ended(action, waits) {
  for (let turn = 0; !action.finished_at && waits(turn); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, turn < TURNS ? 200 : 1_000));
    action = await ask("get", "/v1/actions/{id}", { path: { id: action.id } });
  }
  return action;
}

/**
 * Downloads the file of an export.
 *
 * @param {Schemas["Action"]} action
 * @param {"csv" | "xlsx"} [format]
 */
export function save({ id }, format = "csv") {
  h("a", { href: link("/v1/actions/{id}/file", { id }, { format }), download: `contacts.${format}` }).click();
}

/**
 * Runs an action on the selected contacts. A large one continues as a job.
 *
 * @param {List} list
 * @param {Schemas["NewActionKind"]} action
 * @param {Schemas["Selection"]} [frozen] the selection whose size was confirmed
 * @param {"csv" | "xlsx"} [format] the kind of the file of an export
 */
export async function act(list, action, frozen, format) {
  const selection = frozen ?? (await freeze(list));
  const body = { selection_id: selection.id, action, ...(action.type === "delete" && { confirm_count: selection.count }) };
  const started = await ask("post", "/v1/actions", { body }).catch((error) => {
    if (error instanceof Problem && error.code === "count_changed") throw new Error(`The selection now has ${count(error.count ?? 0, "contact")}. Review it and delete again.`);
    throw error;
  });
  const done = action.type === "export" && selection.count <= MAX_AWAITED_EXPORT ? await ended(started, (turn) => turn < TURNS) : started;
  if (action.type === "delete") list.pickAll(false);
  if (!done.finished_at) {
    track({ kind: "action", job: done });
    toast(`Working on ${count(selection.count, "contact")}. You can continue working.`);
    return;
  }
  toast(outcome(done), undoButton(done));
  if (done.file === "ready") save(done, format);
  else await list.rows.refresh();
}

/** @type {Record<Schemas["Action"]["action"]["type"], (contacts: string) => string>} */
const RESULTS = {
  add_tags: (contacts) => `Added tags to ${contacts}`,
  remove_tags: (contacts) => `Removed tags from ${contacts}`,
  add_to_campaign: (contacts) => `Added ${contacts} to the campaign`,
  remove_from_campaign: (contacts) => `Removed ${contacts} from the campaign`,
  set_field: (contacts) => `Set the field of ${contacts}`,
  unsubscribe: (contacts) => `Unsubscribed ${contacts}`,
  export: (contacts) => `Exported ${contacts}`,
  delete: (contacts) => `Deleted ${contacts}`,
  merge: (contacts) => `Merged ${contacts}`,
};

/** Reasons of skipped contacts whose name does not explain them. @type {Record<string, string>} */
const SKIPS = { delivered: "already emailed by this campaign", too_many_addresses: "together more than 20 email addresses" };

/**
 * The result of an action in words. Every contact is counted once.
 *
 * @param {Schemas["Action"]} action
 */
export function outcome({ action, summary: { changed, unchanged, skipped_by_reason: reasons } }) {
  // An export changes nothing: what it contains is unchanged.
  const isExport = action.type === "export";
  const parts = [
    RESULTS[action.type](count(isExport ? changed + unchanged : changed, "contact")),
    !isExport && unchanged > 0 && `${number(unchanged)} unchanged`,
    ...Object.entries(reasons).map(([reason, skipped]) => `${number(Number(skipped))} skipped (${SKIPS[reason] ?? reason.replaceAll("_", " ")})`),
  ];
  return `${parts.filter(Boolean).join(" · ")}.`;
}
