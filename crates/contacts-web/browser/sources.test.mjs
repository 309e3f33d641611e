// Connected sources: defined step by step, run, followed, changed and deleted (R18, R38, R39), with a
// connector of our own as the operator would list one.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start, until, WIDTHS } from "./harness.mjs";

const TOKEN = "let-me-in";
let world;
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "contacts-connectors-"));
  const list = join(folder, "connectors.json");
  const command = [process.execPath, fileURLToPath(new URL("connector.mjs", import.meta.url))];
  await writeFile(list, JSON.stringify({ connectors: [{ name: "crm", protocol: "airbyte", command, limits: { memory_mib: 8192 } }] }));
  world = await start({ CONTACTS_CONNECTORS: list, CONTACTS_SOURCES_ALLOW_PRIVATE: "yes" });
});
afterEach(() => world.leave());
after(async () => {
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
});

const heading = (page, name) => page.getByRole("heading", { name, level: 1, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const radio = (page, name) => page.getByRole("radio", { name, exact: true });
const dialog = (page, name) => page.getByRole("dialog", { name });
const step = (page, name) => page.locator("[aria-current=step]").filter({ has: page.getByRole("heading", { name }) });
const next = (page) => button(page, "Continue").click();
const source = (id) => world.api("GET", `/v1/sources/${id}`);
const from = async (id) => (await world.api("GET", `/v1/contacts?source=connected:${id}&limit=200`)).items;
const idOf = (page) => new URL(page.url()).pathname.split("/").at(-1);

/** Makes a source past the page. */
const make = (name, more = {}, settings = {}) => world.api("POST", "/v1/sources", {
  name, connector: "crm", settings: { host: `${name.toLowerCase()}.example`, credentials: { token: TOKEN }, ...settings }, stream: "people",
  mapping: { fields: [{ field: "full_name", target: "name" }, { field: "mail", target: "email" }] }, ...more,
});
/** Runs a source past the page, to its end. */
async function run(id) {
  const { id: run } = await world.api("POST", `/v1/sources/${id}/runs`, {});
  return until(() => world.api("GET", `/v1/sources/${id}/runs/${run}`), ({ state }) => ["done", "failed", "cancelled"].includes(state));
}

/** Goes through the steps of a new source, as far as one. */
async function define(page, until, host = "steps.example") {
  const reached = (name) => step(page, name).getByRole("button").first().waitFor();
  await reached("Connector");
  await radio(page, "crm").check();
  if (until === "Connector") return;
  await next(page);
  await page.getByLabel("Host").fill(host);
  await page.getByLabel("Token").fill(TOKEN);
  if (until === "Connection") return;
  await next(page);
  await radio(page, "people").check();
  if (until === "What is read") return;
  await next(page);
  await page.getByLabel("full_name goes to").waitFor();
  if (until === "Where it goes") return;
  await next(page);
  await page.getByLabel("Name", { exact: true }).waitFor();
}

/** A server of somebody else: a list in pages of two, for whoever knows the token. */
async function serve() {
  const people = [1, 2, 3, 4, 5].map((id) => ({ id, name: `Listed ${id}`, email: `l${id}@list.example`, size: `${id}0`, changed: `2026-02-0${id}` }));
  const asked = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://list.example");
    asked.push(request.url);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
    if (pathname !== "/people") return void response.writeHead(404).end();
    const from = Number(searchParams.get("after"));
    const all = people.filter(({ changed }) => changed >= (searchParams.get("since") ?? ""));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ people: all.slice(from, from + 2), next: from + 2 < all.length ? String(from + 2) : null }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { people, asked, port: server.address().port, stop: () => server.close().closeAllConnections() };
}

/** Goes through the steps of a new source that is read over HTTP, as far as one. */
async function defineList(page, until, url) {
  await radio(page, "http").check();
  await next(page);
  await page.getByLabel("Address").fill(url);
  await page.getByLabel("Path of the list").fill("people");
  await page.getByLabel("Authentication").selectOption("bearer");
  await page.getByLabel(/^Token/).fill(TOKEN);
  await page.getByLabel(/^Pages/).selectOption("cursor");
  await page.getByLabel("Path of the next page").fill("next");
  await page.getByLabel("Parameter of the page").fill("after");
  await page.getByLabel("Parameter of the time").fill("since");
  if (until === "Connection") return;
  await next(page);
  await radio(page, "Only what changed since").check();
  await page.getByLabel("Changed since, by the field").fill("changed");
  if (until === "What is read") return;
  await next(page);
  await page.getByLabel("email goes to").waitFor();
}

test("with nothing connected the page says what it is for", async () => {
  await world.inEveryLook("/sources", (page) => page.getByRole("heading", { name: "No source is connected yet" }).waitFor());
});

test("each step of a new source is clean in every look", async () => {
  for (const name of ["Connector", "Connection", "What is read", "Where it goes", "When, and its name"]) {
    await world.inEveryLook("/sources/new", async (page) => {
      await define(page, name);
      await step(page, name).waitFor();
      if (name === "What is read") await radio(page, "visitors").check();
      if (name === "Where it goes") await page.getByText("First 3 records").click();
      if (name === "When, and its name") for (const choice of ["At certain times", "Give them a tag"]) await radio(page, choice).check();
      // Under the frame, which sticks on a phone, nothing can be hit.
      await page.evaluate(() => scrollTo(0, 0));
    });
  }
});

test("a source is defined step by step, runs, and brings its people", async () => {
  const page = await world.open("/sources");
  await page.getByRole("link", { name: "Add a source" }).first().click();
  await heading(page, "Add a source").waitFor();
  await define(page, "Connection", "defined.example");
  await page.getByLabel("Token").fill("another");
  await next(page);
  await page.getByText("The token is wrong.").waitFor();
  await page.getByLabel("Token").fill(TOKEN);
  await button(page, "Test the connection").click();
  await page.getByText("It can be reached.").waitFor();
  await page.getByLabel("People", { exact: false }).fill("5");
  await next(page);
  await radio(page, "people").check();
  await radio(page, "Only what changed since").check();
  await next(page);
  await page.getByLabel("full_name goes to").waitFor();

  // A reload loses nothing but the secrets, which the browser does not keep.
  const kept = await page.evaluate(() => JSON.stringify(sessionStorage));
  assert.ok(kept.includes("defined.example") && !kept.includes(TOKEN), kept);
  await page.reload();
  await page.getByText("Type the secrets again.").waitFor();
  await until(() => page.getByLabel("Host").inputValue(), "defined.example");
  await until(() => page.getByLabel("People", { exact: false }).inputValue(), "5");
  await page.getByLabel("Token").fill(TOKEN);
  await next(page);
  await radio(page, "people").waitFor();
  await until(() => radio(page, "Only what changed since").isChecked(), true);
  await next(page);

  await until(() => page.getByLabel("full_name goes to").inputValue(), "name");
  await until(() => page.getByLabel("mail goes to").inputValue(), "email");
  await page.getByLabel("mail goes to").selectOption("Skip this field");
  await page.getByLabel("full_name goes to").selectOption("Skip this field");
  await next(page);
  await page.getByText("Choose the field that holds the name, or the email address.").waitFor();
  await page.getByLabel("mail goes to").selectOption("Email");
  await page.getByLabel("full_name goes to").selectOption("Name");
  await page.getByLabel("city goes to").selectOption("Tags");
  await radio(page, "Everything").check();
  await next(page);
  await radio(page, "At certain times").check();
  await page.getByLabel("Cron expression").fill("15 6 * * 1-5");
  await page.getByLabel("Time zone").fill("Nowhere/Land");
  await page.getByText("Monday to Friday at 06:15").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("Defined");
  await button(page, "Save the source").click();
  await page.getByRole("alert").filter({ hasText: /time zone/ }).waitFor();
  await page.getByLabel("Time zone").fill("Europe/Berlin");
  await button(page, "Save the source").click();

  await heading(page, "Defined").waitFor();
  const id = idOf(page);
  await page.getByText("4 added, 0 updated, 0 unchanged, 1 skipped", { exact: true }).waitFor();
  const { settings, secrets, mode, mapping, schedule, paused } = await source(id);
  assert.deepEqual({ host: settings.host, people: settings.people, secrets, mode, schedule, paused },
    { host: "defined.example", people: 5, secrets: ["credentials.token"], mode: "incremental", schedule: { every_seconds: null, cron: "15 6 * * 1-5", time_zone: "Europe/Berlin" }, paused: false });
  assert.deepEqual(mapping.fields.map(({ field, target, overwrite }) => `${field} ${target} ${overwrite}`).sort(), ["city tags everything", "full_name name everything", "mail email everything"]);
  await until(() => page.evaluate(() => sessionStorage.getItem("new-source")), null);
  const people = await from(id);
  assert.deepEqual(people.map(({ email }) => email).sort(), ["p0@defined.example", "p1@defined.example", "p2@defined.example", "p3@defined.example"]);

  // What came of it, and what the connector said.
  await page.getByText("4 added, 0 updated, 0 unchanged, 1 skipped", { exact: true }).click();
  await page.getByText("1 without a name and an email address").waitFor();
  await page.getByRole("region", { name: "Log" }).filter({ hasText: "Reading people from 0" }).waitFor();
  await page.getByRole("link", { name: "Show its contacts" }).click();
  await page.getByRole("link", { name: "Person 3" }).waitFor();
  await page.getByText("Source: Connected source Defined").waitFor();
  await button(page, "Source").click();
  await until(() => page.getByRole("checkbox", { name: /^Defined/ }).isChecked(), true, "the filter knows it by its name");
  await world.close(page);
});

test("a list is defined by its address, and what changed there comes the next time", async () => {
  const list = await serve();
  const { key } = await world.api("POST", "/v1/fields", { key: "size", label: "Shoe size", type: "text" });
  const page = await world.open("/sources/new");
  const url = `http://127.0.0.1:${list.port}`;
  await defineList(page, "Connection", `${url}/elsewhere`);
  for (const [label, wrong, told] of [
    ["Address", "not an address", "The setting url is no address of the web."],
    ["Address", `https://127.0.0.1:${list.port}/people`, /^It cannot be connected to/],
    ["Address", `${url}/elsewhere`, "The server answers 404."],
    [/^Token/, "another", "The server answers 401: the credentials are wrong, or may not read this."],
    ["Path of the list", "persons", "There is no list at persons in the answer."],
  ]) {
    const right = label === "Address" ? `${url}/people` : await page.getByLabel(label).inputValue();
    await page.getByLabel(label).fill(wrong);
    await button(page, "Test the connection").click();
    await page.getByText(told).waitFor();
    await page.getByLabel(label).fill(right);
  }
  await next(page);
  await until(() => radio(page, "records").isChecked(), true, "the only stream is chosen");
  await radio(page, "Only what changed since").check();
  await page.getByLabel("Changed since, by the field").fill("changed");
  await next(page);
  await until(() => page.getByLabel("email goes to").inputValue(), "email");
  await page.getByLabel("size goes to").selectOption("Shoe size");
  await page.getByText("First 5 records").click();
  await page.getByRole("cell", { name: "l5@list.example" }).waitFor();
  await next(page);
  await page.getByLabel("Name", { exact: true }).fill("List");
  await button(page, "Save the source").click();
  await heading(page, "List").waitFor();
  const id = idOf(page);
  await page.getByText("5 added, 0 updated, 0 unchanged", { exact: true }).waitFor();
  const people = await from(id);
  assert.deepEqual(people.map(({ name, email, custom }) => [name, email, custom[key]]).sort(), list.people.map(({ name, email, size }) => [name, email, size]));

  Object.assign(list.people[0], { name: "Listed anew", changed: "2026-02-06" });
  list.asked.length = 0;
  await button(page, "Run now").click();
  await page.getByText("0 added, 1 updated, 1 unchanged", { exact: true }).waitFor();
  assert.deepEqual(list.asked, ["/people?since=2026-02-05"]);
  assert.deepEqual((await from(id)).filter(({ name }) => name === "Listed anew").map(({ email }) => email), ["l1@list.example"]);
  await page.getByText("Token set, not shown").waitFor();
  assert.ok(!(await page.content()).includes(TOKEN));
  await page.getByText("size → Shoe size").waitFor();
  list.stop();

  await page.getByRole("link", { name: "Show its contacts" }).click();
  const row = page.getByRole("row").filter({ hasText: "Listed anew" });
  await row.getByText("List", { exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Listed anew" }).waitFor();
  await page.getByRole("region", { name: "Sources" }).getByRole("link", { name: "List", exact: true }).click();
  await heading(page, "List").waitFor();
  await world.close(page);
});

test("each step of a list is clean in every look", async () => {
  const list = await serve();
  for (const name of ["Connection", "What is read", "Where it goes"]) {
    await world.inEveryLook("/sources/new", async (page) => {
      await defineList(page, name, `http://127.0.0.1:${list.port}/people`);
      await step(page, name).waitFor();
      if (name === "Connection") {
        await button(page, "Test the connection").click();
        await page.getByText("It can be reached.").waitFor();
      }
      await page.evaluate(() => scrollTo(0, 0));
    });
  }
  list.stop();
});

test("an address inside the network is refused in a sentence, and not asked", async () => {
  const list = await serve();
  const guarded = await start();
  const page = await guarded.open("/sources/new");
  await defineList(page, "Connection", `http://127.0.0.1:${list.port}/people`);
  for (const [address, told] of [
    [`http://127.0.0.1:${list.port}/people`, "The address must begin with https://."],
    [`https://127.0.0.1:${list.port}/people`, "The address leads to an address inside the network."],
    [`https://localhost:${list.port}/people`, "Its name leads to an address inside the network."],
  ]) {
    await page.getByLabel("Address").fill(address);
    await next(page);
    await page.getByText(told, { exact: true }).waitFor();
    await button(page, "Continue anyway").waitFor();
  }
  await guarded.axe(page);
  assert.deepEqual(list.asked, []);
  list.stop();
  await guarded.close(page);
  await guarded.stop();
});

test("every part can be changed, and secrets that are not typed stay", async () => {
  const { id } = await make("Changed");
  await until(async () => (await run(id)).summary.added, 3);
  const page = await world.open(`/sources/${id}`);
  const change = async (name, how) => {
    await button(page, `Change: ${name}`).click();
    const form = dialog(page, name);
    await form.waitFor();
    await how(form);
    await form.getByRole("button", { name: "Save" }).click();
    await form.waitFor({ state: "detached" });
  };
  await change("Name", (form) => form.getByLabel("Name").fill("Renamed"));
  await heading(page, "Renamed").waitFor();
  await change("Connection", async (form) => {
    await until(() => form.getByLabel("Token").inputValue(), "");
    await form.getByLabel("People").fill("2");
    await form.getByLabel("Lists").fill('["a"]');
  });
  await change("Where it goes", async (form) => {
    await form.getByLabel("city goes to").selectOption("Tags");
    await form.getByRole("radio", { name: "Blanks only" }).check();
  });
  await change("Schedule", async (form) => {
    await form.getByRole("radio", { name: "Every few hours" }).check();
    await form.getByLabel("Every how many").fill("12");
    await form.getByLabel("Unit").selectOption("hours");
  });
  await change("People who vanish there", async (form) => {
    await form.getByRole("radio", { name: "Give them a tag" }).check();
    await form.getByRole("textbox", { name: "Tag" }).fill("Gone");
  });
  const now = await source(id);
  assert.deepEqual([now.name, now.settings.people, now.settings.lists, now.settings.host, now.secrets], ["Renamed", 2, ["a"], "changed.example", ["credentials.token"]]);
  assert.deepEqual([now.schedule.every_seconds, now.vanish, now.vanish_tag], [43200, "tag", "Gone"]);
  assert.deepEqual(now.mapping.fields.map(({ field, overwrite }) => `${field} ${overwrite}`).sort(), ["city blanks", "full_name blanks", "mail blanks"]);
  await page.getByText("Every 12 hours").waitFor();

  await button(page, "Test the connection").click();
  await page.getByText("It can be reached.").waitFor();
  await until(() => source(id), ({ last_run: last }) => last.state === "done");
  await button(page, "Run now").click();
  await until(async () => (await from(id)).filter(({ tags }) => tags.includes("Gone")).map(({ email }) => email), (gone) => gone.join() === "p2@changed.example");

  await change("What is read", (form) => form.getByRole("radio", { name: "Only what changed since" }).check());
  await until(async () => (await source(id)).mode, "incremental");
  await change("Connection", (form) => form.getByLabel("Token").fill("another"));
  await button(page, "Test the connection").click();
  await page.getByText("The token is wrong.").waitFor();
  await world.close(page);
});

test("a run is followed live, and cancelled", async () => {
  const { id } = await make("Slow", {}, { people: 1000, pause: 50 });
  const page = await world.open(`/sources/${id}`);
  await page.getByText("It has not run yet.").waitFor();
  await button(page, "Run now").click();
  const live = page.getByRole("region", { name: "Run under way" });
  await live.waitFor();
  await until(() => button(page, "Run now").isDisabled(), true);
  await world.axe(page);
  await page.reload();
  await live.getByText("Running…").waitFor();
  await button(page, "Cancel the run").click();
  await live.waitFor({ state: "detached" });
  await page.locator("summary").filter({ hasText: "Cancelled" }).waitFor();
  await until(async () => (await source(id)).last_run.state, "cancelled");
  await world.close(page);
});

test("a source that fails says why, is paused and resumed, and goes without its people", async () => {
  const { id } = await make("Broken", { schedule: { cron: "0 3 * * *", time_zone: "UTC" } });
  await until(async () => (await run(id)).state, "failed");
  const page = await world.open(`/sources/${id}`);
  await page.getByText("The last run failed: ").filter({ hasText: "The list ended in the middle" }).waitFor();
  await button(page, "Pause").click();
  await button(page, "Resume").waitFor();
  await until(async () => (await source(id)).paused, true);
  await button(page, "Resume").click();
  await button(page, "Pause").waitFor();
  await until(async () => (await source(id)).paused, false);

  await page.getByRole("link", { name: "Sources" }).first().click();
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "Broken", exact: true }) });
  await row.getByText("Failing").waitFor();
  await row.getByText("The list ended in the middle").waitFor();
  await row.getByRole("link").click();
  await button(page, "More").click();
  await button(page, "Delete the source").click();
  const ask = dialog(page, "Delete Broken?");
  await until(() => ask.getByRole("button", { name: "Cancel" }).evaluate((one) => one === document.activeElement), true);
  await ask.getByRole("button", { name: "Delete the source" }).click();
  await heading(page, "Sources").waitFor();
  await until(async () => (await world.api("GET", "/v1/sources")).items.some((one) => one.id === id), false);
  await world.close(page);
});

test("names and records that are hostile stay words", async () => {
  const { id } = await make("<img src=x onerror=window.broken=1>", {}, { host: "hostile.example", people: 12 });
  await run(id);
  const page = await world.open(`/sources/${id}`, { width: WIDTHS.narrow });
  await heading(page, "<img src=x onerror=window.broken=1>").waitFor();
  await button(page, "Change: Where it goes").click();
  await dialog(page, "Where it goes").getByLabel("full_name goes to").waitFor();
  await world.axe(page);
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= seen, `${wide} in ${seen}`);
  await until(() => page.evaluate(() => window.broken), undefined);
  await world.close(page);
});

test("the list, a source and its dialogs are clean in every look", async () => {
  const { items } = await world.api("GET", "/v1/sources");
  const id = items.find(({ name }) => name === "Renamed").id;
  await world.inEveryLook("/sources", (page) => page.getByRole("link", { name: "Renamed" }).waitFor());
  await world.inEveryLook(`/sources/${id}`, async (page) => {
    await page.locator("summary").first().click();
    await page.getByRole("region", { name: "Log" }).waitFor();
  });
  for (const name of ["Connection", "What is read", "Schedule", "People who vanish there"]) {
    await world.inEveryLook(`/sources/${id}`, async (page) => {
      await button(page, `Change: ${name}`).click();
      await dialog(page, name).waitFor();
    });
  }
});
