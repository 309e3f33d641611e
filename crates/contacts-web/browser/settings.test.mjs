// Settings: custom fields, tags, segments, campaigns, keys, webhooks and sessions (R2, R10, R11, R20, R27, R42).

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { HOSTILE } from "./people.mjs";

let world;
beforeEach(async () => (world = await organisation()));

const heading = (page, name) => page.getByRole("heading", { name, level: 1 });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const row = (page, name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
const dialog = (page, name) => page.getByRole("dialog", { name });
const person = (name, more = {}) => world.api("POST", "/v1/contacts", { name, email: `${name.toLowerCase()}@settings.example`, ...more });
const fields = async () => (await world.api("GET", "/v1/fields")).items;
const tags = async () => Object.fromEntries((await world.api("GET", "/v1/tags?limit=200")).items.map(({ name, contacts }) => [name, contacts]));

/** Defines the select field "Tier". */
const tier = () => world.api("POST", "/v1/fields", { key: "tier", label: "Tier", type: "select", options: ["free", "pro", "enterprise"] });

const pathOf = (part) => (part ? `/settings/${part}` : "/settings");

/** Opens a section, and waits for it. */
async function section(part, title, options) {
  const page = await world.open(pathOf(part), options);
  await heading(page, title).waitFor();
  return page;
}

test("empty sections explain their purpose", async () => {
  for (const [part, nothing] of [["fields", "No custom fields yet"], ["tags", "No tags yet"], ["segments", "No segments yet"], ["campaigns", "No campaigns yet"], ["widgets", "No chat widgets yet"], ["webhooks", "No webhooks yet"]]) {
    await world.inEveryLook(`/settings/${part}`, (page) => page.getByRole("heading", { name: nothing }).waitFor());
  }
});

test("each section has a path, and the organisation comes first", async () => {
  const { organisation } = await world.api("GET", "/v1/me");
  const page = await section("", "Organisation");
  for (const fact of [organisation.name, organisation.id]) await page.getByRole("definition").filter({ hasText: fact }).waitFor();
  for (const [name, path] of [["Custom fields", "fields"], ["Tags", "tags"], ["Segments", "segments"], ["Campaigns", "campaigns"], ["API keys", "keys"], ["Webhooks", "webhooks"], ["Sessions", "sessions"]]) {
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();
    await heading(page, name).waitFor();
    assert.equal(new URL(page.url()).pathname, `/settings/${path}`);
  }
  await world.close(page);
});

test("a field is created with a key that its label suggests", async () => {
  const page = await section("fields", "Custom fields");
  await button(page, "New field").click();
  const form = dialog(page, "New custom field");
  await form.getByLabel("Label").fill("Größe (cm) 2");
  await until(() => form.getByLabel("Key").inputValue(), "gro_e_cm_2");
  await form.getByLabel("Label").fill("E-mail");
  await form.getByLabel("Label").fill("Email");
  await until(() => form.getByLabel("Key").inputValue(), "email_field", "not the key of a core field");
  await form.getByLabel("Key").fill("email");
  await form.getByRole("button", { name: "Create field" }).click();
  await form.getByRole("alert").filter({ hasText: /key/i }).waitFor();
  await until(() => form.getByLabel("Label").inputValue(), "Email", "the input is kept");
  await form.getByLabel("Label").fill("Tier");
  await until(() => form.getByLabel("Key").inputValue(), "email", "an entered key stays");
  await form.getByLabel("Key").fill("tier");
  await form.getByLabel("Type").selectOption("Single choice");
  await form.getByLabel("Choices").fill("free\n pro \n\nenterprise");
  await form.getByRole("button", { name: "Create field" }).click();
  await row(page, "Tier").getByText("Single choice: 3 choices").waitFor();
  await until(() => fields(), [{ key: "tier", label: "Tier", type: "select", options: ["free", "pro", "enterprise"], position: 0, archived: false, searchable: false, version: 1 }]);
  await world.close(page);
});

test("a field becomes searchable, and contacts are found by its values", async () => {
  await world.api("POST", "/v1/fields", { key: "company", label: "Company", type: "text" });
  await world.api("POST", "/v1/fields", { key: "born", label: "Born", type: "date" });
  const ann = await person("Ann", { custom: { company: "Müller Werke" } });
  const page = await section("fields", "Custom fields");
  await button(page, "Edit Born").click();
  await until(() => dialog(page, "Edit Born").getByLabel("Search finds contacts by this field").isVisible(), false, "a date has no words");
  await page.keyboard.press("Escape");
  await button(page, "Edit Company").click();
  await dialog(page, "Edit Company").getByLabel("Search finds contacts by this field").check();
  await world.axe(page);
  await dialog(page, "Edit Company").getByRole("button", { name: "Save" }).click();
  await row(page, "Company").getByText("Text, searched").waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts?q=muller")).items.map(({ id }) => id), [ann.id]);
  await world.close(page);
});

test("fields are ordered by buttons and dragging, renamed, archived and restored", async () => {
  await tier();
  await world.api("POST", "/v1/fields", { key: "company", label: "Company", type: "text" });
  await world.api("POST", "/v1/fields", { key: "born", label: "Born", type: "date" });
  const page = await section("fields", "Custom fields");
  const order = async (...keys) => {
    await page.waitForFunction((keys) => [...document.querySelector("table").querySelectorAll("tbody code")].map((code) => code.textContent).join() === keys, keys.join());
    await until(async () => (await fields()).filter(({ archived }) => !archived).map(({ key }) => key), keys);
  };
  await order("tier", "company", "born");
  await button(page, "Move Born up").click();
  await order("tier", "born", "company");
  await until(() => button(page, "Move Born up").evaluate((one) => one === document.activeElement), true, "it keeps the focus");
  await page.keyboard.press("Enter");
  await order("born", "tier", "company");
  await until(() => button(page, "Move Born up").isDisabled(), true);
  await row(page, "Company").dragTo(row(page, "Born"));
  await order("company", "born", "tier");

  await button(page, "Edit Company").click();
  const form = dialog(page, "Edit Company");
  await until(() => form.getByLabel("Key").isDisabled(), true);
  await form.getByLabel("Label").fill("Employer");
  await form.getByRole("button", { name: "Save" }).click();
  await row(page, "Employer").waitFor();
  await person("Ann", { custom: { company: "ACME" } });
  await button(page, "Edit Employer").click();
  await dialog(page, "Edit Employer").getByLabel("Type").selectOption("Number");
  await dialog(page, "Edit Employer").getByRole("button", { name: "Save" }).click();
  await dialog(page, "Edit Employer").getByRole("alert").filter({ hasText: /./ }).waitFor();
  await dialog(page, "Edit Employer").getByRole("button", { name: "Cancel" }).click();

  await button(page, "Archive Employer").click();
  await page.getByRole("heading", { name: "Archived" }).waitFor();
  await order("born", "tier");
  await until(async () => (await fields()).find(({ key }) => key === "company").archived, true);
  await button(page, "Restore Employer").click();
  await page.getByRole("heading", { name: "Archived" }).waitFor({ state: "detached" });
  const { label, archived } = (await fields()).find(({ key }) => key === "company");
  assert.deepEqual({ label, archived }, { label: "Employer", archived: false });
  await world.close(page);
});

test("tags are found, renamed, merged after confirmation, and deleted", async () => {
  for (const [name, carried] of [["Bea", ["vip", "lead"]], ["Cem", ["VIP-old"]], ["Dea", ["VIP-old", "lead"]]]) {
    const { id } = await person(name);
    await world.api("POST", `/v1/contacts/${id}/tags`, { add: carried });
  }
  const page = await section("tags", "Tags");
  await row(page, "lead").getByRole("link", { name: "Show 2 contacts with lead" }).waitFor();
  await page.getByRole("searchbox", { name: "Search tags" }).fill("vip");
  await row(page, "lead").waitFor({ state: "detached" });
  await button(page, "Rename lead").waitFor({ state: "detached" });
  await page.getByRole("searchbox").fill("zzz");
  await page.getByRole("heading", { name: "No matching tags" }).waitFor();
  await page.getByRole("searchbox").fill("");

  await button(page, "Rename lead").click();
  await dialog(page, "Rename lead").getByLabel("Name").fill("Prospect");
  await dialog(page, "Rename lead").getByRole("button", { name: "Rename" }).click();
  await row(page, "Prospect").waitFor();
  await until(() => tags(), { Prospect: 2, vip: 1, "VIP-old": 2 });

  await button(page, "Rename VIP-old").click();
  await dialog(page, "Rename VIP-old").getByLabel("Name").fill("VIP");
  await dialog(page, "Rename VIP-old").getByRole("button", { name: "Rename" }).click();
  const merge = dialog(page, "Merge VIP-old into vip?");
  await merge.getByText(/The tag vip already exists on 1 contact\. It will be added to the 2 contacts with VIP-old/).waitFor();
  await merge.getByRole("button", { name: "Cancel" }).click();
  await until(() => tags(), { Prospect: 2, vip: 1, "VIP-old": 2 }, "nothing was merged yet");
  await button(page, "Rename VIP-old").click();
  await dialog(page, "Rename VIP-old").getByLabel("Name").fill("VIP");
  await dialog(page, "Rename VIP-old").getByRole("button", { name: "Rename" }).click();
  await merge.getByRole("button", { name: "Merge tags" }).click();
  await row(page, "VIP-old").waitFor({ state: "detached" });
  await until(() => tags(), { Prospect: 2, vip: 3 });

  await button(page, "Delete Prospect").click();
  await dialog(page, "Delete Prospect?").getByText("It is removed from 2 contacts.").waitFor();
  await dialog(page, "Delete Prospect?").getByRole("button", { name: "Delete tag" }).click();
  await row(page, "Prospect").waitFor({ state: "detached" });
  await until(() => tags(), { vip: 3 });
  await row(page, "vip").getByRole("link").click();
  await page.getByRole("row").filter({ hasText: "Dea" }).waitFor();
  await world.close(page);
});

test("an invalid tag name is refused and stays in the input", async () => {
  await person("Bea", { tags: ["vip"] });
  const page = await section("tags", "Tags");
  await button(page, "Rename vip").click();
  const form = dialog(page, "Rename vip");
  await form.getByLabel("Name").fill("a,b");
  await form.getByRole("button", { name: "Rename" }).click();
  await form.getByRole("alert").filter({ hasText: /comma/ }).waitFor();
  await until(() => form.getByLabel("Name").inputValue(), "a,b");
  await world.close(page);
});

test("a segment is opened, renamed also in the sidebar, and deleted", async () => {
  await person("Bea", { tags: ["vip"] });
  const { id } = await world.api("POST", "/v1/segments", { name: "Fans", filter: { tags_all: "vip" } });
  const page = await section("segments", "Segments");
  const beside = page.getByRole("navigation", { name: "Main" });
  await button(page, "Rename Fans").click();
  await dialog(page, "Rename Fans").getByLabel("Name").fill("True fans");
  await dialog(page, "Rename Fans").getByRole("button", { name: "Rename" }).click();
  await beside.getByRole("link", { name: "True fans" }).waitFor();
  await until(async () => (await world.api("GET", `/v1/segments/${id}`)).name, "True fans");
  await row(page, "True fans").getByRole("link").click();
  await page.getByRole("row").filter({ hasText: "Bea" }).waitFor();
  await page.goBack();
  await button(page, "Delete True fans").click();
  await dialog(page, "Delete True fans?").getByRole("button", { name: "Delete segment" }).click();
  await page.getByRole("heading", { name: "No segments yet" }).waitFor();
  await beside.getByRole("link", { name: "True fans" }).waitFor({ state: "detached" });
  await until(async () => (await world.api("GET", "/v1/segments")).items, []);
  await world.close(page);
});

test("a chat widget is named, and its name stands where its contacts are", async () => {
  const widget = randomUUID();
  const capture = (await world.api("POST", "/v1/keys", { name: "Website", scopes: ["capture"] })).token;
  await fetch(`${world.url}/v1/captures`, {
    method: "POST", headers: { authorization: `Bearer ${capture}`, "content-type": "application/json" },
    body: JSON.stringify({ widget_id: widget, visitor: "v-1", conversation_id: randomUUID(), name: "Chatty", email: "chatty@settings.example" }),
  });
  const page = await section("widgets", "Chat widgets");
  const unnamed = `Widget ${widget.slice(0, 8)}`;
  await button(page, `Rename ${unnamed}`).click();
  await world.axe(page);
  await dialog(page, `Rename ${unnamed}`).getByLabel("Name").fill("Shop");
  await dialog(page, `Rename ${unnamed}`).getByRole("button", { name: "Rename" }).click();
  await row(page, "Shop").getByRole("link").click();
  await page.getByText("Source: Chat Shop").waitFor();
  await page.getByRole("row", { name: /Chatty .*Shop/ }).getByRole("link", { name: "Chatty" }).click();
  await page.getByText("Shop, visitor v-1").waitFor();
  await page.goto(`${world.url}/`);
  await button(page, "Source").click();
  await page.getByRole("checkbox", { name: "Shop" }).waitFor();
  await world.close(page);
});

test("campaigns are listed with their numbers", async () => {
  const id = randomUUID();
  await world.api("PUT", `/v1/campaigns/${id}`, { kind: "announcement", name: "Winter news" });
  const someone = await person("Bea");
  await world.api("POST", "/v1/deliveries", { events: [{ id: "1", campaign_id: id, contact_id: someone.id, kind: "opened", at: "2026-01-01T09:00:00Z" }] });
  const page = await section("campaigns", "Campaigns");
  await until(async () => (await row(page, "Winter news").getByRole("cell").allTextContents()), ["Announcement", "1", "0", "0", "1", "0", "0", "0"]);
  await page.getByRole("link", { name: "Winter news" }).click();
  await page.getByRole("row").filter({ hasText: "Bea" }).waitFor();
  await world.close(page);
});

test("a key is created with a scope and an expiry, shown once, works, and is revoked", async () => {
  const page = await section("keys", "API keys");
  await button(page, "New key").click();
  const form = dialog(page, "New API key");
  await form.getByLabel("Name").fill("CRM");
  await form.getByRole("radio", { name: "Read and write" }).check();
  await form.getByRole("combobox", { name: "Expires" }).selectOption("In 30 days");
  await form.getByRole("button", { name: "Create key" }).click();
  const shown = dialog(page, "API key for CRM");
  const token = await shown.getByRole("textbox", { name: "Secret" }).inputValue();
  assert.match(token, /^ic_/);
  await shown.getByRole("button", { name: "Copy" }).click();
  await shown.getByRole("status").filter({ hasText: /^(Copied\.|Press Ctrl\+C to copy it\.)$/ }).waitFor();
  await shown.getByRole("button", { name: "I have saved it" }).click();
  await row(page, "CRM").getByText("Active").waitFor();
  await until(async () => await page.getByText(token).count() + (await page.locator(`input[value="${token}"]`).count()), 0);
  const status = async () => (await fetch(`${world.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status;
  await until(() => status(), 200);
  const key = (await world.api("GET", "/v1/keys")).items.find(({ name }) => name === "CRM");
  assert.ok(key.scopes.includes("write") && !key.scopes.includes("admin"));
  const days = (Date.parse(key.expires_at) - Date.parse(key.created_at)) / 86_400_000;
  assert.ok(days > 29.9 && days < 30.1, `${days} days`);

  await button(page, "Revoke CRM").click();
  await dialog(page, "Revoke CRM?").getByRole("button", { name: "Revoke key" }).click();
  await row(page, "CRM").getByText("Revoked").waitFor();
  await until(() => status(), 401);
  await world.close(page);
});

test("a webhook is added, tested, paused and resumed, and its secret is replaced", async () => {
  const page = await section("webhooks", "Webhooks");
  await button(page, "New webhook").click();
  const form = dialog(page, "New webhook");
  await form.getByLabel("Address").fill("http://plain.example/");
  await form.getByRole("button", { name: "Add webhook" }).click();
  await until(() => form.getByLabel("Address").evaluate((input) => input.validity.patternMismatch), true);
  await form.getByLabel("Address").fill("https://127.0.0.1/");
  await form.getByRole("button", { name: "Add webhook" }).click();
  await form.getByRole("alert").filter({ hasText: /./ }).waitFor();
  await form.getByLabel("Address").fill("https://hooks.invalid/contacts");
  await form.getByRole("checkbox", { name: "Deletions" }).uncheck();
  await form.getByRole("button", { name: "Add webhook" }).click();
  const secret = dialog(page, "Webhook secret");
  const first = await secret.getByRole("textbox", { name: "Secret" }).inputValue();
  assert.match(first, /^whsec_/);
  await secret.getByRole("button", { name: "I have saved it" }).click();
  const card = page.getByRole("listitem").filter({ hasText: "https://hooks.invalid/contacts" });
  await card.getByText("Events: new contacts, changes, merges").waitFor();
  const webhook = async () => (await world.api("GET", "/v1/webhooks")).items[0];
  await until(async () => (await webhook()).types, ["contacts.created", "contacts.updated", "contacts.merged"]);

  await button(page, "Send a test to hooks.invalid").click();
  const delivery = page.getByRole("row").filter({ hasText: "webhook.test" });
  await delivery.getByText("Will be retried").waitFor({ timeout: 20_000 });
  await page.waitForURL(/\?open=/);
  await page.reload();
  await delivery.waitFor();

  await button(page, "Pause hooks.invalid").click();
  await button(page, "Resume hooks.invalid").waitFor();
  await until(async () => (await webhook()).paused, true);
  await button(page, "Resume hooks.invalid").click();
  await button(page, "Pause hooks.invalid").waitFor();
  await until(async () => (await webhook()).paused, false);

  await button(page, "More for hooks.invalid").click();
  await button(page, "New secret").click();
  await dialog(page, "Create a new secret?").getByRole("button", { name: "Create new secret" }).click();
  const next = dialog(page, "New webhook secret");
  assert.notEqual(await next.getByRole("textbox", { name: "Secret" }).inputValue(), first);
  await next.getByRole("button", { name: "I have saved it" }).click();
  await button(page, "More for hooks.invalid").click();
  await button(page, "Edit").click();
  await dialog(page, "Edit webhook").getByRole("checkbox", { name: "Deletions" }).check();
  await dialog(page, "Edit webhook").getByRole("checkbox", { name: "Include the current data of the contacts" }).check();
  await dialog(page, "Edit webhook").getByRole("button", { name: "Save" }).click();
  await card.getByText("Events: all · with contact data").waitFor();
  await until(async () => (await webhook()).types, []);
  assert.deepEqual((await webhook()).include, ["contact"]);
  await world.close(page);
});

test("a menu stays open while its section is loaded again", async () => {
  await world.api("POST", "/v1/webhooks", { url: "https://menu.invalid/contacts" });
  const page = await world.open("/settings/webhooks");
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await button(page, "Pause menu.invalid").waitFor();
  await page.route(/\/v1\/webhooks\?/, (route) => released.then(() => route.continue()));
  await button(page, "Pause menu.invalid").click();
  await button(page, "More for menu.invalid").click();
  await button(page, "Edit").waitFor();
  release();
  await button(page, "Resume menu.invalid").waitFor();
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Edit");
  await button(page, "Edit").click();
  await dialog(page, "Edit webhook").waitFor();
  await world.close(page);
});

test("failed deliveries are resent one by one and all at once", async () => {
  const { id } = await world.api("POST", "/v1/webhooks", { url: "https://hooks.invalid/contacts" });
  const dead = { id: randomUUID(), number: 7, type: "contacts.updated", state: "dead", attempts: 9, problem: "it responded with status 500", status: 500, due_at: null, created_at: "2026-01-01T09:00:00Z", attempted_at: "2026-01-02T09:00:00Z" };
  const page = await world.open("/settings");
  const asked = [];
  await page.route("**/v1/webhooks/*/deliveries?*", (route) => route.fulfill({ json: { items: [dead], next: null } }));
  await page.route("**/redeliver", (route) => (asked.push(new URL(route.request().url()).pathname), route.fulfill({ status: 202, json: dead })));
  await page.route("**/redeliver-dead", (route) => (asked.push(new URL(route.request().url()).pathname), route.fulfill({ status: 202, json: { redelivered: 3 } })));
  await page.goto(`${world.url}/settings/webhooks?open=${id}`);
  const delivery = row(page, "contacts.updated 7");
  await delivery.getByText("Failed").waitFor();
  await delivery.getByText("It responded with status 500.").waitFor();
  await button(page, "Resend contacts.updated 7").click();
  await button(page, "More for hooks.invalid").click();
  await button(page, "Resend failed messages").click();
  await page.getByText("Resending 3 messages.").waitFor();
  assert.deepEqual(asked, [`/v1/webhooks/${id}/deliveries/${dead.id}/redeliver`, `/v1/webhooks/${id}/redeliver-dead`]);
  await world.axe(page);
  await world.close(page);
});

test("the user's sessions are listed, and others can be ended", async () => {
  const other = await (await world.newContext(await world.signIn(await world.link()))).newPage();
  const page = await section("sessions", "Sessions");
  await page.getByRole("row").filter({ hasText: "This session" }).waitFor();
  const ends = page.getByRole("button", { name: /^End the session in Chrome/ });
  const before = await ends.count();
  assert.ok(before >= 1);
  for (let left = before; left > 0; left -= 1) {
    await ends.first().click();
    await page.waitForFunction((left) => document.querySelectorAll(".commands button").length === left, left - 1);
  }
  await other.goto(`${world.url}/settings`);
  await heading(other, "Sign in with a link").waitFor();
  await heading(page, "Sessions").waitFor();
  await page.reload();
  await heading(page, "Sessions").waitFor();
  await world.close(page);
});

test("hostile names are shown as text", async () => {
  const { id } = await person("Hostile");
  for (const [at, text] of HOSTILE.entries()) {
    await world.api("POST", `/v1/contacts/${id}/tags`, { add: [text.replaceAll(",", " ").slice(0, 64)] });
    await world.api("POST", "/v1/segments", { name: text.slice(0, 200), filter: { q: "x" } });
    await world.api("POST", "/v1/fields", { key: `hostile_${at}`, label: text.slice(0, 100), type: "text" });
    await world.api("POST", "/v1/keys", { name: text.slice(0, 100), scopes: ["read"] });
    await world.api("PUT", `/v1/campaigns/${randomUUID()}`, { kind: "campaign", name: text });
  }
  for (const part of ["fields", "tags", "segments", "campaigns", "keys"]) {
    for (const width of [1280, 390]) {
      const page = await world.open(`/settings/${part}`, { width });
      await page.getByRole("rowheader", { name: "<script>" }).first().waitFor();
      await until(() => page.evaluate(() => window.broken), undefined);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${part} fits into ${width}`);
      await world.close(page);
    }
  }
});

test("a section shows all pages of its list", async () => {
  for (const name of ["CRM", "Shop"]) await world.api("POST", "/v1/keys", { name, scopes: ["read"] });
  const page = await world.open("/settings");
  let pages = 0;
  await page.route("**/v1/keys?*", (route) => {
    pages += 1;
    return route.continue({ url: route.request().url().replace("limit=200", "limit=1") });
  });
  await page.getByRole("link", { name: "API keys" }).click();
  for (const name of ["CRM", "Shop", "Tests"]) await row(page, name).waitFor();
  assert.equal(pages, (await world.api("GET", "/v1/keys")).items.length);
  await world.close(page);
});

test("a section that failed to load can be retried", async () => {
  const page = await world.open("/settings");
  await page.route("**/v1/keys?*", (route) => route.abort());
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("alert").filter({ hasText: "The server cannot be reached." }).waitFor();
  await page.unroute("**/v1/keys?*");
  await button(page, "Retry").click();
  await row(page, "Tests").waitFor();
  await world.close(page);
});

test("every section is accessible in every look", async () => {
  const look = (part, reach) => world.inEveryLook(pathOf(part), reach);
  const { id } = await person("Look");
  await world.api("POST", `/v1/contacts/${id}/tags`, { add: ["look"] });
  await world.api("POST", "/v1/fields", { key: "look", label: "Look", type: "text" });
  await world.api("POST", "/v1/segments", { name: "Look", filter: { q: "look" } });
  await world.api("PUT", `/v1/campaigns/${randomUUID()}`, { kind: "campaign", name: "Look" });
  const webhook = await world.api("POST", "/v1/webhooks", { url: "https://look.invalid/" });
  await world.api("POST", `/v1/webhooks/${webhook.id}/test`);
  await look("", (page) => heading(page, "Organisation").waitFor());
  for (const part of ["fields", "tags", "segments", "campaigns", "keys", "sessions"]) await look(part, (page) => page.getByRole("rowheader").first().waitFor());
  await look("webhooks", async (page) => {
    const card = page.getByRole("listitem").filter({ hasText: "https://look.invalid/" });
    await card.getByText("Deliveries", { exact: true }).click();
    await card.getByRole("row").filter({ hasText: "webhook.test" }).waitFor();
  });
  await look("fields", async (page) => {
    await button(page, "New field").click();
    await dialog(page, "New custom field").getByLabel("Type").selectOption("Single choice");
  });
  await look("keys", (page) => button(page, "New key").click());
  await look("webhooks", (page) => button(page, "New webhook").click());
  await look("tags", (page) => button(page, "Delete look").click());
});

test("the focus goes to the next tag when one is deleted", async () => {
  await world.api("POST", "/v1/contacts", { name: "Ada", email: "ada@focus.example", tags: ["a1", "a2", "a3"] });
  const page = await world.open("/settings/tags");
  await page.getByRole("button", { name: "Delete a2", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Delete tag" }).click();
  await page.getByRole("button", { name: "Delete a2", exact: true }).waitFor({ state: "detached" });
  await until(() => page.evaluate(() => document.activeElement?.closest("tr")?.textContent ?? "nothing"), /^a3/);
  await world.close(page);
});
