// Signing in at an issuer of OpenID Connect (R60).

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { organisation, WIDTHS } from "./harness.mjs";
import { CLIENT, SECRET, startIssuer } from "./issuer.mjs";
import { command, startServer } from "./server.mjs";

let world, issuer, server, folder;
before(async () => {
  [world, issuer] = await Promise.all([organisation(), startIssuer()]);
  folder = await mkdtemp(join(tmpdir(), "contacts-issuers-"));
  const list = join(folder, "issuers.json");
  await writeFile(list, JSON.stringify({ issuers: [{ id: "example", name: "Example Ltd", issuer: issuer.url, client_id: CLIENT, client_secret: SECRET, organisation: world.id }] }));
  server = await startServer({ ...world.server.settings, CONTACTS_OIDC: list });
});
after(async () => {
  await server.stop();
  issuer.stop();
  await rm(folder, { recursive: true, force: true });
});

const person = (sub, name, email) => ({ sub, name, email, email_verified: true });
const account = (page) => page.getByRole("button", { name: /^Account/ });
const invite = (email, role) => world.api("POST", "/v1/invitations", { email, role });
const named = async (name) => (await world.api("GET", "/v1/users")).items.find((user) => user.name === name);

/** Opens a path in a browser that nobody is signed in to. */
async function stranger(path, width = WIDTHS.wide) {
  const page = await (await world.newContext([])).newPage();
  await page.setViewportSize({ width, height: 650 });
  await page.goto(server.url + path);
  return page;
}

/** Opens the page for signing in, and presses its button. */
async function signIn(path) {
  const page = await stranger(path);
  await page.getByRole("link", { name: "Sign in with Example Ltd" }).click();
  return page;
}

test("an invited person signs in with a button, comes back where they were, and signs out", async () => {
  await invite("ada@example.org", "administrator");
  issuer.person = person("ada-1", "Ada Lovelace", "ada@example.org");
  const page = await signIn("/settings/users");
  await account(page).filter({ hasText: "Ada Lovelace" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/settings/users");
  const row = page.getByRole("row").filter({ hasText: "ada@example.org" });
  await row.getByText("Signs in with Example Ltd").waitFor();
  await world.axe(page);
  assert.equal((await named("Ada Lovelace")).role, "administrator");
  await account(page).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Informly Contacts" }).waitFor();

  await page.getByRole("link", { name: "Sign in with Example Ltd" }).click();
  await account(page).filter({ hasText: "Ada Lovelace" }).waitFor();
});

test("the page says why somebody is not signed in", async () => {
  issuer.person = person("eve-1", "Eve", "eve@example.org");
  const page = await signIn("/sign-in");
  await page.getByRole("alert").filter({ hasText: "Nobody has invited the email address of your account." }).waitFor();
  assert.equal(await named("Eve"), undefined);
  issuer.person = null;
  await page.getByRole("link", { name: "Sign in with Example Ltd" }).click();
  await page.getByRole("alert").filter({ hasText: "You did not finish signing in." }).waitFor();
  await world.axe(page);
});

test("somebody who opens an invitation can join with the issuer", async () => {
  const { link } = await invite("grace@example.org", "editor");
  issuer.person = person("grace-1", "Grace Hopper", "grace@example.org");
  const { pathname, hash } = new URL(link);
  const page = await stranger(pathname + hash);
  await page.getByRole("textbox", { name: "Your name" }).waitFor();
  await world.axe(page);
  await page.getByRole("link", { name: "Join with Example Ltd" }).click();
  await account(page).filter({ hasText: "Grace Hopper" }).waitFor();
  assert.equal((await named("Grace Hopper")).role, "editor");
});

test("the page for signing in fits a narrow window and a dark one", async () => {
  const page = await stranger("/sign-in?problem=unavailable", WIDTHS.narrow);
  await page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
  await world.axe(page);
  await world.fits(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await world.axe(page);
});

test("a user who signed in with a link connects the issuer, and an administrator disconnects it", async () => {
  issuer.person = person("kay-1", "Kay Antonelli", "kay@example.org");
  const link = await command(world.server, "sign-in-link", "--org", world.id, "--user", "Kay", "--role", "administrator");
  const page = await stranger(new URL(link).pathname + new URL(link).hash);
  await account(page).filter({ hasText: "Kay" }).waitFor();
  await page.goto(`${server.url}/settings/sessions`);
  await page.getByRole("button", { name: "Connect Example Ltd" }).waitFor();
  await world.axe(page);
  await page.getByRole("button", { name: "Connect Example Ltd" }).click();
  await page.getByText("Connected. You can sign in with this service from now on.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "Example Ltd" }).getByText("Connected", { exact: true }).waitFor();
  assert.equal((await named("Kay")).issuers.length, 1);

  const again = await signIn("/settings/users");
  await account(again).filter({ hasText: "Kay" }).waitFor();
  await again.getByRole("button", { name: "Disconnect Kay from Example Ltd" }).click();
  await again.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
  await again.getByRole("button", { name: "Disconnect Kay from Example Ltd" }).waitFor({ state: "detached" });
  assert.deepEqual((await named("Kay")).issuers, []);
  const kinds = (await world.api("GET", "/v1/audit")).items.map(({ kind }) => kind);
  assert.ok(["identity_connected", "identities_removed", "sign_in_refused"].every((kind) => kinds.includes(kind)), String(kinds));
});
