// Autosave: no text is lost, reset, or saved over the change of another user (R12,
// R46), when saves are slow, fail, conflict, or are cut off by closing the tab.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => (world = await organisation()));

let people = 0;

/** Adds a contact and opens its page. */
async function record(more = {}, look = {}) {
  people += 1;
  const contact = await world.api("POST", "/v1/contacts", { name: "Ann Smith", email: `ann.${people}@example.org`, ...more });
  const page = await world.open(`/contacts/${contact.id}`, look);
  await field(page, "Name").waitFor();
  return { contact, page, now: () => world.api("GET", `/v1/contacts/${contact.id}`) };
}

const field = (page, label) => page.getByRole("textbox", { name: label, exact: true });
/** The message under a field. */
const under = (page, label) => page.locator(".property").filter({ has: field(page, label) }).getByRole("status");

const isSave = (route) => route.request().method() === "PATCH";

/** Handles the saves of a page; `act` gets the route and the number of the save, from 1. */
async function onSave(page, act) {
  let count = 0;
  await page.route("**/v1/contacts/*", (route) => (isSave(route) ? act(route, (count += 1)) : route.continue()));
}

/** A gate that requests wait at until it is opened. */
function gate() {
  let open = () => undefined;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}

/** In ms. By then, each timer of the page has run. */
const LONG = 5_000;

test("a field saves itself after a pause, says so, and touches no other", async () => {
  const { page, now } = await record({ phone: "+44 20 7946 0958" });
  await field(page, "Name").fill("Ann Jones");
  await under(page, "Name").getByText("Saved").waitFor();
  await page.getByRole("heading", { level: 1, name: "Ann Jones" }).waitFor();
  const saved = await now();
  assert.deepEqual([saved.name, saved.phone, saved.version], ["Ann Jones", "+44 20 7946 0958", 2]);
  await world.close(page);
});

test("leaving a field saves it immediately, and so does Enter", async () => {
  const { page, now } = await record();
  await field(page, "Phone").fill("030 123456");
  await field(page, "Phone").press("Tab");
  await until(now, ({ phone }) => phone === "030 123456");
  await field(page, "Name").fill("Ann Enter");
  await field(page, "Name").press("Enter");
  await until(now, ({ name }) => name === "Ann Enter");
  await world.close(page);
});

test("text typed during a slow save is saved next, and never reset", async () => {
  const { page, now } = await record();
  const sent = [];
  const slow = gate();
  await onSave(page, async (route) => {
    sent.push(route.request().postDataJSON());
    await slow.opened;
    await route.continue();
  });
  await field(page, "Name").fill("Ann J");
  await under(page, "Name").getByText("Saving…").waitFor();
  await field(page, "Name").press("End");
  await field(page, "Name").pressSequentially("ones ", { delay: 30 });
  slow.open();
  await until(now, ({ name }) => name === "Ann Jones");
  await under(page, "Name").getByText("Saved").waitFor();
  await until(() => field(page, "Name").inputValue(), "Ann Jones ");
  await field(page, "Name").pressSequentially("III", { delay: 30 });
  await until(now, ({ name }) => name === "Ann Jones III");
  await until(() => field(page, "Name").inputValue(), "Ann Jones III");
  assert.equal(sent[0].name, "Ann J");
  assert.equal(sent.at(-1).name, "Ann Jones III");
  await world.close(page);
});

test("saves of two fields go one after the other, and do not collide", async () => {
  const { page, now } = await record();
  await page.clock.install();
  const versions = [];
  const slow = gate();
  await onSave(page, async (route) => {
    versions.push(route.request().headers()["if-match"]);
    await slow.opened;
    await route.continue();
  });
  await field(page, "Name").fill("Ann Two");
  await field(page, "Phone").fill("040 1");
  await field(page, "Phone").press("Tab");
  await page.clock.runFor(LONG);
  assert.deepEqual(versions, ['"1"'], "the second save waits for the first");
  slow.open();
  await until(now, ({ name, phone }) => name === "Ann Two" && phone === "040 1");
  await until(async () => versions, ({ length }) => length === 2);
  assert.deepEqual(versions, ['"1"', '"2"']);
  await world.close(page);
});

test("a failed save stays, offers Retry, and is retried when the network returns", async () => {
  const { page, now } = await record();
  let broken = true;
  await onSave(page, (route) => (broken ? route.abort("connectionfailed") : route.continue()));
  await field(page, "Name").fill("Ann Offline");
  await under(page, "Name").getByText("Not saved. The server cannot be reached.").waitFor();
  await until(() => field(page, "Name").inputValue(), "Ann Offline");
  await world.axe(page);
  await under(page, "Name").getByRole("button", { name: "Retry" }).click();
  await under(page, "Name").getByText("Not saved.").waitFor();
  await until(async () => (await now()).name, "Ann Smith");
  broken = false;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await under(page, "Name").getByText("Saved").waitFor();
  await until(async () => (await now()).name, "Ann Offline");
  await world.close(page);
});

test("a busy server is asked again with Retry", async () => {
  const { page, now } = await record();
  await onSave(page, (route, at) => (at === 1 ? route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, code: "busy", detail: "the service is busy" }) }) : route.continue()));
  await field(page, "Name").fill("Ann Busy");
  await under(page, "Name").getByText("Not saved. The service is busy.").waitFor();
  await under(page, "Name").getByRole("button", { name: "Retry" }).click();
  await until(now, ({ name }) => name === "Ann Busy");
  await world.close(page);
});

test("a save whose response was lost is not mistaken for another user's change", async () => {
  const { page, now } = await record();
  // Without the stream of changes, which would report the save.
  await page.context().route("**/v1/events/stream*", (route) => route.abort());
  await page.reload();
  await field(page, "Name").waitFor();
  await onSave(page, async (route, at) => {
    if (at > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await field(page, "Name").fill("Ann Lost");
  await under(page, "Name").getByText("Not saved.").waitFor();
  await under(page, "Name").getByRole("button", { name: "Retry" }).click();
  await under(page, "Name").getByText("Saved").waitFor();
  await until(async () => (await now()).version, 2);
  await world.close(page);
});

test("a change of another field by another user is shown and does not conflict", async () => {
  const { contact, page, now } = await record();
  await world.api("PATCH", `/v1/contacts/${contact.id}`, { phone: "089 7" });
  await field(page, "Name").fill("Ann Rebased");
  await under(page, "Name").getByText("Saved").waitFor();
  await until(() => field(page, "Phone").inputValue(), "089 7");
  const { name, phone, version } = await now();
  assert.deepEqual([name, phone, version], ["Ann Rebased", "089 7", 3]);
  await world.close(page);
});

test("a conflicting change of the same field waits for a decision", async () => {
  for (const [choice, wanted] of [["Keep mine", "Ann Mine"], ["Use theirs", "Ann Theirs"]]) {
    const { contact, page, now } = await record();
    await page.clock.install();
    await world.api("PATCH", `/v1/contacts/${contact.id}`, { name: "Ann Theirs" });
    await field(page, "Name").fill("Ann Mine");
    await under(page, "Name").getByText(/Changed by .+ to “Ann Theirs”/).waitFor();
    await until(() => field(page, "Name").inputValue(), "Ann Mine");
    await field(page, "Name").press("Tab");
    await page.clock.runFor(LONG);
    await until(async () => (await now()).name, "Ann Theirs");
    await world.axe(page);
    await under(page, "Name").getByRole("button", { name: choice }).click();
    await until(() => field(page, "Name").inputValue(), (text) => text === wanted);
    await until(now, ({ name }) => name === wanted);
    await world.close(page);
  }
});

test("returning to the page shows changes by others and keeps unsaved text", async () => {
  const { contact, page } = await record();
  await page.clock.install();
  await onSave(page, (route) => route.abort("connectionfailed"));
  await field(page, "Name").fill("Ann Mine");
  await under(page, "Name").getByText("Not saved.").waitFor();
  await world.api("PATCH", `/v1/contacts/${contact.id}`, { phone: "0711 5" });
  await world.api("POST", `/v1/contacts/${contact.id}/tags`, { add: ["seen"] });
  await page.clock.fastForward(LONG);
  const returnToPage = () => page.evaluate(() => dispatchEvent(new Event("focus")));
  await until(async () => (await returnToPage(), field(page, "Phone").inputValue()), "0711 5");
  await page.getByRole("button", { name: "Remove seen" }).waitFor();
  await until(() => field(page, "Name").inputValue(), "Ann Mine");
  await world.close(page);
});

test("a refusal is shown under the field with its reason", async () => {
  const { page, now } = await record();
  await page.clock.install();
  await field(page, "Email").fill("nonsense");
  await page.clock.runFor(LONG);
  await until(() => under(page, "Email").innerText(), "", "a half typed address is not yet an error");
  await field(page, "Email").press("Tab");
  await under(page, "Email").getByText(/^Email .+\.$/).waitFor();
  await until(() => field(page, "Email").getAttribute("aria-invalid"), "true");
  await until(() => field(page, "Email").inputValue(), "nonsense");
  await until(async () => (await now()).email, /@example\.org$/);
  await world.axe(page);
  await world.close(page);
});

test("an emptied required field is reported and not sent", async () => {
  const { page, now } = await record();
  await page.clock.install();
  await onSave(page, () => assert.fail("it was sent"));
  await field(page, "Name").fill("");
  await under(page, "Name").getByText("A name is required.").waitFor();
  await field(page, "Name").press("Tab");
  await page.clock.runFor(LONG);
  await until(async () => (await now()).name, "Ann Smith");
  await field(page, "Name").fill("Ann Smith");
  await until(() => under(page, "Name").innerText(), "");
  await world.close(page);
});

test("an address in use links to its contact, and merging saves it", async () => {
  const other = await world.api("POST", "/v1/contacts", { name: "Other Ann", email: "other@example.org" });
  const { page, now } = await record();
  await field(page, "Email").fill(other.email);
  await field(page, "Email").press("Enter");
  await under(page, "Email").getByRole("link", { name: "Open it" }).waitFor();
  await until(() => under(page, "Email").getByRole("link").getAttribute("href"), new RegExp(other.id));
  await under(page, "Email").getByRole("button", { name: "Merge" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Merge", exact: true }).click();
  await until(now, ({ email }) => email === other.email);
  await world.close(page);
});

/**
 * A proxy in front of the page that delays saves, also after the tab is closed, or refuses
 * them. `page.route` cannot intercept requests that a closing page sends.
 */
async function doorWith({ wait = 0, shut = false }) {
  const state = { shut };
  const door = createServer((asked, answer) => {
    if (state.shut && asked.method === "PATCH") return asked.destroy();
    const go = () => {
      // A new connection: the program may be closing a used one.
      const onward = request(world.url + asked.url, { agent: false, method: asked.method, headers: asked.headers }, (got) => {
        answer.writeHead(got.statusCode, got.headers);
        got.pipe(answer);
        got.on("error", () => answer.destroy());
      });
      onward.on("error", () => answer.destroy());
      asked.pipe(onward);
    };
    setTimeout(go, asked.method === "PATCH" ? wait : 0);
  });
  await new Promise((resolve) => door.listen(0, "127.0.0.1", resolve));
  // When a test fails before it closes the proxy, its process must still end.
  door.unref();
  return { state, url: `http://127.0.0.1:${door.address().port}`, close: () => (door.closeAllConnections(), door.close()) };
}

test("a tab that closes during a save also saves later text", async () => {
  const { contact, page, now } = await record();
  const door = await doorWith({ wait: 700 });
  await page.goto(`${door.url}/contacts/${contact.id}`);
  await field(page, "Name").fill("Ann C");
  await under(page, "Name").getByText("Saving…").waitFor();
  await field(page, "Name").fill("Ann Closed");
  await page.close({ runBeforeUnload: true });
  await until(now, ({ name }) => name === "Ann Closed");
  door.close();
});

test("a tab that closes directly after the last key saves it", async () => {
  const { page, now } = await record();
  await field(page, "Phone").fill("0221 99");
  await page.close({ runBeforeUnload: true });
  await until(now, ({ phone }) => phone === "0221 99");
});

test("an unsaved change is offered again after a reload", async () => {
  for (const [choice, wanted] of [["Save", "Ann Restored"], ["Discard", "Ann Smith"]]) {
    const { contact, page, now } = await record();
    const door = await doorWith({ shut: true });
    await page.goto(`${door.url}/contacts/${contact.id}`);
    await field(page, "Name").fill("Ann Restored");
    await under(page, "Name").getByText("Not saved.").waitFor();
    await page.reload();
    await under(page, "Name").getByText("This change was not saved.").waitFor();
    await until(() => field(page, "Name").inputValue(), "Ann Restored");
    await world.axe(page);
    door.state.shut = false;
    await under(page, "Name").getByRole("button", { name: choice }).click();
    await until(() => field(page, "Name").inputValue(), (text) => text === wanted);
    await until(now, ({ name }) => name === wanted);
    await until(() => page.evaluate(() => sessionStorage.length), (length) => length === 0);
    await world.close(page);
    door.close();
  }
});

test("an unsaved change is still there when the contact is opened again", async () => {
  const { contact, page, now } = await record();
  let broken = true;
  await onSave(page, (route) => (broken ? route.abort("connectionfailed") : route.continue()));
  await field(page, "Name").fill("Ann Left");
  await under(page, "Name").getByText("Not saved.").waitFor();
  await page.getByRole("main").getByRole("link", { name: "Contacts" }).click();
  await page.getByText("Some changes to Ann Smith were not saved.").waitFor();
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(new RegExp(contact.id));
  await until(() => field(page, "Name").inputValue(), (text) => text === "Ann Left");
  broken = false;
  await under(page, "Name").getByRole("button", { name: "Retry" }).click();
  await until(now, ({ name }) => name === "Ann Left");
  await world.close(page);
});

test("a change of a merged contact is not saved into the other contact", async () => {
  const { contact, page } = await record();
  const survivor = await world.api("POST", "/v1/contacts", { name: "Survivor", email: "survivor@example.org" });
  await world.api("POST", `/v1/contacts/${survivor.id}/merge`, { other_id: contact.id });
  await field(page, "Name").fill("Ann Ghost");
  await under(page, "Name").getByText("This contact was merged into another.").waitFor();
  await until(() => under(page, "Name").getByRole("link", { name: "Open it" }).getAttribute("href"), `/contacts/${survivor.id}`);
  await until(async () => (await world.api("GET", `/v1/contacts/${survivor.id}`)).name, "Survivor");
  await world.close(page);
});
