// Signing in and out, and what holds on every page (R2, R46, R47).

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { start, until } from "./harness.mjs";

let world;
before(async () => (world = await start()));
afterEach(() => world.leave());
after(() => world.stop());

test("an organisation with nobody in it shows the four ways people come", async () => {
  await world.inEveryLook("/", async (page) => {
    await page.getByRole("heading", { name: "Everyone you can talk to, in one list" }).waitFor();
    for (const way of ["Import a CSV file", "Connect a source"]) await page.getByRole("main").getByRole("link", { name: way }).waitFor();
  });
});

test("a link signs in once", async () => {
  const link = await world.link();
  const page = await world.open("/sign-in", { signedIn: false });
  await page.goto(link);
  await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
  await page.waitForURL(`${world.url}/`);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByRole("heading", { name: "This link does not sign you in" }).waitFor();
  await world.close(page);
});

test("signing out says when it could not, and leaves nothing that was typed", async () => {
  const page = await world.open("/sign-in", { signedIn: false });
  await page.goto(await world.link());
  await page.getByRole("link", { name: "New contact" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Half Typed");
  const kept = () => page.evaluate(() => sessionStorage.length);
  await until(kept, 1);
  const signOut = async () => {
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
  };
  await page.route("**/v1/session", (route) => route.abort());
  await signOut();
  await page.getByText("You are still signed in. The server cannot be reached.").waitFor();
  await until(kept, 1);
  await page.unroute("**/v1/session");
  await signOut();
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  await until(kept, 0);
  await world.close(page);
});

test("who is not signed in is asked to, and comes to where they wanted", async () => {
  const page = await world.open("/imports", { signedIn: false });
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  await page.waitForURL(/\/sign-in\?to=%2Fimports$/);
  await world.close(page);
});

test("the page's answers carry what keeps other sites out", async () => {
  for (const path of ["/", "/imports", "/settings/keys"]) {
    const { headers } = await fetch(world.url + path);
    assert.match(headers.get("content-security-policy"), /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(headers.get("content-security-policy"), /unsafe/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cache-control"), "no-cache");
  }
});

test("another site's page cannot change anything", async () => {
  const cookie = world.state.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const body = JSON.stringify({ name: "Eve", email: "eve@example.org" });
  const headers = { cookie, "content-type": "application/json", origin: "https://evil.example" };
  const answer = await fetch(`${world.url}/v1/contacts`, { method: "POST", headers, body });
  assert.equal(answer.status, 403);
  await until(async () => (await world.api("GET", "/v1/contacts")).items.length, 0);
});

test("an address of which there is nothing says so", async () => {
  const page = await world.open("/settings/nothing-like-it");
  await page.getByRole("heading", { name: /Not found/ }).waitFor();
  await world.close(page);
});
