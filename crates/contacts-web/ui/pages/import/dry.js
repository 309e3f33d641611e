// The dry run of an import: its result in numbers and row by row.

import { ask, aborted, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { failure } from "../../widgets/failure.js";
import { dryRows } from "./dry-rows.js";
import { tally } from "./tally.js";

/** @import { Schemas } from "../../core/api.js" */

const POLL = 700;
/** Most rows of a file whose dry run is repeated by itself after a correction. */
const QUICK_ROWS = 20_000;
const WORDS = { added: "Would be added", updated: "Would be updated", skipped: "Would be skipped" };

/**
 * @param {Schemas["Import"]} job
 * @param {{ columns: (string | null)[] }} plan as it is now
 * @param {Schemas["Field"][]} fields
 * @param {() => Promise<boolean>} settled waits until the plan is saved
 * @param {AbortSignal} signal
 */
export function dryRun(job, plan, fields, settled, signal) {
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
    const done = h("span", { class: "muted" });
    const numbers = tally(dry, WORDS);
    fill(body, h("div", { class: "row" }, bar, done, h("button", { type: "button", data: { needs: "import" }, onclick: () => void stop() }, "Stop")));
    while ((dry.state === "queued" || dry.state === "running") && mine === turn && !signal.aborted) {
      bar.value = dry.progress.done;
      done.textContent = `${number(dry.progress.done)} of ${number(job.analysis?.rows ?? 0)}`;
      await new Promise((resolve) => setTimeout(resolve, POLL));
      if (mine === turn) dry = await ask("get", "/v1/imports/{id}/dry-run", { path, signal });
    }
    if (mine !== turn || signal.aborted) return;
    if (dry.state === "cancelled") return forget();
    if (dry.state === "failed") return fill(body, failure(sentence(new Error(dry.problem ?? "the dry run failed")), () => void run()));
    startButton.textContent = "Repeat dry run";
    numbers.update(dry);
    const outdated = h("p", { class: "note", role: "status", hidden: !dry.outdated }, icon("note"), h("span", {}, "Cells were corrected since this dry run. Repeat it to see the new results."));
    /** Rows that were corrected since the shown result. @type {Set<number>} */
    const corrected = new Set();
    let checking = false;
    const names = (job.analysis?.columns ?? []).map(({ header }, at) => header.trim() || `Column ${at + 1}`);
    const file = { id: job.id, names, get columns() { return plan.columns; }, editable: true, corrected: (/** @type {number} */ row) => void check(row) };
    const rows = dryRows(file, fields, dry.summary);
    fill(body, numbers.element, outdated, rows.element);

    /** Works out the results again after a correction. @param {number} row */
    async function check(row) {
      const quick = (job.analysis?.rows ?? 0) <= QUICK_ROWS;
      rows.mark(row, quick ? "Checking…" : "Corrected: repeat the dry run to see the result");
      outdated.hidden = quick;
      corrected.add(row);
      if (!quick || checking) return;
      checking = true;
      try {
        while (corrected.size > 0 && mine === turn && !signal.aborted) {
          const changed = [...corrected];
          corrected.clear();
          const result = await repeated();
          if (mine !== turn || signal.aborted) return;
          numbers.update(result);
          rows.count(result.summary);
          await Promise.all(changed.filter((row) => !corrected.has(row)).map(rows.refresh));
        }
      } catch (error) {
        if (mine === turn && !aborted(error)) outdated.hidden = false;
      } finally {
        checking = false;
      }
    }
  }

  /** Repeats the dry run while the former results stay on the page. */
  async function repeated() {
    let dry = await ask("post", "/v1/imports/{id}/dry-run", { path });
    while (dry.state === "queued" || dry.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, POLL / 4));
      dry = await ask("get", "/v1/imports/{id}/dry-run", { path, signal });
    }
    if (dry.state !== "done") throw new Error(dry.problem ?? "the dry run was stopped");
    return dry;
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
