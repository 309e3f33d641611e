// The filters of the list: times and custom fields (R20).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
  await world.api("POST", "/v1/fields", { key: "city", label: "City", type: "text" });
  await world.api("POST", "/v1/fields", { key: "plan", label: "Plan", type: "select", options: ["Free", "Team, small", "Team, large"] });
  await world.api("POST", "/v1/fields", { key: "since", label: "Customer since", type: "date" });
  for (const [name, custom] of [
    ["Ann", { city: "Berlin, Mitte", plan: "Team, small", since: "2024-05-01" }],
    ["Bo", { city: "Paris", plan: "Team, large", since: "2025-05-01" }],
    ["Cem", { city: "West Berlin", plan: "Free" }],
  ]) await world.api("POST", "/v1/contacts", { name, email: `${name}@example.org`, custom });
});

const chip = (page, text) => page.getByRole("button", { name: `Remove the filter: ${text}`, exact: true });

/** Waits until the list shows these people and no others. */
async function shows(page, ...names) {
  await page.getByRole("status").filter({ hasText: names.length === 1 ? /^1 person$/ : `${names.length} people` }).waitFor();
  for (const name of names) await page.getByRole("row").getByRole("link", { name, exact: true }).first().waitFor();
}

async function addCondition(page, field, condition, fill) {
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const form = page.getByRole("group", { name: "Custom field" });
  await form.getByLabel("Field").selectOption({ label: field });
  await form.getByLabel("Condition").selectOption({ label: condition });
  await fill(form);
  await form.getByRole("button", { name: "Add" }).click();
  await page.keyboard.press("Escape");
}

test("a value with a comma is found by \"is\" and by \"is one of\"", async () => {
  const page = await world.open("/?sort=name");
  await addCondition(page, "City", "is", (form) => form.getByLabel("Value").fill("Berlin, Mitte"));
  await chip(page, "City is Berlin, Mitte").waitFor();
  await shows(page, "Ann");
  await addCondition(page, "City", "is one of", (form) => form.getByLabel("Values, one per line").fill("Berlin, Mitte\nParis"));
  await chip(page, "City is one of Berlin, Mitte or Paris").waitFor();
  await shows(page, "Ann", "Bo");
  await page.reload();
  await shows(page, "Ann", "Bo");
  await chip(page, "City is one of Berlin, Mitte or Paris").click();
  await addCondition(page, "Plan", "is none of", async (form) => {
    await form.getByRole("checkbox", { name: "Team, small" }).check();
    await form.getByRole("checkbox", { name: "Free" }).check();
  });
  await chip(page, "Plan is none of Free or Team, small").waitFor();
  await shows(page, "Bo");
  await world.close(page);
});

test("texts are compared by their beginning and their end, and dates in words of dates", async () => {
  const page = await world.open("/?sort=name");
  await addCondition(page, "City", "starts with", (form) => form.getByLabel("Value").fill("berlin"));
  await shows(page, "Ann");
  await addCondition(page, "City", "ends with", (form) => form.getByLabel("Value").fill("BERLIN"));
  await shows(page, "Cem");
  await addCondition(page, "City", "is not", (form) => form.getByLabel("Value").fill("Paris"));
  await shows(page, "Ann", "Cem");
  await addCondition(page, "Customer since", "is on or before", (form) => form.getByLabel("Value").fill("2024-05-01"));
  await chip(page, "Customer since is on or before 1 May 2024").waitFor();
  await shows(page, "Ann");
  await world.axe(page);
  await world.close(page);
});

test("a filter panel that is opened early waits for the fields", async () => {
  const page = await world.open("/settings/tags");
  let answer;
  let isAsked = false;
  const answered = new Promise((resolve) => (answer = resolve));
  await page.route(/v1\/fields/, (route) => ((isAsked = true), answered.then(() => route.continue())));
  await page.goto(`${world.url}/?sort=name`);
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await until(() => isAsked, true);
  // Without the fields, all that the panel needs has arrived by now.
  await page.evaluate(async () => {
    await import(new URL("./pages/list/filters.js", document.querySelector("script[type=module]").src).href);
    for (let turn = 0; turn < 3; turn += 1) await fetch("/v1/campaigns");
  });
  answer();
  await page.getByRole("group", { name: "Custom field" }).waitFor();
  await world.close(page);
});

test("a period means what its words say, and its chip too", async () => {
  const page = await world.open("/?sort=name");
  const choose = async (label) => {
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("group", { name: "Created" }).getByLabel("When").selectOption({ label });
    await page.keyboard.press("Escape");
  };
  await choose("Today");
  await chip(page, "Created today").waitFor();
  await shows(page, "Ann", "Bo", "Cem");
  await choose("Yesterday");
  await chip(page, "Created yesterday").waitFor();
  await page.getByRole("heading", { name: "No matching contacts" }).waitFor();
  await choose("Last 7 days");
  await chip(page, "Created in the last 7 days").waitFor();
  await shows(page, "Ann", "Bo", "Cem");
  await page.waitForURL((url) => !url.searchParams.has("created_in"));
  await choose("This week");
  await shows(page, "Ann", "Bo", "Cem");
  await world.close(page);
});

test("a filter that cannot be used shows no rows, and its reason", async () => {
  const page = await world.open("/");
  await shows(page, "Ann", "Bo", "Cem");
  await page.evaluate(() => history.pushState(null, "", "/?created_from=2026-02-02&created_until=2026-01-01"));
  await page.evaluate(() => dispatchEvent(new PopStateEvent("popstate")));
  await page.getByRole("alert").getByText("created_until must be after created_from").waitFor();
  assert.equal(await page.getByRole("row").getByRole("link").count(), 0, "rows of another filter are gone");
  await page.getByRole("alert").getByRole("button", { name: "Clear filters" }).click();
  await shows(page, "Ann", "Bo", "Cem");
  await world.close(page);
});

test("Back closes the panel of filters, which would show the filter of before", async () => {
  const page = await world.open("/");
  const opener = page.getByRole("button", { name: "Filter", exact: true });
  await opener.click();
  await page.getByLabel("Has email").selectOption("Yes");
  await page.waitForURL(/reachable=true/);
  await page.goBack();
  await until(() => page.getByLabel("Has email").isVisible(), false);
  await opener.click();
  await until(() => page.getByLabel("Has email").inputValue(), "");
  await world.close(page);
});

test("the days of a filter fit into the panel", async () => {
  const page = await world.open("/?created_from=2026-01-01&created_until=2026-12-31");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const panel = page.getByRole("dialog", { name: "Filter" });
  await panel.getByLabel("From").first().waitFor();
  const [inside, outside] = await panel.evaluate((element) => [element.scrollWidth, element.clientWidth]);
  assert.ok(inside <= outside, `${inside} pixels in a panel of ${outside}`);
  await world.close(page);
});

test("a late answer for an earlier text does not replace the tags that were searched for", async () => {
  for (const [at, tag] of ["apple", "banana"].entries()) await world.api("POST", "/v1/contacts", { name: tag, email: `${at}@filters.example`, tags: [tag] });
  const page = await world.open("/");
  await page.getByRole("button", { name: "Tags", exact: true }).click();
  const panel = page.getByRole("dialog", { name: "Tags" });
  await panel.getByRole("checkbox", { name: /^banana/ }).waitFor();
  let late;
  await page.route(/\/v1\/tags\?prefix=a/, (route) => (late = route));
  await panel.getByRole("searchbox").fill("a");
  await until(() => Boolean(late), true);
  await panel.getByRole("searchbox").fill("b");
  await until(() => panel.getByRole("checkbox", { name: /^apple/ }).count(), 0);
  await late.continue();
  await (await late.request().response()).finished();
  // What is asked later is answered later.
  await page.evaluate(() => fetch("/v1/me"));
  assert.equal(await panel.getByRole("checkbox", { name: /^apple/ }).count(), 0);
  await world.close(page);
});
