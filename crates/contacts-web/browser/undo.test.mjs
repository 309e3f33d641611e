// Undoing an edit from its message, and restoring a value from the activity (R46).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
/** @type {string} */
let id;
beforeEach(async () => {
  world = await organisation();
  await world.api("POST", "/v1/fields", { key: "plan", label: "Plan", type: "select", options: ["Free", "Pro"] });
  ({ id } = await world.api("POST", "/v1/contacts", { name: "Grace Hopper", email: "grace@example.org", phone: "030 1", tags: ["vip"], custom: { plan: "Free" } }));
});

const stored = () => world.api("GET", `/v1/contacts/${id}`);
const field = (page, name) => page.getByRole("textbox", { name, exact: true });
const message = (page, text) => page.locator(".toast", { hasText: text });

test("an edit is undone from its message, which replaces the earlier one of the field", async () => {
  const page = await world.open(`/contacts/${id}`);
  for (const value of ["030 2", "030 22"]) {
    await field(page, "Phone").fill(value);
    await until(async () => (await stored()).phone, value);
  }
  await field(page, "Phone").press("Tab");
  await until(() => message(page, "Phone was changed.").count(), 1);
  await world.axe(page);
  await message(page, "Phone was changed.").getByRole("button", { name: "Undo" }).click();
  await until(async () => (await stored()).phone, "030 1");
  await until(() => field(page, "Phone").inputValue(), "030 1");
  await page.getByRole("combobox", { name: "Plan" }).selectOption("Pro");
  await message(page, "Plan was changed.").getByRole("button", { name: "Undo" }).click();
  await until(async () => (await stored()).custom.plan, "Free");
  await world.close(page);
});

test("the undo of a changed address leaves no other address behind", async () => {
  const page = await world.open(`/contacts/${id}`);
  await field(page, "Email").fill("grase@example.org");
  await field(page, "Email").press("Tab");
  await message(page, "Email was changed.").getByRole("button", { name: "Undo" }).click();
  await until(async () => [(await stored()).email, (await stored()).other_emails], ["grace@example.org", []]);
  await until(() => page.getByRole("button", { name: "Remove grase@example.org" }).count(), 0);
  await world.close(page);
});

test("an edit is undone also after the contact was left", async () => {
  const page = await world.open(`/contacts/${id}`);
  await field(page, "Name").fill("Grace Murray");
  await page.getByRole("main").getByRole("link", { name: "Contacts" }).click();
  await message(page, "Name was changed.").waitFor();
  await page.getByRole("row", { name: /Grace Murray/ }).waitFor();
  await message(page, "Name was changed.").getByRole("button", { name: "Undo" }).click();
  await page.getByRole("row", { name: /Grace Hopper/ }).waitFor();
  await world.close(page);
});

test("the list shows an edit that was saved while the list was loaded", async () => {
  const page = await world.open(`/contacts/${id}`);
  await field(page, "Name").fill("Grace Murray");
  // The list is read before the edit is saved, and answered after it.
  let release = () => {};
  const saved = new Promise((resolve) => (release = resolve));
  await page.route(/v1\/contacts\?.*sort=/, async (route) => {
    const response = await route.fetch();
    release();
    await message(page, "Name was changed.").waitFor();
    await route.fulfill({ response });
  });
  await page.route(`**/v1/contacts/${id}`, async (route) => (await saved, route.continue()));
  await page.getByRole("main").getByRole("link", { name: "Contacts" }).click();
  await page.getByRole("row", { name: /Grace Murray/ }).waitFor();
  await world.close(page);
});

test("an added and a removed tag are undone from their messages", async () => {
  const page = await world.open(`/contacts/${id}`);
  await page.getByRole("button", { name: "Remove vip" }).click();
  await message(page, "The tag vip was removed.").getByRole("button", { name: "Undo" }).click();
  await until(async () => (await stored()).tags, ["vip"]);
  await page.getByRole("combobox", { name: "Tags" }).fill("wrong");
  await page.getByRole("combobox", { name: "Tags" }).press("Enter");
  await message(page, "The tag wrong was added.").getByRole("button", { name: "Undo" }).click();
  await until(async () => (await stored()).tags, ["vip"]);
  await world.close(page);
});

test("a value is restored from the activity, and that can be undone", async () => {
  await world.api("PATCH", `/v1/contacts/${id}`, { phone: null, custom: { plan: "Pro" } });
  const page = await world.open(`/contacts/${id}?tab=activity`);
  const restore = page.getByRole("button", { name: "Restore Phone “030 1”, Plan “Free”" });
  await restore.waitFor();
  await world.axe(page);
  await restore.click();
  await until(async () => [(await stored()).phone, (await stored()).custom.plan], ["030 1", "Free"]);
  await restore.waitFor({ state: "detached" });
  await message(page, "Phone, Plan restored.").getByRole("button", { name: "Undo" }).click();
  await until(async () => [(await stored()).phone ?? "", (await stored()).custom.plan], ["", "Pro"]);
  await restore.first().waitFor();
  await world.close(page);
});

test("the activity names the key that made a change", async () => {
  const page = await world.open(`/contacts/${id}?tab=activity`);
  const added = page.getByRole("listitem").filter({ hasText: "added this contact" });
  await added.waitFor();
  await until(() => added.innerText(), /^Tests\s+added this contact/);
  await world.close(page);
});

test("a removed tag and a removed address are restored from the activity", async () => {
  const { id } = await world.api("POST", "/v1/contacts", { name: "Rosa Luxemburg", email: "rosa@undo.example", tags: ["vip", "fair"] });
  await world.api("POST", `/v1/contacts/${id}/addresses`, { email: "rosa.l@undo.example" });
  await world.api("POST", `/v1/contacts/${id}/tags`, { remove: ["vip"] });
  await world.api("DELETE", `/v1/contacts/${id}/addresses/rosa.l@undo.example`);
  const page = await world.open(`/contacts/${id}?tab=activity`);
  const tag = page.getByRole("button", { name: "Restore the tag vip" });
  await tag.click();
  await page.getByRole("button", { name: "Remove vip" }).waitFor();
  await until(() => tag.count(), 0);
  assert.deepEqual((await world.api("GET", `/v1/contacts/${id}`)).tags, ["fair", "vip"]);
  const address = page.getByRole("button", { name: "Restore rosa.l@undo.example" });
  await address.click();
  await page.getByRole("button", { name: "Remove rosa.l@undo.example" }).waitFor();
  await until(() => address.count(), 0);
  assert.deepEqual((await world.api("GET", `/v1/contacts/${id}`)).other_emails, ["rosa.l@undo.example"]);
  await world.axe(page);
  await world.close(page);
});

test("a message stays while its button has the focus, and returns the focus", async () => {
  // A context of its own: time stands still in all pages of a context.
  const page = await (await world.newContext(world.cookies)).newPage();
  await page.goto(`${world.url}/contacts/${id}`);
  await page.clock.install();
  await page.getByRole("combobox", { name: "Plan" }).focus();
  await page.getByRole("combobox", { name: "Plan" }).selectOption("Pro");
  const shown = message(page, "Plan was changed.");
  await shown.waitFor();
  await shown.getByRole("button", { name: "Undo" }).focus();
  await page.clock.runFor(30_000);
  assert.equal(await shown.count(), 1);
  await page.keyboard.press("Enter");
  await until(async () => (await stored()).custom.plan, "Free");
  await until(() => page.evaluate(() => document.activeElement?.tagName), "SELECT");
});
