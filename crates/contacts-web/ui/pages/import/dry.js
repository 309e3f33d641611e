// The dry run of an import: its result in numbers and row by row.

import { ask, aborted, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { failure } from "../../widgets/failure.js";
import { labelled } from "../../widgets/form.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { tally } from "./tally.js";
import { reason, targetName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */

const POLL = 700;
const WORDS = { added: "Would be added", updated: "Would be updated", skipped: "Would be skipped" };

/**
 * @param {Schemas["Import"]} job
 * @param {Schemas["Field"][]} fields
 * @param {() => Promise<boolean>} settled waits until the plan is saved
 * @param {AbortSignal} signal
 */
export function dryRun(job, fields, settled, signal) {
  const path = { id: job.id };
  const startButton = h("button", { type: "button", data: { needs: "import" }, onclick: () => void run() }, "Start dry run");
  const body = h("div", { class: "stack", "aria-live": "polite" });
  const element = h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, "Dry run"), h("p", { class: "muted grow" }, "Shows what would happen to each row, without changing anything."), startButton), body);
  /** Incremented when the shown result belongs to an older plan. */
  let turn = 0;

  async function run() {
    const mine = (turn += 1);
    startButton.hidden = true;
    try {
      if (await settled()) await follow(await ask("post", "/v1/imports/{id}/dry-run", { path }), mine);
    } catch (error) {
      failed(error, mine);
    }
    if (mine === turn) startButton.hidden = false;
  }

  /**
   * @param {Schemas["DryRun"]} dry
   * @param {number} mine
   */
  async function follow(dry, mine) {
    const bar = h("progress", { max: job.analysis?.rows || 1, "aria-label": "Progress of the dry run" });
    const rows = h("span", { class: "muted" });
    const numbers = tally(dry, WORDS);
    fill(body, h("div", { class: "row" }, bar, rows, h("button", { type: "button", data: { needs: "import" }, onclick: () => void stop() }, "Stop")));
    while ((dry.state === "queued" || dry.state === "running") && mine === turn && !signal.aborted) {
      bar.value = dry.progress.done;
      rows.textContent = `${number(dry.progress.done)} of ${number(job.analysis?.rows ?? 0)}`;
      await new Promise((resolve) => setTimeout(resolve, POLL));
      if (mine === turn) dry = await ask("get", "/v1/imports/{id}/dry-run", { path, signal });
    }
    if (mine !== turn || signal.aborted) return;
    if (dry.state === "cancelled") return forget();
    if (dry.state === "failed") return fill(body, failure(sentence(new Error(dry.problem ?? "the dry run failed")), () => void run()));
    startButton.textContent = "Repeat dry run";
    numbers.update(dry);
    fill(body, numbers.element, listOf(path, fields, dry.summary));
  }

  async function stop() {
    forget();
    await ask("delete", "/v1/imports/{id}/dry-run", { path }).catch(() => undefined);
  }

  function forget() {
    turn += 1;
    fill(body);
    startButton.hidden = false;
    startButton.textContent = "Start dry run";
  }

  /**
   * @param {unknown} error
   * @param {number} mine
   */
  function failed(error, mine) {
    if (mine === turn && !aborted(error)) fill(body, failure(sentence(error), () => void run()));
  }

  // An earlier dry run is shown again after a reload.
  const mine = turn;
  ask("get", "/v1/imports/{id}/dry-run", { path, signal }).then((dry) => (mine === turn ? follow(dry, mine) : undefined)).catch(() => undefined);

  return {
    element,
    forget,
    /** @param {string} obstacle */
    fit: (obstacle) => (startButton.disabled = Boolean(obstacle)),
  };
}

/**
 * @param {{ id: string }} path
 * @param {Schemas["Field"][]} fields
 * @param {Schemas["Summary"]} summary
 */
function listOf(path, fields, summary) {
  const into = h("tbody");
  const filter = filterOf(summary);
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/imports/{id}/dry-run/rows", { path, query: { ...filter.query(), ...(cursor && { cursor }), limit: 50 } }),
    into,
    row: (/** @type {Schemas["DryRow"]} */ row) => rowOf(row, fields),
  });
  const details = h("details", { class: "by-row" }, h("summary", {}, "Row by row"),
    filter.element,
    sheet("Result for each row", ["#Line", "Result", "Details"], into),
    list.more);
  filter.select.addEventListener("change", () => void list.reload());
  details.addEventListener("toggle", () => details.open && into.childElementCount === 0 && void list.reload());
  return details;
}

/**
 * A choice of the rows by their result and reason, with the number of rows of each.
 *
 * @param {Schemas["Summary"]} summary
 */
function filterOf({ added, updated, skipped, warnings, skipped_by_reason: reasons }) {
  /** @type {[string, string, number][]} */
  const results = [["outcome=added", "Would be added", added], ["outcome=updated", "Would be updated", updated], ["outcome=skipped", "Would be skipped", skipped]];
  const skips = Object.entries(reasons).map(([code, rows]) => /** @type {[string, string, number]} */ ([`reason=${code}`, `Skipped: ${reason(code)}`, rows]));
  const options = [...results, ...skips].filter(([, , rows]) => rows > 0).map(([value, text, rows]) => h("option", { value }, `${text} (${number(rows)})`));
  const select = h("select", {}, h("option", { value: "" }, "All rows"), options, warnings > 0 && h("option", { value: "reason=warning" }, "With an ignored cell"));
  return { select, element: h("div", { class: "rows-filter" }, labelled("Show", select)), query: () => Object.fromEntries(new URLSearchParams(select.value)) };
}

/**
 * @param {Schemas["DryRow"]} row
 * @param {Schemas["Field"][]} fields
 */
function rowOf(row, fields) {
  const [tone, word] = { added: ["good", "Added"], updated: ["busy", "Updated"], skipped: ["", "Skipped"] }[row.outcome] ?? ["", row.outcome];
  return h("tr", {}, h("td", { class: "number" }, number(row.line)), h("td", {}, h("span", { class: `status ${tone}` }, word)),
    h("td", {}, h("ul", {}, detailsOf(row, fields).map((detail) => h("li", {}, detail)), row.warnings.map((warning) => h("li", { class: "muted" }, `Warning: ${warning}`)))));
}

/**
 * @param {Schemas["DryRow"]} row
 * @param {Schemas["Field"][]} fields
 * @returns {Child[][]}
 */
function detailsOf(row, fields) {
  if (row.outcome === "added") return [["New contact"]];
  if (row.outcome === "skipped") return [[sentence(new Error(row.reason))]];
  const changes = row.changes.map(({ field, from, to }) => [`${targetName(field, fields)}: `, h("del", {}, from ?? "empty"), " → ", h("ins", {}, to ?? "empty")]);
  const tags = row.tags.length > 0 ? [[`Tags: ${row.tags.map((tag) => `+ ${tag}`).join(", ")}`]] : [];
  const who = row.contact_id ? [[h("a", { href: `/contacts/${row.contact_id}` }, "Open the contact")]] : [["A contact that an earlier row adds"]];
  return [...changes, ...tags, ...who];
}
