// The last step of a new source: schedule, removed contacts, name, and saving.

import { aborted, ask, Problem, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { go } from "../../core/router.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { toast } from "../../widgets/toast.js";
import { mappingOf } from "./fields-form.js";
import { scheduleForm, scheduleOf, typed } from "./schedule.js";
import { settings } from "./steps.js";
import { vanishForm, vanishOf } from "./vanish-form.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Flow, Step } from "./define.js" */

/** @type {Step} */
export const SAVE = {
  title: "Schedule and name",
  summary: ({ name }) => name,
  open(flow) {
    const { draft, signal } = flow;
    const schedule = scheduleForm(draft.schedule ?? { ...typed({ every_seconds: 6 * 3600 }) }, (schedule) => flow.change({ schedule }));
    const vanish = vanishForm(draft.vanish, draft.mode, (vanish) => flow.change({ vanish }));
    const name = h("input", { value: draft.name || suggested(draft.connector, draft.stream), required: true, maxLength: 200, autocomplete: "off", oninput: () => flow.change({ name: name.value }) });
    const start = choices("After saving", [["run", "Run now", "The first run reads everything."], ["wait", "Start paused", "It does not run until you resume it."]], draft.paused ? "wait" : "run", (value) => flow.change({ paused: value === "wait" }));
    const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    const button = h("button", { class: "primary" }, "Save the source");
    return h("form", { class: "stack", onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      button.disabled = true;
      wrong.hidden = true;
      flow.change({ name: name.value, schedule: schedule.read(), vanish: vanish.read(), paused: chosen(start) === "wait" });
      try {
        const { id } = await ask("post", "/v1/sources", { body: await bodyOf(flow), signal });
        flow.forget();
        // A source with an interval starts by itself; requesting the same run again starts no second one.
        if (!draft.paused) await ask("post", "/v1/sources/{id}/runs", { path: { id }, body: {} }).catch((error) => toast(sentence(error)));
        go(`/sources/${id}`, { replace: true });
      } catch (error) {
        if (aborted(error)) return;
        wrong.textContent = why(error);
        wrong.hidden = false;
      } finally {
        button.disabled = false;
      }
    } }, schedule.element, vanish.element, labelled("Name", name), start, wrong, h("div", { class: "row" }, button));
  },
};

/**
 * @param {string} connector
 * @param {string} stream
 */
const suggested = (connector, stream) => `${connector.charAt(0).toUpperCase()}${connector.slice(1)}: ${stream}`.slice(0, 100);

/**
 * @param {Flow} flow
 * @returns {Promise<Schemas["NewConnectedSource"]>}
 */
async function bodyOf(flow) {
  const { draft } = flow;
  return {
    name: draft.name.trim(), connector: draft.connector, settings: await settings(flow), stream: draft.stream,
    mode: draft.mode, cursor_field: draft.mode === "incremental" && draft.cursor ? draft.cursor : null,
    mapping: mappingOf(draft.mapped), schedule: draft.schedule ? scheduleOf(draft.schedule) : null,
    ...vanishOf(draft.vanish), paused: draft.paused,
  };
}

/** All errors of a request as sentences. @param {unknown} error */
export function why(error) {
  if (!(error instanceof Problem) || error.errors.length === 0) return sentence(error);
  return error.errors.map(({ field, reason }) => sentence(new Error(`${field.replaceAll("_", " ").replaceAll(".", ": ")} ${reason}`))).join(" ");
}
