// API keys: issued with a scope, shown once, revoked for ever.

import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { sheet } from "../../widgets/sheet.js";
import { nothing, part, secret, state, when } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */

/** Each covers those above it, but the last, which stands alone. @type {[Schemas["Scope"], string, string][]} */
const SCOPES = [
  ["read", "Read", "Sees contacts and everything about them."],
  ["write", "Read and write", "Changes contacts and imports files, too."],
  ["admin", "Everything", "Manages keys, custom fields and webhooks, too."],
  ["capture", "Capture only", "For a chat widget, where visitors can read it: it sends what they say of themselves, and sees nothing."],
];

/** Days until a key ends. @type {[string, string][]} */
const LIVES = [["90", "In 90 days"], ["30", "In 30 days"], ["365", "In a year"], ["", "Never"], ["day", "On a day…"]];
const DAY = 86_400_000;

/** @param {Context} context */
export async function section({ signal }) {
  const body = h("div", { class: "stack" });
  const show = async () => {
    const { items } = await ask("get", "/v1/keys", { signal });
    fill(body, items.length > 0 ? sheet("API keys", ["Key", "May", "State", "Issued", "Ends", ""], h("tbody", {}, items.map((key) => rowOf(key, show))))
      : nothing("No keys yet", "Issue one for each program that talks to Contacts, so that each can be revoked by itself."));
  };
  await show();
  return part("API keys", "Programs sign in with them. Each can be revoked by itself.",
    h("button", { type: "button", class: "primary", onclick: async () => (await issue()) && show() }, icon("add"), "New key"), body);
}

/**
 * @param {Schemas["Key"]} key
 * @param {() => Promise<void>} show
 */
function rowOf(key, show) {
  const [tone, word] = key.revoked_at ? ["", "Revoked"] : key.expires_at && Date.parse(key.expires_at) <= Date.now() ? ["", "Expired"] : ["good", "Active"];
  const strongest = SCOPES.findLast(([scope]) => key.scopes.includes(scope));
  return h("tr", {},
    h("th", { scope: "row" }, key.name),
    h("td", {}, strongest?.[1] ?? key.scopes.join(", ")),
    h("td", {}, state(tone, word)),
    h("td", {}, when(key.created_at)),
    h("td", {}, key.revoked_at ? null : key.expires_at ? h("time", { dateTime: key.expires_at, title: moment(key.expires_at) }, day(key.expires_at)) : "Never"),
    h("td", { class: "commands" }, word === "Active" && h("button", { type: "button", class: "quiet danger", "aria-label": `Revoke ${key.name}`, onclick: async () => (await revoke(key)) && show() }, "Revoke")));
}

/** Issues a key and shows its token; whether it was. */
async function issue() {
  const name = h("input", { required: true, maxLength: 100, autofocus: true, autocomplete: "off", placeholder: "CRM sync" });
  const scopes = choices("It may", SCOPES, "read");
  const life = h("select", {}, LIVES.map(([value, text]) => h("option", { value }, text)));
  const until = h("input", { type: "date", min: new Date(Date.now() + DAY).toISOString().slice(0, 10) });
  const onDay = labelled("It ends on", until);
  onDay.hidden = true;
  life.addEventListener("change", () => {
    onDay.hidden = life.value !== "day";
    until.required = !onDay.hidden;
  });
  /** @type {Schemas["IssuedKey"][]} */
  const issued = [];
  await dialog({
    title: "New API key",
    body: h("div", { class: "fields" }, labelled("Name", name, "What uses it, so that you know it later."), scopes, labelled("It ends", life), onDay),
    action: "Issue the key",
    async run() {
      const at = life.value === "day" ? new Date(`${until.value}T00:00`) : life.value ? new Date(Date.now() + Number(life.value) * DAY) : null;
      issued.push(await ask("post", "/v1/keys", { body: { name: name.value.trim(), scopes: [/** @type {Schemas["Scope"]} */ (chosen(scopes))], expires_at: at?.toISOString() ?? null } }));
    },
  });
  const [key] = issued;
  if (!key) return false;
  await secret(`The key of ${key.name}`, "Store it now: it is shown this once, and kept nowhere.", key.token);
  return true;
}

/** @param {Schemas["Key"]} key */
const revoke = ({ id, name }) => dialog({
  title: `Revoke ${name}?`,
  body: h("p", {}, "Whatever uses it is locked out within seconds. This cannot be undone."),
  action: "Revoke the key",
  danger: true,
  run: () => ask("delete", "/v1/keys/{id}", { path: { id } }),
});
