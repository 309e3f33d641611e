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

  await button(page, "Combine").click();
  await button(page, "Match none of these").click();
  await until(() => new URL(page.url()).searchParams.get("group"), /^not\(any\(/);
  await shows(page);
  await button(page, "Combine").click();
  await button(page, "Match all of these").click();
  await until(() => new URL(page.url()).searchParams.get("tags_any"), "vip");
  await page.getByRole("button", { name: "Remove the filter: Tagged vip" }).click();
  await shows(page, "Bo Diddley", "Cleo Patra");
});

test("conditions are arranged in groups within groups", async () => {
  const group = "any(all(tags_any=vip,email_domain=x.example),tags_any=press)";
  const page = await world.open(`/?group=${encodeURIComponent(group)}`);
  await shows(page, "Ada Lovelace", "Cleo Patra");
  await button(page, "Combine").click();
  await button(page, "Arrange…").click();
  const dialog = page.getByRole("dialog", { name: "Arrange conditions" });
  await dialog.getByText("2 people match.").waitFor();
  await world.axe(page);
  await world.fits(page);
  // None of vip or press, within all.
  await button(dialog, "Move Tagged vip").click();
  await button(dialog, "Out of this group").click();
  await dialog.getByRole("combobox", { name: "How the conditions match" }).selectOption("None of these");
  await dialog.getByText("1 person matches.").waitFor();
  await button(dialog, "Remove All of: Email at x.example").click();
  await dialog.getByText("1 person matches.").waitFor();
  await button(dialog, "Apply").click();
  await shows(page, "Bo Diddley");
  await page.reload();
  await shows(page, "Bo Diddley");
  assert.equal(new URL(page.url()).searchParams.get("group"), "not(any(tags_any=press,tags_any=vip))");

  await button(page, "Combine").click();
  await button(page, "Arrange…").click();
  await button(dialog, "Move Tagged press").click();
  await button(dialog, "Into a new group").click();
  await button(dialog, "Move Tagged vip").click();
  await button(dialog, "Into “Any of: Tagged press”").click();
  await dialog.getByRole("combobox", { name: "How this group matches" }).selectOption("All of these");
  await dialog.getByText("3 people match.").waitFor();
  await button(dialog, "Apply").click();
  await shows(page, "Ada Lovelace", "Bo Diddley", "Cleo Patra");
  await button(page, "Combine").click();
  await button(page, "Arrange…").click();
  await button(dialog, "Move All of: Tagged press, Tagged vip").click();
  await button(dialog, "Dissolve this group").click();
  await dialog.getByText("1 person matches.").waitFor();
  await page.keyboard.press("Escape");
  await shows(page, "Ada Lovelace", "Bo Diddley", "Cleo Patra");
});

test("one condition is excluded", async () => {
  const page = await world.open("/?tags_any=vip");
  await shows(page, "Ada Lovelace");
  await button(page, "Combine").click();
  await button(page, "Exclude this").click();
  await shows(page, "Bo Diddley", "Cleo Patra");
  await page.getByText("Not: Tagged vip").first().waitFor();
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
  await page.getByText("Not: Has tags or Tagged vip and Email at x.example").first().waitFor();
});

test("a segment that was deleted is named as gone", async () => {
  const segment = await world.api("POST", "/v1/segments", { name: "Press", filter: { tags_any: ["press"] } });
  await world.api("DELETE", `/v1/segments/${segment.id}`);
  const page = await world.open(`/?view=${segment.id}`);
  await page.getByText("This segment was deleted, or is private to somebody else.").waitFor();
  await world.axe(page);
  await button(page, "Leave it").click();
  await until(() => new URL(page.url()).search, "");
});
