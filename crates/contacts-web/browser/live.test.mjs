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

test("the list shows an edit, a new contact and a deletion by somebody else", async () => {
  const ada = await contact("Ada Lovelace");
  const page = await live("/");
  await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await world.api("PATCH", `/v1/contacts/${ada.id}`, { name: "Ada King" });
  await page.getByRole("link", { name: "Ada King" }).waitFor();
  const bo = await contact("Bo Diddley");
  await page.getByRole("link", { name: "Bo Diddley" }).waitFor();
  await world.api("DELETE", `/v1/contacts/${bo.id}`);
  await until(() => page.getByRole("link", { name: "Bo Diddley" }).count(), 0);
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
