// Editing a cell in the list (R46).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
let ada;
beforeEach(async () => {
  world = await organisation();
  await world.api("POST", "/v1/fields", { key: "tier", label: "Tier", type: "select", options: ["free", "pro"] });
  ada = await world.api("POST", "/v1/contacts", { name: "Ada Lovelace", email: "ada@cells.example" });
});

const field = (page, name) => page.getByRole("textbox", { name: `${name} of Ada Lovelace` });
const stored = () => world.api("GET", `/v1/contacts/${ada.id}`);

test("a cell is edited by keyboard, the next one too, and an edit is undone", async () => {
  const page = await world.open("/");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await field(page, "Name").waitFor();
  await world.axe(page);
  await page.keyboard.press("Tab");
  await field(page, "Email").fill("ada@king.example");
  await page.keyboard.press("Enter");
  await page.getByText("Email of Ada Lovelace was saved.").waitFor();
  await until(async () => (await stored()).email, "ada@king.example");
  await page.locator(".tbody").getByText("ada@king.example").last().waitFor();
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Ada Lovelace", "the focus returns to the row");
  await page.getByRole("button", { name: "Undo" }).click();
  await until(async () => (await stored()).email, "ada@cells.example");
});

test("what cannot be saved stays, with the reason, and Escape leaves the value", async () => {
  const page = await world.open("/");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await field(page, "Name").waitFor();
  await page.keyboard.press("Tab");
  await field(page, "Email").fill("nobody");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Email has no @." }).waitFor();
  assert.equal(await field(page, "Email").inputValue(), "nobody");
  await page.keyboard.press("Escape");
  await until(() => field(page, "Email").count(), 0);
  assert.equal((await stored()).email, "ada@cells.example");
});

test("a change by somebody else is not overwritten without asking", async () => {
  const page = await world.open("/");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await field(page, "Name").fill("Ada King");
  await world.api("PATCH", `/v1/contacts/${ada.id}`, { phone: "+44 20 7946 0000" });
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: /Somebody else/ }).waitFor();
  await page.keyboard.press("Enter");
  await until(async () => (await stored()).name, "Ada King");
  assert.equal((await stored()).phone, "+44 20 7946 0000");
});

test("the button over a cell opens the editor of that cell", async () => {
  const page = await world.open("/");
  const cell = page.locator(".tbody").getByText("ada@cells.example").last();
  await cell.hover();
  await page.mouse.move(0, 0);
  await cell.hover();
  await page.getByTitle("Edit (e)").click();
  await field(page, "Email").waitFor();
});
