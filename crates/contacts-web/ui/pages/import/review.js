// A file that was looked at: what goes where, what may happen, a dry run, and the start.

import { ask, sentence } from "../../core/api.js";
import { h, newId } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { dialog } from "../../widgets/dialog.js";
import { choices } from "../../widgets/form.js";
import { tagBox } from "../../widgets/tags.js";
import { dryRun } from "./dry.js";
import { mapping } from "./mapping.js";
import { obstacle, planOf } from "./plan.js";
import { POLICIES } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Part, Shown } from "../import.js" */

/**
 * @param {Part} part
 * @returns {Promise<Shown>}
 */
export async function review({ job, signal, show }) {
  const fields = (await ask("get", "/v1/fields", { signal })).items.filter((field) => !field.archived);
  const analysis = /** @type {Schemas["Analysis"]} */ (job.analysis);
  const saver = planOf(job, signal, fit);
  const { plan } = saver;
  const dry = dryRun(job, fields, saver.settled, signal);
  const bar = startBar(job, saver, show);
  const named = analysis.columns.filter((_, at) => plan.columns[at]).length;

  /** @param {Schemas["PlanPatch"]} patch */
  const change = (patch) => {
    // What a dry run said is of the plan before, and the server has thrown it away.
    dry.forget();
    saver.change(patch);
  };
  function fit() {
    const why = obstacle(plan.columns, analysis.rows, fields);
    bar.fit(why);
    dry.fit(why);
  }

  const element = h("div", { class: "stack" },
    h("section", { class: "panel" },
      h("h2", {}, "Columns"),
      h("p", { class: "muted lead" }, `${count(named, "column")} of ${analysis.columns.length} recognised. What goes nowhere is left out.`),
      mapping({ analysis, columns: plan.columns, fields, change: (columns) => change({ columns }) })),
    h("div", { class: "pair-of-panels" },
      h("section", { class: "panel" }, choices("People in the file", POLICIES, plan.policy, (policy) => change({ policy: /** @type {Schemas["Policy"]} */ (policy) }))),
      h("section", { class: "panel" }, h("h2", {}, "Tags for everybody in the file"), tagsOf(plan, change),
        h("p", { class: "hint" }, "They help to find these people again, such as by the event they came from."))),
    dry.element,
    bar.element);
  fit();
  return { element };
}

/**
 * @param {{ tags: string[] }} plan
 * @param {(patch: Schemas["PlanPatch"]) => void} change
 */
function tagsOf(plan, change) {
  return tagBox({
    label: "Tags for everybody in the file",
    tags: plan.tags,
    add: (tag) => change({ tags: [...plan.tags, tag] }),
    remove: (tag) => change({ tags: plan.tags.filter((other) => other !== tag) }),
  }).element;
}

/**
 * @param {Schemas["Import"]} job
 * @param {ReturnType<typeof planOf>} saver
 * @param {(job: Schemas["Import"]) => void} show
 */
function startBar(job, saver, show) {
  const path = { id: job.id };
  const why = h("p", { class: "why", id: newId() });
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const start = h("button", { type: "button", class: "primary", "aria-describedby": why.id }, `Import ${count(job.analysis?.rows ?? 0, "row")}`);
  let busy = false;
  start.addEventListener("click", async () => {
    busy = start.disabled = true;
    wrong.hidden = true;
    try {
      // It starts with the plan that the server has.
      if (await saver.settled()) show(await ask("post", "/v1/imports/{id}/start", { path }));
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
    }
    busy = start.disabled = false;
  });
  const discard = h("button", { type: "button", class: "quiet", onclick: () => void dialog({
    title: "Discard this import?",
    body: h("p", {}, "Nothing was imported yet. The file has to be uploaded again to import it later."),
    action: "Discard",
    cancel: "Keep it",
    danger: true,
    run: async () => show(await ask("post", "/v1/imports/{id}/cancel", { path })),
  }) }, "Discard");
  return {
    element: h("div", { class: "start-bar" }, h("div", { class: "grow" }, why, saver.state, wrong), discard, start),
    /** @param {string} obstacle */
    fit(obstacle) {
      why.textContent = obstacle || "Ready to start.";
      why.classList.toggle("blocked", Boolean(obstacle));
      start.disabled = Boolean(obstacle) || busy;
    },
  };
}
