// Roles: the page hides what the role of its user does not allow (R60).

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { command } from "./server.mjs";

let world;
let contact;
before(async () => {
  world = await organisation();
  contact = await world.api("POST", "/v1/contacts", { name: "Ada Lovelace", email: "ada@roles.example", phone: "+44 20 7946 0000" });
  await world.api("POST", `/v1/contacts/${contact.id}/tags`, { add: ["vip"] });
  await world.api("POST", `/v1/contacts/${contact.id}/notes`, { text: "Called on Monday" });
});

/** Opens a page as a new user with a role. */
async function openAs(role, path) {
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", `A ${role}`, "--role", role);
  const context = await world.newContext(await world.signIn(link));
  const page = await context.newPage();
  await page.goto(world.url + path);
  await page.getByRole("button", { name: /^Account/ }).waitFor();
  return page;
}

const link = (page, name) => page.getByRole("link", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Which of the actions for selected contacts are offered. */
async function bulkActions(page) {
  const row = page.getByRole("row").filter({ hasText: "Ada Lovelace" });
  await row.getByRole("checkbox").check();
  const bar = page.getByRole("toolbar", { name: "Actions for the selected contacts" });
  await bar.waitFor();
  return (await bar.getByRole("button").allInnerTexts()).map((text) => text.trim());
}

test("a viewer reads, and is offered no change", async () => {
  const page = await openAs("viewer", "/");
  await page.getByRole("row").filter({ hasText: "Ada Lovelace" }).waitFor();
  assert.equal(await link(page, "New contact").isVisible(), false);
  assert.equal(await link(page, "Import").isVisible(), false);
  assert.equal(await link(page, "Sources").isVisible(), false);
  assert.deepEqual(await bulkActions(page), ["Clear"]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  assert.equal(new URL(page.url()).pathname, "/");

  await page.goto(`${world.url}/contacts/${contact.id}`);
  const name = page.getByRole("textbox", { name: "Name" });
  await until(() => name.evaluate((input) => input.readOnly), true);
  assert.equal(await name.inputValue(), "Ada Lovelace");
  for (const hidden of ["Merge", "More", "Remove vip", "Add to campaign"]) assert.equal(await button(page, hidden).isVisible(), false, hidden);
  assert.equal(await page.getByRole("switch").isVisible(), false);
  await page.getByRole("tab", { name: /^Notes/ }).click();
  await page.getByText("Called on Monday").waitFor();
  assert.equal(await page.getByRole("textbox", { name: "New note" }).isVisible(), false);
  await world.axe(page);
  await page.context().close();
});

test("an editor changes contacts, one or many, but neither exports nor deletes many", async () => {
  const page = await openAs("editor", "/");
  await link(page, "New contact").waitFor();
  assert.equal(await link(page, "Import").isVisible(), false);
  assert.deepEqual(await bulkActions(page), ["Tag", "Add to campaign", "More", "Clear"]);
  await page.goto(`${world.url}/contacts/${contact.id}`);
  const phone = page.getByRole("textbox", { name: "Phone" });
  await phone.fill("+44 20 7946 0001");
  await phone.press("Enter");
  await until(async () => (await world.api("GET", `/v1/contacts/${contact.id}`)).phone, "+44 20 7946 0001");
  assert.equal(await button(page, "Merge").isVisible(), false);
  await button(page, "More").click();
  await button(page, "Delete").waitFor();
  assert.equal(await button(page, "Erase this person").isVisible(), false);
  await page.context().close();
});

test("a manager also imports, exports, merges and deletes many, but manages no settings", async () => {
  const page = await openAs("manager", "/");
  await link(page, "Import").waitFor();
  assert.deepEqual(await bulkActions(page), ["Tag", "Add to campaign", "More", "Export", "Delete", "Clear"]);
  await page.goto(`${world.url}/contacts/${contact.id}`);
  await button(page, "Merge").waitFor();
  await page.goto(`${world.url}/settings`);
  const sections = page.getByRole("navigation", { name: "Settings" });
  await sections.getByRole("link", { name: "Tags" }).waitFor();
  for (const hidden of ["API keys", "Webhooks"]) assert.equal(await sections.getByRole("link", { name: hidden }).isVisible(), false, hidden);
  await page.getByText("Manager", { exact: true }).waitFor();
  await page.goto(`${world.url}/settings/fields`);
  await page.getByRole("heading", { name: "Custom fields", exact: true }).waitFor();
  assert.equal(await button(page, "New field").isVisible(), false);
  await page.goto(`${world.url}/settings/keys`);
  await page.getByRole("alert").filter({ hasText: "Your role does not allow this." }).waitFor();
  await page.context().close();
});

test("a role that is changed applies when the page is opened again", async () => {
  const page = await openAs("editor", "/");
  await link(page, "New contact").waitFor();
  const { id } = (await world.api("GET", "/v1/users")).items.find(({ name }) => name === "A editor");
  await world.api("PATCH", `/v1/users/${id}`, { role: "viewer" });
  await page.reload();
  await until(() => link(page, "New contact").isVisible(), false);
  await page.context().close();
});

test("a role that is lowered during an edit is told in words, and the page hides what it does not allow", async () => {
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", "Lowered", "--role", "editor");
  const context = await world.newContext(await world.signIn(link));
  const page = await context.newPage();
  await page.goto(`${world.url}/contacts/${contact.id}`);
  await page.getByRole("button", { name: "More" }).waitFor();
  const { id } = (await world.api("GET", "/v1/users")).items.find(({ name }) => name === "Lowered");
  await world.api("PATCH", `/v1/users/${id}`, { role: "viewer" });
  await page.getByRole("textbox", { name: "Phone" }).fill("+44 20 7946 0009");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Your role does not allow this." }).waitFor();
  await until(() => page.getByRole("button", { name: "More" }).isVisible(), false);
  await context.close();
});
