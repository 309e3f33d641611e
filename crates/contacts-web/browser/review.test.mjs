// The review of an import as a place to work (R58): corrections of cells, offers and choices.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => (world = await organisation()));

const startButton = (page) => page.getByRole("button", { name: /^Import \d/ });
const state = (page, word) => page.locator("header .status").filter({ hasText: word }).waitFor();

/** Uploads a file and returns the id of its import, which is under review. */
async function ready(name, text) {
  const { id } = await world.api("POST", `/v1/imports?file_name=${encodeURIComponent(name)}`, text);
  await world.importReaches(id, "ready");
  return id;
}

/** Opens the rows of a dry run. */
async function byRow(id, options) {
  const page = await world.open(`/imports/${id}`, options);
  await page.getByRole("button", { name: "Start dry run" }).click();
  await page.getByText("Row by row").click();
  return page;
}

const FAIR = "Full name,E-mail,Colour\nAnn Lee,ann@fair.example,red\n,bob@fair.example,blue\nCy,cy@@x,\n";

test("a cell is corrected in place, checked again, imported, and the file stays as it came", async () => {
  const id = await ready("fair.csv", FAIR);
  const page = await byRow(id);
  await page.getByRole("combobox", { name: "Show" }).selectOption({ label: "Would be skipped (2)" });
  const row = page.getByRole("row").filter({ hasText: "bob@fair.example" });
  await row.getByText("The name is missing.").waitFor();
  assert.equal(await row.getByText("blue").count(), 0, "columns that are not imported are not shown");

  const cell = () => row.getByRole("button", { name: /^Correct Full name on line 3/ });
  await cell().click();
  const input = page.getByRole("textbox", { name: "Full name on line 3" });
  await input.fill("Never");
  await input.press("Escape");
  await cell().and(page.locator(":focus")).waitFor();
  assert.equal((await world.api("GET", `/v1/imports/${id}/cells?rows=2`)).rows[0].cells[0].text, "", "Escape saves nothing");

  await cell().press("Enter");
  await input.fill("Bob Ray");
  await input.press("Enter");
  await row.getByText("New contact").waitFor();
  await row.getByText("was empty").waitFor();
  await cell().and(page.locator(":focus")).waitFor();
  await page.getByText("Would be added", { exact: true }).locator("xpath=following-sibling::dd[1]").filter({ hasText: /^2$/ }).waitFor();
  await until(() => page.getByRole("combobox", { name: "Show" }).getByRole("option").allTextContents(),
    ["All rows", "Would be added (2)", "Would be skipped (1)", "Skipped: with an invalid email address (1)"]);

  await page.reload();
  await page.getByText("Row by row").click();
  await row.getByText("Bob Ray").waitFor();
  await cell().click();
  await page.getByRole("button", { name: "Restore" }).click();
  await row.getByText("The name is missing.").waitFor();
  await cell().click();
  await input.fill("Bob Ray");
  // Leaving a cell saves it, too.
  await input.press("Tab");
  await row.getByText("New contact").waitFor();

  await startButton(page).click();
  await state(page, "Imported");
  await until(async () => (await world.api("GET", "/v1/contacts?q=Bob%20Ray")).count.value, 1);
  await world.close(page);
});

test("a correction that is not saved stays in its field", async () => {
  const id = await ready("fair.csv", FAIR);
  const page = await byRow(id);
  await page.route("**/v1/imports/*/cells", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
  await page.getByRole("button", { name: /^Correct E-mail on line 4: cy@@x$/ }).click();
  const input = page.getByRole("textbox", { name: "E-mail on line 4" });
  await input.fill("cy@fair.example");
  await input.press("Enter");
  await page.getByText("Not saved: The server cannot be reached.").waitFor();
  assert.equal(await input.inputValue(), "cy@fair.example");
  await page.unroute("**/v1/imports/*/cells");
  await input.press("Enter");
  await page.getByRole("row").filter({ hasText: "cy@fair.example" }).getByText("New contact").waitFor();
  await world.close(page);
});

test("a review with cells, offers and formats is accessible in every look", async () => {
  await world.api("POST", "/v1/fields", { key: "visited", label: "Visited", type: "date" });
  const id = await ready("fair.csv", "Full name,E-mail,Visited\nAnn Lee,ann@gmial.com,03/04/2026\n,bob@fair.example,\nCy,cy@@x,\n");
  await world.api("PATCH", `/v1/imports/${id}/cells`, { cells: [{ row: 2, column: 0, text: "Bob Ray" }] });
  await world.api("POST", `/v1/imports/${id}/dry-run`);
  await until(() => world.api("GET", `/v1/imports/${id}/dry-run`), ({ state }) => state === "done");
  await world.inEveryLook(`/imports/${id}`, async (page) => {
    await page.getByRole("checkbox", { name: /^gmial\.com/ }).waitFor();
    await page.getByRole("combobox", { name: /^In “Visited”/ }).waitFor();
    await page.getByText("Row by row").click();
    await page.getByRole("button", { name: /^Correct E-mail on line 4/ }).click();
    await page.getByRole("textbox", { name: "E-mail on line 4" }).waitFor();
  });
});

test("a misspelt domain is replaced for all rows at once, and only when asked", async () => {
  const id = await ready("typos.csv", "Name,E-mail\nAnn,ann@gmial.com\nBob,bob@GMIAL.com\nCy,cy@gmail.com\nDi,di@acme.example\n");
  const page = await world.open(`/imports/${id}`);
  const offer = page.getByRole("checkbox", { name: "gmial.com: 2 addresses. Replace by gmail.com?" });
  await offer.waitFor();
  assert.equal(await page.getByRole("group", { name: "Misspelt email addresses?" }).getByRole("checkbox").count(), 1);
  assert.equal(await offer.isChecked(), false);
  const planned = async () => (await world.api("GET", `/v1/imports/${id}`)).plan.domains;
  await offer.check();
  await until(planned, { "gmial.com": "gmail.com" });
  await offer.uncheck();
  await until(planned, {});
  await offer.check();
  await until(planned, { "gmial.com": "gmail.com" });
  const column = page.getByRole("combobox", { name: "Import E-mail as", exact: true });
  await column.selectOption("");
  await offer.waitFor({ state: "hidden" });
  await column.selectOption("email");
  await page.reload();
  assert.ok(await offer.isChecked(), "a reload loses nothing");
  await startButton(page).click();
  await state(page, "Imported");
  const { items } = await world.api("GET", "/v1/contacts?sort=name");
  assert.deepEqual(items.map(({ email }) => email).sort(), ["ann@gmail.com", "bob@gmail.com", "cy@gmail.com", "di@acme.example"]);
  await world.close(page);
});

test("the order of dates and the decimal mark are chosen by an example", async () => {
  for (const [key, type] of [["visited", "date"], ["seats", "number"]]) await world.api("POST", "/v1/fields", { key, label: key, type });
  const id = await ready("formats.csv", "Name,E-mail,Visited,Seats\nAnn,ann@fair.example,03/04/2026,1.234\nBob,bob@fair.example,05/06/2026,2.345\n");
  const page = await world.open(`/imports/${id}`);
  const column = (name) => page.getByRole("combobox", { name: `Import ${name} as`, exact: true });
  await until(() => column("Visited").inputValue(), "custom:visited");
  const dates = page.getByRole("combobox", { name: "In “Visited”, 03/04/2026 means" });
  const seats = page.getByRole("combobox", { name: "In “Seats”, 1.234 means" });
  const warnings = page.getByRole("list", { name: "Warnings" });
  await warnings.getByText("“Visited”: 2 rows with a date that can be read in two ways").waitFor();
  await until(() => dates.getByRole("option").allTextContents(), ["Not chosen", "3 Apr 2026", "4 Mar 2026"]);
  await dates.selectOption({ label: "4 Mar 2026" });
  await seats.selectOption({ label: "1,234, a whole number" });
  await until(() => warnings.isVisible(), false);
  const planned = async () => (await world.api("GET", `/v1/imports/${id}`)).plan.formats;
  await until(planned, [{ column: 2, date_order: "month_first", decimal_mark: null }, { column: 3, date_order: null, decimal_mark: "comma" }]);
  await page.reload();
  await until(() => dates.inputValue(), "month_first", "a reload loses nothing");
  await column("Visited").selectOption("");
  await dates.waitFor({ state: "hidden" });
  await column("Visited").selectOption("custom:visited");
  await startButton(page).click();
  await state(page, "Imported");
  const { items: [ann] } = await world.api("GET", "/v1/contacts?q=ann@fair.example");
  assert.deepEqual(ann.custom, { seats: 1234, visited: "2026-03-04" });
  await world.close(page);
});

test("the type of a new field is guessed from the values of its column", async () => {
  const id = await ready("types.csv", "Name,E-mail,Zip,Born,Spent\nAnn,ann@fair.example,01067,31.12.1999,\"1.234,50\"\nBob,bob@fair.example,10115,1.2.2003,7\n");
  const page = await world.open(`/imports/${id}`);
  for (const [name, type] of [["Zip", "text"], ["Born", "date"], ["Spent", "number"]]) {
    await page.getByRole("combobox", { name: `Import ${name} as`, exact: true }).selectOption("New custom field…");
    const dialog = page.getByRole("dialog", { name: "New custom field" });
    await until(() => dialog.getByLabel("Type").inputValue(), type, name);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }
  await world.close(page);
});

test("the choices of an earlier import are offered, and the suggestions are one press away", async () => {
  const first = await ready("customers.csv", FAIR);
  await world.api("PATCH", `/v1/imports/${first}`, { columns: ["name", "email", "tags"], policy: "fill_blanks" });
  await world.api("POST", `/v1/imports/${first}/start`);
  await world.importReaches(first, "done");
  const id = await ready("next.csv", FAIR);
  await world.inEveryLook(`/imports/${id}`, (page) => page.getByText("Choices of customers.csv, imported on").waitFor());
  const page = await world.open(`/imports/${id}`);
  const colour = page.getByRole("combobox", { name: "Import Colour as" });
  await until(() => colour.inputValue(), "tags");
  await page.getByRole("radio", { name: "Add and fill empty fields", checked: true }).waitFor();
  await page.getByRole("button", { name: "Use the suggestions instead" }).click();
  await until(() => colour.inputValue(), "");
  await page.getByRole("radio", { name: "Add and update", checked: true }).waitFor();
  await page.getByRole("heading", { name: "next.csv" }).and(page.locator(":focus")).waitFor();
  assert.equal(await page.getByText("Choices of").count(), 0);
  assert.equal((await world.api("GET", `/v1/imports/${id}`)).plan.choices_of, null);
  await world.close(page);
});

/** Imports the file of which two rows are skipped. */
async function imported() {
  const id = await ready("fair.csv", FAIR);
  await world.api("POST", `/v1/imports/${id}/start`);
  await world.importReaches(id, "done");
  return id;
}

/** The number in the summary under a title. */
const stat = (page, title) => page.locator("dt").filter({ hasText: title }).locator("xpath=following-sibling::dd[1]");

test("skipped rows are corrected on the page of the import and come back into it", async () => {
  const id = await imported();
  await world.inEveryLook(`/imports/${id}`, (page) => page.getByRole("button", { name: /^Correct Full name on line 3/ }).waitFor());
  const page = await world.open(`/imports/${id}`);
  const start = page.getByRole("button", { name: /^Import .*corrected row/ });
  await until(() => start.isDisabled(), true);
  const row = page.getByRole("row").filter({ hasText: "bob@fair.example" });
  await row.getByRole("button", { name: /^Correct Full name on line 3/ }).click();
  const input = page.getByRole("textbox", { name: "Full name on line 3" });
  await input.fill("Bob Ray");
  await input.press("Enter");
  await page.getByRole("button", { name: "Import 1 corrected row" }).click();
  await stat(page, "Added").filter({ hasText: /^2$/ }).waitFor();
  await stat(page, "Skipped").filter({ hasText: /^1$/ }).waitFor();
  await state(page, "Imported");
  await until(() => page.getByRole("row").filter({ hasText: "bob@fair.example" }).count(), 0);
  const { items } = await world.api("GET", `/v1/contacts?source=csv_import:${id}`);
  assert.deepEqual(items.map(({ name }) => name).sort(), ["Ann Lee", "Bob Ray"]);
  await world.close(page);
});

test("the corrected file of skipped rows is uploaded to its import", async () => {
  const id = await imported();
  const page = await world.open(`/imports/${id}`);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download 2 skipped rows" }).click();
  const text = (await (await (await download).createReadStream()).toArray()).join("");
  const send = async (text) => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload corrected file" }).click();
    await (await chooser).setFiles([{ name: "skipped.csv", mimeType: "text/csv", buffer: Buffer.from(text) }]);
  };
  await send(text);
  await page.getByRole("alert").filter({ hasText: "no corrections" }).waitFor();
  await send(text.replace("cy@@x", "cy@fair.example"));
  await stat(page, "Added").filter({ hasText: /^2$/ }).waitFor();
  await state(page, "Imported");
  const { items } = await world.api("GET", `/v1/contacts?source=csv_import:${id}`);
  assert.deepEqual(items.map(({ name }) => name).sort(), ["Ann Lee", "Cy"]);
  await world.close(page);
});

test("columns have rules of their own, and a word empties a field", async () => {
  await world.api("POST", "/v1/contacts", { name: "Ann", email: "ann@rules.example", phone: "+12025550101" });
  const id = await ready("rules.csv", "Full name,E-mail,Phone\nAnna,ann@rules.example,none\nBo,bo@rules.example,+12025550102\n");
  const page = await world.open(`/imports/${id}`);
  await page.getByText("Rules for single columns").click();
  await page.getByRole("combobox", { name: "“Full name” of existing contacts" }).selectOption({ label: "Only fill in if empty" });
  const word = page.getByRole("textbox", { name: "Text in “Phone” that empties the field" });
  await word.fill("None");
  await word.press("Tab");
  await page.getByRole("status").filter({ hasText: /^Saved$/ }).waitFor();
  const { rules } = (await world.api("GET", `/v1/imports/${id}`)).plan;
  assert.deepEqual(rules, [{ column: 0, rule: "fill_blanks", clear: null }, { column: 2, rule: null, clear: "none" }]);
  await world.inEveryLook(`/imports/${id}`, (page) => page.getByRole("textbox", { name: "Text in “Phone” that empties the field" }).waitFor());
  await page.getByRole("button", { name: "Start dry run" }).click();
  await page.getByText("Row by row").click();
  const row = page.getByRole("row").filter({ hasText: "ann@rules.example" });
  await row.getByText("+12025550101").waitFor();
  await row.getByText("empty", { exact: true }).waitFor();
  await startButton(page).click();
  await state(page, "Imported");
  const { items: [ann] } = await world.api("GET", "/v1/contacts?q=ann");
  assert.deepEqual([ann.name, ann.phone], ["Ann", null]);
  await world.close(page);
});
