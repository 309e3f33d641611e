// Walking from contact to contact as the list orders them (R46, R47).

import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { csv } from "./people.mjs";

let world;
/** Names in the order of the list. */
let names;
beforeEach(async () => {
  world = await organisation();
  await world.import("trade-show.csv", csv(130));
  names = (await world.api("GET", "/v1/contacts?sort=email&limit=200")).items.map(({ name }) => name);
});

const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });
const focused = (page) => page.evaluate(() => document.activeElement?.textContent);

test("buttons and keys lead to the next and the previous contact, and back to the row of the last one", async () => {
  const page = await world.open("/?sort=email");
  await page.getByRole("link", { name: names[0], exact: true }).click();
  await heading(page, names[0]).waitFor();
  await until(() => page.getByRole("button", { name: "Previous contact" }).isDisabled(), true);
  await page.getByRole("button", { name: `Next contact: ${names[1]}` }).click();
  await heading(page, names[1]).waitFor();
  await until(() => focused(page), names[1]);
  // Beyond the rows of the first page of the list.
  for (const name of names.slice(2, 80)) {
    await page.keyboard.press("j");
    await heading(page, name).waitFor();
  }
  await page.keyboard.press("k");
  await heading(page, names[78]).waitFor();
  await page.getByRole("textbox", { name: "Phone" }).press("j");
  await until(() => page.getByRole("textbox", { name: "Phone" }).inputValue(), "j");
  await page.keyboard.press("Escape");
  await world.axe(page);
  await page.goBack();
  await until(() => focused(page), names[78]);
  await until(() => page.getByRole("link", { name: names[78], exact: true }).evaluate((link) => {
    const { top, bottom } = link.getBoundingClientRect();
    return top > 0 && bottom < innerHeight;
  }), true);
  await world.close(page);
});

test("a contact that was opened by its address has no next one", async () => {
  const { items: [{ id, name }] } = await world.api("GET", "/v1/contacts?limit=1");
  const page = await world.open(`/contacts/${id}`);
  await heading(page, name).waitFor();
  await until(() => page.getByRole("button", { name: /^(Next|Previous) contact/ }).count(), 0);
  await world.close(page);
});

test("walking passes over a contact that somebody deletes, and leads on from one that is gone", async () => {
  const { items: [, second, third] } = await world.api("GET", "/v1/contacts?sort=email&limit=4");
  const page = await world.open("/?sort=email");
  await page.getByRole("link", { name: names[0], exact: true }).click();
  await heading(page, names[0]).waitFor();
  await page.locator("html[data-live]").waitFor();
  await world.api("DELETE", `/v1/contacts/${second.id}`);
  await page.locator(".tbody").getByText("Deleted or merged").waitFor({ state: "attached" });
  await page.keyboard.press("j");
  await heading(page, names[2]).waitFor();
  // Without the stream, the page does not know about the deletion before it looks.
  await page.keyboard.press("k");
  await heading(page, names[0]).waitFor();
  await page.route(/\/v1\/contacts\/get$/, (route) => route.abort());
  await world.api("DELETE", `/v1/contacts/${third.id}`);
  await page.keyboard.press("j");
  await heading(page, "Contact not found").waitFor();
  await page.keyboard.press("j");
  await heading(page, names[3]).waitFor();
  await world.close(page);
});
