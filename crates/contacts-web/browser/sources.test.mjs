// Connected sources: set up step by step, run, watched, edited and deleted (R18, R38, R39), with a
// connector of the tests.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { beforeEach, test } from "node:test";
import { organisation, until, WIDTHS } from "./harness.mjs";
import { startServer } from "./server.mjs";

const TOKEN = "let-me-in";
let world;
beforeEach(async () => (world = await organisation()));

const heading = (page, name) => page.getByRole("heading", { name, level: 1, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const radio = (page, name) => page.getByRole("radio", { name, exact: true });
const dialog = (page, name) => page.getByRole("dialog", { name });
const step = (page, name) => page.locator("[aria-current=step]").filter({ has: page.getByRole("heading", { name }) });
const next = (page) => button(page, "Continue").click();
const source = (id) => world.api("GET", `/v1/sources/${id}`);
const from = async (id) => (await world.api("GET", `/v1/contacts?source=connected:${id}&limit=200`)).items;
const idOf = (page) => new URL(page.url()).pathname.split("/").at(-1);

/** Creates a source over the API. */
const make = (name, more = {}, settings = {}) => world.api("POST", "/v1/sources", {
  name, connector: "crm", settings: { host: `${name.toLowerCase()}.example`, credentials: { token: TOKEN }, ...settings }, stream: "people",
  mapping: { fields: [{ field: "full_name", target: "name" }, { field: "mail", target: "email" }] }, ...more,
});
/** Runs a source over the API, and waits for the end. */
async function run(id) {
  const { id: run } = await world.api("POST", `/v1/sources/${id}/runs`, {});
  return until(() => world.api("GET", `/v1/sources/${id}/runs/${run}`), ({ state }) => ["done", "failed", "cancelled"].includes(state));
}

/** Completes the steps of a new source up to one. */
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
  if (until === "Data") return;
  await next(page);
  await page.getByLabel("Import full_name as").waitFor();
  if (until === "Field mapping") return;
  await next(page);
  await page.getByLabel("Name", { exact: true }).waitFor();
}

/** A foreign server: a list in pages of two records, protected by a token. */
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
  // When a test fails before it stops the server, its process must still end.
  server.unref();
  return { people, asked, port: server.address().port, stop: () => server.close().closeAllConnections() };
}

/** Completes the steps of a new HTTP source up to one. */
async function defineList(page, until, url) {
  await radio(page, "http").check();
  await next(page);
  await page.getByLabel("Address").fill(url);
  await page.getByLabel("Path of the list").fill("people");
  await page.getByLabel("Authentication").selectOption("bearer");
  await page.getByLabel(/^Token/).fill(TOKEN);
  await page.getByLabel(/^Paging/).selectOption("cursor");
  await page.getByLabel("Path of the next page").fill("next");
  await page.getByLabel("Page parameter").fill("after");
  await page.getByLabel("Changed-since parameter").fill("since");
  if (until === "Connection") return;
  await next(page);
  await radio(page, "Only changes").check();
  await page.getByLabel("Field that shows changes").fill("changed");
  if (until === "Data") return;
  await next(page);
  await page.getByLabel("Import email as").waitFor();
}

test("without a connected source the page explains its purpose", async () => {
  await world.inEveryLook("/sources", (page) => page.getByRole("heading", { name: "No connected sources yet" }).waitFor());
});

test("each step of a new source is accessible in every look", async () => {
  for (const name of ["Connector", "Connection", "Data", "Field mapping", "Schedule and name"]) {
    await world.inEveryLook("/sources/new", async (page) => {
      await define(page, name);
      await step(page, name).waitFor();
      if (name === "Data") await radio(page, "visitors").check();
      if (name === "Field mapping") await page.getByText("First 3 records").click();
      if (name === "Schedule and name") for (const choice of ["At set times", "Add a tag"]) await radio(page, choice).check();
      // On a phone, the sticky frame covers what is scrolled below it.
      await page.evaluate(() => scrollTo(0, 0));
    });
  }
});

test("a source is set up step by step, runs, and adds contacts", async () => {
  const page = await world.open("/sources");
  await page.getByRole("link", { name: "Add a source" }).first().click();
  await heading(page, "Add a source").waitFor();
  await define(page, "Connection", "defined.example");
  await page.getByLabel("Token").fill("another");
  await next(page);
  await page.getByText("The token is wrong.").waitFor();
  await page.getByLabel("Token").fill(TOKEN);
  await button(page, "Test the connection").click();
  await page.getByText("Connected successfully.").waitFor();
  await page.getByLabel("People", { exact: false }).fill("5");
  await next(page);
  await radio(page, "people").check();
  await radio(page, "Only changes").check();
  await next(page);
  await page.getByLabel("Import full_name as").waitFor();

  // A reload loses nothing but the secrets, which the browser does not keep.
  const kept = await page.evaluate(() => JSON.stringify(sessionStorage));
  assert.ok(kept.includes("defined.example") && !kept.includes(TOKEN), kept);
  await page.reload();
  await page.getByText("Enter the secrets again.").waitFor();
  await until(() => page.getByLabel("Host").inputValue(), "defined.example");
  await until(() => page.getByLabel("People", { exact: false }).inputValue(), "5");
  await page.getByLabel("Token").fill(TOKEN);
  await next(page);
  await radio(page, "people").waitFor();
  await until(() => radio(page, "Only changes").isChecked(), true);
  await next(page);

  await until(() => page.getByLabel("Import full_name as").inputValue(), "name");
  await until(() => page.getByLabel("Import mail as").inputValue(), "email");
  await page.getByLabel("Import mail as").selectOption("Skip this field");
  await page.getByLabel("Import full_name as").selectOption("Skip this field");
  await next(page);
  await page.getByText("Choose which field contains the name or the email address.").waitFor();
  await page.getByLabel("Import mail as").selectOption("Email");
  await page.getByLabel("Import full_name as").selectOption("Name");
  await page.getByLabel("Import city as").selectOption("Tags");
  await radio(page, "Everything").check();
  await next(page);
  await radio(page, "At set times").check();
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

  // The result and the log.
  await page.getByText("4 added, 0 updated, 0 unchanged, 1 skipped", { exact: true }).click();
  await page.getByText("1 without a name and email address").waitFor();
  await page.getByRole("region", { name: "Log" }).filter({ hasText: "Reading people from 0" }).waitFor();
  await page.getByRole("link", { name: "Show contacts" }).click();
  await page.getByRole("link", { name: "Person 3" }).waitFor();
  await page.getByText("Source: Connected source Defined").waitFor();
  await button(page, "Source").click();
  await until(() => page.getByRole("checkbox", { name: /^Defined/ }).isChecked(), true, "the filter shows its name");
  await world.close(page);
});

test("a list is set up by its address, and the next run reads its changes", async () => {
  const list = await serve();
  const { key } = await world.api("POST", "/v1/fields", { key: "size", label: "Shoe size", type: "text" });
  const page = await world.open("/sources/new");
  const url = `http://127.0.0.1:${list.port}`;
  await defineList(page, "Connection", `${url}/elsewhere`);
  for (const [label, wrong, told] of [
    ["Address", "not an address", "The setting url is not a web address."],
    ["Address", `https://127.0.0.1:${list.port}/people`, /^It cannot be connected to/],
    ["Address", `${url}/elsewhere`, "The server responded with 404."],
    [/^Token/, "another", "The server responded with 401: the credentials are wrong or lack permission."],
    ["Path of the list", "persons", "There is no list at persons in the response."],
  ]) {
    const right = label === "Address" ? `${url}/people` : await page.getByLabel(label).inputValue();
    await page.getByLabel(label).fill(wrong);
    await button(page, "Test the connection").click();
    await page.getByText(told).waitFor();
    await page.getByLabel(label).fill(right);
  }
  await next(page);
  await until(() => radio(page, "records").isChecked(), true, "the only stream is chosen");
  await radio(page, "Only changes").check();
  await page.getByLabel("Field that shows changes").fill("changed");
  await next(page);
  await until(() => page.getByLabel("Import email as").inputValue(), "email");
  await page.getByLabel("Import size as").selectOption("Shoe size");
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

  await page.getByRole("link", { name: "Show contacts" }).click();
  const row = page.getByRole("row").filter({ hasText: "Listed anew" });
  await row.getByText("List", { exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Listed anew" }).waitFor();
  await page.getByRole("region", { name: "Sources" }).getByRole("link", { name: "List", exact: true }).click();
  await heading(page, "List").waitFor();
  await world.close(page);
});

test("each step of a list is accessible in every look", async () => {
  const list = await serve();
  for (const name of ["Connection", "Data", "Field mapping"]) {
    await world.inEveryLook("/sources/new", async (page) => {
      await defineList(page, name, `http://127.0.0.1:${list.port}/people`);
      await step(page, name).waitFor();
      if (name === "Connection") {
        await button(page, "Test the connection").click();
        await page.getByText("Connected successfully.").waitFor();
      }
      await page.evaluate(() => scrollTo(0, 0));
    });
  }
  list.stop();
});

test("an address inside the network is refused and never requested", async () => {
  const list = await serve();
  const guarded = await startServer({ ...world.server.settings, CONTACTS_SOURCES_ALLOW_PRIVATE: "no" });
  const page = await world.open("/sources");
  await page.goto(`${guarded.url}/sources/new`);
  await defineList(page, "Connection", `http://127.0.0.1:${list.port}/people`);
  for (const [address, told] of [
    [`http://127.0.0.1:${list.port}/people`, "The address must start with https://."],
    [`https://127.0.0.1:${list.port}/people`, "The address is inside the network, which is not allowed."],
    [`https://localhost:${list.port}/people`, "The address is inside the network, which is not allowed."],
  ]) {
    await page.getByLabel("Address").fill(address);
    await next(page);
    await page.getByText(told, { exact: true }).waitFor();
    await button(page, "Continue anyway").waitFor();
  }
  await world.axe(page);
  assert.deepEqual(list.asked, []);
  list.stop();
  await world.close(page);
  await guarded.stop();
});

test("every part can be edited, and empty secrets are kept", async () => {
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
  await change("Field mapping", async (form) => {
    await form.getByLabel("Import city as").selectOption("Tags");
    await form.getByRole("radio", { name: "Empty fields only" }).check();
  });
  await change("Schedule", async (form) => {
    await form.getByRole("radio", { name: "At regular intervals" }).check();
    await form.getByLabel("Interval length").fill("12");
    await form.getByLabel("Unit").selectOption("hours");
  });
  await change("When someone is removed at the source", async (form) => {
    await form.getByRole("radio", { name: "Add a tag" }).check();
    await form.getByRole("textbox", { name: "Tag" }).fill("Gone");
  });
  const now = await source(id);
  assert.deepEqual([now.name, now.settings.people, now.settings.lists, now.settings.host, now.secrets], ["Renamed", 2, ["a"], "changed.example", ["credentials.token"]]);
  assert.deepEqual([now.schedule.every_seconds, now.vanish, now.vanish_tag], [43200, "tag", "Gone"]);
  assert.deepEqual(now.mapping.fields.map(({ field, overwrite }) => `${field} ${overwrite}`).sort(), ["city blanks", "full_name blanks", "mail blanks"]);
  await page.getByText("Every 12 hours").waitFor();

  await button(page, "Test the connection").click();
  await page.getByText("Connected successfully.").waitFor();
  await until(() => source(id), ({ last_run: last }) => last.state === "done");
  await button(page, "Run now").click();
  await until(async () => (await from(id)).filter(({ tags }) => tags.includes("Gone")).map(({ email }) => email), (gone) => gone.join() === "p2@changed.example");

  await change("Data", (form) => form.getByRole("radio", { name: "Only changes" }).check());
  await until(async () => (await source(id)).mode, "incremental");
  await change("Connection", (form) => form.getByLabel("Token").fill("another"));
  await button(page, "Test the connection").click();
  await page.getByText("The token is wrong.").waitFor();
  await world.close(page);
});

test("a run is shown live and cancelled", async () => {
  const { id } = await make("Slow", {}, { people: 1000, pause: 50 });
  const page = await world.open(`/sources/${id}`);
  await page.getByText("No runs yet.").waitFor();
  await button(page, "Run now").click();
  const live = page.getByRole("region", { name: "Current run" });
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

test("a failing source shows the reason, is paused, resumed and deleted, and its contacts stay", async () => {
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

test("hostile names and records are shown as text", async () => {
  const { id } = await make("<img src=x onerror=window.broken=1>", {}, { host: "hostile.example", people: 12 });
  await run(id);
  const page = await world.open(`/sources/${id}`, { width: WIDTHS.narrow });
  await heading(page, "<img src=x onerror=window.broken=1>").waitFor();
  await button(page, "Change: Field mapping").click();
  await dialog(page, "Field mapping").getByLabel("Import full_name as").waitFor();
  await world.axe(page);
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= seen, `${wide} in ${seen}`);
  await until(() => page.evaluate(() => window.broken), undefined);
  await world.close(page);
});

test("the list, a source and its dialogs are accessible in every look", async () => {
  const { id } = await make("Looks");
  await run(id);
  await world.inEveryLook("/sources", (page) => page.getByRole("link", { name: "Looks" }).waitFor());
  await world.inEveryLook(`/sources/${id}`, async (page) => {
    await page.locator("summary").first().click();
    await page.getByRole("region", { name: "Log" }).waitFor();
    // On a phone, the sticky frame covers what is scrolled below it.
    await page.evaluate(() => scrollTo(0, 0));
  });
  for (const name of ["Connection", "Data", "Schedule", "When someone is removed at the source"]) {
    await world.inEveryLook(`/sources/${id}`, async (page) => {
      await button(page, `Change: ${name}`).click();
      await dialog(page, name).waitFor();
    });
  }
});
