// What is selected: named before anything is done to it, and reached by keyboard (R23, R24, R47).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { csv } from "./people.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
  await world.import("trade-show.csv", csv(300));
});

const pick = (page, name) => page.getByRole("checkbox", { name: `Select ${name}` });
const bar = (page) => page.getByRole("toolbar");

test("selected people that a search hides are counted, and named before they are deleted", async () => {
  const page = await world.open("/?sort=email");
  await pick(page, "Ann Lee 0").check();
  await pick(page, "Ann Weiß 100").check();
  await page.getByRole("searchbox", { name: "Search contacts" }).fill("tanaka");
  await page.getByRole("row", { name: /Tanaka/ }).first().waitFor();
  await bar(page).getByText("2 selected, 2 not in this view").waitFor();
  await page.getByRole("checkbox", { name: /^Select .*Tanaka/ }).first().check();
  await bar(page).getByText("3 selected, 2 not in this view").waitFor();
  await bar(page).getByRole("button", { name: "Delete" }).click();
  const asked = page.getByRole("dialog", { name: "Delete 3 contacts?" });
  await asked.getByText(/^Ann Lee 0, Ann Weiß 100 and .*Tanaka \d+\.$/).waitFor();
  await asked.getByText("Not in this view: Ann Lee 0 and Ann Weiß 100.").waitFor();
  await world.axe(page);
  await asked.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("searchbox", { name: "Search contacts" }).fill("");
  await bar(page).getByText("3 selected", { exact: true }).waitFor();
  await world.close(page);
});

test("what is done to many names five of them and the number of the others", async () => {
  const page = await world.open("/?sort=email");
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  await pick(page, "Ann Lee 0").uncheck();
  const names = async () => (await world.api("GET", "/v1/contacts?sort=email&limit=6")).items.slice(1).map(({ name }) => name);
  const text = `${(await names()).join(", ")} and 294 others.`;
  for (const [action, dialog] of [["Delete", "Delete 299 contacts?"], ["Export", "Export 299 matching contacts"]]) {
    await bar(page).getByText("299 matching contacts selected").waitFor();
    await bar(page).getByRole("button", { name: action }).click();
    await page.getByRole("dialog", { name: dialog }).getByText(text).waitFor();
    await page.keyboard.press("Escape");
  }
  await world.close(page);
});

test("the button that deletes is filled, and the one that cancels is plain", async () => {
  for (const dark of [false, true]) {
    const page = await world.open("/?sort=email", { dark });
    await pick(page, "Ann Lee 0").check();
    await bar(page).getByRole("button", { name: "Delete" }).click();
    const asked = page.getByRole("dialog", { name: "Delete 1 contact?" });
    const colour = (name) => asked.getByRole("button", { name }).evaluate((button) => getComputedStyle(button).backgroundColor);
    assert.notEqual(await colour("Delete 1"), await colour("Cancel"));
    await world.axe(page);
    await world.close(page);
  }
});

test("the actions are one Tab after the checkbox that selects all, and one key from any row", async () => {
  const page = await world.open("/?sort=email");
  const inBar = () => page.evaluate(() => Boolean(document.activeElement?.closest("[role=toolbar]")));
  await pick(page, "Ann Lee 0").check();
  await bar(page).waitFor();
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).focus();
  await page.keyboard.press("Tab");
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Go to the actions (b)");
  await world.axe(page);
  await page.keyboard.press("Enter");
  assert.ok(await inBar());
  await pick(page, "Ann Lee 0").focus();
  await page.keyboard.press("b");
  assert.ok(await inBar());
  await world.close(page);
});

test("one matching contact is counted in the singular", async () => {
  await world.api("POST", "/v1/contacts", { name: "Solo Single", email: "solo@single.example" });
  const page = await world.open("/?q=solo@single");
  await page.getByRole("link", { name: "Solo Single" }).waitFor();
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  const bar = page.getByRole("toolbar");
  await bar.getByText("1 matching contact selected", { exact: true }).waitFor();
  await bar.getByRole("button", { name: "Export" }).click();
  await page.getByRole("heading", { name: "Export 1 matching contact", exact: true }).waitFor();
});

test("the bar is in the window at a high zoom, beside rows, and gives the focus back to a row", async () => {
  const page = await world.open("/", { width: 320, height: 256 });
  const box = page.getByRole("checkbox", { name: /^Select / }).nth(1);
  await box.check();
  const bar = page.getByRole("toolbar", { name: "Actions for the selected contacts" });
  await bar.waitFor();
  await until(async () => {
    const { y, height } = await bar.boundingBox();
    return y >= 0 && y + height <= 256 && height < 100;
  }, true);
  await world.axe(page);
  await world.fits(page);
  await bar.getByRole("button", { name: "Clear" }).press("Enter");
  await until(() => bar.count(), 0);
  await until(() => page.evaluate(() => document.activeElement?.closest('[role="row"]') !== null), true);
  await world.close(page);
});
