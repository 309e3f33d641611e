// The choice of the sheet of a workbook.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { labelled } from "../../widgets/form.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { planOf } from "./plan.js" */

/**
 * A choice of the sheet; nothing when there is no other one.
 *
 * @param {Schemas["Import"]} job
 * @param {ReturnType<typeof planOf>} saver
 * @param {(job: Schemas["Import"]) => void} show
 */
export function sheetChoice({ id, analysis }, saver, show) {
  const sheets = analysis?.sheets ?? [];
  if (sheets.length < 2) return null;
  const current = analysis?.sheet ?? "";
  const select = h("select", {}, sheets.map(({ name, hidden }) => h("option", { value: name, selected: name === current }, hidden ? `${name} (hidden)` : name)));
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  select.addEventListener("change", async () => {
    select.disabled = true;
    wrong.hidden = true;
    try {
      // A change that is still being saved belongs to the present sheet.
      await saver.settled();
      show(await ask("put", "/v1/imports/{id}/sheet", { path: { id }, body: { name: select.value } }));
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
      select.value = current;
    }
    select.disabled = false;
  });
  return h("section", { class: "panel" }, labelled("Sheet", select, "The file has several sheets. Choosing another one starts the review over."), wrong);
}
