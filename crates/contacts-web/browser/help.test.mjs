// The help page, and the links to its topics (R46).

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
before(async () => (world = await organisation()));

test("a topic is shown and focused, in every look", async () => {
  await world.inEveryLook("/help/consent", async (page) => {
    const topic = page.getByRole("heading", { name: "Campaign emails" });
    await topic.waitFor();
    await until(() => topic.evaluate((heading) => heading === document.activeElement && heading.getBoundingClientRect().top < innerHeight), true);
  });
});

test("every help link opens its topic in a new window, and the menu opens them all", async () => {
  await world.enter();
  const { id } = await world.api("POST", "/v1/contacts", { name: "Ann Lee", email: "ann@example.org" });
  const page = await world.open("/imports");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("link", { name: "Help", exact: true }).click();
  const topics = await page.getByRole("navigation", { name: "Topics" }).getByRole("link").evaluateAll((links) => links.map((link) => link.pathname));
  const settings = ["fields", "tags", "segments", "campaigns", "widgets", "users", "keys", "webhooks", "audit", "sessions"];
  for (const path of ["/import", "/sources", "/duplicates", `/contacts/${id}`, ...settings.map((section) => `/settings/${section}`)]) {
    await page.goto(world.url + path);
    const link = page.getByRole("link", { name: /^Help: .* \(opens a new window\)$/ });
    await link.waitFor();
    assert.ok(topics.includes(await link.evaluate(({ pathname }) => pathname)), path);
  }
  await world.close(page);
});
