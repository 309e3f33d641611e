// The audit trail in the settings (R61).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
  const { id } = await world.api("POST", "/v1/contacts", { name: "Ada Lovelace", email: "ada@audit.example", tags: ["vip"] });
  await world.api("POST", "/v1/fields", { key: "tier", label: "Tier", type: "text" });
  await fetch(`${world.url}/v1/contacts/export?q=ada&tags_any=vip`, { headers: { authorization: `Bearer ${world.key}` } }).then((answer) => answer.text());
  await world.api("DELETE", `/v1/contacts/${id}`);
});

const rows = (page) => page.getByRole("rowheader").allInnerTexts();

test("what was done is listed with who did it, filtered, and exported", async () => {
  const page = await world.open("/settings/audit");
  await page.getByRole("row").filter({ hasText: "Deleted a contact" }).getByText("Tests").waitFor();
  assert.deepEqual((await rows(page)).slice(0, 4), ["Deleted a contact", "Finished an export", "Started an export", "Created a custom field"]);
  await page.getByRole("row").filter({ hasText: "Started an export" }).getByText("Filter: search text; tags any: vip").waitFor();
  await page.getByRole("row").filter({ hasText: "Finished an export" }).getByText("1 contact").waitFor();
  assert.equal(await page.getByText("Ada").count(), 0);
  await page.getByRole("combobox", { name: "What was done" }).selectOption("Created a custom field");
  await until(() => rows(page), ["Created a custom field"]);
  const href = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  assert.match(href, /\/v1\/audit\.csv\?kind=field_defined$/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "audit.csv");
  await page.getByLabel("Until").fill("2020-01-01");
  await page.getByRole("heading", { name: "No entries" }).waitFor();
  await world.close(page);
});

test("an export that was broken off says how many contacts may have been sent", async () => {
  const page = await world.open("/settings");
  await page.route(/\/v1\/audit\?/, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    for (const entry of body.items) if (entry.kind === "export_ended") entry.details = ["incomplete"];
    await route.fulfill({ response: answer, json: body });
  });
  await page.goto(`${world.url}/settings/audit`);
  await page.getByRole("row").filter({ hasText: "Broke off an export" }).getByText("At most 1 contact sent").waitFor();
  await world.close(page);
});

test("the audit trail is accessible in every look", async () => {
  await world.inEveryLook("/settings/audit", (page) => page.getByRole("rowheader").first().waitFor());
});
