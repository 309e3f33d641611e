// Nothing that somebody types on a record is lost, put back or saved over somebody else's (R12,
// R46): saves that are slow, fail, collide, or are cut off by the tab's closing.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { start, until } from "./harness.mjs";

let world;
before(async () => (world = await start()));
afterEach(() => world.leave());
after(() => world.stop());

let people = 0;

/** A contact of its own, and its record on a page. */
async function record(more = {}, look = {}) {
  people += 1;
  const contact = await world.api("POST", "/v1/contacts", { name: "Ann Smith", email: `ann.${people}.${Date.now()}@example.org`, ...more });
  const page = await world.open(`/contacts/${contact.id}`, look);
  await field(page, "Name").waitFor();
  return { contact, page, now: () => world.api("GET", `/v1/contacts/${contact.id}`) };
}

const field = (page, label) => page.getByRole("textbox", { name: label, exact: true });
/** What stands under a field. */
const under = (page, label) => page.locator(".property").filter({ has: field(page, label) }).getByRole("status");

const isSave = (route) => route.request().method() === "PATCH";

/** Decides what becomes of the saves of a page; `act` gets the route and which save it is. */
async function onSave(page, act) {
  let count = 0;
  await page.route("**/v1/contacts/*", (route) => (isSave(route) ? act(route, (count += 1)) : route.continue()));
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("a field saves itself after a pause, says so, and touches no other", async () => {
  const { page, now } = await record({ phone: "+44 20 7946 0958" });
  await field(page, "Name").fill("Ann Jones");
  await under(page, "Name").getByText("Saved").waitFor();
  await page.getByRole("heading", { level: 1, name: "Ann Jones" }).waitFor();
  const saved = await now();
  assert.deepEqual([saved.name, saved.phone, saved.version], ["Ann Jones", "+44 20 7946 0958", 2]);
  await world.close(page);
});

test("leaving a field saves it at once, and so does Enter", async () => {
  const { page, now } = await record();
  await field(page, "Phone").fill("030 123456");
  await field(page, "Phone").press("Tab");
  await until(now, ({ phone }) => phone === "030 123456");
  await field(page, "Name").fill("Ann Enter");
  await field(page, "Name").press("Enter");
  await until(now, ({ name }) => name === "Ann Enter");
  await world.close(page);
});

test("what is typed during a slow save is sent next, and never put back", async () => {
  const { page, now } = await record();
  const sent = [];
  await onSave(page, async (route) => {
    sent.push(route.request().postDataJSON());
    await later(1_200);
    await route.continue();
  });
  await field(page, "Name").fill("Ann J");
  await under(page, "Name").getByText("Saving…").waitFor();
  await field(page, "Name").press("End");
  await field(page, "Name").pressSequentially("ones ", { delay: 30 });
  await later(1_500);
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
  let running = 0;
  const versions = [];
  await onSave(page, async (route) => {
    running += 1;
    assert.equal(running, 1);
    versions.push(route.request().headers()["if-match"]);
    await later(400);
    running -= 1;
    await route.continue();
  });
  await field(page, "Name").fill("Ann Two");
  await field(page, "Phone").fill("040 1");
  await field(page, "Phone").press("Tab");
  await until(now, ({ name, phone }) => name === "Ann Two" && phone === "040 1");
  await until(async () => versions, ({ length }) => length === 2);
  assert.deepEqual(versions, ['"1"', '"2"']);
  await world.close(page);
});

test("a save that fails stays, offers Retry, and is tried again when the network returns", async () => {
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

test("a server that is busy is asked again with Retry", async () => {
  const { page, now } = await record();
  await onSave(page, (route, at) => (at === 1 ? route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, code: "busy", detail: "the service is busy" }) }) : route.continue()));
  await field(page, "Name").fill("Ann Busy");
  await under(page, "Name").getByText("Not saved. The service is busy.").waitFor();
  await under(page, "Name").getByRole("button", { name: "Retry" }).click();
  await until(now, ({ name }) => name === "Ann Busy");
  await world.close(page);
});

test("a save of which the answer was lost is not taken for somebody else's change", async () => {
  const { page, now } = await record();
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

test("another field that somebody else changed is shown, and does not disturb", async () => {
  const { contact, page, now } = await record();
  await world.api("PATCH", `/v1/contacts/${contact.id}`, { phone: "089 7" });
  await field(page, "Name").fill("Ann Rebased");
  await under(page, "Name").getByText("Saved").waitFor();
  await until(() => field(page, "Phone").inputValue(), "089 7");
  const { name, phone, version } = await now();
  assert.deepEqual([name, phone, version], ["Ann Rebased", "089 7", 3]);
  await world.close(page);
});

test("the same field that somebody else changed is theirs until somebody decides", async () => {
  for (const [choice, wanted] of [["Keep mine", "Ann Mine"], ["Take theirs", "Ann Theirs"]]) {
    const { contact, page, now } = await record();
    await world.api("PATCH", `/v1/contacts/${contact.id}`, { name: "Ann Theirs" });
    await field(page, "Name").fill("Ann Mine");
    await under(page, "Name").getByText(/Changed by .+ to “Ann Theirs”/).waitFor();
    await until(() => field(page, "Name").inputValue(), "Ann Mine");
    await field(page, "Name").press("Tab");
    await later(800);
    await until(async () => (await now()).name, "Ann Theirs");
    await world.axe(page);
    await under(page, "Name").getByRole("button", { name: choice }).click();
    await until(() => field(page, "Name").inputValue(), (text) => text === wanted);
    await until(now, ({ name }) => name === wanted);
    await world.close(page);
  }
});

test("who comes back to the page sees what others made of it, and keeps what they typed", async () => {
  const { contact, page } = await record();
  await onSave(page, (route) => route.abort("connectionfailed"));
  await field(page, "Name").fill("Ann Mine");
  await under(page, "Name").getByText("Not saved.").waitFor();
  await world.api("PATCH", `/v1/contacts/${contact.id}`, { phone: "0711 5" });
  await world.api("POST", `/v1/contacts/${contact.id}/tags`, { add: ["seen"] });
  await later(2_000);
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await until(() => field(page, "Phone").inputValue(), (text) => text === "0711 5");
  await page.getByRole("button", { name: "Remove seen" }).waitFor();
  await until(() => field(page, "Name").inputValue(), "Ann Mine");
  await world.close(page);
});

test("what the server refuses is told under the field, with the reason", async () => {
  const { page, now } = await record();
  await field(page, "Email").fill("nonsense");
  await later(900);
  await until(() => under(page, "Email").innerText(), "", "a half typed address is not yet an error");
  await field(page, "Email").press("Tab");
  await under(page, "Email").getByText(/^Email .+\.$/).waitFor();
  await until(() => field(page, "Email").getAttribute("aria-invalid"), "true");
  await until(() => field(page, "Email").inputValue(), "nonsense");
  await until(async () => (await now()).email, /@example\.org$/);
  await world.axe(page);
  await world.close(page);
});

test("a required field that is emptied says so, and is not sent", async () => {
  const { page, now } = await record();
  await onSave(page, () => assert.fail("it was sent"));
  await field(page, "Name").fill("");
  await under(page, "Name").getByText("A name is required.").waitFor();
  await field(page, "Name").press("Tab");
  await later(300);
  await until(async () => (await now()).name, "Ann Smith");
  await field(page, "Name").fill("Ann Smith");
  await until(() => under(page, "Name").innerText(), "");
  await world.close(page);
});

test("an address that another contact has leads to it, and merging saves it", async () => {
  const other = await world.api("POST", "/v1/contacts", { name: "Other Ann", email: `other.${Date.now()}@example.org` });
  const { page, now } = await record();
  await field(page, "Email").fill(other.email);
  await under(page, "Email").getByRole("link", { name: "Open it" }).waitFor();
  await until(() => under(page, "Email").getByRole("link").getAttribute("href"), new RegExp(other.id));
  await under(page, "Email").getByRole("button", { name: "Merge" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Merge", exact: true }).click();
  await until(now, ({ email }) => email === other.email);
  await world.close(page);
});

/**
 * The same page through a door that lets saves wait, and goes on when the tab is gone; or that shuts
 * them out. What a page sends while it goes is out of reach of `page.route`.
 */
async function doorWith({ wait = 0, shut = false }) {
  const state = { shut };
  const door = createServer((asked, answer) => {
    if (state.shut && asked.method === "PATCH") return asked.destroy();
    const go = () => {
      // A connection of its own: the program may be closing one that was used before.
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
  // A test that fails leaves it open, and shall end all the same.
  door.unref();
  return { state, url: `http://127.0.0.1:${door.address().port}`, close: () => (door.closeAllConnections(), door.close()) };
}

test("a tab that is closed while a save runs saves what was typed since, too", async () => {
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

test("a tab that is closed right after the last key saves it", async () => {
  const { page, now } = await record();
  await field(page, "Phone").fill("0221 99");
  await page.close({ runBeforeUnload: true });
  await until(now, ({ phone }) => phone === "0221 99");
});

test("what could not be saved is offered again after a reload", async () => {
  for (const [choice, wanted] of [["Save", "Ann Restored"], ["Discard", "Ann Smith"]]) {
    const { contact, page, now } = await record();
    const door = await doorWith({ shut: true });
    await page.goto(`${door.url}/contacts/${contact.id}`);
    await field(page, "Name").fill("Ann Restored");
    await under(page, "Name").getByText("Not saved.").waitFor();
    await page.reload();
    await under(page, "Name").getByText("You typed this before, and it was not saved.").waitFor();
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

test("a record that is left and opened again has what was typed", async () => {
  const { contact, page, now } = await record();
  let broken = true;
  await onSave(page, (route) => (broken ? route.abort("connectionfailed") : route.continue()));
  await field(page, "Name").fill("Ann Left");
  await under(page, "Name").getByText("Not saved.").waitFor();
  await page.getByRole("main").getByRole("link", { name: "Contacts" }).click();
  await page.getByText("Not all you typed about Ann Smith was saved.").waitFor();
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(new RegExp(contact.id));
  await until(() => field(page, "Name").inputValue(), (text) => text === "Ann Left");
  broken = false;
  await under(page, "Name").getByRole("button", { name: "Retry" }).click();
  await until(now, ({ name }) => name === "Ann Left");
  await world.close(page);
});

test("a record that was merged away meanwhile is not saved into the survivor", async () => {
  const { contact, page } = await record();
  const survivor = await world.api("POST", "/v1/contacts", { name: "Survivor", email: `survivor.${Date.now()}@example.org` });
  await world.api("POST", `/v1/contacts/${survivor.id}/merge`, { other_id: contact.id });
  await field(page, "Name").fill("Ann Ghost");
  await under(page, "Name").getByText("This contact was merged into another.").waitFor();
  await until(() => under(page, "Name").getByRole("link", { name: "Open it" }).getAttribute("href"), `/contacts/${survivor.id}`);
  await until(async () => (await world.api("GET", `/v1/contacts/${survivor.id}`)).name, "Survivor");
  await world.close(page);
});
