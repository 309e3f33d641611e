// Announces the end of a job, with a button that shows its result.

import { link } from "./api.js";
import { count, number } from "./format.js";
import { go } from "./router.js";
import { undoButton, undone } from "./undone.js";
import { toast } from "../widgets/toast.js";

/** @import { Schemas } from "./api.js" */
/** @import { Work } from "./jobs.js" */

/**
 * @param {Work} work
 * @param {string} before the state that it was in
 */
export function ended(work, before) {
  if (work.kind === "import") ofImport(work.job, before);
  else if (before === "undoing") void undone(work.job.id).catch(() => undefined);
  else ofAction(work.job);
}

/**
 * @param {Schemas["Import"]} job
 * @param {string} before
 */
function ofImport({ id, file_name: file, state, summary }, before) {
  const path = `/imports/${id}`;
  // The open page of the import shows it already.
  if (location.pathname === path || state === "cancelled") return;
  /** @type {Record<string, [string, string]>} */
  const messages = {
    ready: [`${file} is ready to be imported.`, "Review"],
    unusable: [`${file} cannot be imported.`, "Show why"],
    done: [`${file} was imported: ${number(summary.added)} added, ${number(summary.updated)} updated, ${number(summary.skipped)} skipped.`, "Open"],
    failed: [`The import of ${file} failed.`, "Open"],
    undone: [`The import of ${file} was undone.`, "Open"],
  };
  const [text, label] = (before === "undoing" && state !== "undone" ? null : messages[state]) ?? [`Undoing the import of ${file} failed.`, "Open"];
  toast(text, { label, run: () => go(path) });
}

const DONE = { add_tags: "Tags added", remove_tags: "Tags removed", add_to_campaign: "Added to the campaign", remove_from_campaign: "Removed from the campaign", unsubscribe: "Unsubscribed", set_field: "Field set", export: "Exported", delete: "Deleted", merge: "Merged" };

/** @param {Schemas["Action"]} job */
function ofAction(job) {
  const { id, action, state, summary, file, problem } = job;
  const { changed, unchanged, skipped } = summary;
  const path = { id };
  if (action.type === "export" && state === "done" && file === "ready") {
    const text = `The export of ${count(unchanged, "contact")} is ready.`;
    const download = (/** @type {string} */ label, /** @type {Record<string, string>} */ query) => ({ label, run: () => location.assign(link("/v1/actions/{id}/file", path, query)) });
    return toast(text, download("Download CSV", {}), download("Download for Excel", { format: "xlsx" }));
  }
  const numbers = [`${number(changed)} changed`, unchanged && `${number(unchanged)} unchanged`, skipped && `${number(skipped)} skipped`].filter(Boolean).join(", ");
  const text = { done: `${DONE[action.type]}: ${numbers}.`, cancelled: `Stopped: ${numbers}.`, failed: `The action failed${problem ? `: ${problem}` : ""}. ${numbers}.`, queued: "", running: "", waiting: "" }[state];
  toast(text, undoButton(job), { label: "Download results", run: () => location.assign(link("/v1/actions/{id}/result", path)) });
}
