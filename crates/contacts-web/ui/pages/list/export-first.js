// The offer to export contacts before they are deleted.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { track } from "../../core/jobs.js";
import { ended, outcome, save } from "./act.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * A button that exports the contacts of a selection and downloads the file, for a dialog that
 * stays open meanwhile. `check` throws while the export is in progress.
 *
 * @param {Schemas["Selection"]} selection
 */
export function exportFirst(selection) {
  const status = h("span", { role: "status", class: "muted" });
  const button = h("button", { type: "button", data: { needs: "export" }, onclick: () => void start() }, "Export first");
  const element = h("p", { class: "row" }, button, status);

  async function start() {
    button.disabled = true;
    status.textContent = `Exporting ${count(selection.count, "contact")}…`;
    try {
      const started = await ask("post", "/v1/actions", { body: { selection_id: selection.id, action: { type: "export" } } });
      const done = await ended(started, () => element.isConnected);
      // The dialog was closed: the export goes on as a job.
      if (!done.finished_at) return track({ kind: "action", job: done });
      if (done.file !== "ready") throw new Error(done.problem ?? "The export was stopped.");
      save(done);
      status.textContent = outcome(done);
    } catch (error) {
      status.textContent = sentence(error);
    }
    button.disabled = false;
  }

  function check() {
    if (button.disabled) throw new Error("Wait until the export is downloaded.");
  }

  return { element, check };
}
