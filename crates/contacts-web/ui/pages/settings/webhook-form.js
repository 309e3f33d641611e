// The form that creates or edits a webhook.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { dialog } from "../../widgets/dialog.js";
import { labelled } from "../../widgets/form.js";

/** @import { Schemas } from "../../core/api.js" */

/** @type {[Schemas["EventType"], string][]} */
export const TYPES = [
  ["contacts.created", "New contacts"],
  ["contacts.updated", "Changes"],
  ["contacts.merged", "Merges"],
  ["contacts.deleted", "Deletions"],
];

/** @type {Schemas["EventInclude"][]} */
const CONTACTS = ["contact"];

/**
 * Creates or edits a webhook. Resolves to null when the dialog was cancelled.
 *
 * @param {Schemas["Webhook"] | null} webhook
 * @returns {Promise<Schemas["Webhook"] | Schemas["SecretWebhook"] | null>}
 */
export async function webhookForm(webhook) {
  const url = h("input", { type: "url", value: webhook?.url ?? "", required: true, maxLength: 2000, autofocus: true, pattern: "https://.+", title: "An address that begins with https://", placeholder: "https://crm.example/hooks/contacts", autocomplete: "off", spellcheck: false });
  const boxes = TYPES.map(([value, name]) => ({ name, box: h("input", { type: "checkbox", value, checked: !webhook?.types.length || webhook.types.includes(value) }) }));
  const include = h("input", { type: "checkbox", checked: webhook?.include.includes("contact") ?? false });
  /** @type {Schemas["Webhook"] | null} */
  let made = null;
  await dialog({
    title: webhook ? "Edit webhook" : "New webhook",
    body: h("div", { class: "fields" }, labelled("Address", url, "It must start with https:// and respond with a 2xx status within 15 seconds."),
      h("fieldset", {}, h("legend", {}, "Events"), boxes.map(({ name, box }) => h("label", { class: "choice" }, box, h("span", {}, name)))),
      h("label", { class: "choice" }, include, h("span", {}, "Include the current data of the contacts"))),
    action: webhook ? "Save" : "Add webhook",
    async run() {
      const types = boxes.filter(({ box }) => box.checked).map(({ box }) => /** @type {Schemas["EventType"]} */ (box.value));
      if (types.length === 0) throw new Error("choose at least one event");
      // An empty list includes event types of the future.
      const body = { url: url.value.trim(), types: types.length === TYPES.length ? [] : types, include: include.checked ? CONTACTS : [] };
      made = webhook ? await ask("patch", "/v1/webhooks/{id}", { path: { id: webhook.id }, body, headers: { "if-match": `"${webhook.version}"` } }) : await ask("post", "/v1/webhooks", { body });
    },
  });
  return made;
}
