// Makes the pictures of the documentation, with invented people.

import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { organisation } from "./harness.mjs";

const FOLDER = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url));
const NAMES = ["Amara Okafor", "Ben Carter", "Chloé Lambert", "Daniel Weiss", "Elif Yılmaz", "Farah Haddad", "Giulia Romano", "Hugo Martín",
  "Ingrid Larsen", "Jonas Becker", "Karim Benali", "Lucía Fernández", "Mina Park", "Noah Williams", "Oluwaseun Ade", "Priya Nair",
  "Quentin Moreau", "Rosa Silva", "Sofia Novák", "Tomás Costa", "Uma Sharma", "Victor Hansen", "Wren Abbott", "Yuki Tanaka"];
const TAGS = ["customer", "trial", "newsletter", "VIP", "trade show", "lead"];
const WIDGET = "6f1c2f0e-3f5b-4a0f-9a52-0d8a4f8c1a11";
const SPRING = "b0a4e3c2-9d1e-4a57-8d39-2f1f0f6f7a21";
const NEWS = "c7d1b9f4-5e2a-4b8e-a1c6-8e4d3b2a1f32";

let world;

// A test, because the harness starts and stops with the tests of a file.
test("the pictures are made", async () => {
  world = await organisation();
  await fillUp();
  await mkdir(FOLDER, { recursive: true });
  await lists();
  await contacts();
  await imports();
  await picture("/settings/audit", "audit", (page) => page.getByRole("rowheader").first().waitFor());
});

const select = async (page) => {
  for (const name of ["Chloé Lambert", "Elif Yılmaz"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByRole("toolbar").waitFor();
};

async function lists() {
  const shown = (page) => page.getByRole("row", { name: /Amara Okafor/ }).waitFor();
  await picture("/?sort=name", "list", async (page) => (await shown(page), select(page)));
  await picture("/?sort=name", "list-narrow", shown, { width: 390, height: 720 });
  await picture("/?sort=name", "filters", async (page) => {
    await shown(page);
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("dialog", { name: "Filter" }).getByText("Emailed before").waitFor();
  }, { dark: true });
  const group = "any(all(tags_any=VIP,source=chat),all(tags_any=lead,created_from=2026-01-01))";
  await picture(`/?sort=name&group=${encodeURIComponent(group)}`, "groups", async (page) => {
    await page.getByRole("row", { name: /Amara Okafor/ }).waitFor();
    await page.getByRole("button", { name: "Combine" }).click();
    await page.getByRole("button", { name: "Arrange…" }).click();
    await page.getByRole("dialog", { name: "Arrange conditions" }).getByText(/match/).first().waitFor();
  });
  await picture("/?sort=name", "tag", async (page) => {
    await shown(page);
    await select(page);
    await page.getByRole("toolbar").getByRole("button", { name: "Tag" }).click();
    await page.getByRole("button", { name: "Add tags" }).click();
    await page.getByRole("combobox", { name: "Tags to add" }).fill("cust");
    await page.getByRole("option").first().waitFor();
  });
  await picture("/?sort=name", "commands", async (page) => {
    await shown(page);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("pri");
    await page.getByRole("option", { name: /Priya Nair/ }).waitFor();
  });
}

async function contacts() {
  const { items: [priya] } = await world.api("GET", "/v1/contacts?q=priya");
  await picture(`/contacts/${priya.id}?tab=campaigns`, "record", (page) => page.getByText("Spring sale").locator("visible=true").first().waitFor());
  await picture(`/contacts/${priya.id}?tab=activity`, "activity", (page) => page.getByRole("tabpanel").getByText("edited the profile").first().waitFor());
  await world.api("POST", "/v1/contacts", { name: "Tomas Costa", email: "t.costa@example.com", phone: "+1 202 555 0129", tags: ["lead"] });
  await picture("/duplicates", "duplicates", (page) => page.getByRole("heading", { name: /Costa/ }).or(page.getByText(/may be the same/)).first().waitFor());
}

async function imports() {
  const rows = ["Full name,E-mail,Plan,Town", "Ada Moreno,ada.moreno@example.com,Team,Quito", "Bo Lindqvist,bo@@example,Free,Umeå", "Priya Nair,priya.nair@example.org,Business,Pune"];
  const { id } = await world.api("POST", "/v1/imports?file_name=newsletter.csv", rows.join("\n"));
  await world.importReaches(id, "ready");
  await picture(`/imports/${id}`, "review", (page) => page.getByText("columns recognised").first().waitFor());
  await world.api("POST", `/v1/imports/${id}/start`);
  await world.importReaches(id, "done");
  await picture(`/imports/${id}`, "imported", (page) => page.getByRole("button", { name: /Undo/ }).waitFor());
}

async function fillUp() {
  const email = (name) => `${name.toLowerCase().normalize("NFD").replace(/[^a-z ]/g, "").replace(" ", ".")}@example.org`;
  const rows = NAMES.map((name, at) => `${name},${email(name)},"${TAGS[at % 6]}${at % 3 ? "" : `, ${TAGS[(at + 3) % 6]}`}",+1 202 555 01${String(10 + at)}`);
  await world.api("POST", "/v1/fields", { key: "plan", label: "Plan", type: "select", options: ["Free", "Team", "Business"] });
  await world.api("POST", "/v1/fields", { key: "company", label: "Company", type: "text" });
  await world.import("trade-show.csv", ["name,email,tags,phone", ...rows].join("\n"));
  for (const [id, kind, name] of [[SPRING, "campaign", "Spring sale"], [NEWS, "announcement", "What is new in October"]]) {
    await world.api("PUT", `/v1/campaigns/${id}`, { kind, name });
  }
  const capture = (await world.api("POST", "/v1/keys", { name: "Website", scopes: ["capture"] })).token;
  for (const [at, name] of ["Priya Nair", "Amara Okafor", "Daniel Weiss", "Ingrid Larsen"].entries()) await talk(capture, name, email(name), at);
  const { items: [priya] } = await world.api("GET", "/v1/contacts?q=priya");
  await world.api("PATCH", `/v1/contacts/${priya.id}`, { custom: { plan: "Team", company: "Nair & Partners" } });
  await world.api("POST", `/v1/contacts/${priya.id}/notes`, { text: "Called back. Wants the new catalogue before the end of the month." });
  const event = (campaign_id, kind, days) => ({ id: `${campaign_id}/${kind}`, campaign_id, contact_id: priya.id, kind, at: ago(days * 1440) });
  await world.api("POST", "/v1/deliveries", { events: [event(SPRING, "sent", 2), event(SPRING, "clicked", 1), event(NEWS, "sent", 30)] });
}

/** A visitor leaves a name and an address in the chat. */
async function talk(key, name, email, at) {
  const id = `5a1de0c4-7b7e-4c0e-8a3b-00000000000${at}`;
  const visitor = `visitor-${at}`;
  await fetch(`${world.url}/v1/captures`, {
    method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ widget_id: WIDGET, visitor, conversation_id: id, name, email }),
  });
  const says = ["Thank you, that answers it!", "Do you ship to Lagos?", "Which plan has the API?", "Could you send me an offer?"];
  await world.api("PUT", `/v1/conversations/${id}`, {
    widget_id: WIDGET, visitor, started_at: ago(90 + 600 * at), last_message_at: ago(60 + 600 * at), messages: 6 + at,
    preview: says[at], link: `https://app.informly.example/conversations/${id}`,
  });
}

/** @param {number} minutes */
function ago(minutes) {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

/**
 * @param {string} path
 * @param {string} name of the file
 * @param {(page: import("playwright-core").Page) => Promise<unknown>} reach brings the page into its state
 * @param {{ width?: number, height?: number, dark?: boolean }} [look]
 */
async function picture(path, name, reach, look = {}) {
  const page = await world.open(path, { width: 1200, height: 720, ...look });
  await reach(page);
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  await world.close(page);
}
