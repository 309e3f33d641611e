// The list: search, filters, order, scrolling, picking, and what is done to many (R19 to R24).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { start, until } from "./harness.mjs";
import { HOSTILE, csv } from "./people.mjs";

let world;
before(async () => {
  world = await start();
  await world.import("trade-show.csv", csv(300));
});
afterEach(() => world.leave());
after(() => world.stop());

/** Those that have come; while they are awaited there are rows that hold nobody. */
const rows = (page) => page.getByRole("rowgroup").nth(1).getByRole("row").filter({ has: page.getByRole("link") });
const named = (page, name) => page.getByRole("row").filter({ hasText: name });
const count = (page) => page.getByRole("status").filter({ hasText: /people|person/ });
const pick = (page, name) => page.getByRole("checkbox", { name: `Select ${name}` });
const bar = (page) => page.getByRole("toolbar");

/** Waits until the rows are those that were asked for. */
async function settled(page) {
  await page.locator('[role=table][aria-busy="false"], .empty').first().waitFor();
  await page.waitForTimeout(200);
}

test("a search shows its people as it is typed, and its address shows them again", async () => {
  const page = await world.open("/");
  await page.getByRole("searchbox", { name: "Search contacts" }).pressSequentially("zoe smith");
  await count(page).filter({ hasText: /^(?!300)\d+ / }).waitFor();
  const found = await count(page).textContent();
  assert.equal(found, `${(await world.api("GET", "/v1/contacts?q=zoe%20smith")).count.value} people`);
  await page.waitForURL(/\?q=zoe\+smith$/);
  await page.reload();
  await count(page).filter({ hasText: found }).waitFor();
  await until(() => page.getByRole("searchbox").inputValue(), "zoe smith");
  await world.close(page);
});

test("what nobody matches is told apart from what failed, and filters can be cleared", async () => {
  const page = await world.open("/?q=nobodyatall");
  await page.getByRole("heading", { name: "Nobody matches" }).waitFor();
  await page.getByRole("main").getByRole("button", { name: "Clear filters" }).click();
  await named(page, "person0@example.org").or(rows(page).first()).first().waitFor();
  await page.route("**/v1/contacts?*", (route) => route.abort());
  await page.getByRole("searchbox").fill("ann");
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  assert.ok(await rows(page).count(), "the rows of before stay");
  await page.unroute("**/v1/contacts?*");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  await world.close(page);
});

test("the source filter finds an import, the tag filter any, all and none", async () => {
  const page = await world.open("/");
  await page.getByRole("button", { name: "Source" }).click();
  await page.getByRole("checkbox", { name: "trade-show.csv" }).check();
  await page.getByText("Source: Import trade-show.csv").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Tags" }).click();
  await page.getByText("None of", { exact: true }).click();
  await page.getByRole("checkbox", { name: /^vip/ }).check();
  await count(page).filter({ hasText: "200 people" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Remove the filter: None of: vip" }).click();
  await count(page).filter({ hasText: "300 people" }).waitFor();
  await world.close(page);
});

test("a filter is saved as a segment, which stands beside the list", async () => {
  const page = await world.open("/?tags_any=vip");
  await page.getByRole("button", { name: "Save as segment" }).click();
  await page.getByLabel("Name").fill("Very important");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("link", { name: "Very important" }).waitFor();
  await page.goto(`${world.url}/`);
  await page.getByRole("link", { name: "Very important" }).click();
  await count(page).filter({ hasText: "100 people" }).waitFor();
  const { items } = await world.api("GET", "/v1/segments");
  assert.deepEqual(items.map(({ name, filter }) => [name, filter]), [["Very important", { tags_any: ["vip"] }]]);
  await world.close(page);
});

test("a click on a column's head sorts, and again the other way", async () => {
  const page = await world.open("/");
  const head = page.getByRole("columnheader", { name: "Email" });
  await head.getByRole("button").click();
  await page.locator('[role=columnheader][aria-sort="ascending"]', { hasText: "Email" }).waitFor();
  await settled(page);
  await page.getByRole("row", { name: /person0@/ }).waitFor();
  await head.getByRole("button").click();
  await page.getByRole("row", { name: /person99@/ }).waitFor();
  await page.waitForURL(/sort=-email/);
  await world.close(page);
});

test("Shift picks a range, and the bar tags those who are picked", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").click();
  await page.getByRole("checkbox", { name: /^Select / }).nth(5).click({ modifiers: ["Shift"] });
  await bar(page).getByText("5 selected").waitFor();
  await bar(page).getByRole("button", { name: "Tag" }).click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByRole("combobox", { name: "Tags to add" }).fill("Autumn");
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByText("Tagged: 5.").waitFor();
  const { items } = await world.api("GET", "/v1/contacts?tags_any=autumn");
  assert.equal(items.length, 5);
  await world.close(page);
});

test("the header picks everyone on the filter, less those who are unticked", async () => {
  const page = await world.open("/?q=novak");
  await page.getByRole("row", { name: /Novak/ }).first().waitFor();
  const all = (await world.api("GET", "/v1/contacts?q=novak")).count.value;
  await page.getByRole("checkbox", { name: "Select everyone on this filter" }).check();
  await page.getByRole("checkbox", { name: /^Select .*Novak/ }).nth(1).uncheck();
  await bar(page).getByText(`${all - 1} on this filter selected`).waitFor();
  await bar(page).getByRole("button", { name: "Tag" }).click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByRole("combobox", { name: "Tags to add" }).fill("Family");
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByText(`Tagged: ${all - 1}.`).waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts?tags_any=family")).count.value, all - 1);
  await world.close(page);
});

test("those who are picked are added to a campaign", async () => {
  const id = "0b9f1a52-6f0e-4c7c-9d5d-0f6f2f7a1c01";
  await world.api("PUT", `/v1/campaigns/${id}`, { kind: "campaign", name: "Spring sale" });
  const page = await world.open("/?q=tanaka");
  await page.getByRole("checkbox", { name: "Select everyone on this filter" }).check();
  await bar(page).getByRole("button", { name: "Add to campaign" }).click();
  await page.getByRole("combobox", { name: "Campaign" }).selectOption({ label: "Spring sale · 0 in it" });
  await page.getByRole("dialog").getByRole("button", { name: "Add to campaign" }).click();
  await page.getByText(/Added to the campaign: \d+/).waitFor();
  const tanakas = (await world.api("GET", "/v1/contacts?q=tanaka")).count.value;
  await until(async () => (await world.api("GET", `/v1/campaigns/${id}`)).contacts.total, tanakas);
  await world.close(page);
});

test("an export of those who are picked is downloaded", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").check();
  await bar(page).getByRole("button", { name: "Export CSV" }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const file = await readFile(await (await coming).path(), "utf8");
  assert.match(file, /person0@example\.org/);
  assert.equal(file.trim().split("\r\n").length, 2);
  await world.close(page);
});

test("deleting says the number, and above a hundred asks to type it", async () => {
  const page = await world.open("/?tags_none=vip");
  await count(page).filter({ hasText: "200 people" }).waitFor();
  await page.getByRole("checkbox", { name: "Select everyone on this filter" }).check();
  await bar(page).getByRole("button", { name: "Delete" }).click();
  const asked = page.getByRole("dialog", { name: "Delete 200 contacts?" });
  await until(() => asked.getByRole("button", { name: "Cancel" }).evaluate((button) => button === document.activeElement), true);
  await asked.getByRole("button", { name: "Delete 200" }).click();
  await asked.getByText("Type 200 to delete them.").waitFor();
  await asked.getByRole("textbox").fill("200");
  await asked.getByRole("button", { name: "Delete 200" }).click();
  await page.getByText("Deleted: 200.").waitFor();
  await page.getByRole("heading", { name: "Nobody matches" }).waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts")).count.value, 100);
  await world.close(page);
});

test("the keys move, pick, open and search", async () => {
  const page = await world.open("/?sort=email");
  await rows(page).first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await bar(page).getByText("1 selected").waitFor();
  await page.keyboard.press("Escape");
  await bar(page).waitFor({ state: "detached" });
  await page.keyboard.press("/");
  await until(() => page.getByRole("searchbox").evaluate((input) => input === document.activeElement), true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/contacts\//);
  await world.close(page);
});

test("hostile texts are texts, and keep their place", async () => {
  for (const [at, text] of HOSTILE.entries()) {
    await world.api("POST", "/v1/contacts", { name: text, email: `hostile${at}@example.org`, tags: [text.replaceAll(",", " ").slice(0, 60)] });
  }
  const page = await world.open("/");
  await page.getByRole("row").filter({ hasText: HOSTILE[0] }).waitFor();
  await until(() => page.evaluate(() => "broken" in window), false);
  const heights = await rows(page).evaluateAll((all) => [...new Set(all.map((row) => row.getBoundingClientRect().height))]);
  assert.equal(heights.length, 1);
  await world.close(page);
});

test("every state of the list is usable by all", async () => {
  await world.inEveryLook("/", (page) => rows(page).first().waitFor());
  await world.inEveryLook("/?q=nobodyatall", (page) => page.getByRole("heading", { name: "Nobody matches" }).waitFor());
  await world.inEveryLook("/?tags_any=vip&created_last=7d", async (page) => {
    await page.getByRole("button", { name: "Save as segment" }).waitFor();
    await page.getByRole("checkbox", { name: "Select everyone on this filter" }).check();
    await bar(page).waitFor();
  });
  for (const panel of ["Source", "Tags", "Filter", "Columns and order"]) {
    await world.inEveryLook("/", async (page) => {
      await page.getByRole("button", { name: panel }).click();
      await page.getByRole("dialog", { name: panel }).getByRole("group").or(page.getByRole("radiogroup")).first().waitFor();
    });
  }
});

test("a hundred thousand people scroll by, and all of them can be picked", async () => {
  await world.import("crowd.csv", csv(100_000).replaceAll("@example.org", "@crowd.example"));
  const page = await world.open("/?q=crowd.example&sort=email");
  await count(page).filter({ hasText: "10,000+ people" }).waitFor();
  await page.getByRole("checkbox", { name: "Select everyone on this filter" }).check();
  await bar(page).getByText("100,000 on this filter selected").waitFor();
  const table = page.getByRole("table", { name: "Contacts" });
  // As far as five hundred rows, which come page by page.
  for (let top = 0; top < 500 * 44; top = await table.evaluate((element) => element.scrollTop)) {
    await table.evaluate((element) => (element.scrollTop += 600));
    await page.waitForTimeout(20);
  }
  assert.ok((await rows(page).count()) < 80, "rows exist for what is on screen only");
  await page.waitForTimeout(300);
  const seen = await rows(page).evaluateAll((all) => all.map((row) => Number(row.getAttribute("aria-rowindex"))));
  assert.ok(Math.max(...seen) > 500, `the last row is ${Math.max(...seen)}`);
  assert.deepEqual(seen, [...seen].sort((a, b) => a - b), "the document has the order of the screen");
  await world.close(page);
});
