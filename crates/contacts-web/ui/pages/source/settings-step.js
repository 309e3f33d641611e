// The step of a new source that sets up and tests the connection.

import { aborted, ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { settingsForm, nested, showCheckResult } from "./settings-form.js";

/** @import { Step } from "./define.js" */

/** @type {Step} */
export const SETTINGS = {
  title: "Connection",
  summary: () => "Configured",
  async open(flow) {
    const { draft, known, signal } = flow;
    known.setup ??= await ask("get", "/v1/connectors/{name}", { path: { name: draft.connector }, signal });
    const setup = known.setup;
    const lost = draft.secret && known.secrets.size === 0;
    const part = settingsForm({ setup, values: draft.settings, secrets: known.secrets });
    const result = h("div", { role: "status" });
    const next = h("button", { class: "primary" }, "Continue");
    const anyway = h("button", { type: "button", hidden: true, onclick: () => flow.next() }, "Continue anyway");
    const test = h("button", { type: "button", onclick: () => form.reportValidity() && void check() }, "Test the connection");

    function keep() {
      known.secrets = part.secrets();
      flow.change({ settings: part.plain(), secret: known.secrets.size > 0 });
      Object.assign(known, { streams: null, sample: null });
      anyway.hidden = true;
    }
    async function check() {
      if (test.disabled) return false;
      test.disabled = next.disabled = true;
      fill(result, h("span", { class: "status busy" }, "Connecting…"));
      try {
        const answer = await ask("post", "/v1/connectors/{name}/check", { path: { name: draft.connector }, body: { settings: nested(setup, draft.settings, known.secrets) }, signal });
        showCheckResult(result, answer);
        anyway.hidden = answer.succeeded;
        return answer.succeeded;
      } catch (error) {
        if (aborted(error)) return false;
        showCheckResult(result, { succeeded: false, problem: sentence(error) });
        anyway.hidden = false;
        return false;
      } finally {
        test.disabled = next.disabled = false;
      }
    }
    const form = h("form", { class: "stack", autocomplete: "off", oninput: keep, onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      keep();
      if (await check()) flow.next();
    } },
      lost && h("p", { class: "note" }, icon("note"), h("span", {}, "Enter the secrets again. They are not stored in the browser.")),
      part.element, result, h("div", { class: "row" }, next, test, anyway));
    return form;
  },
};
