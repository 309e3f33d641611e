// The page of possible duplicates: pair by pair, and many at once (R54, R47).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;

beforeEach(async () => {
  world = await organisation();
});

const add = (name, more = {}) => world.api("POST", "/v1/contacts", { name, email: `${name.toLowerCase().replaceAll(/\W/g, ".")}@example.org`, ...more });
const number = (at) => `+44 20 7946 01${String(10 + at)}`;
const pairs = async (query = "") => (await world.api("GET", `/v1/duplicates${query}`)).items;

/** Adds a strong, a medium and a weak pair. */
async function threePairs() {
  await world.api("POST", "/v1/fields", { key: "company", label: "Company", type: "text" });
  const anna = await add("Anna Schmidt", { phone: number(1), tags: ["VIP"], custom: { company: "Weber AG" } });
  const schmitt = await add("Anna Schmitt", { phone: number(1), tags: ["newsletter"], custom: { company: "Weber" } });
  await add("Bo Lee", { email: "bo@example.org" });
  await add("Bo Lee", { email: "bo.lee@example.org", phone: number(2) });
  return { anna, schmitt };
}

const title = (page) => page.getByRole("heading", { level: 2 });
const row = (page, name) => page.getByRole("list", { name: "Pairs" }).getByRole("button", { name });
const reviewing = (page, name) => page.getByRole("heading", { level: 2, name }).waitFor();

test("pairs are accessible in every look", async () => {
  await threePairs();
  await world.inEveryLook("/duplicates", (page) => reviewing(page, "Anna Schmidt and Anna Schmitt"));
});

test("an organisation without duplicates, and a strength without any, are empty", async () => {
  await add("Anna Schmidt");
  await world.inEveryLook("/duplicates", (page) => page.getByRole("heading", { name: "No possible duplicates" }).waitFor());
  const page = await world.open("/duplicates?strength=weak");
  await page.getByText("No pair of this strength is left.").waitFor();
  await page.getByRole("link", { name: "Show all strengths" }).click();
  await page.waitForURL("**/duplicates");
  await world.close(page);
});

test("loading and a failure look different, and the failure is retried", async () => {
  await threePairs();
  const page = await world.open("/imports");
  let answer;
  await page.route("**/v1/duplicates?*", (route) => new Promise((resolve) => (answer = resolve)).then((works) => (works ? route.continue() : route.abort("connectionfailed"))));
  await page.goto(`${world.url}/duplicates`);
  await page.getByText("Looking for possible duplicates").waitFor({ state: "attached" });
  await until(() => !!answer, true);
  answer(false);
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  await world.axe(page);
  answer = undefined;
  await page.getByRole("button", { name: "Retry" }).click();
  await until(() => !!answer, true);
  answer(true);
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  await world.close(page);
});

test("values are chosen field by field, and the contacts are merged", async () => {
  const { anna, schmitt } = await threePairs();
  const page = await world.open("/duplicates");
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  await page.getByText("the same phone number").first().waitFor();
  assert.equal(await page.getByRole("radio", { name: "Name Anna Schmidt" }).isChecked(), true);
  await page.getByRole("radio", { name: "Name Anna Schmitt" }).check();
  await page.getByRole("radio", { name: "Company Weber", exact: true }).check();
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByText("Contacts merged.").waitFor();
  const kept = await world.api("GET", `/v1/contacts/${anna.id}`);
  assert.deepEqual([kept.name, kept.email, kept.custom.company, kept.tags], ["Anna Schmitt", "anna.schmidt@example.org", "Weber", ["newsletter", "VIP"]]);
  assert.equal((await world.api("GET", `/v1/contacts/${schmitt.id}`)).id, anna.id);
  await reviewing(page, "Two contacts named Bo Lee");
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Two contacts named Bo Lee");
  await world.close(page);
});

test("a merge is undone from its message, and the pair is suggested again", async () => {
  const { anna, schmitt } = await threePairs();
  const page = await world.open("/duplicates");
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByText("Contacts merged.").waitFor();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByText("The merge was undone.").waitFor();
  await row(page, /Anna Schmitt/).waitFor();
  const back = await Promise.all([anna, schmitt].map(({ id }) => world.api("GET", `/v1/contacts/${id}`)));
  assert.deepEqual(back.map(({ name }) => name), ["Anna Schmidt", "Anna Schmitt"]);
  await page.getByRole("button", { name: "Open the other contact" }).click();
  await page.waitForURL(`**/contacts/${schmitt.id}`);
  await world.close(page);
});

test("a dismissal is undone from its message", async () => {
  await add("Cy", { phone: number(3) });
  await add("Di", { phone: number(3) });
  const page = await world.open("/duplicates");
  await reviewing(page, "Cy and Di");
  await page.getByRole("button", { name: "Not the same person" }).click();
  await page.getByRole("heading", { name: "No possible duplicates" }).waitFor();
  assert.deepEqual(await pairs(), []);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await reviewing(page, "Cy and Di");
  assert.equal((await pairs()).length, 1);
  await world.close(page);
});

test("the addresses of both are kept, and the external id of the contact that is kept", async () => {
  const { anna, schmitt } = await threePairs();
  await world.api("POST", `/v1/contacts/${schmitt.id}/addresses`, { email: "schmitt@work.example" });
  await world.api("PATCH", `/v1/contacts/${anna.id}`, { external_id: "CRM-1" });
  await world.api("PATCH", `/v1/contacts/${schmitt.id}`, { external_id: "CRM-2" });
  const page = await world.open("/duplicates");
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  const text = async (name) => (await page.getByRole("row", { name }).innerText()).replace(/\s+/g, " ");
  assert.match(await text(/^Other emails \(combined\)/), /schmitt@work\.example/);
  assert.match(await text(/^External ID/), /CRM-1 CRM-2/);
  await world.axe(page);
  await page.getByRole("radio", { name: "Primary email anna.schmitt@example.org" }).check();
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByText("Contacts merged.").waitFor();
  const kept = await world.api("GET", `/v1/contacts/${anna.id}`);
  assert.deepEqual([kept.email, kept.other_emails, kept.external_id], ["anna.schmitt@example.org", ["anna.schmidt@example.org", "schmitt@work.example"], "CRM-1"]);
  await world.close(page);
});

test("everything is done by keyboard, and no key acts in a text field", async () => {
  const { anna } = await threePairs();
  await add("Cy", { phone: number(3) });
  await add("Di", { phone: number(3) });
  const page = await world.open("/duplicates?strength=strong");
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  await page.keyboard.press("j");
  await reviewing(page, "Cy and Di");
  assert.match(page.url(), /pair=/);
  await page.keyboard.press("k");
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Use all values of the other contact").waitFor();
  await page.keyboard.press("m");
  await page.keyboard.press("Escape");
  assert.equal((await pairs("?strength=strong")).length, 2, "no key acts behind a dialog");
  await page.keyboard.press("2");
  await page.keyboard.press("m");
  await reviewing(page, "Cy and Di");
  const kept = await world.api("GET", `/v1/contacts/${anna.id}`);
  assert.deepEqual([kept.name, kept.email], ["Anna Schmitt", "anna.schmitt@example.org"]);
  await page.keyboard.press("d");
  await page.getByRole("heading", { name: "No possible duplicates" }).waitFor();
  assert.deepEqual(await pairs("?strength=strong"), []);
  assert.equal((await pairs()).length, 1);
  await world.close(page);
});

test("a pair has a URL that survives a reload and the back button", async () => {
  await threePairs();
  const page = await world.open("/duplicates");
  await row(page, /Bo Lee/).click();
  await reviewing(page, "Two contacts named Bo Lee");
  await page.reload();
  await reviewing(page, "Two contacts named Bo Lee");
  await page.getByText("Medium", { exact: true }).click();
  await page.waitForURL("**/duplicates?strength=medium");
  await until(() => page.getByRole("list", { name: "Pairs" }).getByRole("listitem").count(), 1);
  await page.goBack();
  await until(() => page.getByRole("list", { name: "Pairs" }).getByRole("listitem").count(), 2);
  await world.close(page);
});

test("many pairs are merged at once, after a dialog that names them", async () => {
  await threePairs();
  const page = await world.open("/duplicates");
  await page.getByRole("checkbox", { name: "Select Anna Schmidt and Anna Schmitt" }).check();
  await row(page, /Bo Lee/).click();
  await page.keyboard.press("x");
  await page.getByText("2 pairs selected").waitFor();
  await world.axe(page);
  await page.locator(".many").getByRole("button", { name: "Merge" }).click();
  const dialog = page.getByRole("dialog", { name: "Merge 2 pairs?" });
  await dialog.getByText("Anna Schmidt and Anna Schmitt").waitFor();
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Cancel");
  await world.axe(page);
  await dialog.getByRole("button", { name: "Merge 2 pairs" }).click();
  await page.getByText("Merged 2 pairs.").waitFor();
  await page.getByRole("heading", { name: "No possible duplicates" }).waitFor();
  assert.equal((await world.api("GET", "/v1/contacts")).count.value, 2);
  const [run] = (await world.api("GET", "/v1/runs?kind=merge")).items;
  assert.deepEqual([run.state, run.progress.done], ["done", 2]);
  await world.close(page);
});

test("a pair that somebody else has changed is not merged", async () => {
  const { anna } = await threePairs();
  const page = await world.open("/duplicates");
  await reviewing(page, "Anna Schmidt and Anna Schmitt");
  await world.api("PATCH", `/v1/contacts/${anna.id}`, { name: "Anna Weber" });
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByText("These contacts have changed meanwhile. The list is loaded again.").waitFor();
  await reviewing(page, "Anna Weber and Anna Schmitt");
  assert.equal((await pairs()).length, 2);
  await page.route("**/v1/contacts/*/merge", (route) => route.abort("connectionfailed"));
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  await world.axe(page);
  await world.close(page);
});

test("the list and the record lead to the page", async () => {
  const { anna } = await threePairs();
  for (const [path, name] of [["/?duplicates=true", "Review duplicates"], [`/contacts/${anna.id}`, "Review all possible duplicates"]]) {
    const page = await world.open(path);
    await page.getByRole("link", { name }).click();
    await title(page).first().waitFor();
    await page.waitForURL("**/duplicates");
    await world.close(page);
  }
});
