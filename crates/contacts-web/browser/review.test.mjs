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

test("the cells of a review are accessible in every look", async () => {
  const id = await ready("fair.csv", FAIR);
  await world.api("PATCH", `/v1/imports/${id}/cells`, { cells: [{ row: 2, column: 0, text: "Bob Ray" }] });
  await world.api("POST", `/v1/imports/${id}/dry-run`);
  await until(() => world.api("GET", `/v1/imports/${id}/dry-run`), ({ state }) => state === "done");
  await world.inEveryLook(`/imports/${id}`, async (page) => {
    await page.getByText("Row by row").click();
    await page.getByRole("button", { name: /^Correct E-mail on line 4/ }).click();
    await page.getByRole("textbox", { name: "E-mail on line 4" }).waitFor();
  });
});
