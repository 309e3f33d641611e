// Bulk actions: whom is frozen first, then it is done.

import { ask, link, Problem } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { track } from "../../core/jobs.js";
import { toast } from "../../widgets/toast.js";
import { bodyOf } from "./query.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */

/**
 * Who is meant, from now on the same people whoever comes (R23).
 *
 * @param {List} list
 */
export function freeze({ picked, filter }) {
  const ids = [...picked.ids];
  return ask("post", "/v1/selections", { body: picked.everyone ? { filter: bodyOf(filter), except: ids } : { ids } });
}

/** So many are exported while somebody looks on. */
const SOON = 10_000;

/**
 * Waits a while for the end of what runs.
 *
 * @param {Schemas["Action"]} action
 */
async function ended(action) {
  for (let turn = 0; action.state === "running" && turn < 50; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    action = await ask("get", "/v1/actions/{id}", { path: { id: action.id } });
  }
  return action;
}

/**
 * Does it to those who are picked. A large one goes on as a job.
 *
 * @param {List} list
 * @param {Schemas["NewActionKind"]} action
 * @param {Schemas["Selection"]} [frozen] whom, when somebody has confirmed the number
 */
export async function act(list, action, frozen) {
  const selection = frozen ?? (await freeze(list));
  const body = { selection_id: selection.id, action, ...(action.type === "delete" && { confirm_count: selection.count }) };
  const begun = await ask("post", "/v1/actions", { body }).catch((error) => {
    if (error instanceof Problem && error.code === "count_changed") throw new Error(`It would be ${number(error.count ?? 0)} by now. Look again, then delete.`);
    throw error;
  });
  const done = action.type === "export" && selection.count <= SOON ? await ended(begun) : begun;
  if (action.type === "delete") list.unpick();
  if (done.state === "running") {
    track({ kind: "action", job: done });
    toast(`Working on ${count(selection.count, "contact")}. You can go on meanwhile.`);
    return;
  }
  toast(outcome(done));
  if (done.file === "ready") h("a", { href: link("/v1/actions/{id}/file", { id: done.id }), download: "contacts.csv" }).click();
  else await list.rows.refresh();
}

const DID = {
  add_tags: "Tagged", remove_tags: "Untagged", add_to_campaign: "Added to the campaign", export: "Exported", delete: "Deleted",
};

/**
 * What came of it, in words: every contact is counted once.
 *
 * @param {Schemas["Action"]} action
 */
export function outcome({ action, summary: { changed, unchanged, skipped_by_reason: reasons } }) {
  const parts = [
    `${DID[action.type]}: ${number(changed)}`,
    unchanged > 0 && `${number(unchanged)} as before`,
    ...Object.entries(reasons).map(([reason, skipped]) => `${number(Number(skipped))} skipped (${reason.replaceAll("_", " ")})`),
  ];
  return `${parts.filter(Boolean).join(" · ")}.`;
}
