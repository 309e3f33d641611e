// An import on its way: being uploaded, looked at, or taken.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count, duration, number } from "../../core/format.js";
import { dialog } from "../../widgets/dialog.js";
import { tally } from "./tally.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Part, Shown } from "../import.js" */

/**
 * @param {Part} part
 * @returns {Shown}
 */
export function running({ job: first, show }) {
  let job = first;
  const bar = h("progress", { max: 1, "aria-label": "Progress" });
  const percent = h("strong", { class: "percent" });
  const text = h("p", { class: "muted" });
  const numbers = tally(job);
  const taking = job.state === "running";
  const stop = h("button", { type: "button", onclick: () => void cancel(job, show) }, taking ? "Stop the import" : "Cancel");

  /** @param {Schemas["Import"]} next */
  function update(next) {
    job = next;
    if (!taking) return;
    numbers.update(job);
    if (!job.progress || job.progress.done === 0) {
      bar.removeAttribute("value");
      percent.textContent = "Starting…";
      text.textContent = job.progress ? `0 of ${count(job.progress.total, "row")}` : "";
      return;
    }
    const { done, total, rows_per_second: rate, seconds_left: left } = job.progress;
    bar.value = total ? done / total : 1;
    percent.textContent = `${Math.floor(bar.value * 100)} %`;
    text.textContent = [
      `${number(done)} of ${count(total, "row")}`,
      rate && `${number(Math.round(rate))} a second`,
      typeof left === "number" && `${duration(left)} left`,
    ].filter(Boolean).join(" · ");
  }

  if (!taking) {
    percent.textContent = job.state === "uploading" ? "The file is being uploaded…" : "Reading the file…";
    text.textContent = job.state === "uploading" ? "Keep the page open that sends it." : "Its columns are shown here as soon as every row was looked at.";
  }
  update(job);
  return {
    update,
    element: h("div", { class: "stack" },
      h("section", { class: "panel progress", "aria-label": "Progress" }, h("div", { class: "row" }, percent, h("span", { class: "grow" }), stop), bar, text),
      taking && numbers.element,
      taking && h("p", { class: "muted" }, "It goes on when you leave this page.")),
  };
}

/**
 * @param {Schemas["Import"]} job
 * @param {(job: Schemas["Import"]) => void} show
 */
async function cancel(job, show) {
  const taking = job.state === "running";
  await dialog({
    title: taking ? "Stop this import?" : "Cancel this import?",
    body: h("p", {}, taking ? "The rows that were taken so far stay. You can undo them afterwards." : "Nothing was imported yet."),
    action: taking ? "Stop the import" : "Cancel the import",
    cancel: "Go on",
    danger: true,
    run: async () => show(await ask("post", "/v1/imports/{id}/cancel", { path: { id: job.id } })),
  });
}
