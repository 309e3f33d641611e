// An import that is being undone, or was: what was removed, restored and kept, and why.

import { ask, askAll, aborted, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { count, moment, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { failure } from "../../widgets/failure.js";
import { keptTable } from "../../widgets/kept.js";
import { targetName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Part, Shown } from "../import.js" */

const POLL = 700;

/**
 * @param {Part} part
 * @returns {Shown}
 */
export function undo({ job, signal }) {
  const element = h("div", { class: "stack" });
  void follow(element, job, signal);
  return { element };
}

/**
 * @param {HTMLElement} element
 * @param {Schemas["Import"]} job
 * @param {AbortSignal} signal
 */
async function follow(element, job, signal) {
  const path = { id: job.id };
  const bar = h("progress", { "aria-label": "Progress of the undo" });
  const text = h("p", { class: "muted" });
  fill(element, h("section", { class: "panel progress", "aria-label": "Progress" }, h("strong", {}, "Undoing…"), bar, text));
  try {
    for (;;) {
      const undo = await ask("get", "/v1/imports/{id}/undo", { path, signal });
      // The end is an event of the import, which then shows another part, or this one again.
      if (undo.finished_at && job.state === "undone") return await end(element, job, undo, signal);
      bar.max = undo.progress.total || 1;
      if (undo.progress.total) bar.value = undo.progress.done;
      text.textContent = `${number(undo.summary.removed)} removed · ${number(undo.summary.restored)} restored`;
      await new Promise((resolve) => setTimeout(resolve, POLL));
      if (signal.aborted) return;
    }
  } catch (error) {
    if (!aborted(error)) fill(element, failure(sentence(error), () => void follow(element, job, signal)));
  }
}

/**
 * @param {HTMLElement} element
 * @param {Schemas["Import"]} job
 * @param {Schemas["Undo"]} undo
 * @param {AbortSignal} signal
 */
async function end(element, job, undo, signal) {
  const { removed, restored, kept, unchanged, gone } = undo.summary;
  const fields = kept > 0 ? (await askAll("/v1/fields", { signal })).items : [];
  fill(element,
    h("dl", { class: "tally" }, stat("Removed", removed, "added by the import"), stat("Restored", restored, "to their previous values"), stat("Kept", kept, "changed since"), gone > 0 && stat("Already deleted", gone, "by someone")),
    h("p", { class: "muted" }, `Undone${undo.finished_at ? ` on ${moment(undo.finished_at)}` : ""}.${unchanged > 0 ? ` The import had not changed ${count(unchanged, "contact")}.` : ""}`),
    h("div", { class: "row" },
      kept > 0 && h("a", { href: `/?source=csv_import:${job.id}`, class: "button" }, icon("people"), "Show kept contacts"),
      h("a", { href: "/import", data: { needs: "import" }, class: "button" }, icon("upload"), "Import a file")),
    kept > 0 && keptOf(job, fields));
}

/**
 * @param {string} name
 * @param {number} value
 * @param {string} note
 */
const stat = (name, value, note) => h("div", { class: "panel" }, h("dt", {}, name), h("dd", {}, number(value)), h("dd", { class: "notes" }, note));

/**
 * @param {Schemas["Import"]} job
 * @param {Schemas["Field"][]} fields
 */
function keptOf({ id }, fields) {
  const load = (/** @type {{ cursor?: string, limit: number }} */ query) => ask("get", "/v1/imports/{id}/undo/kept", { path: { id }, query });
  return h("section", { class: "panel" }, h("h2", {}, "What was kept, and why"), keptTable(load, (field) => targetName(field, fields)));
}
