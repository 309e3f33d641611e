// The line that says whose choices the review began with, and the way back to the suggestions.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { day } from "../../core/format.js";
import { icon } from "../../core/icon.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @param {Schemas["Import"]} job
 * @param {AbortSignal} signal
 * @param {() => Promise<boolean>} settled saves the plan; returns false when that failed
 * @param {() => Promise<void>} again shows the review again
 */
export async function earlierChoices({ id, plan }, signal, settled, again) {
  const origin = plan?.choices_of;
  if (!origin) return null;
  const earlier = await ask("get", "/v1/imports/{id}", { path: { id: origin.import_id }, signal });
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const reset = h("button", { type: "button", class: "link", data: { needs: "import" } }, "Use the suggestions instead");
  reset.addEventListener("click", async () => {
    reset.disabled = true;
    wrong.hidden = true;
    try {
      if (await settled()) {
        await ask("patch", "/v1/imports/{id}", { path: { id }, body: { use_suggestions: true } });
        return void (await again());
      }
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
    }
    reset.disabled = false;
  });
  return h("div", { class: "note earlier" }, icon("note"), h("div", { class: "grow" },
    h("p", {}, "Choices of ", h("a", { href: `/imports/${origin.import_id}` }, earlier.file_name), `, imported on ${day(origin.started_at)}. `, reset), wrong));
}
