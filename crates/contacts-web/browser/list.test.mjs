// The list: search, filters, sorting, scrolling, selection and bulk actions (R19 to R24).

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { HOSTILE, csv } from "./people.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
  await world.import("trade-show.csv", csv(300));
});

/** The rows that have been loaded; the others are placeholders without a link. */
const rows = (page) => page.getByRole("rowgroup").nth(1).getByRole("row").filter({ has: page.getByRole("link") });
const named = (page, name) => page.getByRole("row").filter({ hasText: name });
const count = (page) => page.getByRole("status").filter({ hasText: /people|person/ });
const pick = (page, name) => page.getByRole("checkbox", { name: `Select ${name}` });
const bar = (page) => page.getByRole("toolbar");

test("a search shows results while it is typed, and its URL shows them again", async () => {
  const page = await world.open("/");
  await page.getByRole("searchbox", { name: "Search contacts" }).pressSequentially("zoe smith");
  const found = `${(await world.api("GET", "/v1/contacts?q=zoe%20smith")).count.value} people`;
  await count(page).filter({ hasText: new RegExp(`^${found}$`) }).waitFor();
  await page.waitForURL(/\?q=zoe\+smith$/);
  await page.reload();
  await count(page).filter({ hasText: found }).waitFor();
  await until(() => page.getByRole("searchbox").inputValue(), "zoe smith");
  await world.close(page);
});

test("a search lists the best match first until another order is chosen", async () => {
  for (const name of ["Quinn Alder", "Joquinn Alderman", "Quinn Alderton"]) {
    await world.api("POST", "/v1/contacts", { name, email: `${name.replace(" ", ".")}@example.org` });
  }
  const names = (page) => rows(page).getByRole("link").allInnerTexts();
  const page = await world.open("/?q=quinn+alder");
  await until(() => names(page), ["Quinn Alder", "Quinn Alderton", "Joquinn Alderman"]);
  await page.getByRole("button", { name: "Columns and sorting" }).click();
  const order = page.getByLabel("Sort by");
  await until(() => order.locator("option:checked").innerText(), "Best match first");
  await order.selectOption("Newest first");
  await page.waitForURL(/sort=-created/);
  await until(() => names(page), ["Quinn Alderton", "Joquinn Alderman", "Quinn Alder"]);
  await world.close(page);
});

test("no matches and a failed request look different, and filters can be cleared", async () => {
  const page = await world.open("/?q=nobodyatall");
  await page.getByRole("heading", { name: "No matching contacts" }).waitFor();
  await page.getByRole("main").getByRole("button", { name: "Clear filters" }).click();
  await named(page, "person0@example.org").or(rows(page).first()).first().waitFor();
  await page.route("**/v1/contacts?*", (route) => route.abort());
  await page.getByRole("searchbox").fill("ann");
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  assert.ok(await rows(page).count(), "the earlier rows stay");
  await page.unroute("**/v1/contacts?*");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  await world.close(page);
});

test("the source filter finds an import, and the tag filter excludes a tag", async () => {
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
  await page.getByRole("button", { name: "Remove the filter: Not tagged vip" }).click();
  await count(page).filter({ hasText: "300 people" }).waitFor();
  await world.close(page);
});

test("a filter between two days includes both days", async () => {
  const page = await world.open("/");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const created = page.getByRole("group", { name: "Created" });
  await created.getByLabel("When").selectOption("Between two days");
  const today = await page.evaluate(() => new Date().toLocaleDateString("sv"));
  await created.getByLabel("From").fill(today);
  await page.getByRole("button", { name: /^Remove the filter: Created from / }).waitFor();
  await created.getByLabel("To").fill(today);
  await page.getByRole("button", { name: /^Remove the filter: Created from (.+) to \1$/ }).waitFor();
  await count(page).filter({ hasText: "300 people" }).waitFor();
  await created.getByLabel("From").fill("2001-01-01");
  await created.getByLabel("To").fill("2001-12-31");
  await page.getByRole("heading", { name: "No matching contacts" }).waitFor();
  await world.close(page);
});

test("the sidebar counts its segments in one request", async () => {
  await world.api("POST", "/v1/segments", { name: "Counted all", filter: {} });
  await world.api("POST", "/v1/segments", { name: "Counted none", filter: { q: "nobodyatall" } });
  await world.api("POST", "/v1/segments", { name: `Counted ${"for a long time ".repeat(6)}`, filter: {} });
  const page = await world.open("/settings");
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (searchParams.has("counts") || searchParams.has("segment")) asked.push(`${pathname} ${searchParams}`);
  });
  await page.goto(`${world.url}/settings/tags`);
  await page.getByRole("link", { name: /^Counted none\s*0$/ }).waitFor();
  await page.getByRole("link", { name: /^Counted all\s*\d+$/ }).waitFor();
  assert.deepEqual(asked, ["/v1/segments counts=true&limit=12"]);
  const right = (place) => page.locator(place).evaluateAll((all) => Math.max(...all.map((one) => one.getBoundingClientRect().right)));
  assert.ok((await right(".bar .segments small")) < (await right(".bar")), "a long name leaves room for its number");
  for (const { id, name } of (await world.api("GET", "/v1/segments")).items) if (name.startsWith("Counted")) await world.api("DELETE", `/v1/segments/${id}`);
  await world.close(page);
});

test("a filter is saved as a segment, which appears in the sidebar", async () => {
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

test("a click on a column header sorts, and another click reverses", async () => {
  const page = await world.open("/");
  const head = page.getByRole("columnheader", { name: "Email" });
  await head.getByRole("button").click();
  await page.locator('[role=columnheader][aria-sort="ascending"]', { hasText: "Email" }).waitFor();
  await page.getByRole("row", { name: /person0@/ }).waitFor();
  await head.getByRole("button").click();
  await page.getByRole("row", { name: /person99@/ }).waitFor();
  await page.waitForURL(/sort=-email/);
  await world.close(page);
});

test("Shift selects a range, and the bar tags the selected contacts", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").click();
  await page.getByRole("checkbox", { name: /^Select / }).nth(5).click({ modifiers: ["Shift"] });
  await bar(page).getByText("5 selected").waitFor();
  await bar(page).getByRole("button", { name: "Tag" }).click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByRole("combobox", { name: "Tags to add" }).fill("Autumn");
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByText("Added tags to 5 contacts.").waitFor();
  const { items } = await world.api("GET", "/v1/contacts?tags_any=autumn");
  assert.equal(items.length, 5);
  await world.close(page);
});

test("a bulk action is undone, and what was changed since is kept and listed", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").click();
  await page.getByRole("checkbox", { name: /^Select / }).nth(3).click({ modifiers: ["Shift"] });
  await bar(page).getByText("3 selected").waitFor();
  await bar(page).getByRole("button", { name: "Tag" }).click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByRole("combobox", { name: "Tags to add" }).fill("Winter");
  await page.getByRole("button", { name: "Add tags" }).click();
  const toast = page.locator(".toast", { hasText: "Added tags to 3 contacts." });
  await toast.waitFor();
  const { items: [touched] } = await world.api("GET", "/v1/contacts?tags_any=winter");
  await world.api("POST", `/v1/contacts/${touched.id}/tags`, { remove: ["Winter"] });
  await world.api("POST", `/v1/contacts/${touched.id}/tags`, { add: ["Winter"] });
  await toast.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone: 2 restored, 1 kept.").waitFor();
  await page.getByRole("button", { name: "Show what was kept" }).click();
  const kept = page.getByRole("dialog", { name: "What was kept, and why" });
  const row = kept.getByRole("row").filter({ hasText: touched.name });
  await row.getByText("Tags changed since.").waitFor();
  await world.axe(page);
  await kept.getByRole("button", { name: "Close" }).click();
  const { items } = await world.api("GET", "/v1/contacts?tags_any=winter");
  assert.deepEqual(items.map(({ id }) => id), [touched.id]);
  await world.close(page);
});

test("the header selects all matching contacts except unticked ones", async () => {
  const page = await world.open("/?q=novak");
  await page.getByRole("row", { name: /Novak/ }).first().waitFor();
  const all = (await world.api("GET", "/v1/contacts?q=novak")).count.value;
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await page.getByRole("checkbox", { name: /^Select .*Novak/ }).nth(1).uncheck();
  await bar(page).getByText(`${all - 1} matching contacts selected`).waitFor();
  await bar(page).getByRole("button", { name: "Tag" }).click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByRole("combobox", { name: "Tags to add" }).fill("Family");
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByText(`Added tags to ${all - 1} contacts.`).waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts?tags_any=family")).count.value, all - 1);
  await world.close(page);
});

test("selected contacts are added to a campaign", async () => {
  const id = "0b9f1a52-6f0e-4c7c-9d5d-0f6f2f7a1c01";
  await world.api("PUT", `/v1/campaigns/${id}`, { kind: "campaign", name: "Spring sale" });
  const page = await world.open("/?q=tanaka");
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await bar(page).getByRole("button", { name: "Add to campaign" }).click();
  await page.getByRole("combobox", { name: "Campaign" }).selectOption({ label: "Spring sale · 0 people" });
  await page.getByRole("dialog").getByRole("button", { name: "Add to campaign" }).click();
  await page.getByText(/^Added \d+ contacts to the campaign/).waitFor();
  const tanakas = (await world.api("GET", "/v1/contacts?q=tanaka")).count.value;
  await until(async () => (await world.api("GET", `/v1/campaigns/${id}`)).contacts.total, tanakas);
  await world.close(page);
});

test("a field of the selected contacts is set, and only where it is empty", async () => {
  await world.api("POST", "/v1/fields", { key: "plan", label: "Plan", type: "select", options: ["Free", "Pro"] });
  const [{ id }] = (await world.api("GET", "/v1/contacts?q=person0@example.org")).items;
  await world.api("PATCH", `/v1/contacts/${id}`, { custom: { plan: "Free" } });
  const page = await world.open("/?q=tanaka");
  const tanakas = (await world.api("GET", "/v1/contacts?q=tanaka")).count.value;
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await bar(page).getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Set a field" }).click();
  const form = page.getByRole("dialog");
  await form.getByRole("combobox", { name: "Field" }).selectOption({ label: "Plan" });
  await form.getByRole("combobox", { name: "Value" }).selectOption({ label: "Pro" });
  await form.getByRole("checkbox", { name: "Only where it is empty" }).check();
  await form.getByRole("button", { name: "Set field" }).click();
  await page.getByText(`Set the field of ${tanakas} contacts.`).waitFor();
  const pro = async () => (await world.api("GET", "/v1/contacts?field.plan=any_of:Pro")).count.value;
  assert.equal(await pro(), tanakas);
  await page.goto(`${world.url}/?sort=email`);
  await pick(page, "Ann Lee 0").check();
  await bar(page).getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Set a field" }).click();
  await form.getByRole("combobox", { name: "Field" }).selectOption({ label: "Plan" });
  await form.getByRole("checkbox", { name: "Only where it is empty" }).check();
  await form.getByRole("button", { name: "Set field" }).click();
  await form.getByText("Enter a value to fill in.").waitFor();
  await form.getByRole("checkbox", { name: "Only where it is empty" }).uncheck();
  await form.getByRole("button", { name: "Set field" }).click();
  await page.getByText("Set the field of 1 contact.").waitFor();
  assert.equal((await world.api("GET", `/v1/contacts/${id}`)).custom.plan, undefined);
  await world.close(page);
});

test("an export of the selected contacts is downloaded", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").check();
  const exported = async (kind) => {
    await bar(page).getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog", { name: "Export 1 contact" });
    await dialog.getByRole("radio", { name: kind }).check();
    const coming = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Export" }).click();
    return coming;
  };
  const file = await text(await (await exported(/^CSV file/)).createReadStream());
  assert.match(file, /person0@example\.org/);
  assert.equal(file.trim().split("\r\n").length, 2);
  const workbook = await exported(/^Excel workbook/);
  assert.match(workbook.suggestedFilename(), /\.xlsx$/);
  assert.match(await text(await workbook.createReadStream()), /^PK/);
  await world.close(page);
});

test("deleting states the number, and above a hundred asks to type it", async () => {
  const page = await world.open("/?tags_none=vip");
  await count(page).filter({ hasText: "200 people" }).waitFor();
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await bar(page).getByRole("button", { name: "Delete" }).click();
  const asked = page.getByRole("dialog", { name: "Delete 200 contacts?" });
  await until(() => asked.getByRole("button", { name: "Cancel" }).evaluate((button) => button === document.activeElement), true);
  await asked.getByRole("button", { name: "Delete 200" }).click();
  await asked.getByText("Type 200 to delete these contacts.").waitFor();
  await asked.getByRole("textbox").fill("200");
  await asked.getByRole("button", { name: "Delete 200" }).click();
  await page.getByText("Deleted 200 contacts.").waitFor();
  await page.getByRole("heading", { name: "No matching contacts" }).waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts")).count.value, 100);
  await world.close(page);
});

test("contacts can be exported before they are deleted, while the dialog stays open", async () => {
  const page = await world.open("/?tags_none=vip&sort=email");
  await count(page).filter({ hasText: "200 people" }).waitFor();
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await pick(page, "Ann Weiß 100").uncheck();
  await bar(page).getByRole("button", { name: "Delete" }).click();
  const asked = page.getByRole("dialog", { name: "Delete 199 contacts?" });
  const coming = page.waitForEvent("download");
  await asked.getByRole("button", { name: "Export first" }).click();
  const file = await text(await (await coming).createReadStream());
  assert.equal(file.trim().split("\r\n").length, 200);
  assert.match(file, /person2@example\.org/);
  assert.doesNotMatch(file, /person(0|100)@example\.org/, "neither a contact that is not selected, nor one with the tag");
  await asked.getByText("Exported 199 contacts.").waitFor();
  await asked.getByRole("textbox").fill("199");
  await asked.getByRole("button", { name: "Delete 199" }).click();
  await page.getByText("Deleted 199 contacts.").waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts")).count.value, 101);
  await world.close(page);
});

test("nothing is deleted while its export is in progress", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").check();
  await bar(page).getByRole("button", { name: "Delete" }).click();
  const asked = page.getByRole("dialog", { name: "Delete 1 contact?" });
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/v1/actions", async (route) => (await held, route.continue()));
  await asked.getByRole("button", { name: "Export first" }).click();
  await asked.getByText("Exporting 1 contact…").waitFor();
  await asked.getByRole("button", { name: "Delete 1" }).click();
  await asked.getByText("Wait until the export is downloaded.").waitFor();
  const coming = page.waitForEvent("download");
  release();
  await coming;
  await asked.getByText("Exported 1 contact.").waitFor();
  await asked.getByRole("button", { name: "Delete 1" }).click();
  await page.getByText("Deleted 1 contact.").waitFor();
  await world.close(page);
});

test("keyboard shortcuts move, select, open and search", async () => {
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
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor({ state: "detached" });
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/contacts\//);
  await world.close(page);
});

/** The edges of an element in the window. */
const edges = (locator) => locator.evaluate((element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return { left, top, right, bottom, window: [innerWidth, innerHeight], scrolls: element.scrollHeight <= element.clientHeight || getComputedStyle(element).overflowY === "auto" };
});

test("every panel fits into a small window, and scrolls inside itself", async () => {
  for (let at = 0; at < 12; at += 1) await world.api("POST", "/v1/fields", { key: `field_${at}`, label: `Field ${at}`, type: "text" });
  await world.api("PUT", `/v1/campaigns/${randomUUID()}`, { kind: "campaign", name: "Spring sale" });
  for (const [width, height] of [[1366, 650], [320, 256]]) {
    const page = await world.open("/", { width, height });
    await page.locator('[role=table][aria-busy="false"]').waitFor();
    for (const name of ["Source", "Tags", "Filter", "Columns and sorting"]) {
      await page.getByRole("button", { name, exact: true }).click();
      const panel = page.getByRole("dialog", { name });
      await panel.locator(".filters, .view").waitFor();
      await until(() => edges(panel), ({ left, top, right, bottom, window: [wide, high], scrolls }) => left >= 0 && top >= 0 && right <= wide && bottom <= high && bottom - top > 100 && scrolls, `${name} in ${width} by ${height}`);
      await page.keyboard.press("Escape");
    }
    await rows(page).first().scrollIntoViewIfNeeded();
    const { top, bottom } = await edges(rows(page).first());
    assert.ok(top >= 0 && bottom <= height, "a row can be scrolled into the window");
    await world.close(page);
  }
});

test("a message does not cover the bar of actions, which does not cover the last row", async () => {
  const page = await world.open("/?sort=email&q=novak");
  await pick(page, "Ivan Novak 5").check();
  await bar(page).getByRole("button", { name: "Tag" }).click();
  await page.getByRole("button", { name: "Add tags" }).click();
  await page.getByRole("combobox", { name: "Tags to add" }).fill("Autumn");
  await page.getByRole("button", { name: "Add tags" }).click();
  const message = page.getByText("Added tags to 1 contact.");
  await message.waitFor();
  const { top } = await edges(bar(page));
  assert.ok((await edges(message)).bottom <= top, "the message is above the bar");
  await page.getByRole("table", { name: "Contacts" }).evaluate((table) => table.scrollTo(0, table.scrollHeight));
  await until(async () => Math.max(...(await rows(page).evaluateAll((all) => all.map((row) => row.getBoundingClientRect().bottom)))) <= top, true, "the last row is above the bar");
  await world.close(page);
});

test("the focus goes to the name of an opened contact, and back to its row", async () => {
  const page = await world.open("/?sort=email");
  await rows(page).first().waitFor();
  const focused = () => page.evaluate(() => [document.activeElement?.localName, document.activeElement?.textContent]);
  // The list hears no key before it is complete, which is after its first row.
  const [, name] = await until(async () => {
    await page.keyboard.press("j");
    return focused();
  }, ([element]) => element === "a");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await until(focused, ["h1", name]);
  await page.goBack();
  await until(focused, ["a", name]);
  await world.close(page);
});

test("signing in again adds no listeners to the window", async () => {
  const page = await world.open("/");
  await rows(page).first().waitFor();
  const session = await page.context().newCDPSession(page);
  const listeners = async () => {
    const { result } = await session.send("Runtime.evaluate", { expression: "window" });
    return (await session.send("DOMDebugger.getEventListeners", { objectId: result.objectId })).listeners.map(({ type }) => type).sort();
  };
  await page.keyboard.press("j");
  await page.getByRole("group", { name: "In progress" }).waitFor({ state: "attached" });
  const before = await until(listeners, (all) => all.includes("filtered"));
  const settled = page.waitForResponse(/v1\/segments/);
  await page.evaluate(() => dispatchEvent(new CustomEvent("signedin")));
  await settled;
  await rows(page).first().waitFor();
  await until(listeners, before);
  await world.close(page);
});

test("numbers and dates are English in a browser of another language", async () => {
  const page = await (await world.newContext(world.cookies, { locale: "de-DE" })).newPage();
  await page.goto(`${world.url}/imports`);
  const imported = page.getByRole("row").filter({ hasText: "trade-show.csv" });
  await imported.getByText(/^(just now|\d+ min ago)$/).waitFor();
  await until(() => imported.locator("time").getAttribute("title"), /^\d{1,2} [A-Z][a-z]{2,3} \d{4}, \d\d:\d\d$/);
});

test("rows and contacts need no Intl, whose first use blocks a slow device", async () => {
  const page = await (await world.newContext(world.cookies)).newPage();
  await page.addInitScript(() => {
    const used = [];
    for (const name of ["DateTimeFormat", "NumberFormat", "RelativeTimeFormat"]) {
      const note = (act) => (...all) => used.push(name) && Reflect[act](...all);
      Intl[name] = new Proxy(Intl[name], { construct: note("construct"), apply: note("apply") });
    }
    Object.assign(window, { used });
  });
  await page.goto(world.url);
  await rows(page).first().getByRole("link").click();
  await page.getByRole("tabpanel").getByRole("time").first().waitFor();
  assert.deepEqual(await page.evaluate(() => window.used), []);
});

test("hostile texts are shown as text and keep the row height", async () => {
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

test("every state of the list is accessible in every look", async () => {
  await world.inEveryLook("/", (page) => rows(page).first().waitFor());
  await world.inEveryLook("/?q=nobodyatall", (page) => page.getByRole("heading", { name: "No matching contacts" }).waitFor());
  await world.inEveryLook("/?tags_any=vip&created_last=7d", async (page) => {
    await page.getByRole("button", { name: "Save as segment" }).waitFor();
    await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
    await bar(page).waitFor();
  });
  for (const panel of ["Source", "Tags", "Filter", "Columns and sorting"]) {
    await world.inEveryLook("/", async (page) => {
      await page.getByRole("button", { name: panel }).click();
      await page.getByRole("dialog", { name: panel }).getByRole("group").or(page.getByRole("radiogroup")).first().waitFor();
    });
  }
});

test("a number that is an estimate says so, and is counted exactly on a click", async () => {
  await world.import("estimated.csv", csv(3).replaceAll("@example.org", "@estimated.example"));
  const page = await world.open("/");
  await page.route(/\/v1\/contacts\?(?!.*count=)/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), count: { value: 41_032, exact: false } } });
  });
  await page.goto(`${world.url}/?q=estimated.example`);
  await page.getByRole("button", { name: "about 41,000 people" }).waitFor();
  await world.axe(page);
  await page.getByRole("button", { name: "about 41,000 people" }).click();
  await count(page).filter({ hasText: "3 people" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "3 people");
  await world.close(page);
});

test("another filter ends an exact count without a complaint, and a failed one can be tried again", async () => {
  const page = await world.open("/");
  let fails = false;
  await page.route(/\/v1\/contacts\?.*count=exact/, (route) => (fails ? route.abort() : new Promise(() => {})));
  await page.route(/\/v1\/contacts\?(?!.*count=)/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), count: { value: 41_032, exact: false } } });
  });
  const about = page.getByRole("button", { name: "about 41,000 people" });
  await page.goto(`${world.url}/?sort=name`);
  await about.click();
  await page.getByText("Counting…").waitFor();
  await page.getByRole("searchbox", { name: "Search contacts" }).fill("o");
  await about.waitFor();
  assert.equal(await page.getByText("could not be counted").count(), 0);
  fails = true;
  await about.click();
  await page.getByText("The contacts could not be counted.").waitFor();
  await about.waitFor();
  await world.close(page);
});

test("a list of many pages scrolls, and all of it can be selected", async () => {
  await world.import("crowd.csv", csv(12_000).replaceAll("@example.org", "@crowd.example"));
  const page = await world.open("/?q=crowd.example&sort=email");
  await count(page).filter({ hasText: "12,000 people" }).waitFor();
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await bar(page).getByText("All 12,000 matching contacts selected").waitFor();
  const table = page.getByRole("table", { name: "Contacts" });
  const indices = () => rows(page).evaluateAll((all) => all.map((row) => Number(row.getAttribute("aria-rowindex"))));
  // Five hundred rows are several pages of the API: each is loaded when its rows are near.
  await until(async () => {
    await table.evaluate((element) => (element.scrollTop += 2_000));
    return Math.max(...(await indices()));
  }, (last) => last > 500);
  assert.ok((await rows(page).count()) < 80, "rows exist for what is on screen only");
  await until(async () => {
    const seen = await indices();
    return seen.every((index, at) => at === 0 || index > seen[at - 1]);
  }, true, "the document has the order of the screen");
  await world.close(page);
});
