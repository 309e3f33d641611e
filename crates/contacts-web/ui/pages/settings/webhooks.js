// The settings of webhooks, and their deliveries.

import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { count, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { menu } from "../../widgets/popover.js";
import { refocus } from "../../widgets/refocus.js";
import { toast } from "../../widgets/toast.js";
import { nothing, part, secret, state } from "./part.js";
import { deliveries } from "./deliveries.js";
import { TYPES, webhookForm } from "./webhook-form.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */

const SECRET = "Use it to verify that messages come from Contacts. It will not be shown again.";

/** @param {Context} context */
export async function section({ signal, url }) {
  const body = h("ul", { class: "stack", "aria-label": "Webhooks" });
  /** The webhook whose deliveries are shown. */
  let open = url.searchParams.get("open") ?? "";

  async function show() {
    const { items } = await askAll("/v1/webhooks", { signal });
    refocus(body, () => fill(body, items.length > 0 ? items.map((webhook) => cardOf(webhook)) : h("li", {}, nothing("No webhooks yet", "Add an address to notify other software when contacts change."))));
  }

  /**
   * @param {() => Promise<unknown>} act
   * @param {string} [message]
   */
  async function apply(act, message) {
    try {
      await act();
      if (message) toast(message);
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
      void apply(() => ask("post", "/v1/webhooks/{id}/test", { path }), "Sending a test message.");
    } }, "Send a test");
    const more = h("button", { type: "button", class: "only quiet", "aria-label": `More for ${host}` }, icon("more"));
    const card = h("li", { class: "panel webhook" },
      h("div", { class: "head" }, h("h2", { class: "mono" }, webhook.url), stateOf(webhook)),
      h("p", { class: "muted" }, eventsOf(webhook)),
      webhook.missed_at && h("p", { class: "wrong" }, `Events were missed on ${moment(webhook.missed_at)}. Have the other software read all contacts again.`),
      h("div", { class: "row" }, pause, test, h("span", {}, more)),
      deliveriesOf(webhook));
    menu(more, () => [
      h("button", { type: "button", onclick: async () => (await webhookForm(webhook)) && show() }, "Edit"),
      h("button", { type: "button", onclick: () => void rotate(webhook, show) }, "New secret"),
      h("button", { type: "button", onclick: () => void sendDead(webhook, show) }, "Resend failed messages"),
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
  return part("Webhooks", "Notify other software when contacts change. Messages contain IDs and field names, and the data of contacts only if you include it.",
    h("button", { type: "button", class: "primary", onclick: async () => {
      const made = await webhookForm(null);
      if (made && "secret" in made) await secret("Webhook secret", SECRET, made.secret);
      if (made) await show();
    } }, icon("add"), "New webhook"), body);
}

/** @param {Schemas["Webhook"]} webhook */
function stateOf({ paused, paused_because: why, failures, rests_until: rests }) {
  if (paused) return state("", why === "gone" ? "Paused: the address no longer exists" : "Paused");
  if (failures === 0) return state("good", "Active");
  const again = rests && Date.parse(rests) > Date.now() ? `, next attempt ${moment(rests)}` : "";
  return state("bad", `Failing${failures > 1 ? `, ${failures} times in a row` : ""}${again}`);
}

/** @param {Schemas["Webhook"]} webhook */
const eventsOf = ({ types, include, created_at: at }) =>
  `Events: ${types.length === 0 ? "all" : TYPES.filter(([type]) => types.includes(type)).map(([, name]) => name.toLowerCase()).join(", ")}${include.length ? " · with contact data" : ""} · added ${moment(at)}`;

/**
 * @param {Schemas["Webhook"]} webhook
 * @param {() => Promise<void>} show
 */
async function rotate({ id, url }, show) {
  /** @type {string[]} */
  const secrets = [];
  await dialog({
    title: "Create a new secret?",
    body: h("p", {}, `For one day, messages to ${new URL(url).host} are also signed with the old secret.`),
    action: "Create new secret",
    run: async () => secrets.push((await ask("post", "/v1/webhooks/{id}/rotate-secret", { path: { id } })).secret),
  });
  if (!secrets[0]) return;
  await secret("New webhook secret", SECRET, secrets[0]);
  await show();
}

/**
 * @param {Schemas["Webhook"]} webhook
 * @param {() => Promise<void>} show
 */
async function sendDead({ id }, show) {
  try {
    const { redelivered } = await ask("post", "/v1/webhooks/{id}/redeliver-dead", { path: { id } });
    toast(redelivered === 0 ? "There are no failed messages." : `Resending ${count(redelivered, "message")}.`);
  } catch (error) {
    toast(sentence(error));
  }
  await show();
}

/** @param {Schemas["Webhook"]} webhook */
const remove = ({ id, url }) => dialog({
  title: "Delete this webhook?",
  body: h("p", {}, `No more messages are sent to ${url}. Undelivered messages are discarded.`),
  action: "Delete webhook",
  danger: true,
  run: () => ask("delete", "/v1/webhooks/{id}", { path: { id } }),
});
