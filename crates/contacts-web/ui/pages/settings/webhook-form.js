// Adding a webhook, and changing one.

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

/**
 * Asks for a webhook, or for a change of one. Nothing, when it was left.
 *
 * @param {Schemas["Webhook"] | null} webhook
 * @returns {Promise<Schemas["Webhook"] | Schemas["SecretWebhook"] | null>}
 */
export async function webhookForm(webhook) {
  const url = h("input", { type: "url", value: webhook?.url ?? "", required: true, maxLength: 2000, autofocus: true, pattern: "https://.+", title: "An address that begins with https://", placeholder: "https://crm.example/hooks/contacts", autocomplete: "off", spellcheck: false });
  const boxes = TYPES.map(([value, name]) => ({ name, box: h("input", { type: "checkbox", value, checked: !webhook?.types.length || webhook.types.includes(value) }) }));
  /** @type {Schemas["Webhook"] | null} */
  let made = null;
  await dialog({
    title: webhook ? "Change the webhook" : "New webhook",
    body: h("div", { class: "fields" }, labelled("Address", url, "It must be https, and answer with 2xx within 15 seconds."),
      h("fieldset", {}, h("legend", {}, "It hears of"), boxes.map(({ name, box }) => h("label", { class: "choice" }, box, h("span", {}, name))))),
    action: webhook ? "Save" : "Add the webhook",
    async run() {
      const types = boxes.filter(({ box }) => box.checked).map(({ box }) => /** @type {Schemas["EventType"]} */ (box.value));
      if (types.length === 0) throw new Error("choose at least one of what it hears of");
      // All of them means those of tomorrow, too.
      const body = { url: url.value.trim(), types: types.length === TYPES.length ? [] : types };
      made = webhook ? await ask("patch", "/v1/webhooks/{id}", { path: { id: webhook.id }, body }) : await ask("post", "/v1/webhooks", { body });
    },
  });
  return made;
}
