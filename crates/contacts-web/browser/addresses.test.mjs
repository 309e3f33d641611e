// The addresses and the external id of a contact on its page (R48, R49).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
});

/** Adds a contact with further addresses. */
async function add(name, email, ...others) {
  const { id } = await world.api("POST", "/v1/contacts", { name, email });
  for (const other of others) await world.api("POST", `/v1/contacts/${id}/addresses`, { email: other });
  return id;
}

const ann = () => add("Ann Lee", "ann@home.example", "ann@work.example", "ann.margaret.lee-featherstonehaugh@customer-relations.example");
const now = async (id) => {
  const { email, other_emails: others } = await world.api("GET", `/v1/contacts/${id}`);
  return [email, ...others];
};
const field = (page, label) => page.getByRole("textbox", { name: label, exact: true });
const newAddress = (page) => field(page, "Other emails (add an address)");
const list = (page) => page.getByRole("list", { name: "Other email addresses" });
const property = (page, label) => page.locator(".property").filter({ has: field(page, label) });

test("the addresses of a contact are accessible in every look", async () => {
  const id = await ann();
  await world.inEveryLook(`/contacts/${id}`, async (page) => {
    await list(page).getByText("ann@work.example").waitFor();
    await newAddress(page).fill("nonsense");
    await newAddress(page).press("Enter");
    await property(page, "Other emails (add an address)").getByText(/^nonsense /).waitFor();
  });
});

test("an address is added, is made primary and is removed, and both can be undone", async () => {
  const id = await add("Ann Lee", "ann@home.example");
  const page = await world.open(`/contacts/${id}?tab=activity`);
  await newAddress(page).fill("ann@work.example");
  await newAddress(page).press("Enter");
  await property(page, "Other emails (add an address)").getByText("Saved").waitFor();
  await until(() => newAddress(page).inputValue(), "");
  assert.deepEqual(await now(id), ["ann@home.example", "ann@work.example"]);
  await page.getByText("added an email address").waitFor();

  await page.getByRole("button", { name: "Make primary: ann@work.example" }).click();
  await page.getByText("ann@work.example is now the primary address.").waitFor();
  assert.equal(await field(page, "Email").inputValue(), "ann@work.example");
  await property(page, "Email").getByText("Saved").waitFor();
  assert.deepEqual(await now(id), ["ann@work.example", "ann@home.example"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await until(() => now(id), ["ann@home.example", "ann@work.example"]);
  await page.getByText("ann@home.example is now the primary address.").waitFor();

  await page.getByRole("button", { name: "Remove ann@work.example" }).click();
  await page.getByText("ann@work.example was removed.").waitFor();
  assert.deepEqual(await now(id), ["ann@home.example"]);
  await page.getByText("removed an email address").waitFor();
  await page.locator(".toast", { hasText: "was removed" }).getByRole("button", { name: "Undo" }).click();
  await until(() => now(id), ["ann@home.example", "ann@work.example"]);
  await list(page).getByText("ann@work.example").waitFor();
  await world.close(page);
});

test("the addresses are edited by keyboard, and the focus stays in the list", async () => {
  const id = await add("Ann Lee", "ann@home.example", "a@work.example", "b@work.example");
  const page = await world.open(`/contacts/${id}`);
  await page.getByRole("button", { name: "Remove a@work.example" }).focus();
  await page.keyboard.press("Enter");
  await until(() => now(id), ["ann@home.example", "b@work.example"]);
  await page.locator(".toast").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Make primary: b@work.example");
  await page.keyboard.press("Enter");
  await until(() => now(id), ["b@work.example", "ann@home.example"]);
  await until(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Make primary: ann@home.example");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until(() => now(id), ["b@work.example"]);
  await until(() => newAddress(page).evaluate((input) => input === document.activeElement), true);
  await page.keyboard.type("c@work.example");
  await page.keyboard.press("Escape");
  await until(() => newAddress(page).inputValue(), "");
  await page.keyboard.type("d@work.example");
  await page.keyboard.press("Tab");
  await until(() => now(id), ["b@work.example", "d@work.example"]);
  await world.close(page);
});

test("an address of another contact links to it, and merging adds it", async () => {
  const [id, other] = [await add("Ann Lee", "ann@home.example"), await add("Annie", "annie@home.example", "annie@work.example")];
  const page = await world.open(`/contacts/${id}`);
  const place = property(page, "Other emails (add an address)");
  await newAddress(page).fill("annie@work.example");
  await newAddress(page).press("Enter");
  await place.getByText("annie@work.example is already used by another contact.").waitFor();
  await until(() => place.getByRole("link", { name: "Open it" }).getAttribute("href"), `/contacts/${other}`);
  await world.axe(page);
  await place.getByRole("button", { name: "Merge" }).click();
  const dialog = page.getByRole("dialog");
  await until(async () => (await dialog.getByRole("row", { name: /^Email/ }).innerText()).replace(/\s+/g, " "), /Kept: ann@home\.example.*Kept: annie@home\.example as another address/);
  await until(async () => (await dialog.getByRole("row", { name: /^Other emails/ }).innerText()).replace(/\s+/g, " "), /Kept: annie@work\.example/);
  await world.axe(page);
  await dialog.getByRole("button", { name: "Merge", exact: true }).click();
  await list(page).getByText("annie@work.example").waitFor();
  assert.deepEqual(await now(id), ["ann@home.example", "annie@home.example", "annie@work.example"]);
  await until(() => newAddress(page).inputValue(), "");
  await world.close(page);
});

test("an address that was not saved stays, is retried, and outlives a reload", async () => {
  const id = await ann();
  const page = await world.open(`/contacts/${id}`);
  const place = property(page, "Other emails (add an address)");
  await page.route("**/addresses**", (route) => (route.request().method() === "GET" ? route.continue() : route.abort("connectionreset")));
  await newAddress(page).fill("ann@club.example");
  await newAddress(page).press("Tab");
  await place.getByText("ann@club.example was not added. The server cannot be reached.").waitFor();
  assert.equal(await newAddress(page).inputValue(), "ann@club.example");
  await page.reload();
  await place.getByText("This address was not saved.").waitFor();
  await place.getByRole("button", { name: "Save" }).click();
  await place.getByRole("button", { name: "Retry" }).waitFor();
  await page.unroute("**/addresses**");
  await place.getByRole("button", { name: "Retry" }).click();
  await list(page).getByText("ann@club.example").waitFor();
  await until(() => newAddress(page).inputValue(), "");
  await page.route("**/addresses/**", (route) => route.abort("connectionreset"));
  await page.getByRole("button", { name: "Remove ann@club.example" }).click();
  await place.getByText("ann@club.example was not removed. The server cannot be reached.").waitFor();
  await list(page).getByText("ann@club.example").waitFor();
  await page.unroute("**/addresses/**");
  await place.getByRole("button", { name: "Retry" }).click();
  await until(async () => (await now(id)).includes("ann@club.example"), false);
  await world.close(page);
});

test("an address is saved when it is complete, and the previous one is kept", async () => {
  const id = await add("Ann Lee", "ann@home.example");
  const page = await world.open(`/contacts/${id}`);
  await page.clock.install();
  await field(page, "Email").fill("ann@work.ex");
  await page.clock.runFor(5_000);
  assert.deepEqual(await now(id), ["ann@home.example"], "a half typed address would stay as another one");
  await field(page, "Email").fill("ann@work.example");
  await field(page, "Email").press("Enter");
  await list(page).getByText("ann@home.example").waitFor();
  assert.deepEqual(await now(id), ["ann@work.example", "ann@home.example"]);
  await world.close(page);
});

test("an external id is saved, is cleared, and belongs to one contact only", async () => {
  const [id, other] = [await add("Ann Lee", "ann@home.example"), await add("Bo", "bo@home.example")];
  await world.api("PATCH", `/v1/contacts/${other}`, { external_id: "CRM-7" });
  const external = async () => (await world.api("GET", `/v1/contacts/${id}`)).external_id;
  const page = await world.open(`/contacts/${id}?tab=activity`);
  await field(page, "External ID").fill("CRM-6");
  await property(page, "External ID").getByText("Saved").waitFor();
  assert.equal(await external(), "CRM-6");
  await until(async () => (await page.getByRole("tabpanel").innerText()).replace(/\s+/g, " "), /External ID CRM-6/);
  await field(page, "External ID").fill("CRM-7");
  await property(page, "External ID").getByText("External ID is already used by another contact.").waitFor();
  await until(() => property(page, "External ID").getByRole("link", { name: "Open it" }).getAttribute("href"), `/contacts/${other}`);
  await world.axe(page);
  await field(page, "External ID").fill("");
  await until(external, null);
  await world.close(page);
});
