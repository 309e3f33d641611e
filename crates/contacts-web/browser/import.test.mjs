// Importing: from the file to the summary and back (R30 to R37), and the badge on every page (R36).

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { start, until } from "./harness.mjs";
import { HOSTILE, csv } from "./people.mjs";

let world;
before(async () => (world = await start()));
afterEach(() => world.leave());
after(() => world.stop());

const named = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const heading = (page, name) => page.getByRole("heading", { name, level: 1 });
const goesTo = (page, column) => page.getByRole("combobox", { name: `${column} goes to`, exact: true });
const startButton = (page) => page.getByRole("button", { name: /^Import \d/ });
const saved = (page) => page.getByRole("status").filter({ hasText: /^Saved$/ }).waitFor();
const state = (page, word) => page.locator("header .status").filter({ hasText: word }).waitFor();
const idOf = (page) => new URL(page.url()).pathname.split("/").pop();
const asked = async (page) => world.api("GET", `/v1/imports/${idOf(page)}`);

/** Chooses files as somebody would, with the button. */
async function choose(page, ...files) {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).click();
  await (await chooser).setFiles(files);
}

/** Uploads a file and opens its review. */
async function review(name, text, options) {
  const { id } = await world.api("POST", `/v1/imports?file_name=${encodeURIComponent(name)}`, text);
  await world.until(id, "ready");
  return world.open(`/imports/${id}`, options);
}

/** Drops files on the page. */
const drop = (page, files) => page.evaluate((files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
}, files);

test("without imports the history invites to one", async () => {
  await world.inEveryLook("/imports", (page) => page.getByRole("heading", { name: "No file was imported yet" }).waitFor());
  await world.inEveryLook("/import", (page) => heading(page, "Import contacts").waitFor());
});

test("a chosen file is looked at, confirmed, imported and found in the list", async () => {
  const page = await world.open("/import");
  await choose(page, named("fair.csv", "Full name,E-mail,Colour\nAnn Lee,ann@fair.example,red\nBob Ray,bob@fair.example,blue\n,nobody@fair.example,\nDan,dan@@x,\n"));
  await heading(page, "fair.csv").waitFor();
  await state(page, "Ready to start");
  for (const fact of ["4 rows", "3 columns", "separated by comma", "UTF-8", "header on the first line"]) await page.getByText(fact, { exact: true }).waitFor();
  await until(() => goesTo(page, "Full name").inputValue(), "name");
  await until(() => goesTo(page, "E-mail").inputValue(), "email");
  await until(() => goesTo(page, "Colour").inputValue(), "", "what nobody knows is skipped");
  await page.getByRole("row", { name: /^E-mail/ }).getByText(/^Sure, \d+ %$/).waitFor();
  await page.getByRole("row", { name: /^Colour/ }).getByText("Not recognised").waitFor();

  await page.getByRole("radio", { name: "Add and fill in blanks" }).check();
  const tags = page.getByRole("combobox", { name: "Tags for everybody in the file" });
  await tags.fill("Fair");
  await tags.press("Enter");
  await saved(page);
  const { plan } = await asked(page);
  assert.deepEqual([plan.policy, plan.tags], ["fill_blanks", ["Fair"]]);
  await page.reload();
  assert.ok(await page.getByRole("radio", { name: "Add and fill in blanks" }).isChecked(), "a reload loses nothing");
  await page.getByRole("button", { name: "Remove Fair" }).waitFor();

  await startButton(page).click();
  await state(page, "Imported");
  await until(() => page.locator("dt, dt + dd").allTextContents(), ["Added", "2", "Updated", "0", "Skipped", "2"]);
  for (const reason of ["1 without a name", "1 with an address that is none"]) await page.getByText(reason).waitFor();
  await page.getByRole("row").filter({ hasText: "The name is missing." }).getByRole("cell", { name: "4", exact: true }).waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download 2 skipped rows" }).click();
  const text = (await (await (await download).createReadStream()).toArray()).join("");
  assert.match(text, /^reason,Full name,E-mail,Colour/);
  await page.getByRole("link", { name: "Show these contacts" }).click();
  await page.getByRole("row").filter({ hasText: "Bob Ray" }).waitFor();
  assert.match(decodeURIComponent(page.url()), /\?source=csv_import:[0-9a-f-]{36}$/);
  await until(async () => (await world.api("GET", "/v1/contacts?tags_all=Fair")).count.value, 2);
  await world.close(page);
});

test("it cannot be started before name and email go somewhere, and says so", async () => {
  const page = await review("odd.csv", "One,Two,Three\na,b,c\nd,e,f\n");
  const why = async (text) => {
    await page.getByText(text, { exact: true }).waitFor();
    await until(() => startButton(page).isDisabled(), true);
  };
  await why("Choose the columns that hold the name and the email address.");
  await goesTo(page, "One").selectOption("Name");
  await why("Choose the column that holds the email address.");
  await goesTo(page, "Two").selectOption("Email");
  await page.getByText("Ready to start.", { exact: true }).waitFor();
  await until(() => startButton(page).isDisabled(), false);
  await goesTo(page, "Three").selectOption("Email");
  await why("Two columns go to Email: choose one of them.");
  await until(() => goesTo(page, "Three").getAttribute("aria-invalid"), "true");
  await goesTo(page, "Three").selectOption("Tags");
  await saved(page);
  await until(async () => (await asked(page)).plan.columns, ["name", "email", "tags"]);
  await page.getByRole("row", { name: /^Two/ }).getByText("Your choice").waitFor();
  await world.close(page);
});

test("a header without rows cannot be started either", async () => {
  const page = await review("no-rows.csv", "name,email\n");
  await page.getByText("The file has a header, but no rows below it.").waitFor();
  await until(() => page.getByRole("button", { name: "Import 0 rows" }).isDisabled(), true);
  await world.close(page);
});

test("a column can go to a custom field that is defined there", async () => {
  const page = await review("shirts.csv", "name,email,Shirt size\nAnn,ann@shirts.example,40\nBob,bob@shirts.example,42\n");
  await goesTo(page, "Shirt size").selectOption("New custom field…");
  const dialog = page.getByRole("dialog", { name: "New custom field" });
  await until(() => dialog.getByLabel("Label").inputValue(), "Shirt size");
  await until(() => dialog.getByLabel("Key").inputValue(), "shirt_size");
  await until(() => dialog.getByLabel("Type").inputValue(), "number", "its values say so");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await until(() => goesTo(page, "Shirt size").inputValue(), "", "who changes their mind is where they were");
  await goesTo(page, "Shirt size").selectOption("New custom field…");
  await dialog.getByRole("button", { name: "Define the field" }).click();
  await saved(page);
  await until(async () => (await asked(page)).plan.columns, ["name", "email", "custom:shirt_size"]);
  await startButton(page).click();
  await state(page, "Imported");
  const { items: [ann] } = await world.api("GET", "/v1/contacts?q=ann@shirts.example");
  assert.deepEqual(ann.custom, { shirt_size: 40 });
  await world.close(page);
});

test("a plan that cannot be saved says so, and is saved when it can be", async () => {
  const page = await review("retry.csv", "name,email\nAnn,ann@retry.example\n");
  await page.route("**/v1/imports/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.fallback()));
  await page.getByRole("radio", { name: "Only add", exact: true }).check();
  await page.getByText("Not saved: The server cannot be reached.").waitFor();
  await startButton(page).click();
  await until(async () => (await asked(page)).state, "ready", "it does not start with another plan than is shown");
  await page.unroute("**/v1/imports/*");
  await page.getByRole("button", { name: "Retry" }).click();
  await saved(page);
  await until(async () => (await asked(page)).plan.policy, "add_only");
  await world.close(page);
});

test("a dry run says what would happen, row by row, and changes nothing", async () => {
  await world.api("POST", "/v1/contacts", { name: "Old Name", email: "known@dry.example" });
  const page = await review("dry.csv", "name,email,tags\nNew One,new@dry.example,\nNew Name,known@dry.example,vip\n,none@dry.example,\n");
  await page.getByRole("button", { name: "Try it without importing" }).click();
  await page.getByText("Would be added").waitFor();
  await until(() => page.locator("dt, dt + dd").allTextContents(), ["Would be added", "1", "Would be updated", "1", "Would be skipped", "1"]);
  await page.getByText("Row by row").click();
  const updated = page.getByRole("row").filter({ hasText: "Updated" });
  await updated.getByText("Name: Old Name → New Name").waitFor();
  await updated.getByText("Tags: + vip").waitFor();
  await page.getByRole("row").filter({ hasText: "Skipped" }).getByText("The name is missing.").waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts?q=dry.example")).count.value, 1);
  await page.reload();
  await page.getByText("Would be added").waitFor();
  await goesTo(page, "tags").selectOption("Skip this column");
  await page.getByText("Would be added").waitFor({ state: "detached" });
  await saved(page);
  await world.close(page);
});

test("an import goes on over a reload, with a badge on every page and word of its end", async () => {
  const page = await review("crowd.csv", csv(60_000));
  await startButton(page).click();
  await page.getByText(/^[\d,]+ of 60,000 rows · [\d,]+ a second · /).waitFor();
  await page.reload();
  await state(page, "Importing");
  await page.getByText(/ of 60,000 rows/).waitFor();
  const badge = page.getByRole("group", { name: "In progress" }).getByRole("link", { name: /Importing crowd\.csv/ });
  await badge.waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await badge.filter({ hasText: / of 60,000/ }).waitFor();
  await page.reload();
  await badge.waitFor();
  await page.getByText(/crowd\.csv is imported: 60,000 added, 0 updated, 0 skipped\./).waitFor({ timeout: 60_000 });
  await badge.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await state(page, "Imported");
  await until(async () => (await asked(page)).summary.added, 60_000);
  await world.close(page);
});

test("a bulk action has its badge, too, and its file at the end", async () => {
  const page = await world.open("/settings");
  await page.getByRole("heading", { name: "Organisation" }).waitFor();
  const selection = await world.api("POST", "/v1/selections", { filter: { source: "csv_import" } });
  const action = await world.api("POST", "/v1/actions", { selection_id: selection.id, action: { type: "export" } });
  await page.reload();
  const badge = page.getByRole("group", { name: "In progress" }).getByRole("button", { name: /Exporting/ });
  await badge.waitFor();
  await page.getByText(/^The export of 60,0\d\d contacts is ready\.$/).waitFor({ timeout: 60_000 });
  await badge.waitFor({ state: "detached" });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await until(async () => (await download).url(), new RegExp(`/v1/actions/${action.id}/file$`));
  await world.close(page);
});

test("a bulk action can be stopped at its badge", async () => {
  await world.import("crowd.csv", csv(60_000).replaceAll("@example.org", "@crowd.example"));
  const selection = await world.api("POST", "/v1/selections", { filter: { source: "csv_import" } });
  const page = await world.open("/imports");
  await page.getByRole("heading", { name: "Imports" }).waitFor();
  const { id } = await world.api("POST", "/v1/actions", { selection_id: selection.id, action: { type: "add_tags", tags: ["crowd"] } });
  await page.reload();
  await page.getByRole("button", { name: /Adding tags/ }).click();
  await page.getByRole("button", { name: /^Stop here/ }).click();
  await page.getByText(/^Stopped: /).waitFor();
  await until(async () => (await world.api("GET", `/v1/actions/${id}`)).state, "cancelled");
  await world.close(page);
});

test("an import can be stopped, keeps what it took, and can be undone but for what was changed since", async () => {
  const page = await review("stop.csv", csv(60_000).replaceAll("@example.org", "@stop.example"));
  await startButton(page).click();
  // Some rows are in before it is stopped.
  await page.getByText(/^[1-9][\d,]* of 60,000 rows/).waitFor();
  await page.getByRole("button", { name: "Stop the import" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop this import?" });
  await until(() => dialog.getByRole("button", { name: "Go on" }).evaluate((button) => button === document.activeElement), true, "the safe button has the focus");
  await dialog.getByRole("button", { name: "Stop the import" }).click();
  await state(page, "Cancelled");
  const { added } = (await asked(page)).summary;
  assert.ok(added > 0 && added < 60_000, `${added} were added`);

  const { items: [touched] } = await world.api("GET", `/v1/contacts?source=csv_import:${idOf(page)}&limit=1`);
  await world.api("PATCH", `/v1/contacts/${touched.id}`, { phone: "+44 20 7946 0000" });
  await page.getByRole("button", { name: "Undo the import" }).click();
  const sure = page.getByRole("dialog", { name: "Undo this import?" });
  await sure.getByText(/that it added are removed/).waitFor();
  await sure.getByRole("button", { name: "Undo the import" }).click();
  await page.getByText("Undoing…").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "What stays, and why" }).waitFor({ timeout: 60_000 });
  await page.getByRole("row").filter({ hasText: touched.name }).getByText("Was edited since.").waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts?q=stop.example")).count.value, 1);
  await until(async () => (await asked(page)).state, "undone");
  await world.close(page);
});

test("several files dropped anywhere become several imports", async () => {
  const page = await world.open("/import");
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  await drop(page, [["north.csv", "name,email\nAnn,ann@north.example"], ["south.csv", "name,email\nBob,bob@south.example"]]);
  for (const name of ["north.csv", "south.csv"]) await page.getByRole("link", { name: `Review ${name}` }).waitFor();
  await page.getByRole("link", { name: "Review south.csv" }).click();
  await heading(page, "south.csv").waitFor();
  const { items } = await world.api("GET", "/v1/imports?limit=2");
  assert.deepEqual(items.map(({ file_name: name }) => name).sort(), ["north.csv", "south.csv"]);
  await world.close(page);
});

test("an upload shows how far it is, can be cancelled, and tried again when it failed", async () => {
  const page = await world.open("/import");
  let answer = () => undefined;
  await page.route("**/v1/imports?file_name=*", (route) => new Promise((resolve) => (answer = () => resolve(route.abort()))));
  await choose(page, named("slow.csv", csv(1000)));
  await page.getByRole("progressbar", { name: "Upload of slow.csv" }).waitFor();
  await page.getByRole("button", { name: "Cancel the upload of slow.csv" }).click();
  await page.getByText("Cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Try again: slow.csv" }).click();
  await page.getByRole("progressbar").waitFor();
  answer();
  await page.getByText(/^The file did not get through/).waitFor();
  await world.axe(page);
  await page.unroute("**/v1/imports?file_name=*");
  await page.getByRole("button", { name: "Try again: slow.csv" }).click();
  await heading(page, "slow.csv").waitFor();
  await world.close(page);
});

test("a file that is no CSV says what to do", async () => {
  const page = await world.open("/import");
  await choose(page, { name: "people.xlsx", mimeType: "application/octet-stream", buffer: Buffer.from("PK\u0003\u0004 a spreadsheet") });
  await page.getByRole("heading", { name: "This file cannot be imported" }).waitFor();
  const { problem } = await asked(page);
  await page.getByText(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}`).first().waitFor();
  await page.getByRole("link", { name: "Choose another file" }).waitFor();
  await world.close(page);
});

test("what is hostile in names and cells is text", async () => {
  const rows = HOSTILE.map((text, at) => `"${text.replaceAll('"', '""')}",hostile${at}@example.net,"${text.replaceAll('"', '""')}"`);
  const header = `name,email,"${HOSTILE[0].replaceAll('"', '""')}","${HOSTILE[6]}"`;
  const page = await world.open("/import");
  await page.getByRole("button", { name: "Choose files" }).waitFor();
  const name = `<img src=x onerror=window.broken=1> \u202Efdp.${"x".repeat(120)}\n.csv`;
  await drop(page, [[name, [header, ...rows].join("\n")]]);
  await state(page, "Ready to start");
  await page.getByRole("row", { name: /^<img src=x/ }).waitFor();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `it fits into ${width}`);
  }
  await page.getByRole("button", { name: "Try it without importing" }).click();
  await page.getByText("Would be added").waitFor();
  await page.getByText("Row by row").click();
  await page.getByRole("row").filter({ hasText: "A new contact" }).first().waitFor();
  await startButton(page).click();
  await state(page, "Imported");
  await page.goto(`${world.url}/imports`);
  await page.getByRole("link", { name: /^<img src=x/ }).waitFor();
  await until(() => page.evaluate(() => window.broken), undefined);
  await world.close(page);
});

test("a review that is not wanted is discarded", async () => {
  const page = await review("unwanted.csv", "name,email\nAnn,ann@unwanted.example\n");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await page.getByText("The import was discarded before it began.").waitFor();
  await until(async () => (await asked(page)).state, "cancelled");
  await world.close(page);
});

test("a file that is not kept any more says so", async () => {
  const done = await world.import("gone.csv", "name,email\nAnn,ann@gone.example\n,x@gone.example\n");
  for (const [file_state, why] of [["erased", "The file was deleted because somebody in it was erased."], ["expired", "The file was deleted 30 days after the import ended."]]) {
    const page = await world.open("/settings");
    await page.route(`**/v1/imports/${done.id}`, (route) => route.fulfill({ json: { ...done, file_state } }));
    await page.goto(`${world.url}/imports/${done.id}`);
    await page.getByText(why).waitFor();
    await until(() => page.getByRole("link", { name: /Download/ }).count(), 0);
    await world.axe(page);
    await world.close(page);
  }
});

test("an import that is not there, and a server that fails, are told apart", async () => {
  const page = await world.open("/imports/01a20726-600b-7375-bd17-000000000000");
  await page.getByRole("alert").filter({ hasText: /import/i }).waitFor();
  await page.route("**/v1/imports?*", (route) => route.fulfill({ status: 500, body: "" }));
  await page.getByRole("link", { name: "Imports" }).first().click();
  await page.getByRole("alert").filter({ hasText: "The server failed." }).waitFor();
  await page.unroute("**/v1/imports?*");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("link", { name: "gone.csv" }).waitFor();
  await world.close(page);
});

test("the history has all imports, page by page", async () => {
  for (let at = 0; at < 20; at += 1) await world.api("POST", `/v1/imports?file_name=many-${at}.csv`, "name,email\nAnn,ann@many.example");
  const page = await world.open("/imports");
  const names = page.getByRole("rowheader");
  await names.nth(24).waitFor();
  await page.getByRole("button", { name: "Load more" }).click();
  await page.getByRole("link", { name: "fair.csv" }).waitFor();
  assert.equal(await names.count(), (await world.api("GET", "/v1/imports?limit=200")).items.length);
  await page.getByRole("row").filter({ hasText: "fair.csv" }).getByText("Imported").waitFor();
  await world.close(page);
});

test("every state can be read by everybody", async () => {
  const done = await world.import("look.csv", "name,email,born\nAnn,ann@look.example,x\n,x@look.example,y\n");
  const made = async (text) => (await world.api("POST", "/v1/imports?file_name=look.csv", text)).id;
  const ready = await made("name,email,Shoe\nAnn,ann@look2.example,40\n,x@look2.example,y\n");
  const unusable = await made("");
  await world.until(ready, "ready");
  await world.inEveryLook(`/imports/${ready}`, async (page) => {
    await page.getByRole("button", { name: /^Try it/ }).click();
    await page.getByText("Would be added").waitFor();
    await page.getByText("Row by row").click();
    await page.getByRole("cell", { name: "A new contact" }).waitFor();
  });
  await world.inEveryLook(`/imports/${unusable}`, (page) => page.getByRole("heading", { name: "This file cannot be imported" }).waitFor());
  await world.inEveryLook(`/imports/${done.id}`, (page) => page.getByRole("cell", { name: "The name is missing." }).waitFor());
  const began = { started_at: done.started_at, finished_at: null };
  for (const [state, more, text] of [
    ["analysing", { analysis: null, plan: null }, "Reading the file…"],
    ["running", { ...began, progress: { done: 400, total: 1000, rows_per_second: 120.4, seconds_left: 5 } }, "400 of 1,000 rows · 120 a second · 5 s left"],
    ["failed", { problem: "the file cannot be read any more: upload it again" }, "The file cannot be read any more: upload it again. What was taken before stays."],
    ["undoing", {}, "Undoing…"],
  ]) {
    const view = JSON.stringify({ ...done, ...more, state });
    for (const look of [{}, { dark: true }, { width: 390 }]) {
      const page = await world.open("/settings", look);
      await page.route(`**/v1/imports/${done.id}`, (route) => route.fulfill({ body: view, contentType: "application/json" }));
      await page.route(`**/v1/imports/${done.id}/events`, (route) => route.fulfill({ body: `event: progress\ndata: ${view}\n\n`, contentType: "text/event-stream" }));
      await page.route(`**/v1/imports/${done.id}/undo`, (route) => route.fulfill({ json: { state: "running", problem: null, progress: { done: 1, total: 2 }, summary: { removed: 5, restored: 1, kept: 0, unchanged: 0, gone: 0 }, actor: done.actor, asked_at: done.created_at, finished_at: null } }));
      await page.goto(`${world.url}/imports/${done.id}`);
      await page.getByText(text).waitFor();
      await world.axe(page);
      await world.close(page);
    }
  }
  await world.api("POST", `/v1/imports/${done.id}/undo`);
  await world.inEveryLook(`/imports/${done.id}`, (page) => page.getByText("Put back").waitFor());
  await world.inEveryLook("/imports", (page) => page.getByRole("rowheader").first().waitFor());
});
