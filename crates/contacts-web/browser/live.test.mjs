// Changes by others appear without a reload (R46).

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
before(async () => {
  world = await organisation();
});
beforeEach(() => world.enter());

const contact = (name) => world.api("POST", "/v1/contacts", { name, email: `${name.split(" ")[0].toLowerCase()}@live.example` });
/** Opens a page and waits until it follows the feed. */
async function live(path) {
  const page = await world.open(path);
  await page.locator("html[data-live]").waitFor();
  return page;
}

const notice = (page) => page.getByRole("status").filter({ hasText: "The list has changed." });
const show = (page) => page.getByRole("button", { name: "Show the changes" });
const names = (page) => page.getByRole("row").getByRole("link").allTextContents();

test("the list shows an edit by somebody else, and says that a contact was added or deleted", async () => {
  const ada = await contact("Ada Lovelace");
  const page = await live("/");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await world.api("PATCH", `/v1/contacts/${ada.id}`, { name: "Ada King" });
  await page.getByRole("link", { name: "Ada King" }).waitFor();
  const bo = await contact("Bo Diddley");
  await notice(page).waitFor();
  assert.deepEqual(await names(page), ["Ada King"]);
  await world.axe(page);
  await show(page).press("Enter");
  await page.getByRole("link", { name: "Bo Diddley" }).waitFor();
  assert.equal(await show(page).count(), 0);
  await until(() => page.evaluate(() => document.activeElement?.textContent), "Bo Diddley");
  await world.api("DELETE", `/v1/contacts/${bo.id}`);
  await page.getByRole("row").filter({ hasText: "Bo Diddley" }).getByText("Deleted or merged").waitFor();
  await show(page).click();
  await until(() => names(page), ["Ada King"]);
});

test("a list without contacts shows the first one that somebody else adds", async () => {
  const page = await live("/?q=Moondog");
  await page.getByRole("button", { name: "Clear filters" }).first().waitFor();
  await contact("Moondog");
  await page.getByRole("link", { name: "Moondog" }).waitFor();
  assert.equal(await notice(page).count(), 0);
});

test("a row that an edit would move is announced, one that stays is not, and the selection stays", async () => {
  const made = [];
  for (const name of ["Anna Order", "Berta Order", "Cora Order"]) made.push(await world.api("POST", "/v1/contacts", { name, email: `${name.slice(0, 4).toLowerCase()}@order.example` }));
  const page = await live("/?q=order&sort=name");
  await page.getByRole("checkbox", { name: "Select Cora Order" }).check();
  // The first change keeps the order. The second one comes after it in the stream, so its row proves that the first was compared.
  await world.api("PATCH", `/v1/contacts/${made[1].id}`, { name: "Bella Order" });
  await until(() => names(page), ["Anna Order", "Bella Order", "Cora Order"]);
  await page.getByRole("status").filter({ hasText: /^3 people$/ }).waitFor();
  assert.equal(await notice(page).count(), 0);
  await world.api("PATCH", `/v1/contacts/${made[0].id}`, { name: "Dora Order" });
  await notice(page).waitFor();
  assert.deepEqual(await names(page), ["Dora Order", "Bella Order", "Cora Order"]);
  await show(page).click();
  await until(() => names(page), ["Bella Order", "Cora Order", "Dora Order"]);
  assert.equal(await page.getByRole("checkbox", { name: "Select Cora Order" }).isChecked(), true);
});

test("an edit between the first rows and the stream is not missed", async () => {
  const eve = await contact("Eve Early");
  const page = await world.open("/settings/fields");
  let opened;
  const asked = new Promise((resolve) => (opened = resolve));
  await page.route(/\/v1\/events\/stream/, (route) => opened(route));
  await page.goto(`${world.url}/?q=eve`);
  await page.getByRole("link", { name: "Eve Early" }).waitFor();
  const stream = await asked;
  await world.api("PATCH", `/v1/contacts/${eve.id}`, { name: "Eve Earlier" });
  await stream.continue();
  await page.getByRole("link", { name: "Eve Earlier" }).waitFor();
});

test("a contact that leaves the filter by an edit of somebody else stays, marked, until the list is loaded again", async () => {
  const ids = [];
  for (const name of ["Eva Hesse", "Flo Joyner"]) ids.push((await world.api("POST", "/v1/contacts", { name, email: `${name.slice(0, 3).toLowerCase()}@live.example`, tags: ["left"] })).id);
  const page = await live("/?tags_all=left");
  const row = page.getByRole("row").filter({ hasText: "Eva Hesse" });
  await row.waitFor();
  await world.api("POST", `/v1/contacts/${ids[0]}/tags`, { remove: ["left"] });
  await row.getByText("No longer matches").waitFor();
  await page.getByRole("status").filter({ hasText: /^1 person$/ }).waitFor();
  assert.equal(await page.getByRole("row").filter({ hasText: "Flo Joyner" }).getByText("No longer matches").count(), 0);
  await world.axe(page);
  // It matches again.
  await world.api("POST", `/v1/contacts/${ids[0]}/tags`, { add: ["left"] });
  await until(() => row.getByText("No longer matches").count(), 0);
  await world.api("POST", `/v1/contacts/${ids[0]}/tags`, { remove: ["left"] });
  await row.getByText("No longer matches").waitFor();
  await page.reload();
  await page.getByRole("row").filter({ hasText: "Flo Joyner" }).waitFor();
  assert.equal(await row.count(), 0);
});

test("a record shows an edit by somebody else, and that it was deleted", async () => {
  const cleo = await contact("Cleo Patra");
  const page = await live(`/contacts/${cleo.id}`);
  await world.api("PATCH", `/v1/contacts/${cleo.id}`, { phone: "+44 20 7946 0000" });
  await until(() => page.getByRole("textbox", { name: "Phone" }).inputValue(), "+44 20 7946 0000");
  await world.api("POST", `/v1/contacts/${cleo.id}/tags`, { add: ["vip"] });
  await page.getByRole("button", { name: "Remove vip" }).waitFor();
  await world.api("DELETE", `/v1/contacts/${cleo.id}`);
  await page.getByText("This contact was deleted by somebody else.").waitFor();
  assert.equal(new URL(page.url()).pathname, `/contacts/${cleo.id}`);
});

test("a deletion is told once, though a change came shortly before it", async () => {
  const dora = await contact("Dora Maar");
  const page = await live(`/contacts/${dora.id}`);
  const answers = [];
  await page.route(new RegExp(`/v1/contacts/${dora.id}$`), (route) => void answers.push(route));
  await world.api("POST", `/v1/contacts/${dora.id}/tags`, { add: ["vip"] });
  await world.api("DELETE", `/v1/contacts/${dora.id}`);
  await until(() => answers.length, 2);
  // Both answers are of the time after the deletion.
  await Promise.all(answers.map(async (route) => (await route.continue(), (await route.request().response()).finished())));
  await page.getByText("This contact was deleted by somebody else.").first().waitFor();
  // What is asked later is answered later.
  await page.evaluate(() => fetch("/v1/me"));
  assert.equal(await page.getByText("This contact was deleted by somebody else.").count(), 1);
});

test("a long name is readable beside the mark of a row that no longer matches", async () => {
  const name = "Friederike Wolfeschlegelsteinhausen";
  const { id } = await contact(name);
  const page = await live("/?q=Wolfeschlegelsteinhausen");
  await page.setViewportSize({ width: 1366, height: 650 });
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: /Friederike|Renamed/ }) });
  await row.waitFor();
  await world.api("PATCH", `/v1/contacts/${id}`, { name: "Renamed Longfellow-Featherstone" });
  await row.getByText("No longer matches").waitFor();
  const [link, mark] = await Promise.all([row.getByRole("link").boundingBox(), row.getByText("No longer matches").boundingBox()]);
  const box = await row.boundingBox();
  assert.ok(mark.y >= link.y + link.height - 1, "the mark is below the name, which has the whole width");
  assert.ok(link.y >= box.y && mark.y + mark.height <= box.y + box.height, "both fit into the row");
});
