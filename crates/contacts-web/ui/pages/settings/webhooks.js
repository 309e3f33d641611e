// Webhooks: who is told of changes, and whether it arrives.

import { ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { menu } from "../../widgets/popover.js";
import { toast } from "../../widgets/toast.js";
import { nothing, part, secret, state } from "./part.js";
import { deliveries } from "./deliveries.js";
import { TYPES, webhookForm } from "./webhook-form.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */

const SECRET = "Messages are signed with it, so that you can tell them from others. It is shown this once.";

/** @param {Context} context */
export async function section({ signal, url }) {
  const body = h("ul", { class: "stack", "aria-label": "Webhooks" });
  /** Whose deliveries are open. */
  let open = url.searchParams.get("open") ?? "";

  async function show() {
    const { items } = await ask("get", "/v1/webhooks", { signal });
    fill(body, items.length > 0 ? items.map((webhook) => cardOf(webhook)) : h("li", {}, nothing("No webhooks yet", "Add the address of a program, and it is told of every change of a contact.")));
  }

  /**
   * @param {() => Promise<unknown>} act
   * @param {string} [said]
   */
  async function apply(act, said) {
    try {
      await act();
      if (said) toast(said);
    } catch (error) {
      toast(sentence(error));
    }
    await show();
  }

  /** @param {Schemas["Webhook"]} webhook */
  function cardOf(webhook) {
    const path = { id: webhook.id };
    const host = new URL(webhook.url).host;
    const pause = h("button", { type: "button", "aria-label": `${webhook.paused ? "Resume" : "Pause"} ${host}`,
      onclick: () => apply(() => ask("patch", "/v1/webhooks/{id}", { path, body: { paused: !webhook.paused } })) }, webhook.paused ? "Resume" : "Pause");
    const test = h("button", { type: "button", "aria-label": `Send a test to ${host}`, onclick: () => {
      open = webhook.id;
      void apply(() => ask("post", "/v1/webhooks/{id}/test", { path }), "A test is on its way.");
    } }, "Send a test");
    const more = h("button", { type: "button", class: "only quiet", "aria-label": `More for ${host}` }, icon("more"));
    const card = h("li", { class: "panel webhook" },
      h("div", { class: "head" }, h("h2", { class: "mono" }, webhook.url), stateOf(webhook)),
      h("p", { class: "muted" }, heard(webhook)),
      webhook.missed_at && h("p", { class: "wrong" }, `It missed events ${moment(webhook.missed_at)}: have it read the whole list again.`),
      h("div", { class: "row" }, pause, test, h("span", {}, more)),
      deliveriesOf(webhook));
    menu(more, () => [
      h("button", { type: "button", onclick: async () => (await webhookForm(webhook)) && show() }, "Change"),
      h("button", { type: "button", onclick: () => void rotate(webhook, show) }, "New secret"),
      h("button", { type: "button", onclick: () => void sendDead(webhook, show) }, "Send again what was given up"),
      h("hr"),
      h("button", { type: "button", class: "danger", onclick: async () => (await remove(webhook)) && show() }, "Delete"),
    ]);
    return card;
  }

  /** @param {Schemas["Webhook"]} webhook */
  function deliveriesOf({ id }) {
    const details = h("details", {}, h("summary", {}, "Deliveries"));
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector("table")) details.append(deliveries(id, signal));
      if (details.open || open === id) open = details.open ? id : "";
      history.replaceState(null, "", open ? `/settings/webhooks?open=${open}` : "/settings/webhooks");
    });
    details.open = open === id;
    return details;
  }

  await show();
  return part("Webhooks", "Programs that are told of every change of a contact: ids and names of fields, no values.",
    h("button", { type: "button", class: "primary", onclick: async () => {
      const made = await webhookForm(null);
      if (made && "secret" in made) await secret("The secret of the webhook", SECRET, made.secret);
      if (made) await show();
    } }, icon("add"), "New webhook"), body);
}

/** @param {Schemas["Webhook"]} webhook */
function stateOf({ paused, paused_because: why, failures, rests_until: rests }) {
  if (paused) return state("", why === "gone" ? "Paused: it answered that it is gone" : "Paused");
  if (failures === 0) return state("good", "Active");
  const again = rests && Date.parse(rests) > Date.now() ? `, tried again ${moment(rests)}` : "";
  return state("bad", `Failing, ${failures} in a row${again}`);
}

/** @param {Schemas["Webhook"]} webhook */
const heard = ({ types, created_at: at }) =>
  `Hears of ${types.length === 0 ? "everything" : TYPES.filter(([type]) => types.includes(type)).map(([, name]) => name.toLowerCase()).join(", ")} · added ${moment(at)}`;

/**
 * @param {Schemas["Webhook"]} webhook
 * @param {() => Promise<void>} show
 */
async function rotate({ id, url }, show) {
  /** @type {string[]} */
  const secrets = [];
  await dialog({
    title: "Make a new secret?",
    body: h("p", {}, `For a day, messages to ${new URL(url).host} are signed with the old one, too.`),
    action: "Make a new secret",
    run: async () => secrets.push((await ask("post", "/v1/webhooks/{id}/rotate-secret", { path: { id } })).secret),
  });
  if (!secrets[0]) return;
  await secret("The new secret of the webhook", SECRET, secrets[0]);
  await show();
}

/**
 * @param {Schemas["Webhook"]} webhook
 * @param {() => Promise<void>} show
 */
async function sendDead({ id }, show) {
  try {
    const { redelivered } = await ask("post", "/v1/webhooks/{id}/redeliver-dead", { path: { id } });
    toast(redelivered === 0 ? "Nothing was given up." : `${redelivered} on their way again.`);
  } catch (error) {
    toast(sentence(error));
  }
  await show();
}

/** @param {Schemas["Webhook"]} webhook */
const remove = ({ id, url }) => dialog({
  title: "Delete this webhook?",
  body: h("p", {}, `Nothing is sent to ${url} any more. What was not delivered yet is dropped.`),
  action: "Delete the webhook",
  danger: true,
  run: () => ask("delete", "/v1/webhooks/{id}", { path: { id } }),
});
