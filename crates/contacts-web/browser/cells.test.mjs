// Editing a cell in the list (R46).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { csv } from "./people.mjs";

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
  await world.api("PATCH", `/v1/contacts/${ada.id}`, { name: "Ada Byron", phone: "+44 20 7946 0000" });
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Somebody else has just changed this to “Ada Byron”." }).waitFor();
  await page.keyboard.press("Enter");
  await until(async () => (await stored()).name, "Ada King");
  assert.equal((await stored()).phone, "+44 20 7946 0000");
});

for (const module of ["edit", "extras"]) {
  test(`the button over a cell opens the editor of that cell, also where the mouse rests while ${module}.js is loaded`, async () => {
    const page = await world.open("/settings");
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route(`**/pages/list/${module}.js`, (route) => released.then(() => route.continue()));
    const requested = page.waitForRequest(`**/pages/list/${module}.js`);
    await page.goto(world.url);
    await page.locator(".tbody").getByText("ada@cells.example").last().hover();
    await requested;
    release();
    await page.getByTitle("Edit (e)").click();
    await field(page, "Email").waitFor();
  });
}

test("a change of another field by somebody else is no question", async () => {
  const page = await editing("Name");
  await field(page, "Name").fill("Ada King");
  await world.api("PATCH", `/v1/contacts/${ada.id}`, { phone: "+44 20 7946 0000" });
  await page.keyboard.press("Enter");
  await until(async () => [(await stored()).name, (await stored()).phone], ["Ada King", "+44 20 7946 0000"]);
  await until(() => page.locator(".cell-editor").count(), 0);
  await world.close(page);
});

/** Opens the list, and the editor of a cell of Ada's row. */
async function editing(name, path = "/") {
  const page = await world.open(path);
  const link = page.getByRole("link", { name: "Ada Lovelace" });
  await link.waitFor();
  await link.focus();
  await page.keyboard.press("e");
  await field(page, "Name").waitFor();
  if (name === "Email") await page.keyboard.press("Tab");
  await field(page, name).waitFor();
  return page;
}

test("Tab stays in the row of the contact when rows appear before it", async () => {
  const page = await editing("Name", "/?sort=name");
  await field(page, "Name").fill("Ada King");
  const { id } = await world.api("POST", "/v1/contacts", { name: "Aaron First", email: "aaron@cells.example" });
  await page.evaluate((detail) => dispatchEvent(new CustomEvent("contactadded", { detail })), id);
  await page.getByRole("link", { name: "Aaron First" }).waitFor();
  await page.keyboard.press("Tab");
  await page.getByRole("textbox", { name: "Email of Ada King" }).waitFor();
  await page.keyboard.press("Escape");
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Ada King");
  await world.close(page);
});

test("the undo of a changed address leaves no other address behind", async () => {
  const page = await editing("Email");
  await field(page, "Email").fill("aba@cells.example");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Undo" }).click();
  await until(async () => [(await stored()).email, (await stored()).other_emails], ["ada@cells.example", []]);
  await world.close(page);
});

test("an undo does not take back what somebody else has changed since", async () => {
  const page = await editing("Name");
  await page.locator("html[data-live]").waitFor();
  await field(page, "Name").fill("Ada King");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await world.api("PATCH", `/v1/contacts/${ada.id}`, { name: "Ada Byron" });
  await page.getByRole("link", { name: "Ada Byron" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Not undone: it was changed again since.").waitFor();
  assert.equal((await stored()).name, "Ada Byron");
  await world.close(page);
});

test("an address that was missing is saved without an undo, because it cannot be taken away", async () => {
  await world.api("POST", "/v1/contacts/batch", { items: [{ name: "Bo Diddley", external_id: "7" }] });
  const page = await world.open("/?q=bo");
  await page.getByRole("link", { name: "Bo Diddley" }).focus();
  await page.keyboard.press("e");
  await page.getByRole("textbox", { name: "Name of Bo Diddley" }).waitFor();
  await page.keyboard.press("Tab");
  const email = page.getByRole("textbox", { name: "Email of Bo Diddley" });
  await email.fill("bo@cells.example");
  await page.keyboard.press("Enter");
  await page.getByText("Email of Bo Diddley was saved.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Undo" }).count(), 0);
  await world.close(page);
});

test("what is typed into a cell is saved when the page is reloaded or left by Back", async () => {
  const page = await world.open("/settings/tags");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Contacts" }).click();
  for (const [name, leave] of [["Ada King", () => page.goBack()], ["Ada Byron", () => page.reload()]]) {
    const link = page.getByRole("link", { name: /^Ada/ });
    await link.waitFor();
    await link.focus();
    await page.keyboard.press("e");
    await page.getByRole("textbox", { name: /^Name of Ada/ }).fill(name);
    await leave();
    await until(async () => (await stored()).name, name);
    if (!page.url().endsWith("/")) await page.goForward();
  }
  await world.close(page);
});

test("what is typed into a cell is kept when the session has ended", async () => {
  const page = await editing("Name");
  await page.locator("html[data-live]").waitFor();
  const cookies = await page.context().cookies();
  await field(page, "Name").fill("Ada King");
  await page.context().clearCookies();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  const message = page.locator(".toast").filter({ hasText: "Some changes to Ada Lovelace were not saved." });
  await message.waitFor();
  await page.context().addCookies(cookies);
  await message.getByRole("button", { name: "Show" }).click();
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await until(() => name.inputValue(), "Ada King");
  await page.getByRole("button", { name: "Retry" }).click();
  await until(async () => (await stored()).name, "Ada King");
  await world.close(page);
});

test("the editor stays over its cell while the list scrolls", async () => {
  await world.import("many.csv", csv(60));
  const page = await editing("Name", "/?sort=name");
  const distance = async () => (await page.locator(".cell-editor").boundingBox()).y - (await page.getByRole("link", { name: "Ada Lovelace" }).boundingBox()).y;
  const before = await distance();
  await page.locator(".table").evaluate((table) => (table.scrollTop = 60));
  await until(async () => Math.round(await distance() - before), 0);
  await world.close(page);
});

test("the key u undoes the edit of a cell", async () => {
  const page = await editing("Name");
  await field(page, "Name").fill("Ada King");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await page.keyboard.press("u");
  await until(async () => (await stored()).name, "Ada Lovelace");
  await world.close(page);
});
