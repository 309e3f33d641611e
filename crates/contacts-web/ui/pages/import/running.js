// An import that is being uploaded, analysed or run.

import { h } from "../../core/dom.js";
import { count, duration, number } from "../../core/format.js";
import { dialog } from "../../widgets/dialog.js";
import { cancelled } from "./cancel.js";
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
  const taking = isStarted(job);
  const stop = h("button", { type: "button", data: { needs: "import" }, onclick: () => void cancel(job, show) }, taking ? "Stop the import" : "Cancel");

  /** @param {Schemas["Import"]} next */
  function update(next) {
    job = next;
    if (!taking) return;
    numbers.update(job);
    const { done, total, per_second: rate, seconds_left: left } = job.progress;
    if (done === 0) {
      bar.removeAttribute("value");
      percent.textContent = "Starting…";
      text.textContent = `0 of ${count(total ?? 0, "row")}`;
      return;
    }
    bar.value = total ? done / total : 1;
    percent.textContent = `${Math.floor(bar.value * 100)}%`;
    text.textContent = [
      `${number(done)} of ${count(total ?? 0, "row")}`,
      rate && `${number(Math.round(rate))} per second`,
      typeof left === "number" && `${duration(left)} left`,
    ].filter(Boolean).join(" · ");
  }

  if (!taking) {
    percent.textContent = job.state === "uploading" ? "The file is being uploaded…" : "Reading the file…";
    text.textContent = job.state === "uploading" ? "Keep the page that uploads it open." : "The columns appear here as soon as all rows have been read.";
  }
  update(job);
  return {
    update,
    element: h("div", { class: "stack" },
      h("section", { class: "panel progress", "aria-label": "Progress" }, h("div", { class: "row" }, percent, h("span", { class: "grow" }), stop), bar, text),
      taking && numbers.element,
      taking && h("p", { class: "muted" }, "The import continues when you leave this page.")),
  };
}

/** @param {Schemas["Import"]} job */
const isStarted = ({ state }) => state === "queued" || state === "running";

/**
 * @param {Schemas["Import"]} job
 * @param {(job: Schemas["Import"]) => void} show
 */
async function cancel(job, show) {
  const taking = isStarted(job);
  await dialog({
    title: taking ? "Stop this import?" : "Cancel this import?",
    body: h("p", {}, taking ? "Rows imported so far are kept. You can undo them afterwards." : "Nothing has been imported yet."),
    action: taking ? "Stop the import" : "Cancel the import",
    cancel: "Keep importing",
    danger: true,
    run: async () => show(await cancelled(job.id)),
  });
}
