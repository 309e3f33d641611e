// Signing in and out, and security on every page (R2, R46, R47).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";

let world;
beforeEach(async () => (world = await organisation()));

test("an empty organisation shows how to add contacts", async () => {
  await world.inEveryLook("/", async (page) => {
    await page.getByRole("heading", { name: "Everyone you can talk to, in one list" }).waitFor();
    for (const way of ["Import a file", "Connect a source"]) await page.getByRole("main").getByRole("link", { name: way }).waitFor();
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
  await page.getByRole("heading", { name: "This link has expired or was already used" }).waitFor();
  await world.close(page);
});

test("a failed sign-out is reported, and a successful one removes drafts", async () => {
  const page = await world.open("/sign-in", { signedIn: false });
  await page.goto(await world.link());
  await page.getByRole("main").getByRole("link", { name: "New contact" }).first().click();
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

test("the account menu names the user and the organisation", async () => {
  const page = await world.open("/imports");
  const account = page.getByRole("button", { name: "Account: Owner Example organisation" });
  await account.waitFor();
  await until(() => account.innerText(), /Owner\s+Example organisation$/);
  await world.close(page);
});

test("the account menu shows the keyboard shortcuts", async () => {
  const page = await world.open("/imports");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByText("Next contact").waitFor();
  await world.axe(page);
  await world.close(page);
});

test("a form says in English what is missing, in a browser of another language", async () => {
  const page = await (await world.newContext(world.cookies, { locale: "de-DE" })).newPage();
  await page.goto(`${world.url}/settings/keys`);
  await page.getByRole("group", { name: "In progress" }).waitFor({ state: "attached" });
  await page.getByRole("button", { name: /key/i }).first().click();
  const name = page.getByRole("dialog").getByRole("textbox", { name: "Name" });
  await name.press("Enter");
  await until(() => name.evaluate((input) => input.validationMessage), "Fill in this field.");
  await name.fill("Website");
  await until(() => name.evaluate((input) => input.validationMessage), "");
});

test("a visitor without a session is asked to sign in, and keeps the requested path", async () => {
  const page = await world.open("/imports", { signedIn: false });
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  await page.waitForURL(/\/sign-in\?to=%2Fimports$/);
  await world.close(page);
});

test("the page's responses carry security headers", async () => {
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
  const cookie = world.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const body = JSON.stringify({ name: "Eve", email: "eve@example.org" });
  const headers = { cookie, "content-type": "application/json", origin: "https://evil.example" };
  const answer = await fetch(`${world.url}/v1/contacts`, { method: "POST", headers, body });
  assert.equal(answer.status, 403);
  await until(async () => (await world.api("GET", "/v1/contacts")).items.length, 0);
});

test("an unknown path shows \"not found\"", async () => {
  const page = await world.open("/settings/nothing-like-it");
  await page.getByRole("heading", { name: /Not found/ }).waitFor();
  await world.close(page);
});

test("the skip link leads to the content, and keeps the page as it is", async () => {
  const page = await world.open("/import");
  await page.getByRole("heading", { name: "Import contacts" }).waitFor();
  const main = page.getByRole("main");
  await main.locator(":scope > *").evaluate((element) => (element.dataset.same = ""));
  const skip = page.getByRole("link", { name: "Skip to content" });
  await skip.focus();
  await page.keyboard.press("Enter");
  await until(() => main.evaluate((element) => element === document.activeElement), true);
  // A page that is opened again replaces its element when its modules have run.
  await page.evaluate(() => fetch("/v1/me"));
  assert.equal(await main.locator("[data-same]").count(), 1);
  assert.equal(new URL(page.url()).hash, "");
  await world.close(page);
});

test("the skip link keeps the secret of an invitation", async () => {
  const { link } = await world.api("POST", "/v1/invitations", { email: "ada@frame.example", role: "viewer" });
  const page = await world.open(new URL(link).pathname + new URL(link).hash, { signedIn: false });
  await page.getByRole("textbox", { name: "Your name" }).waitFor();
  await page.getByRole("link", { name: "Skip to content" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Your name" }).fill("Ada");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Account: Ada/ }).waitFor();
  await world.close(page);
});

test("a dialog closes when Back leads to another page", async () => {
  await world.api("POST", "/v1/contacts", { name: "Ada Lovelace", email: "ada@frame.example" });
  const page = await world.open("/settings/tags");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Contacts" }).click();
  await page.getByRole("checkbox", { name: "Select Ada Lovelace" }).check();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete 1 contact?" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Tags", exact: true }).first().waitFor();
  await until(() => page.getByRole("dialog").count(), 0);
  await world.close(page);
});

test("a malformed address is a contact that does not exist", async () => {
  const page = await world.open("/contacts/%E0%A4%A");
  await page.getByRole("heading", { name: "Contact not found" }).waitFor();
  await world.close(page);
});

test("a window whose session has ended continues when the user has signed in in another one", async () => {
  const { id } = await world.api("POST", "/v1/contacts", { name: "Two Windows", email: "two@frame.example" });
  const page = await world.open(`/contacts/${id}`);
  const name = page.getByRole("textbox", { name: "Name" });
  // Nothing that is requested without the session is answered after the new one has begun.
  await page.locator("html[data-live]").waitFor();
  const cookies = await page.context().cookies();
  await page.context().clearCookies();
  await name.fill("Two Tabs");
  await page.keyboard.press("Tab");
  await page.getByRole("heading", { name: "Sign in with a link" }).waitFor();
  await page.context().addCookies(cookies);
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await until(() => name.inputValue(), "Two Tabs");
  await page.getByRole("button", { name: "Retry" }).click();
  await until(async () => (await world.api("GET", `/v1/contacts/${id}`)).name, "Two Tabs");
  await world.close(page);
});

test("the question mark lists the keys on every page", async () => {
  const { id } = await world.api("POST", "/v1/contacts", { name: "Ada Lovelace", email: "ada@keys.example" });
  for (const path of ["/", `/contacts/${id}`, "/settings/users"]) {
    const page = await world.open(path);
    await page.locator("html[data-live]").waitFor();
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    assert.equal(await page.getByRole("dialog").count(), 1);
    await world.close(page);
  }
});
