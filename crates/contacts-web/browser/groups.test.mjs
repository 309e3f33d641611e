// Groups of conditions on the page (R62).

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
before(async () => {
  world = await organisation();
  for (const [name, email, tags] of [["Ada Lovelace", "ada@x.example", ["vip"]], ["Bo Diddley", "bo@y.example", []], ["Cleo Patra", "cleo@y.example", ["press"]]]) {
    const contact = await world.api("POST", "/v1/contacts", { name, email });
    if (tags.length) await world.api("POST", `/v1/contacts/${contact.id}/tags`, { add: tags });
  }
});
beforeEach(() => world.enter());

const button = (page, name) => page.getByRole("button", { name, exact: true });
/** The names in the rows of the list. */
const names = (page) => page.locator(".tbody").getByRole("link").allInnerTexts();
const shows = (page, ...expected) => until(async () => (await names(page)).sort(), expected);

test("conditions are combined by any, taken apart again, and excluded", async () => {
  const page = await world.open("/?tags_any=vip&email_domain=y.example");
  await shows(page);
  await button(page, "Combine").click();
  await button(page, "Match any of these").click();
  await shows(page, "Ada Lovelace", "Bo Diddley", "Cleo Patra");
  assert.match(decodeURIComponent(page.url()), /group=any\((email_domain=y\.example,tags_any=vip|tags_any=vip,email_domain=y\.example)\)/);
  await world.axe(page);
  await page.reload();
  await shows(page, "Ada Lovelace", "Bo Diddley", "Cleo Patra");

  await page.getByRole("button", { name: /^Edit the conditions/ }).click();
  await until(() => new URL(page.url()).searchParams.get("tags_any"), "vip");
  await button(page, "Combine").click();
  await button(page, "Match none of these").click();
  await until(() => new URL(page.url()).searchParams.get("group"), /^not\(any\(/);
  await page.getByRole("button", { name: /^Remove the filter: Not/ }).click();
  await shows(page, "Ada Lovelace", "Bo Diddley", "Cleo Patra");
});

test("one condition is excluded", async () => {
  const page = await world.open("/?tags_any=vip");
  await shows(page, "Ada Lovelace");
  await button(page, "Combine").click();
  await button(page, "Exclude this").click();
  await shows(page, "Bo Diddley", "Cleo Patra");
  await page.getByText("Not: Any of: vip").first().waitFor();
});

test("the panel filters by tags, completeness, mail, domain and conversations", async () => {
  const page = await world.open("/");
  await shows(page, "Ada Lovelace", "Bo Diddley", "Cleo Patra");
  await button(page, "Filter").click();
  const panel = page.getByRole("dialog", { name: "Filter" });
  await panel.getByRole("combobox", { name: "Has tags" }).selectOption("No");
  await shows(page, "Bo Diddley");
  await panel.getByRole("combobox", { name: "Emailed before" }).selectOption("Never");
  await panel.getByRole("textbox", { name: "Email domain" }).fill("y.example");
  await panel.getByRole("textbox", { name: "Email domain" }).press("Enter");
  await until(() => new URL(page.url()).searchParams.get("email_domain"), "y.example");
  await shows(page, "Bo Diddley");
  await world.axe(page);
});

test("a group of more levels is shown in words", async () => {
  const page = await world.open(`/?group=${encodeURIComponent("any(not(tagged=true),all(tags_any=vip,email_domain=x.example))")}`);
  await shows(page, "Ada Lovelace", "Bo Diddley");
  await page.getByText("Not: Has tags or Any of: vip and Email at x.example").first().waitFor();
});
