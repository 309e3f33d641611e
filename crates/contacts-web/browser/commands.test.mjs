// The command menu (R46).

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { command } from "./server.mjs";

let world;
let ada;
before(async () => {
  world = await organisation();
  ada = await world.api("POST", "/v1/contacts", { name: "Ada Lovelace", email: "ada@commands.example" });
  await world.api("POST", "/v1/segments", { name: "Mathematicians", filter: { q: "ada" } });
});
beforeEach(() => world.enter());

const menu = (page) => page.getByRole("dialog", { name: "Command menu" });
const input = (page) => menu(page).getByRole("combobox");
const chosen = (page) => menu(page).locator('[role="option"][aria-selected="true"]').innerText();
const path = (page) => new URL(page.url()).pathname;

test("Ctrl+K finds a contact, a segment, a page and an action by keyboard", async () => {
  const page = await world.open("/settings/tags");
  await page.getByRole("heading", { name: "Tags", exact: true }).waitFor();
  await page.keyboard.press("Control+k");
  await input(page).waitFor();
  await world.axe(page);
  await input(page).fill("lovelace");
  await until(() => chosen(page), /Ada Lovelace/);
  await page.keyboard.press("Enter");
  await until(() => path(page), `/contacts/${ada.id}`);

  await page.keyboard.press("Control+k");
  await input(page).fill("mathem");
  await until(() => chosen(page), /Mathematicians/);
  await page.keyboard.press("Enter");
  await until(() => new URL(page.url()).searchParams.get("q"), "ada");

  await page.keyboard.press("Control+k");
  await input(page).fill("web");
  await until(() => chosen(page), /Webhooks|Chat widgets/);
  await input(page).fill("new con");
  await until(() => chosen(page), "New contact");
  await page.keyboard.press("Enter");
  await until(() => path(page), "/new");
});

test("Enter waits for the contacts of what was typed, though earlier ones arrive first", async () => {
  const page = await (await world.newContext(world.cookies)).newPage();
  await page.goto(`${world.url}/settings/tags`);
  await page.getByRole("heading", { name: "Tags", exact: true }).waitFor();
  // Time stands still in this context, so the second search begins when the test says so.
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(60_000);
  await page.keyboard.press("Control+k");
  let answer;
  await page.route(/q=nobody/, (route) => new Promise((resolve) => (answer = resolve)).then(() => route.continue().catch(() => "given up by the page")));
  await input(page).fill("nobody at all");
  await page.clock.runFor(1000);
  await until(() => typeof answer, "function");
  await input(page).fill("lovelace");
  answer();
  // What is asked later is answered later.
  await page.evaluate(() => fetch("/v1/me"));
  await page.keyboard.press("Enter");
  await page.clock.runFor(1000);
  await until(() => path(page), `/contacts/${ada.id}`);
});

test("arrows move through all results, and Escape closes", async () => {
  const page = await world.open("/settings/tags");
  await page.getByRole("heading", { name: "Tags", exact: true }).waitFor();
  await page.keyboard.press("Control+k");
  await until(() => chosen(page), "New contact");
  await page.keyboard.press("ArrowUp");
  await until(() => chosen(page), "Sessions");
  await page.keyboard.press("ArrowDown");
  await until(() => chosen(page), "New contact");
  await page.keyboard.press("Escape");
  await until(() => menu(page).count(), 0);
  assert.equal(path(page), "/settings/tags");
  await page.keyboard.press("Control+k");
  await input(page).fill("nothing that exists");
  await menu(page).getByText("Nothing found.").waitFor();
  await page.keyboard.press("Control+k");
  await until(() => menu(page).count(), 0);
});

test("the selected result stays selected when segments arrive before it", async () => {
  const page = await world.open("/settings/tags");
  await page.getByRole("heading", { name: "Tags", exact: true }).waitFor();
  let answer;
  // The sidebar may request them, too.
  const answered = new Promise((resolve) => (answer = resolve));
  await page.route(/v1\/segments/, (route) => answered.then(() => route.continue()));
  await page.keyboard.press("Control+k");
  await input(page).waitFor();
  await page.keyboard.press("ArrowUp");
  await until(() => chosen(page), "Sessions");
  answer();
  await menu(page).getByRole("option", { name: "Mathematicians" }).waitFor();
  assert.equal(await chosen(page), "Sessions");
});

test("what the role may not do is not offered", async () => {
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", "Vera", "--role", "viewer");
  const context = await world.newContext(await world.signIn(link));
  const page = await context.newPage();
  await page.goto(`${world.url}/settings/tags`);
  await page.getByRole("button", { name: /^Account/ }).waitFor();
  await page.keyboard.press("Control+k");
  await until(() => chosen(page), "Keyboard shortcuts");
  assert.equal(await menu(page).getByRole("option", { name: "API keys" }).count(), 0);
});

test("the menu says that it is searching, not that nothing was found, until it knows", async () => {
  const page = await world.open("/settings");
  let answer;
  await page.route(/\/v1\/contacts\?/, (route) => (answer = () => route.continue()));
  await page.getByRole("button", { name: /^Account/ }).waitFor();
  await page.keyboard.press("Control+k");
  await input(page).fill("lovelace");
  await menu(page).getByText("Searching…").first().waitFor();
  assert.equal(await menu(page).getByText("Nothing found.").count(), 0);
  await until(() => Boolean(answer), true);
  answer();
  await menu(page).getByRole("option", { name: /Ada Lovelace/ }).waitFor();
  await input(page).fill("nobody of that name");
  await until(() => Boolean(answer), true);
  await menu(page).getByText("Searching…").first().waitFor();
  await world.close(page);
});
