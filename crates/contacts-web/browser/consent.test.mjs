// Consent: the switch on the record, the column and the filter of the list, and the bulk actions
// (R51).

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
});

const add = (name) => world.api("POST", "/v1/contacts", { name, email: `${randomUUID()}@example.org` });
const consent = (id) => world.api("GET", `/v1/contacts/${id}/consent`);
const toggle = (page) => page.getByRole("switch", { name: "Subscribed to campaign emails" });
const section = (page) => page.getByRole("region", { name: "Campaign emails" });

test("a contact is unsubscribed with a reason, and subscribed again with a written one", async () => {
  const { id } = await add("Ada Lovelace");
  const page = await world.open(`/contacts/${id}`);
  assert.equal(await toggle(page).getAttribute("aria-checked"), "true");
  await toggle(page).click();
  await page.getByRole("combobox", { name: "Reason" }).selectOption({ label: "Reported an email as spam" });
  await page.getByRole("textbox", { name: "Note (optional)" }).fill("Wrote to support");
  await world.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "Unsubscribe" }).click();
  await section(page).getByText(/^Unsubscribed on/).waitFor();
  await section(page).getByText("Wrote to support").waitFor();
  await section(page).getByText(/^Reported an email as spam · \S/).waitFor();
  await until(async () => (await consent(id)).reason, "complained");
  await page.getByRole("tab", { name: /^Activity/ }).click();
  await page.getByRole("tabpanel").getByText("unsubscribed this contact").waitFor();
  assert.equal(await toggle(page).getAttribute("aria-checked"), "false");
  await world.axe(page);
  await toggle(page).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Subscribe again" }).click();
  assert.equal((await consent(id)).state, "unsubscribed", "the reason is required");
  await dialog.getByRole("textbox", { name: "How did they agree?" }).fill("Signed the form at our booth");
  await dialog.getByRole("button", { name: "Subscribe again" }).click();
  await section(page).getByText("Subscribed", { exact: true }).waitFor();
  await page.getByRole("tabpanel").getByText("Signed the form at our booth").waitFor();
  assert.equal((await consent(id)).state, "subscribed");
  await world.close(page);
});

test("only an administrator sees the switch of an unsubscribed contact", async () => {
  const { id } = await add("Grace Hopper");
  await world.api("PUT", `/v1/contacts/${id}/consent`, { state: "unsubscribed" });
  const page = await world.open("/");
  await page.route("**/v1/me", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), scopes: ["read", "write"] } });
  });
  await page.goto(new URL(`/contacts/${id}`, page.url()).href);
  await section(page).getByText(/^Asked us · \S/).waitFor();
  assert.equal(await toggle(page).count(), 0);
  await world.close(page);
});

test("the list is filtered by consent, and shows it in a column", async () => {
  const { id } = await add("Ada Lovelace");
  await add("Grace Hopper");
  await world.api("PUT", `/v1/contacts/${id}/consent`, { state: "unsubscribed" });
  const page = await world.open("/");
  await page.getByRole("button", { name: "Columns and sorting" }).click();
  await page.getByRole("checkbox", { name: "Campaign emails" }).check();
  await page.keyboard.press("Escape");
  await page.getByRole("row", { name: /Grace Hopper/ }).getByText("Subscribed", { exact: true }).waitFor();
  await page.getByRole("row", { name: /Ada Lovelace/ }).getByText("Unsubscribed", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("combobox", { name: "Campaign emails" }).selectOption({ label: "Unsubscribed" });
  await page.keyboard.press("Escape");
  await page.getByRole("row", { name: /Grace Hopper/ }).waitFor({ state: "detached" });
  assert.match(page.url(), /subscribed=false/);
  await world.axe(page);
  await world.close(page);
});

test("selected contacts are removed from a campaign and unsubscribed", async () => {
  const campaign = randomUUID();
  await world.api("PUT", `/v1/campaigns/${campaign}`, { kind: "campaign", name: "Spring sale" });
  const people = await Promise.all(["Ada Lovelace", "Grace Hopper"].map(add));
  for (const { id } of people) await world.api("POST", `/v1/contacts/${id}/campaigns`, { campaign_id: campaign });
  await world.api("POST", "/v1/deliveries", { events: [{ id: randomUUID(), campaign_id: campaign, contact_id: people[0].id, kind: "sent", at: "2026-03-05T09:00:00Z" }] });
  const page = await world.open("/");
  await page.getByRole("checkbox", { name: "Select all matching contacts" }).check();
  const more = page.getByRole("toolbar").getByRole("button", { name: "More" });
  await more.click();
  await page.getByRole("button", { name: "Remove from campaign" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove from campaign" }).click();
  await page.getByText("Removed 1 contact from the campaign · 1 skipped (already emailed by this campaign).").waitFor();
  await until(async () => (await world.api("GET", `/v1/campaigns/${campaign}`)).contacts.total, 1);
  await more.click();
  await page.getByRole("button", { name: "Unsubscribe", exact: true }).click();
  await world.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByText("Unsubscribed 2 contacts.").waitFor();
  for (const { id } of people) assert.equal((await consent(id)).reason, "asked");
  await world.close(page);
});
