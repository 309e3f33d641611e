// Users and invitations in the settings (R60).

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { command } from "./server.mjs";

let world;
before(async () => {
  world = await organisation();
});
beforeEach(() => world.enter());

const button = (page, name) => page.getByRole("button", { name, exact: true });
const rowOf = (page, text) => page.getByRole("row").filter({ hasText: text });
const users = async () => (await world.api("GET", "/v1/users")).items;
const named = async (name) => (await users()).find((user) => user.name === name);

/** Opens a page that nobody is signed in to. */
async function stranger(url) {
  const context = await world.newContext([]);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

test("an invited person opens the link, chooses a name and works", async () => {
  const page = await world.open("/settings/users");
  await button(page, "Invite user").click();
  const dialog = page.getByRole("dialog", { name: "Invite a user" });
  await dialog.getByRole("textbox", { name: "Email" }).fill("ada@users.example");
  await dialog.getByRole("radio", { name: "Manager" }).check();
  await world.axe(page);
  await dialog.getByRole("button", { name: "Create link" }).click();
  const link = await page.getByRole("textbox", { name: "Link" }).inputValue();
  await button(page, "I have saved it").click();
  await rowOf(page, "ada@users.example").getByText("Valid until").waitFor();
  await world.axe(page);

  const other = await stranger(link);
  await other.getByRole("heading", { name: "Join Informly Contacts" }).waitFor();
  await world.axe(other);
  await other.getByRole("textbox", { name: "Your name" }).fill("Ada Lovelace");
  await other.getByRole("textbox", { name: "Your name" }).press("Enter");
  await other.getByRole("button", { name: /^Account/ }).waitFor();
  assert.equal(new URL(other.url()).pathname, "/");
  assert.equal(new URL(other.url()).hash, "");
  const { role, email } = await named("Ada Lovelace");
  assert.deepEqual([role, email], ["manager", "ada@users.example"]);

  const again = await stranger(link);
  await again.getByRole("textbox", { name: "Your name" }).fill("Eve");
  await again.getByRole("button", { name: "Join" }).click();
  await again.getByRole("alert").filter({ hasText: /used, revoked or replaced/ }).waitFor();
  assert.equal(await named("Eve"), undefined);
});

test("an administrator changes a role, ends sessions, deactivates and reactivates", async () => {
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", "Bob", "--role", "editor");
  await world.signIn(link);
  const page = await world.open("/settings/users");
  const role = rowOf(page, "Bob").getByRole("combobox", { name: "Role of Bob" });
  await role.focus();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("dialog", { name: "Make Bob a manager?" }).getByRole("button", { name: "Cancel" }).click();
  await until(() => role.inputValue(), "editor");
  await role.selectOption("viewer");
  await page.getByRole("dialog", { name: "Make Bob a viewer?" }).getByRole("button", { name: "Change role" }).click();
  await page.getByText("Bob is now a viewer.").waitFor();
  assert.equal((await named("Bob")).role, "viewer");
  await button(page, "End the sessions of Bob").click();
  await button(page, "End sessions").click();
  await until(async () => (await named("Bob")).sessions, 0);
  await button(page, "Deactivate Bob").click();
  await page.getByRole("dialog", { name: "Deactivate Bob?" }).getByRole("button", { name: "Deactivate" }).click();
  await rowOf(page, "Bob").getByText("Deactivated").waitFor();
  assert.equal((await named("Bob")).active, false);
  await world.axe(page);
  await button(page, "Reactivate Bob").click();
  await rowOf(page, "Bob").getByText("Active", { exact: true }).waitFor();
  assert.equal((await named("Bob")).active, true);
});

test("the last administrator stays, and the page says why", async () => {
  const page = await world.open("/settings/users");
  await button(page, "Deactivate Owner").click();
  const dialog = page.getByRole("dialog", { name: "Deactivate Owner?" });
  await dialog.getByRole("button", { name: "Deactivate" }).click();
  await dialog.getByRole("alert").filter({ hasText: /needs an active administrator/ }).waitFor();
  assert.equal((await named("Owner")).active, true);
});

test("an invitation gets a new link, and is revoked", async () => {
  const first = await world.api("POST", "/v1/invitations", { email: "cleo@users.example", role: "viewer" });
  const page = await world.open("/settings/users");
  await button(page, "New link for cleo@users.example").click();
  await button(page, "Create link").click();
  const link = await page.getByRole("textbox", { name: "Link" }).inputValue();
  assert.notEqual(link, first.link);
  await button(page, "I have saved it").click();
  await button(page, "Revoke the invitation of cleo@users.example").click();
  await button(page, "Revoke invitation").click();
  await until(async () => (await world.api("GET", "/v1/invitations")).items.length, 0);
  await until(() => rowOf(page, "cleo@users.example").count(), 0);
});

test("the focus stays in the row that was changed", async () => {
  await world.signIn(await command(world.server, "sign-in-link", "--org", world.id, "--user", "Dee", "--role", "viewer"));
  const page = await world.open("/settings/users");
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  const role = rowOf(page, "Dee").getByRole("combobox");
  await role.focus();
  await role.selectOption("editor");
  await button(page, "Change role").click();
  await page.getByText("Dee is now an editor.").waitFor();
  await until(focused, "Role of Dee");
  await button(page, "Deactivate Dee").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
  await rowOf(page, "Dee").getByText("Deactivated").waitFor();
  await until(() => page.evaluate(() => document.activeElement?.closest("tr")?.textContent), /Dee/);
  await world.close(page);
});
