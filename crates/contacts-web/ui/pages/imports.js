// The history of imports, newest first.

import { ask } from "../core/api.js";
import { h } from "../core/dom.js";
import { ago, moment, number } from "../core/format.js";
import { icon } from "../core/icon.js";
import { go } from "../core/router.js";
import { called } from "../core/actors.js";
import { styles } from "../core/styles.js";
import { paged } from "../widgets/paged.js";
import { sheet } from "../widgets/sheet.js";
import { drop } from "./import/drop.js";
import { upload } from "./import/uploads.js";
import { status } from "./import/words.js";

/** @import { Schemas } from "../core/api.js" */
/** @import { Context, Page } from "../core/router.js" */
/** @import { Work } from "../core/jobs.js" */

const TITLES = ["File", "Status", "#Rows", "#Added", "#Updated", "#Skipped", "Started", "By"];

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ signal }) {
  await styles("./import.css", import.meta.url);
  drop(signal, (files) => {
    upload(files);
    go("/import");
  });
  const into = h("tbody");
  const table = sheet("Imports, newest first", TITLES, into);
  const nothing = empty();
  nothing.hidden = true;
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/imports", { query: { ...(cursor && { cursor }), limit: 25 }, signal }),
    into,
    row: (/** @type {Schemas["Import"]} */ job) => {
      const row = rowOf(job);
      rows.set(job.id, row);
      return row;
    },
    loaded: (count) => {
      nothing.hidden = count > 0;
      table.hidden = count === 0;
    },
  });
  addEventListener("job", (event) => {
    const { kind, job } = /** @type {CustomEvent<Work>} */ (event).detail;
    const old = kind === "import" ? rows.get(job.id) : undefined;
    if (!old || kind !== "import") return;
    // Keep the focus on the row.
    const focused = old.contains(document.activeElement);
    const fresh = rowOf(job);
    rows.set(job.id, fresh);
    old.replaceWith(fresh);
    if (focused) fresh.querySelector("a")?.focus();
  }, { signal });
  void list.reload();
  return {
    title: "Imports",
    element: h("div", { class: "page imports" },
      h("div", { class: "head" }, h("h1", {}, "Imports"), h("a", { href: "/import", data: { needs: "import" }, class: "button primary" }, icon("upload"), "Import a file")),
      table, nothing, list.more),
  };
}

const empty = () =>
  h("div", { class: "empty" }, h("h2", {}, "No imports yet"),
    h("p", {}, "Add people from a spreadsheet, an event or another tool. You see what will happen first, and can undo it afterwards."),
    h("div", { class: "row" }, h("a", { href: "/import", data: { needs: "import" }, class: "button primary" }, icon("upload"), "Import a file")));

/** @param {Schemas["Import"]} job */
function rowOf(job) {
  const { summary, progress, analysis } = job;
  const who = h("td", { class: "muted" });
  void called(job.actor).then((name) => (who.textContent = name));
  const rows = job.state === "running" ? `${number(progress.done)} of ${number(progress.total ?? 0)}` : analysis ? number(analysis.rows) : "";
  const taken = Boolean(job.started_at);
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `/imports/${job.id}`, class: "clip", title: job.file_name }, job.file_name)),
    h("td", {}, status(job.state)),
    h("td", { class: "number" }, rows),
    [summary.added, summary.updated, summary.skipped].map((value) => h("td", { class: "number" }, taken && number(value))),
    h("td", {}, h("time", { dateTime: job.created_at, title: moment(job.created_at) }, ago(job.created_at))),
    who);
}
