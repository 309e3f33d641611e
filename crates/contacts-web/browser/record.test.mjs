// The page of a contact: its contents and its commands (R12, R13, R26 to R29, R40,
// R41, R46, R47).

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
let ids = {};

beforeEach(async () => {
  world = await organisation();
  ids = {};
  for (const [key, label, type, options] of [["company", "Company", "text"], ["plan", "Plan", "select", ["Free", "Pro"]], ["score", "Lead score", "number"], ["birthday", "Birthday", "date"], ["vip", "VIP", "boolean"], ["website", "Website", "url"]]) {
    await world.api("POST", "/v1/fields", { key, label, type, ...(options && { options }) });
  }
});

/** Adds a contact that has some of everything. */
async function ada() {
  const contact = await add({ name: "Ada Lovelace", phone: "+44 20 7946 0958", tags: ["VIP"], custom: { company: "Analytical Engines", plan: "Free", score: 87, birthday: "1985-12-10", vip: false, website: "https://analytical.example/about" } });
  ids.sale = await campaign("Spring sale");
  ids.news = await campaign("October news");
  const event = (campaign_id, kind, at) => ({ id: randomUUID(), campaign_id, contact_id: contact.id, kind, at });
  await world.api("POST", "/v1/deliveries", { events: [event(ids.sale, "sent", "2026-03-01T09:00:00Z"), event(ids.sale, "clicked", "2026-03-02T10:30:00Z"), event(ids.news, "sent", "2026-02-01T09:00:00Z"), event(ids.news, "bounced", "2026-02-01T09:01:00Z")] });
  await talk(contact, "Can I move to yearly billing?", "2026-02-10T08:00:00Z");
  await talk(contact, "Thank you!", "2026-03-10T08:00:00Z");
  await world.api("POST", `/v1/contacts/${contact.id}/notes`, { text: "Met at the booth." });
  await world.api("PATCH", `/v1/contacts/${contact.id}`, { custom: { plan: "Pro", vip: true } });
  return contact.id;
}

const add = (more) => world.api("POST", "/v1/contacts", { email: `${randomUUID()}@example.org`, ...more });

async function campaign(name) {
  const id = randomUUID();
  await world.api("PUT", `/v1/campaigns/${id}`, { kind: "campaign", name });
  return id;
}

/** Adds a conversation of the contact. */
async function talk(contact, preview, at, visitor = "v-1") {
  ids.widget ??= randomUUID();
  ids.capture ??= (await world.api("POST", "/v1/keys", { name: "widget", scopes: ["capture"] })).token;
  const conversation = randomUUID();
  const body = JSON.stringify({ widget_id: ids.widget, visitor, conversation_id: conversation, email: contact.email, at });
  const captured = await fetch(`${world.url}/v1/captures`, { method: "POST", headers: { authorization: `Bearer ${ids.capture}`, "content-type": "application/json" }, body });
  assert.equal(captured.status, 202);
  await world.api("PUT", `/v1/conversations/${conversation}`, { widget_id: ids.widget, visitor, started_at: at, last_message_at: at, messages: 7, preview, link: `https://app.informly.example/conversations/${conversation}` });
  return conversation;
}

const panel = (page) => page.getByRole("tabpanel");
const tab = (page, name) => page.getByRole("tab", { name: new RegExp(`^${name}`) });

test("every tab is accessible in every look", async () => {
  const id = await ada();
  const { email } = await world.api("GET", `/v1/contacts/${id}`);
  await world.import("a.csv", `name,email\nAda Lovelace,${email}\n`);
  for (const [key, words] of [["conversations", "Thank you!"], ["campaigns", "Clicked"], ["notes", "Met at the booth."], ["activity", "edited the profile"]]) {
    await world.inEveryLook(`/contacts/${id}?tab=${key}`, async (page) => {
      await panel(page).getByText(words).first().waitFor();
      await page.getByRole("link", { name: "a.csv" }).waitFor();
      await page.getByRole("heading", { level: 1, name: "Ada Lovelace" }).waitFor();
    });
  }
});

test("conversations are listed newest first, with safe external links", async () => {
  const id = await ada();
  const page = await world.open(`/contacts/${id}`);
  const links = panel(page).getByRole("link");
  await links.first().waitFor();
  await until(async () => (await links.allInnerTexts()).join("|").replace(/\s+/g, " "), /^Thank you!.*\|Can I move/);
  await until(() => links.first().getAttribute("rel"), "noopener noreferrer");
  await until(() => links.first().getAttribute("target"), "_blank");
  await until(() => links.first().getAttribute("href"), /^https:\/\/app\.informly\.example\//);
  await world.close(page);
});

test("whether a contact was emailed is visible at a glance", async () => {
  const id = await ada();
  const page = await world.open(`/contacts/${id}?tab=campaigns`);
  await page.getByRole("button", { name: /^Emailed 2 times, last/ }).waitFor();
  const sale = panel(page).getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Spring sale" }) }).first();
  await until(async () => (await sale.innerText()).replace(/\s+/g, " "), /Clicked.*Sent 1 Mar 2026.*Opened 2 Mar 2026.*Clicked 2 Mar 2026/);
  await panel(page).getByText("Bounced").first().waitFor();
  await world.close(page);
});

test("a contact is added to a campaign, unless they unsubscribed", async () => {
  const contact = await add({ name: "Grace" });
  await campaign("Webinar");
  const page = await world.open(`/contacts/${contact.id}?tab=campaigns`);
  await page.getByRole("button", { name: "Add to campaign" }).click();
  await page.getByRole("searchbox", { name: "Find a campaign" }).fill("webinar");
  await world.axe(page);
  await page.getByRole("button", { name: "Webinar" }).click();
  await panel(page).getByRole("heading", { name: "Webinar" }).waitFor();
  const { items } = await world.api("GET", `/v1/contacts/${contact.id}/campaigns`);
  assert.equal(items[0].status, "pending");
  await world.api("POST", "/v1/deliveries", { events: [{ id: randomUUID(), campaign_id: items[0].campaign.id, contact_id: contact.id, kind: "unsubscribed", at: "2026-03-05T09:00:00Z" }] });
  await page.reload();
  await panel(page).getByText(/^Unsubscribed on/).waitFor();
  await page.getByRole("button", { name: "Add to campaign" }).click();
  await page.getByText("This person has unsubscribed, so they cannot be added.").waitFor();
  await world.axe(page);
  await world.close(page);
});

test("notes are added, edited and deleted, and a draft outlives a reload", async () => {
  const contact = await add({ name: "Grace" });
  const texts = async () => (await world.api("GET", `/v1/contacts/${contact.id}/notes`)).items.map(({ text }) => text);
  const page = await world.open(`/contacts/${contact.id}?tab=notes`);
  await panel(page).getByRole("heading", { name: "No notes yet" }).waitFor();
  await world.axe(page);
  const box = page.getByRole("textbox", { name: "New note" });
  await box.fill("Call again\nin March.");
  await page.reload();
  await until(() => box.inputValue(), (text) => text === "Call again\nin March.");
  await box.press("Control+Enter");
  await until(texts, (all) => all[0] === "Call again\nin March.");
  await until(() => box.inputValue(), (text) => text === "");
  await page.getByRole("button", { name: "Edit note" }).click();
  await page.getByRole("textbox", { name: "Edit note" }).fill("Called.");
  await page.getByRole("button", { name: "Save" }).click();
  await until(texts, (all) => all[0] === "Called.");
  await page.getByRole("button", { name: "Delete note" }).click();
  await world.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await until(texts, ({ length }) => length === 0);
  await world.close(page);
});

test("a note that failed to be saved stays in its input, and is added once", async () => {
  const contact = await add({ name: "Grace" });
  const page = await world.open(`/contacts/${contact.id}?tab=notes`);
  let count = 0;
  await page.route("**/notes", async (route) => {
    if (route.request().method() !== "POST" || (count += 1) > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await page.getByRole("textbox", { name: "New note" }).fill("Once only");
  await page.getByRole("button", { name: "Add note" }).click();
  await panel(page).getByText("Not saved. The server cannot be reached.").waitFor();
  await until(() => page.getByRole("textbox", { name: "New note" }).inputValue(), "Once only");
  await page.getByRole("button", { name: "Add note" }).click();
  await panel(page).getByRole("listitem").getByText("Once only").waitFor();
  await until(async () => (await world.api("GET", `/v1/contacts/${contact.id}/notes`)).items.length, 1);
  await world.close(page);
});

test("the activity shows old and new values", async () => {
  const id = await ada();
  const page = await world.open(`/contacts/${id}?tab=activity`);
  const edited = panel(page).getByRole("listitem").filter({ hasText: "edited the profile" }).first();
  await until(async () => (await edited.innerText()).replace(/\s+/g, " "), /Plan Free to Pro/);
  await until(async () => (await edited.innerText()).replace(/\s+/g, " "), /VIP No to Yes/);
  await world.close(page);
});

test("a long activity is loaded page by page", async () => {
  const contact = await add({ name: "Busy" });
  for (let at = 0; at < 60; at += 1) await world.api("POST", `/v1/contacts/${contact.id}/tags`, at % 2 ? { remove: ["on"] } : { add: ["on"] });
  const page = await world.open(`/contacts/${contact.id}?tab=activity`);
  await page.getByRole("button", { name: "Load more" }).click();
  await panel(page).getByText("added this contact").waitFor();
  await until(() => page.getByRole("button", { name: "Load more" }).count(), 0);
  await world.close(page);
});

test("tags are added and removed inline, with suggestions", async () => {
  const contact = await add({ name: "Grace" });
  await add({ name: "Other", tags: ["Trade show"] });
  const names = async () => (await world.api("GET", `/v1/contacts/${contact.id}`)).tags;
  const page = await world.open(`/contacts/${contact.id}`);
  const box = page.getByRole("combobox", { name: "Tags" });
  await box.fill("trade sh");
  await page.getByRole("option", { name: /Trade show/ }).click();
  await until(names, (tags) => tags.includes("Trade show"));
  await box.fill("brand new");
  await page.getByRole("option", { name: /Create/ }).waitFor();
  await world.axe(page);
  await box.press("Enter");
  await until(names, (tags) => tags.includes("brand new"));
  await page.getByRole("button", { name: "Remove Trade show" }).click();
  await until(names, (tags) => tags.join() === "brand new");
  await world.close(page);
});

test("a typed tag counts on Enter, comma and leaving; a suggestion only when it was moved to", async () => {
  const contact = await add({ name: "Grace" });
  await add({ name: "Other", tags: ["newsletter", "newcomer"] });
  const names = async () => (await world.api("GET", `/v1/contacts/${contact.id}`)).tags.toSorted();
  const page = await world.open(`/contacts/${contact.id}`);
  const box = page.getByRole("combobox", { name: "Tags" });
  await box.fill("new");
  await page.getByRole("option", { name: /newcomer/ }).waitFor();
  await box.press("Enter");
  await until(names, ["new"]);
  await box.fill("news");
  await page.getByRole("option", { name: /newsletter/ }).waitFor();
  await box.press("ArrowDown");
  await box.press("Enter");
  await until(names, ["new", "newsletter"]);
  await box.pressSequentially("a,b");
  await box.press("Tab");
  await until(names, ["a", "b", "new", "newsletter"]);
  await box.fill("not this");
  await box.press("Escape");
  await until(() => box.inputValue(), "");
  await box.press("Tab");
  await until(names, ["a", "b", "new", "newsletter"]);
  await world.close(page);
});

test("Escape puts back a field that was typed into", async () => {
  const contact = await add({ name: "Grace", phone: "030 1" });
  const page = await world.open(`/contacts/${contact.id}`);
  await page.clock.install();
  // Time stands still, so that a slow machine saves nothing before Escape.
  await page.clock.pauseAt(Date.now() + 1_000);
  const saved = [];
  await page.route("**/v1/contacts/*", (route) => (route.request().method() === "PATCH" ? (saved.push(route.request().postData()), route.continue()) : route.continue()));
  for (const [label, stored] of [["Name", "Grace"], ["Phone", "030 1"], ["Company", ""]]) {
    const field = page.getByRole("textbox", { name: label, exact: true });
    await field.fill("typed by mistake");
    await field.press("Escape");
    await until(() => field.inputValue(), stored);
    await field.press("Tab");
  }
  await page.clock.runFor(5_000);
  assert.deepEqual(saved, []);
  // Other pages have the same clock.
  await page.clock.resume();
  await world.close(page);
});

test("custom fields are edited by their type", async () => {
  const contact = await add({ name: "Grace" });
  const custom = async () => (await world.api("GET", `/v1/contacts/${contact.id}`)).custom;
  const page = await world.open(`/contacts/${contact.id}`);
  await page.getByRole("combobox", { name: "Plan" }).selectOption("Pro");
  await page.getByRole("combobox", { name: "VIP" }).selectOption("No");
  await page.getByLabel("Birthday").fill("1990-02-03");
  await page.getByRole("textbox", { name: "Lead score" }).fill("12.50");
  await page.getByRole("textbox", { name: "Company" }).fill("Two\nlines");
  await page.getByRole("textbox", { name: "Website" }).fill("https://example.org/a");
  await page.getByRole("textbox", { name: "Website" }).press("Tab");
  const wanted = { plan: "Pro", vip: false, birthday: "1990-02-03", score: 12.5, company: "Two\nlines", website: "https://example.org/a" };
  await until(custom, (now) => Object.entries(wanted).every(([key, value]) => now[key] === value));
  await page.getByRole("textbox", { name: "Lead score" }).fill("many");
  await page.getByRole("textbox", { name: "Lead score" }).press("Tab");
  await page.getByText(/^Lead score .*number.*\.$/).waitFor();
  await page.getByRole("combobox", { name: "Plan" }).selectOption("");
  await until(custom, (now) => !("plan" in now) && now.score === 12.5);
  await world.close(page);
});

test("merging shows the kept values, can be swapped, and opens the kept contact", async () => {
  const [one, other] = [await add({ name: "Mary One", phone: "+44 20 7946 0111" }), await add({ name: "Mary Two", tags: ["lead"], custom: { company: "Acme" } })];
  const page = await world.open(`/contacts/${one.id}`);
  await page.getByRole("button", { name: "Merge" }).click();
  await page.getByRole("searchbox", { name: "Search for the other contact" }).fill("mary two");
  await world.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: /Mary Two/ }).click();
  const dialog = page.getByRole("dialog");
  await until(async () => (await dialog.getByRole("row", { name: /Company/ }).innerText()).replace(/\s+/g, " "), /Kept: Acme/);
  await world.axe(page);
  await dialog.getByRole("button", { name: "Keep the other contact" }).click();
  await dialog.getByRole("columnheader", { name: /Kept: Mary Two/ }).waitFor();
  await dialog.getByRole("button", { name: "Merge", exact: true }).click();
  await page.waitForURL(new RegExp(other.id));
  const survivor = await world.api("GET", `/v1/contacts/${one.id}`);
  assert.deepEqual([survivor.id, survivor.phone], [other.id, "+44 20 7946 0111"]);
  await page.goto(`${world.url}/contacts/${one.id}?q=mary`);
  await page.waitForURL(`**/contacts/${other.id}?q=mary`);
  await page.getByText(/This contact was merged into Mary Two/).waitFor();
  await world.close(page);
});

test("a merge is undone from the activity, and says what was kept", async () => {
  const [one, other] = [await add({ name: "Mary One" }), await add({ name: "Mary Two", phone: "+44 20 7946 0111" })];
  await world.api("POST", `/v1/contacts/${one.id}/merge`, { other_id: other.id });
  await world.api("PATCH", `/v1/contacts/${one.id}`, { phone: "+44 20 7946 0222" });
  const page = await world.open(`/contacts/${one.id}`);
  await page.getByRole("tab", { name: /Activity/ }).click();
  await page.getByText("merged Mary Two into this one").waitFor();
  await world.axe(page);
  await page.getByRole("button", { name: "Undo merge" }).click();
  await page.getByText("The merge was undone in part.").waitFor();
  await page.getByText("undid the merge with Mary Two").waitFor();
  assert.equal(await page.getByRole("button", { name: "Undo merge" }).count(), 0);
  await page.getByRole("button", { name: "Show what was kept" }).click();
  await page.getByRole("dialog").getByRole("row", { name: /Mary One Phone Edited since/ }).waitFor();
  await world.axe(page);
  await page.keyboard.press("Escape");
  const back = await world.api("GET", `/v1/contacts/${other.id}`);
  assert.deepEqual([back.id, back.name, back.phone], [other.id, "Mary Two", "+44 20 7946 0111"]);
  await world.close(page);
});

test("two contacts without tags are compared without a stray number", async () => {
  const [one, other] = [await add({ name: "Mary One" }), await add({ name: "Mary Two" })];
  const page = await world.open(`/contacts/${one.id}`);
  await page.getByRole("button", { name: "Merge" }).click();
  await page.getByRole("searchbox", { name: "Search for the other contact" }).fill(other.email);
  await page.getByRole("dialog").getByRole("button", { name: /Mary Two/ }).click();
  const table = page.getByRole("dialog").getByRole("table");
  await table.waitFor();
  const stray = await table.locator("tbody").evaluate((body) => [...body.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ textContent }) => textContent));
  assert.deepEqual(stray, []);
  await world.close(page);
});

test("possible duplicates are suggested, and can be dismissed", async () => {
  const number = "+44 20 7946 0123";
  const [one, other] = [await add({ name: "Same Phone", phone: number }), await add({ name: "Twin", phone: number })];
  const page = await world.open(`/contacts/${one.id}`);
  const notice = page.getByRole("region", { name: "Possible duplicates" });
  await notice.getByText("the same phone number").first().waitFor();
  await notice.getByRole("button", { name: "Not the same (Twin)" }).click();
  await until(async () => (await world.api("GET", `/v1/contacts/${one.id}/duplicates`)).items, (items) => items.every(({ contact }) => contact.id !== other.id));
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await notice.getByRole("button", { name: "Not the same (Twin)" }).waitFor();
  await world.close(page);
});

test("deleting a contact asks first, with the focus on Cancel", async () => {
  const contact = await add({ name: "Gone Soon" });
  const page = await world.open(`/contacts/${contact.id}?q=gone`);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await until(() => page.evaluate(() => document.activeElement?.textContent), (text) => text === "Cancel");
  await world.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForURL("**/?q=gone");
  await page.getByText("Gone Soon was deleted.").waitFor();
  await page.goto(`${world.url}/contacts/${contact.id}`);
  await page.getByRole("heading", { name: "Contact not found" }).waitFor();
  await world.axe(page);
  await world.close(page);
});

test("personal data is downloaded, and a person is erased", async () => {
  const contact = await add({ name: "Erase Me" });
  const page = await world.open(`/contacts/${contact.id}`);
  await page.getByRole("button", { name: "More" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download personal data" }).click()]);
  assert.equal(download.suggestedFilename(), `contact-${contact.id}.json`);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Erase this person" }).click();
  await world.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "Erase permanently" }).click();
  await page.getByText(/Erase Me was erased/).waitFor();
  await assert.rejects(world.api("GET", `/v1/contacts/${contact.id}`), /404/);
  await world.close(page);
});

test("an unknown contact and a failing server look different", async () => {
  const id = await ada();
  await world.inEveryLook("/contacts/none", (page) => page.getByRole("heading", { name: "Contact not found" }).waitFor());
  const page = await world.open("/imports");
  await page.route("**/v1/contacts/*", (route) => route.abort("connectionfailed"));
  await page.goto(`${world.url}/contacts/${id}`);
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  await world.axe(page);
  await page.unroute("**/v1/contacts/*");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("heading", { level: 1, name: "Ada Lovelace" }).waitFor();
  await world.close(page);
});

test("a part that failed to load is reported alone, and can be retried", async () => {
  const id = await ada();
  const page = await world.open("/imports");
  await page.route("**/notes?*", (route) => route.abort("connectionfailed"));
  await page.goto(`${world.url}/contacts/${id}?tab=notes`);
  await panel(page).getByRole("alert").waitFor();
  await world.axe(page);
  await page.unroute("**/notes?*");
  await panel(page).getByRole("button", { name: "Retry" }).click();
  await panel(page).getByText("Met at the booth.").waitFor();
  await world.close(page);
});

test("arrows switch tabs, and the back link returns to the same list", async () => {
  const id = await ada();
  const page = await world.open(`/contacts/${id}?q=ada&sort=name`);
  await tab(page, "Conversations").focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForURL("**tab=campaigns");
  await until(() => tab(page, "Campaigns").getAttribute("aria-selected"), "true");
  await until(() => page.getByRole("main").getByRole("link", { name: "Contacts" }).getAttribute("href"), "/?q=ada&sort=name");
  await world.close(page);
});

test("a missing address is reported", async () => {
  await talk({ email: undefined }, "Hello", "2026-03-01T08:00:00Z", "nobody").catch(() => undefined);
  const capture = JSON.stringify({ widget_id: ids.widget, visitor: "named", conversation_id: randomUUID(), name: "Only Name" });
  await fetch(`${world.url}/v1/captures`, { method: "POST", headers: { authorization: `Bearer ${ids.capture}`, "content-type": "application/json" }, body: capture });
  const { items } = await world.api("GET", `/v1/contacts?q=${encodeURIComponent("Only Name")}`);
  const page = await world.open(`/contacts/${items[0].id}?tab=campaigns`);
  await page.getByText("No email address").waitFor();
  await page.getByRole("button", { name: "Add to campaign" }).click();
  await page.getByText("This person has no email address, so they cannot be added.").waitFor();
  await world.axe(page);
  await world.close(page);
});

/** Texts that try to run, to escape their context, and to break the layout. */
const HOSTILE = ["\"><img src=x onerror=\"window.ran=1\">", "<script>window.ran=1</script>", "javascript:window.ran=1", "${window.ran=1}{{window.ran=1}}", "\u202egnirts\u202c \u0627\u0644\u0639\u0631\u0628\u064a\u0629", "Z\u0351\u036b\u0343\u0321a\u0327\u0351lgo", "W".repeat(120), "👩‍👩‍👧‍👦🏳️‍🌈", "Robert'); DROP TABLE contacts;--", "%00 %s \\u0000 null undefined NaN"];

test("hostile texts in every field neither run nor break the layout", async () => {
  for (const [at, text] of HOSTILE.entries()) {
    const contact = await add({ name: text, phone: text.slice(0, 100), tags: [text.replace(/,/g, "").slice(0, 64)], custom: { company: `${text}\n${"x".repeat(600)}` } });
    const id = await campaign(text);
    await world.api("POST", `/v1/contacts/${contact.id}/campaigns`, { campaign_id: id });
    await world.api("POST", `/v1/contacts/${contact.id}/notes`, { text });
    await talk(contact, text, "2026-03-01T08:00:00Z", `${text.slice(0, 60)}${randomUUID()}`);
    await world.api("PATCH", `/v1/contacts/${contact.id}`, { phone: "1", custom: { company: text } });
    const page = await world.open(`/contacts/${contact.id}`, at % 2 ? {} : { width: 390, dark: true });
    await panel(page).getByRole("link").first().waitFor();
    for (const name of ["Campaigns", "Notes", "Activity"]) {
      await tab(page, name).click();
      await panel(page).getByRole("listitem").first().waitFor();
      const [wide, seen, ran] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth, window.ran]);
      assert.equal(ran, undefined, text);
      assert.ok(wide <= seen, `${text} makes the page ${wide} wide`);
    }
    assert.equal(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue(), (await world.api("GET", `/v1/contacts/${contact.id}`)).name);
    await world.axe(page);
    await world.close(page);
  }
});

test("tags that are pasted become tags each, also from cells and longer than one tag", async () => {
  const { id } = await world.api("POST", "/v1/contacts", { name: "Tina Modotti", email: "tina@record.example" });
  const page = await world.open(`/contacts/${id}`);
  const input = page.getByRole("combobox", { name: "Tags" });
  const tags = async () => (await world.api("GET", `/v1/contacts/${id}`)).tags;
  await input.focus();
  await page.keyboard.insertText("red one, green two, blue three, yellow four, violet five, orange six, brown");
  await page.keyboard.press("Enter");
  await until(tags, ["blue three", "brown", "green two", "orange six", "red one", "violet five", "yellow four"]);
  await input.evaluate((element) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", "north\nsouth\twest");
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
  await until(async () => (await tags()).filter((tag) => /th$|west/.test(tag)), ["north", "south", "west"]);
  await page.locator(".toast", { hasText: "The tags north, south, west were added." }).getByRole("button", { name: "Undo" }).click();
  await until(async () => (await tags()).length, 7);
  await world.close(page);
});

test("the Enter of an input method does not add a tag, nor does its Escape discard an edit", async () => {
  const { id } = await world.api("POST", "/v1/contacts", { name: "Hokusai", email: "hokusai@record.example" });
  const page = await world.open(`/contacts/${id}`);
  const compose = (control, key) => control.evaluate((element, key) => element.dispatchEvent(new KeyboardEvent("keydown", { key, isComposing: true, bubbles: true, cancelable: true })), key);
  const input = page.getByRole("combobox", { name: "Tags" });
  await input.fill("やま");
  await compose(input, "Enter");
  assert.equal(await input.inputValue(), "やま");
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill("Hokusai K");
  await compose(name, "Escape");
  assert.equal(await name.inputValue(), "Hokusai K");
  await world.close(page);
});

test("a contact is printed without controls and empty fields", async () => {
  const { id } = await world.api("POST", "/v1/contacts", { name: "Lee Miller", email: "lee@record.example", tags: ["photo"] });
  const page = await world.open(`/contacts/${id}`);
  await page.getByRole("button", { name: "Remove photo" }).waitFor();
  await page.emulateMedia({ media: "print" });
  await until(() => page.getByRole("textbox", { name: "Phone" }).isVisible(), false);
  assert.equal(await page.getByRole("textbox", { name: "Name" }).isVisible(), true);
  assert.equal(await page.getByText("photo", { exact: true }).first().isVisible(), true);
  for (const name of ["Merge", "More", "Remove photo"]) assert.equal(await page.getByRole("button", { name }).isVisible(), false, name);
  await world.close(page);
});
