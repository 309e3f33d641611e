// A main task by keyboard alone (R47): each key counts.

import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { before, beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { csv } from "./people.mjs";

const MAX_KEYS = 40;

let world;
before(async () => {
  world = await organisation();
  await world.api("POST", "/v1/contacts", { name: "Not Imported", email: "not.imported@example.org" });
});

beforeEach(() => world.enter());

/** A keyboard that counts: a key that is held with Control is two keys. */
function keyboard(page) {
  const pressed = [];
  return {
    pressed,
    async press(...keys) {
      for (const key of keys) {
        pressed.push(...key.split("+"));
        await page.keyboard.press(key);
      }
    },
    /** Presses a key until a control has the focus. */
    async reach(key, control) {
      for (let step = 0; step < MAX_KEYS; step += 1) {
        if (await control.evaluate((element) => element === document.activeElement)) return;
        await this.press(key);
      }
      assert.fail(`${key} does not reach the control`);
    },
  };
}

const hasFocus = (control) => until(() => control.evaluate((element) => element === document.activeElement), true, "the focus");

test("a file is imported, its contacts are tagged and exported with 40 keys at most", async () => {
  const page = await world.open("/");
  await page.getByRole("link", { name: "Not Imported" }).waitFor();
  const keys = keyboard(page);
  // Long before the key: the browser is told to wait for it.
  const chooser = page.waitForEvent("filechooser");

  await keys.press("i");
  await page.getByRole("heading", { name: "Import contacts" }).waitFor();
  await keys.reach("Tab", page.getByRole("button", { name: "Choose files" }));
  await keys.press("Enter");
  await (await chooser).setFiles({ name: "fair.csv", mimeType: "text/csv", buffer: Buffer.from(csv(12)) });
  await until(() => page.getByRole("button", { name: "Import 12 rows" }).isEnabled(), true);
  await keys.press("Control+Enter");
  await hasFocus(page.getByRole("link", { name: "Show these contacts" }));

  await keys.press("Enter");
  await page.getByRole("status").filter({ hasText: /^12 people$/ }).waitFor();
  await keys.press("a");
  await page.getByRole("toolbar").getByText("All 12 matching contacts selected").waitFor();
  await keys.press("t");
  const tags = page.getByRole("dialog", { name: /^Add tags to/ });
  await keys.reach("Tab", tags.getByRole("combobox", { name: "Tags to add" }));
  await keys.press(..."fair");
  await keys.press("Enter", "Enter");
  await tags.waitFor({ state: "detached" });
  await page.getByText(/^Added tags to 12 contacts/).waitFor();

  await keys.press("b");
  await keys.reach("Tab", page.getByRole("button", { name: "Export" }));
  await keys.press("Enter");
  const sheet = page.getByRole("dialog", { name: /^Export/ });
  await sheet.waitFor();
  const download = page.waitForEvent("download");
  await keys.press("Enter");
  const lines = (await text(await (await download).createReadStream())).trim().split("\n");
  assert.equal(lines.length, 13);
  assert.ok(lines.slice(1).every((line) => /fair/.test(line)), "every exported contact has the tag");
  assert.equal((await world.api("GET", "/v1/contacts?tags_all=fair")).count.value, 12);
  assert.ok(keys.pressed.length <= MAX_KEYS, `${keys.pressed.length} keys: ${keys.pressed.join(" ")}`);
  await world.close(page);
});

test("the help lists the keys of this task", async () => {
  const page = await world.open("/");
  await page.getByRole("link", { name: "Not Imported" }).waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  for (const name of ["Select all matching contacts, or none", "Add tags to the selected contacts", /Import a file/]) await help.getByText(name).waitFor();
  await world.axe(page);
  await page.keyboard.press("Escape");
  await world.close(page);
});

test("what is typed after the key of the search is searched for, also on a slow line", async () => {
  const page = await world.open("/settings/tags");
  const held = [];
  await page.route(/list\/keys\.js$/, (route) => void held.push(route));
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Contacts" }).click();
  await page.getByRole("link", { name: "Not Imported" }).waitFor();
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.type("/an x");
  await until(() => page.getByRole("searchbox").inputValue(), "an x");
  await Promise.all(held.map((route) => route.continue()));
  await page.waitForURL(/q=an/);
  assert.equal(await page.getByRole("toolbar").count(), 0);
  await page.getByRole("searchbox").fill("");
  await page.getByRole("checkbox", { name: "Select Not Imported" }).focus();
  await page.keyboard.press("/");
  await hasFocus(page.getByRole("searchbox"));
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  await world.close(page);
});
