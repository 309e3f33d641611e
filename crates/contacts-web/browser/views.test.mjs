// Views: a segment keeps filter, columns and sorting (R62).

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { command } from "./server.mjs";

let world;
before(async () => {
  world = await organisation();
  for (const name of ["Ada Lovelace", "Bo Diddley"]) await world.api("POST", "/v1/contacts", { name, email: `${name.slice(0, 2).toLowerCase()}@views.example`, tags: name.startsWith("Ada") ? ["vip"] : [] });
});
beforeEach(() => world.enter());

const button = (page, name) => page.getByRole("button", { name, exact: true });
const headers = (page) => page.getByRole("columnheader").allInnerTexts().then((texts) => texts.map((text) => text.replace(/[↑↓]/g, "").trim()).filter(Boolean));
const segments = async () => (await world.api("GET", "/v1/segments")).items;

test("columns are shown, ordered and sized by keyboard, and kept in a segment", async () => {
  const page = await world.open("/?tags_any=vip&sort=name");
  await until(() => headers(page), ["Name", "Email", "Tags", "Source", "Last conversation", "Created"]);
  await button(page, "Columns and sorting").click();
  await page.getByRole("checkbox", { name: "Phone" }).check();
  await button(page, "Move Phone up").focus();
  for (let step = 0; step < 5; step += 1) await page.keyboard.press("Enter");
  await until(() => headers(page), ["Name", "Phone", "Email", "Tags", "Source", "Last conversation", "Created"]);
  const width = page.getByRole("spinbutton", { name: "Width of Email in pixels" });
  await width.fill("300");
  await width.press("Enter");
  await until(() => page.getByRole("columnheader", { name: "Email" }).evaluate((cell) => Math.round(cell.getBoundingClientRect().width)), 300);
  await world.axe(page);
  await page.keyboard.press("Escape");

  await button(page, "Save as segment").click();
  const dialog = page.getByRole("dialog", { name: "Save as segment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("Calls");
  await dialog.getByRole("button", { name: "Save" }).click();
  await until(() => new URL(page.url()).searchParams.has("view"), true);
  const [saved] = await segments();
  assert.deepEqual([saved.name, saved.sort, saved.private], ["Calls", "name", false]);
  assert.deepEqual(saved.columns.slice(0, 3), [{ key: "name", width: null }, { key: "phone", width: null }, { key: "email", width: 300 }]);
  await page.getByRole("link", { name: /^Calls/ }).getByText("1", { exact: true }).waitFor();
});

test("a segment opens with its columns, and is updated", async () => {
  const [saved] = await segments();
  const page = await world.open(`/?tags_any=vip&sort=name&view=${saved.id}`);
  await until(() => headers(page), (now) => now[1] === "Phone");
  await button(page, "Columns and sorting").click();
  await page.getByRole("checkbox", { name: "Source" }).uncheck();
  await page.keyboard.press("Escape");
  await button(page, "Update “Calls”").click();
  await button(page, "Update segment").click();
  await until(async () => (await segments())[0].columns.some(({ key }) => key === "source"), false);
  await until(() => button(page, "Update “Calls”").count(), 0);
  // Outside of the segment, the columns of the user are shown.
  await page.goto(`${world.url}/`);
  await until(() => headers(page), (now) => now.includes("Source"));
});

test("the columns of custom fields and conversations sort the list, and a segment keeps that", async () => {
  await world.api("POST", "/v1/fields", { key: "seats", label: "Seats", type: "number" });
  for (const [name, seats] of [["Cy Twombly", 10], ["Di Prima", 9]]) await world.api("POST", "/v1/contacts", { name, email: `${name.slice(0, 2)}@views.example`, custom: { seats } });
  const page = await world.open("/");
  const names = () => page.getByRole("rowgroup").nth(1).getByRole("row").getByRole("link").allInnerTexts();
  await button(page, "Columns and sorting").click();
  await page.getByRole("checkbox", { name: "Seats" }).check();
  await page.keyboard.press("Escape");
  const header = page.getByRole("columnheader", { name: "Seats" });
  await header.getByRole("button").click();
  await page.waitForURL(/sort=field\.seats/);
  // Contacts without a value come last in both directions, the oldest or the newest first.
  await until(names, ["Di Prima", "Cy Twombly", "Ada Lovelace", "Bo Diddley"]);
  assert.equal(await header.getAttribute("aria-sort"), "ascending");
  await header.getByRole("button").click();
  await until(names, ["Cy Twombly", "Di Prima", "Bo Diddley", "Ada Lovelace"]);
  await page.getByRole("columnheader", { name: "Last conversation" }).getByRole("button").click();
  await page.waitForURL(/sort=last_conversation/);
  await until(names, ["Ada Lovelace", "Bo Diddley", "Cy Twombly", "Di Prima"]);
  await button(page, "Columns and sorting").click();
  await page.getByLabel("Sort by").selectOption("Seats, highest first");
  await until(names, ["Cy Twombly", "Di Prima", "Bo Diddley", "Ada Lovelace"]);
  await world.axe(page);
  await world.close(page);
});

test("a private segment is seen by its owner only, until it is shared", async () => {
  const page = await world.open("/?q=bo");
  await button(page, "Columns and sorting").waitFor();
  await page.goto(`${world.url}/?tags_none=vip`);
  await button(page, "Save as segment").click();
  const dialog = page.getByRole("dialog", { name: "Save as segment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("Mine");
  await dialog.getByRole("checkbox", { name: "Only I can see it" }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: /^Mine/ }).waitFor();
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", "Bob", "--role", "editor");
  const context = await world.newContext(await world.signIn(link));
  const other = await context.newPage();
  await other.goto(`${world.url}/settings/segments`);
  await other.getByRole("row").filter({ hasText: "Calls" }).waitFor();
  assert.equal(await other.getByRole("row").filter({ hasText: "Mine" }).count(), 0);
  await page.goto(`${world.url}/settings/segments`);
  await button(page, "Share Mine").click();
  await button(page, "Share segment").click();
  await other.reload();
  await other.getByRole("row").filter({ hasText: "Mine" }).waitFor();
});

test("an administrator renames and deletes the private segments of a deactivated user", async () => {
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", "Rae", "--role", "editor");
  const context = await world.newContext(await world.signIn(link));
  const theirs = await context.newPage();
  await theirs.goto(`${world.url}/?tags_none=vip`);
  await button(theirs, "Save as segment").click();
  const dialog = theirs.getByRole("dialog", { name: "Save as segment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("Left behind");
  await dialog.getByRole("checkbox", { name: "Only I can see it" }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await theirs.getByRole("link", { name: /^Left behind/ }).waitFor();
  const page = await world.open("/settings/segments");
  await page.getByRole("row").filter({ hasText: "Calls" }).waitFor();
  assert.equal(await page.getByText("Left behind").count(), 0);
  const { id } = (await world.api("GET", "/v1/users")).items.find(({ name }) => name === "Rae");
  await world.api("PATCH", `/v1/users/${id}`, { active: false });
  await page.reload();
  const orphans = page.getByRole("region", { name: "Segments without an owner" });
  await orphans.getByRole("row").filter({ hasText: "Left behind" }).waitFor();
  await world.axe(page);
  await button(page, "Rename Left behind").click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Found");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await orphans.getByRole("row").filter({ hasText: "Found" }).waitFor();
  await button(page, "Delete Found").click();
  await button(page, "Delete segment").click();
  await until(() => orphans.count(), 0);
  assert.deepEqual((await world.api("GET", "/v1/segments?orphaned=true")).items, []);
  await world.close(page);
});

test("a segment that somebody else has changed is updated after saying so", async () => {
  const { id, version } = await world.api("POST", "/v1/segments", { name: "Shared", filter: { tags_none: "vip" }, columns: [{ key: "name" }, { key: "email" }] });
  const page = await world.open(`/?tags_none=vip&view=${id}`);
  await page.getByRole("columnheader", { name: "Email" }).getByRole("button").click();
  await button(page, "Update “Shared”").waitFor();
  await world.api("PATCH", `/v1/segments/${id}`, { name: "Renamed", columns: [{ key: "name" }, { key: "phone" }] });
  await button(page, "Update “Shared”").click();
  const update = page.getByRole("dialog").getByRole("button", { name: "Update segment" });
  await update.click();
  await page.getByRole("alert").filter({ hasText: "Somebody else has changed this segment, and named it “Renamed”." }).waitFor();
  await update.click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { name, sort, columns, version: now } = await world.api("GET", `/v1/segments/${id}`);
  assert.deepEqual([name, sort, columns.map(({ key }) => key), now], ["Renamed", "email", ["name", "email"], version + 2]);
  await page.getByRole("link", { name: /^Renamed/ }).waitFor();
  await world.close(page);
});

test("an archived field neither blocks the sorting nor the order of the columns", async () => {
  await world.api("POST", "/v1/fields", { key: "old", label: "Old", type: "text" });
  const page = await world.open("/?sort=field.old");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await page.evaluate(() => localStorage.setItem("columns", "name field.old email phone"));
  await world.api("PATCH", "/v1/fields/old", { archived: true });
  await page.reload();
  await button(page, "Reset the sorting").click();
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await button(page, "Columns and sorting").click();
  await button(page, "Move Email up").click();
  await until(async () => (await page.getByRole("columnheader").allInnerTexts()).map((text) => text.trim()).filter(Boolean).slice(0, 2), ["Email", "Name"]);
  assert.equal(await page.evaluate(() => localStorage.getItem("columns")), "email name phone field.old");
  await page.evaluate(() => localStorage.clear());
  await world.close(page);
});

test("cells say yes and no, and days, in words", async () => {
  await world.api("POST", "/v1/fields", { key: "member", label: "Member", type: "boolean" });
  await world.api("POST", "/v1/fields", { key: "since", label: "Since", type: "date" });
  await world.api("POST", "/v1/contacts", { name: "Yes Man", email: "yes@views.example", custom: { member: true, since: "2026-05-01" } });
  await world.api("POST", "/v1/contacts", { name: "Yes Not", email: "not@views.example", custom: { member: false } });
  const page = await world.open("/?q=yes&sort=name");
  await page.evaluate(() => localStorage.setItem("columns", "name field.member field.since"));
  await page.reload();
  const cells = async (name) => (await page.getByRole("row").filter({ hasText: name }).getByRole("cell").allInnerTexts()).slice(2);
  await page.getByRole("link", { name: "Yes Man" }).waitFor();
  await until(() => cells("Yes Man"), ["Yes", "1 May 2026"]);
  await until(() => cells("Yes Not"), ["No", ""]);
  await page.evaluate(() => localStorage.clear());
  await world.close(page);
});

test("a field that is created in the settings is offered by the list without a reload", async () => {
  const page = await world.open("/");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  const main = page.getByRole("navigation", { name: "Main" });
  await main.getByRole("link", { name: "Settings" }).click();
  await world.api("POST", "/v1/fields", { key: "fresh", label: "Fresh", type: "text" });
  await main.getByRole("link", { name: "Contacts" }).click();
  await button(page, "Columns and sorting").click();
  await page.getByRole("checkbox", { name: "Fresh" }).waitFor();
  await world.close(page);
});
