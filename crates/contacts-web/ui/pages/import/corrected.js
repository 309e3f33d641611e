// The skipped rows of an import that has ended, which can be corrected and imported into it.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { denied } from "../../core/session.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { cellList, cellsOf } from "./cells.js";
import { correctable } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @typedef {object} Options
 * @property {boolean} canCorrect whether the import is done and no undo of it was started
 * @property {(job: Schemas["Import"]) => void} show shows the new state of the import
 */

/**
 * @param {Schemas["Import"]} job
 * @param {Options} options
 */
export function correctedRows(job, { canCorrect, show }) {
  if (correctable(job.summary) === 0 && job.summary.warnings === 0) return null;
  const path = { id: job.id };
  const isStored = job.file_state === "kept";
  const editable = canCorrect && isStored && !denied("import");
  const names = (job.analysis?.columns ?? []).map(({ header }, at) => header.trim() || `Column ${at + 1}`);
  /** @type {import("./cells.js").Sheet} */
  const file = { id: job.id, names, columns: job.plan?.columns ?? [], corrected: () => void recount() };
  const bar = correctionBar(job, show);
  const into = h("tbody");
  const list = paged({
    load: async (/** @type {string | undefined} */ cursor) => {
      const page = await ask("get", "/v1/imports/{id}/issues", { path, query: { ...(cursor && { cursor }), limit: 50 } });
      const rows = [...new Set(page.items.map(({ row }) => row))].slice(0, 200);
      const cells = isStored ? await cellsOf(job.id, rows).catch(() => new Map()) : new Map();
      return { ...page, items: page.items.map((issue) => ({ issue, cells: cells.get(issue.row) })) };
    },
    into,
    row: (/** @type {{ issue: Schemas["Issue"], cells: Schemas["RowCells"] | undefined }} */ { issue: { line, code, reason }, cells }) => h("tr", {},
      h("td", { class: "number" }, number(line)),
      h("td", {}, h("span", { class: `status ${code === "warning" ? "warn" : ""}` }, code === "warning" ? "Cell ignored" : "Row skipped")),
      h("td", {}, sentence(new Error(reason))),
      isStored && h("td", {}, cells && cellList(cells, { ...file, editable: editable && code !== "warning" }))),
  });

  async function recount() {
    bar.fit((await ask("get", "/v1/imports/{id}", { path })).corrected_rows);
  }
  void list.reload();
  bar.fit(job.corrected_rows);
  return h("section", { class: "panel", "aria-labelledby": "skipped-rows" }, h("h2", { id: "skipped-rows" }, "Skipped rows and warnings"),
    editable && correctable(job.summary) > 0 && bar.element,
    sheet("Skipped rows and warnings", ["#Line", "Problem", "Reason", ...(isStored ? ["Cells"] : [])], into),
    list.more);
}

/**
 * The button that imports corrected rows, and the one that takes a corrected file.
 *
 * @param {Schemas["Import"]} job
 * @param {(job: Schemas["Import"]) => void} show
 */
function correctionBar(job, show) {
  const path = { id: job.id };
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const start = h("button", { type: "button", class: "primary", data: { needs: "import" } });
  const choose = h("button", { type: "button", data: { needs: "import" } }, icon("upload"), "Upload corrected file");
  const input = h("input", { type: "file", hidden: true, accept: ".csv,.txt,.tsv,.xlsx,.ods,text/csv" });
  let rows = 0;
  let busy = false;

  function fit() {
    start.textContent = rows > 0 ? `Import ${count(rows, "corrected row")}` : "Import corrected rows";
    start.disabled = busy || rows === 0;
    choose.disabled = busy;
  }

  /** @param {() => Promise<Schemas["Import"]>} send */
  async function run(send) {
    busy = true;
    wrong.hidden = true;
    fit();
    try {
      show(await send());
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
    }
    busy = false;
    fit();
  }
  start.addEventListener("click", () => void run(() => ask("post", "/v1/imports/{id}/retry", { path })));
  choose.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [chosen] = input.files ?? [];
    input.value = "";
    // The description of the API knows the body as text; the file may be a workbook.
    if (chosen) void run(() => ask("post", "/v1/imports/{id}/skipped.csv", { path, body: /** @type {any} */ (chosen) }));
  });
  return {
    element: h("div", { class: "stack corrected-rows" },
      h("p", { class: "muted" }, "Correct the cells of skipped rows below, or download the rows, correct them in a spreadsheet and upload the file. They are imported into this import."),
      h("div", { class: "row" }, start, choose, input), wrong),
    /** @param {number} corrected */
    fit(corrected) {
      rows = corrected;
      fit();
    },
  };
}
