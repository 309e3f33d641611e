// The review of an analysed file: format, mapping, policy, tags, dry run, and start.

import { ask, askAll, sentence } from "../../core/api.js";
import { h, newId } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { denied } from "../../core/session.js";
import { dialog } from "../../widgets/dialog.js";
import { choices } from "../../widgets/form.js";
import { helpLink } from "../../widgets/help.js";
import { tagBox } from "../../widgets/tags.js";
import { cancelled } from "./cancel.js";
import { domainOffers } from "./domains.js";
import { dryRun } from "./dry.js";
import { earlierChoices } from "./earlier.js";
import { formatChoices } from "./formats.js";
import { layoutChoice, repairButton } from "./layout.js";
import { mapping } from "./mapping.js";
import { obstacle, planOf } from "./plan.js";
import { columnRules, fittingRules } from "./rules.js";
import { sentences } from "./warnings.js";
import { POLICIES } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Part, Shown } from "../import.js" */

/**
 * @param {Part} part
 * @returns {Promise<Shown>}
 */
export async function review({ job, signal, show, again }) {
  if (denied("import")) return { element: h("p", { class: "note" }, "Managers and administrators can review this file and import it.") };
  const fields = (await askAll("/v1/fields", { signal })).items.filter((field) => !field.archived);
  const analysis = /** @type {Schemas["Analysis"]} */ (job.analysis);
  const saver = planOf(job, signal, fit);
  const { plan } = saver;
  const dry = dryRun(job, plan, fields, saver.settled, signal);
  const bar = startBar(job, saver, show, signal);
  const warnings = h("ul", { class: "status warn opt-outs", "aria-label": "Warnings" });
  const named = analysis.columns.filter((_, at) => plan.columns[at]).length;

  /** @param {Schemas["PlanPatch"]} patch */
  const change = (patch) => {
    // A dry run belongs to the plan before the change; the server has discarded it.
    dry.forget();
    saver.change(patch);
  };
  const domains = domainOffers(analysis.domains, plan, (domains) => change({ domains }));
  const formats = formatChoices(analysis, plan, (formats) => change({ formats }));
  const rules = columnRules(analysis, plan, (rules) => change({ rules }));
  function fit() {
    rules.show();
    domains.show();
    formats.show(saver.warnings());
    const why = obstacle(plan.columns, analysis.rows, fields, plan.policy);
    bar.fit(why);
    dry.fit(why);
    const found = saver.warnings();
    const texts = sentences(found);
    // One repair is for the whole file.
    const repairable = found.findIndex(({ repaired }) => repaired);
    warnings.hidden = found.length === 0;
    warnings.replaceChildren(...texts.map((text, at) => h("li", {}, text, at === repairable && repairButton(job.id, found[at]?.repaired ?? "", saver.settled, show))));
  }

  const element = h("div", { class: "stack" },
    await earlierChoices(job, signal, saver.settled, again),
    layoutChoice(job, saver.settled, show),
    h("section", { class: "panel" },
      h("div", { class: "row" }, h("h2", {}, "Columns"), helpLink("import", "Importing a file")),
      h("p", { class: "muted lead" }, `${number(named)} of ${count(analysis.columns.length, "column")} recognised. Unmapped columns are not imported.`),
      h("div", { role: "status" }, warnings),
      mapping({ analysis, columns: plan.columns, fields, change: (columns) => {
        const rules = fittingRules(columns, plan.rules);
        change({ columns, ...(rules && { rules }) });
      } }),
      formats.element,
      domains.element),
    h("div", { class: "pair-of-panels" },
      h("section", { class: "panel" }, choices("New and existing contacts", POLICIES, plan.policy, (policy) => change({ policy: /** @type {Schemas["Policy"]} */ (policy) })), rules.element),
      h("section", { class: "panel" }, h("h2", {}, "Tags for everyone in the file"), tagsOf(plan, change),
        h("p", { class: "hint" }, "Tags help you find these people later, for example by event."))),
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
    label: "Tags for everyone in the file",
    tags: plan.tags,
    add: (tags) => change({ tags: [...plan.tags, ...tags] }),
    remove: (tag) => change({ tags: plan.tags.filter((other) => other !== tag) }),
  }).element;
}

/**
 * @param {Schemas["Import"]} job
 * @param {ReturnType<typeof planOf>} saver
 * @param {(job: Schemas["Import"]) => void} show
 * @param {AbortSignal} signal
 */
function startBar(job, saver, show, signal) {
  const path = { id: job.id };
  const why = h("p", { class: "why", id: newId() });
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const start = h("button", { type: "button", class: "primary", data: { needs: "import" }, "aria-describedby": why.id, "aria-keyshortcuts": "Control+Enter", title: "Ctrl Enter" }, `Import ${count(job.analysis?.rows ?? 0, "row")}`);
  let busy = false;
  start.addEventListener("click", async () => {
    busy = start.disabled = true;
    wrong.hidden = true;
    try {
      // The server starts the plan that it has stored.
      if (await saver.settled()) show(await ask("post", "/v1/imports/{id}/start", { path }));
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
    }
    busy = start.disabled = false;
  });
  // From anywhere on the page: many controls come before the button.
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) start.click();
  }, { signal });
  const discard = h("button", { type: "button", class: "quiet", data: { needs: "import" }, onclick: () => void dialog({
    title: "Discard this import?",
    body: h("p", {}, "Nothing has been imported. To import this file later, upload it again."),
    action: "Discard",
    cancel: "Keep it",
    danger: true,
    run: async () => show(await cancelled(job.id)),
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
