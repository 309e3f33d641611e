// An import that has ended: its results, and the next steps.

import { ask, link, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count, duration } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { correctedRows } from "./corrected.js";
import { rescue } from "./layout.js";
import { tally } from "./tally.js";
import { correctable } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Part, Shown } from "../import.js" */

/**
 * @param {Part} part
 * @returns {Promise<Shown>}
 */
export async function summary({ job, signal, show }) {
  if (job.state === "unusable") return { element: unusable(job, await rescue(job, show).catch(() => null)) };
  // A failed undo leaves the import unchanged, and can be repeated.
  const undo = await ask("get", "/v1/imports/{id}/undo", { path: { id: job.id }, signal }).catch(() => null);
  const { added, updated } = job.summary;
  return {
    element: h("div", { class: "stack" },
      job.state === "done" && job.problem && note("bad", `The corrected rows could not be imported: ${sentence(new Error(job.problem))}`),
      job.state === "failed" && note("bad", `${sentence(new Error(job.problem ?? "the import failed"))} Rows imported before that are kept.`),
      job.state === "cancelled" && note("", job.started_at ? "The import was stopped. Rows imported before that are kept." : "The import was discarded before it started."),
      undo?.state === "failed" && note("bad", `The undo failed: ${sentence(new Error(undo.problem ?? "it can be tried again"))}`),
      job.started_at && [tally(job).element, typeof job.retried_rows !== "number" && h("p", { class: "muted" }, took(job))],
      h("div", { class: "row" },
        added + updated > 0 && h("a", { href: `/?source=csv_import:${job.id}`, class: "button primary" }, icon("people"), "Show these contacts"),
        skippedFile(job),
        added + updated > 0 && h("button", { type: "button", data: { needs: "import" }, onclick: () => void takeBack(job, show) }, icon("undo"), "Undo the import"),
        h("a", { href: "/import", data: { needs: "import" }, class: "button" }, icon("upload"), "Import another file")),
      fileNote(job),
      correctedRows(job, { canCorrect: job.state === "done" && undo === null, show })),
  };
}

/**
 * @param {Schemas["Import"]} job
 * @param {HTMLElement | null} others other ways to read the file
 */
function unusable(job, others) {
  return h("div", { class: "stack" },
    h("div", { class: "panel empty" }, icon("warning"), h("h2", {}, "This file cannot be imported"), h("p", {}, sentence(new Error(job.problem ?? "it cannot be read"))),
      h("div", { class: "row" }, h("a", { href: "/import", data: { needs: "import" }, class: others ? "button" : "button primary" }, icon("upload"), "Choose another file"))),
    others);
}

/**
 * @param {string} tone
 * @param {string} text
 */
const note = (tone, text) => h("p", { class: `note ${tone}` }, icon(tone ? "warning" : "note"), h("span", {}, text));

/** @param {Schemas["Import"]} job */
function took({ summary: { added, updated, skipped }, started_at: from, finished_at: to }) {
  const seconds = from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : 0;
  return `${count(added + updated + skipped, "row")} read in ${duration(seconds)}.`;
}

/** @param {Schemas["Import"]} job */
function skippedFile(job) {
  const rows = correctable(job.summary);
  if (rows === 0 || job.file_state !== "kept") return null;
  return h("a", { href: link("/v1/imports/{id}/skipped.csv", { id: job.id }), download: "", class: "button", title: "The first column contains the reason. Correct the rows and upload the file here." },
    icon("download"), `Download ${count(rows, "skipped row")}`);
}

/** @param {Schemas["Import"]} job */
function fileNote(job) {
  if (job.file_state === "kept") return null;
  const why = job.file_state === "erased" ? "The file was deleted because a person in it was erased." : "The file was deleted 30 days after the import ended.";
  return note("", correctable(job.summary) > 0 ? `${why} The skipped rows can no longer be downloaded; the reasons are listed below.` : why);
}

/**
 * @param {Schemas["Import"]} job
 * @param {(job: Schemas["Import"]) => void} show
 */
async function takeBack(job, show) {
  const { added, updated } = job.summary;
  const path = { id: job.id };
  await dialog({
    title: "Undo this import?",
    body: h("ul", { class: "bullets" },
      added > 0 && h("li", {}, `${count(added, "contact")} added by the import ${added === 1 ? "is" : "are"} removed.`),
      updated > 0 && h("li", {}, `Changes from ${count(updated, "row")} are reverted.`),
      h("li", {}, "Later changes are kept and listed.")),
    action: "Undo the import",
    cancel: "Keep it",
    danger: true,
    async run() {
      await ask("post", "/v1/imports/{id}/undo", { path });
      show(await ask("get", "/v1/imports/{id}", { path }));
    },
  });
}
