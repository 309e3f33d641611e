// Adding a contact, with possible duplicates shown before it is saved (R6, R7, R46).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
  await world.api("POST", "/v1/fields", { key: "plan", label: "Plan", type: "select", options: ["Free", "Pro"] });
  await world.api("POST", "/v1/fields", { key: "birthday", label: "Birthday", type: "date" });
});

const field = (page, label) => page.getByRole("textbox", { name: label });
const save = (page) => page.getByRole("button", { name: "Add contact" }).click();
const found = async (q) => (await world.api("GET", `/v1/contacts?q=${encodeURIComponent(q)}`)).items;

test("a contact is added with everything, and its record opens", async () => {
  const page = await world.open("/new");
  const email = "grace@example.org";
  await field(page, "Name").fill("Grace Hopper");
  await field(page, "Email").fill(email);
  await field(page, "Phone").fill("+1 212 555 0100");
  await page.getByRole("combobox", { name: "Tags" }).fill("navy,");
  await page.getByRole("combobox", { name: "Tags" }).fill("cobol");
  await page.getByRole("combobox", { name: "Plan" }).selectOption("Pro");
  await page.getByLabel("Birthday").fill("1906-12-09");
  await world.axe(page);
  await save(page);
  await page.getByRole("heading", { level: 1, name: "Grace Hopper" }).waitFor();
  const [contact] = await found(email);
  await page.waitForURL(new RegExp(`/contacts/${contact.id}$`));
  assert.deepEqual([contact.email, contact.phone, contact.tags, contact.custom.plan, contact.custom.birthday, contact.source.kind], [email, "+1 212 555 0100", ["cobol", "navy"], "Pro", "1906-12-09", "manual"]);
  await until(() => page.evaluate(() => sessionStorage.length), 0);
  await world.close(page);
});

test("the form is accessible in every look", async () => {
  await world.inEveryLook("/new", (page) => field(page, "Name").waitFor());
});

test("a missing value is reported under its field, and nothing is sent", async () => {
  await world.inEveryLook("/new", async (page) => {
    await page.route("**/v1/contacts", (route) => (route.request().method() === "POST" ? assert.fail("it was sent") : route.continue()));
    await field(page, "Email").fill("someone@example.org");
    await save(page);
    await page.getByText("A name is required.").waitFor();
    await until(() => page.evaluate(() => document.activeElement?.getAttribute("name")), "name");
  });
});

test("a refusal by the server is shown under its field", async () => {
  const page = await world.open("/new");
  await field(page, "Name").fill("Grace");
  await field(page, "Email").fill("grace at example");
  await save(page);
  await page.getByText(/^Email .+\.$/).waitFor();
  await until(() => field(page, "Email").getAttribute("aria-invalid"), "true");
  await world.axe(page);
  await world.close(page);
});

test("possible duplicates are shown before anything is saved", async () => {
  const number = "+44 20 7946 0123";
  const known = await world.api("POST", "/v1/contacts", { name: "Jean Known", email: "known@example.org", phone: number });
  await world.inEveryLook("/new", async (page) => {
    await field(page, "Name").fill("jean known");
    const maybe = page.getByRole("complementary", { name: "Already on the list?" });
    await maybe.getByText("Same name").waitFor();
    await field(page, "Phone").fill(number.replaceAll(" ", ""));
    await maybe.getByText("Same phone number and name").waitFor();
    await field(page, "Email").fill(known.email.toUpperCase());
    await maybe.getByText("Same email, phone number and name").waitFor();
    await until(() => maybe.getByRole("link").first().getAttribute("href"), `/contacts/${known.id}`);
  });
});

test("an address in use links to the contact that has it", async () => {
  const known = await world.api("POST", "/v1/contacts", { name: "Taken", email: "taken@example.org" });
  const page = await world.open("/new");
  await field(page, "Name").fill("Somebody Else");
  await field(page, "Email").fill(known.email);
  await save(page);
  await page.getByText("Another contact already has this address.").waitFor();
  await until(() => page.getByRole("link", { name: "Open it" }).getAttribute("href"), `/contacts/${known.id}`);
  await world.axe(page);
  await world.close(page);
});

test("a draft outlives a reload until it is discarded", async () => {
  const page = await world.open("/new");
  await field(page, "Name").fill("Half Typed");
  await page.getByRole("combobox", { name: "Tags" }).fill("kept,");
  await page.reload();
  await page.getByRole("button", { name: "Remove kept" }).waitFor();
  await until(() => field(page, "Name").inputValue(), "Half Typed");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.goto(`${world.url}/new`);
  await until(() => field(page, "Name").inputValue(), "");
  await world.close(page);
});

test("a save whose response was lost is sent again and adds one contact", async () => {
  const page = await world.open("/new");
  const email = "once@example.org";
  let count = 0;
  await page.route("**/v1/contacts", async (route) => {
    if (route.request().method() !== "POST" || (count += 1) > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await field(page, "Name").fill("Once Only");
  await field(page, "Email").fill(email);
  await save(page);
  await page.getByText("Not added. The server cannot be reached. Your entries are kept.").waitFor();
  await world.axe(page);
  await save(page);
  await page.getByRole("heading", { level: 1, name: "Once Only" }).waitFor();
  await until(async () => (await found(email)).length, 1);
  await world.close(page);
});

test("hostile texts are stored unchanged", async () => {
  const text = `"><img src=x onerror="window.ran=1"> <script>window.ran=1</script> ${"W".repeat(60)}`;
  const page = await world.open("/new", { width: 390 });
  const email = "hostile@example.org";
  await field(page, "Name").fill(text);
  await field(page, "Email").fill(email);
  await save(page);
  await page.getByRole("heading", { level: 1 }).getByText("img src=x").waitFor();
  await until(async () => (await found(email))[0].name, text);
  await until(() => page.evaluate(() => [window.ran, document.documentElement.scrollWidth <= innerWidth]), [undefined, true]);
  await world.close(page);
});
