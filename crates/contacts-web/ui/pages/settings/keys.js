// The settings of API keys.

import { ask, askAll } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { choices, chosen, labelled } from "../../widgets/form.js";
import { refocus } from "../../widgets/refocus.js";
import { sheet } from "../../widgets/sheet.js";
import { nothing, part, secret, state, when } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */

/** Each choice includes those above it, except the last. @type {[string, string, string][]} */
const CHOICES = [
  ["read", "Read", "Can view contacts and all their details."],
  ["write", "Read and write", "Can also change contacts."],
  ["manage", "Manage", "Can also import, export, merge, and delete many contacts at once."],
  ["admin", "Administrator", "Can also manage keys, custom fields, webhooks and sources."],
  ["capture", "Capture only", "For the website chat, where visitors can see the key: it can add what visitors enter, and read nothing."],
];
/** The scopes of each choice. @type {Record<string, Schemas["Scope"][]>} */
const SCOPES = { read: ["read"], write: ["write"], manage: ["write", "export", "import", "merge", "bulk_delete"], admin: ["admin"], capture: ["capture"] };

/**
 * The name of the choice that has these scopes, or their names.
 *
 * @param {Schemas["Scope"][]} scopes
 */
function nameOf(scopes) {
  const without = (/** @type {Schemas["Scope"][]} */ all) => (all.includes("admin") ? "admin" : all.filter((scope) => scope !== "read").sort().join(" "));
  return CHOICES.find(([key]) => without(SCOPES[key] ?? []) === without(scopes))?.[1] ?? scopes.join(", ").replace("_", " ");
}

/** Days until a key expires. @type {[string, string][]} */
const LIVES = [["90", "In 90 days"], ["30", "In 30 days"], ["365", "In a year"], ["", "Never"], ["day", "On a date…"]];
const DAY = 86_400_000;

/** @param {Context} context */
export async function section({ signal }) {
  const body = h("div", { class: "stack" });
  const show = async () => {
    const { items } = await askAll("/v1/keys", { signal });
    refocus(body, () => fill(body, items.length > 0 ? sheet("API keys", ["Name", "Permissions", "Status", "Created", "Expires", ""], h("tbody", {}, items.map((key) => rowOf(key, show))))
      : nothing("No API keys yet", "Create one key for each application, so that you can revoke them separately.")));
  };
  await show();
  return part("API keys", "Used by other software to access Contacts. Each key can be revoked separately.",
    h("button", { type: "button", class: "primary", onclick: async () => (await issue()) && show() }, icon("add"), "New key"), body);
}

/**
 * @param {Schemas["Key"]} key
 * @param {() => Promise<void>} show
 */
function rowOf(key, show) {
  const [tone, word] = key.revoked_at ? ["", "Revoked"] : key.expires_at && Date.parse(key.expires_at) <= Date.now() ? ["", "Expired"] : ["good", "Active"];
  return h("tr", {},
    h("th", { scope: "row" }, key.name),
    h("td", {}, nameOf(key.scopes)),
    h("td", {}, state(tone, word)),
    h("td", {}, when(key.created_at)),
    h("td", {}, key.revoked_at ? null : key.expires_at ? h("time", { dateTime: key.expires_at, title: moment(key.expires_at) }, day(key.expires_at)) : "Never"),
    h("td", { class: "commands" }, word === "Active" && h("button", { type: "button", class: "quiet danger", "aria-label": `Revoke ${key.name}`, onclick: async () => (await revoke(key)) && show() }, "Revoke")));
}

/** Creates a key and shows its token; resolves to whether that was done. */
async function issue() {
  const name = h("input", { required: true, maxLength: 100, autofocus: true, autocomplete: "off", placeholder: "CRM sync" });
  const scopes = choices("Permissions", CHOICES, "read");
  const life = h("select", {}, LIVES.map(([value, text]) => h("option", { value }, text)));
  const until = h("input", { type: "date", min: new Date(Date.now() + DAY).toISOString().slice(0, 10) });
  const onDay = labelled("Expiry date", until);
  onDay.hidden = true;
  life.addEventListener("change", () => {
    onDay.hidden = life.value !== "day";
    until.required = !onDay.hidden;
  });
  /** @type {Schemas["IssuedKey"][]} */
  const issued = [];
  await dialog({
    title: "New API key",
    body: h("div", { class: "fields" }, labelled("Name", name, "The application that uses the key."), scopes, labelled("Expires", life), onDay),
    action: "Create key",
    async run() {
      const at = life.value === "day" ? new Date(`${until.value}T00:00`) : life.value ? new Date(Date.now() + Number(life.value) * DAY) : null;
      issued.push(await ask("post", "/v1/keys", { body: { name: name.value.trim(), scopes: SCOPES[chosen(scopes)] ?? [], expires_at: at?.toISOString() ?? null } }));
    },
  });
  const [key] = issued;
  if (!key) return false;
  await secret(`API key for ${key.name}`, "Copy the key now. It will not be shown again.", key.token);
  return true;
}

/** @param {Schemas["Key"]} key */
const revoke = ({ id, name }) => dialog({
  title: `Revoke ${name}?`,
  body: h("p", {}, "Applications that use it lose access within seconds. This cannot be undone."),
  action: "Revoke key",
  danger: true,
  run: () => ask("delete", "/v1/keys/{id}", { path: { id } }),
});
