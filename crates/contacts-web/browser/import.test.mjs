// Imports: from the file to the summary and the undo (R30 to R37), and the badge on every page (R36).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { HOSTILE, csv } from "./people.mjs";
import { xlsx } from "./workbook.mjs";

let world;
beforeEach(async () => (world = await organisation()));

/** Number of contacts that keeps an import or a bulk action busy for some seconds. */
const CROWD = 60_000;

/** How long an import or an export of the crowd may take on a busy machine, in ms. */
const LONG_MS = 300_000;

const named = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const heading = (page, name) => page.getByRole("heading", { name, level: 1 });
const goesTo = (page, column) => page.getByRole("combobox", { name: `Import ${column} as`, exact: true });
const startButton = (page) => page.getByRole("button", { name: /^Import \d/ });
const saved = (page) => page.getByRole("status").filter({ hasText: /^Saved$/ }).waitFor();
const state = (page, word) => page.locator("header .status").filter({ hasText: word }).waitFor();
const idOf = (page) => new URL(page.url()).pathname.split("/").pop();
const asked = async (page) => world.api("GET", `/v1/imports/${idOf(page)}`);

/** Chooses files with the button. */
async function choose(page, ...files) {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).click();
  await (await chooser).setFiles(files);
}

/** Uploads a file and opens its review. */
async function review(name, text, options) {
  const { id } = await world.api("POST", `/v1/imports?file_name=${encodeURIComponent(name)}`, text);
  await world.importReaches(id, "ready");
  return world.open(`/imports/${id}`, options);
}

/** An organisation with many contacts. @type {import("./harness.mjs").World | undefined} */
let crowd;

/** Continues in the organisation with many contacts, which the first test that needs it creates. */
async function enterCrowd() {
  if (!crowd) {
    await world.import("crowd.csv", csv(CROWD));
    crowd = world;
  }
  world = crowd;
  await world.enter();
}

/** Drops files on the page. */
const drop = (page, files) => page.evaluate((files) => {
  const dataTransfer = new DataTransfer();
  for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
}, files);

test("an empty history invites to import", async () => {
  await world.inEveryLook("/imports", (page) => page.getByRole("heading", { name: "No imports yet" }).waitFor());
  await world.inEveryLook("/import", (page) => heading(page, "Import contacts").waitFor());
});

test("an opt-out column that is skipped is a warning, and an opt-out list adds nobody", async () => {
  const page = await review("members.csv", "Name,Email,Unsubscribed\nAnn,ann@out.example,yes\nBob,bob@out.example,no\n");
  await until(() => goesTo(page, "Unsubscribed").inputValue(), "unsubscribed");
  const warning = page.getByText("“Unsubscribed” says who wants no messages");
  await until(() => warning.isVisible(), false);
  await goesTo(page, "Unsubscribed").selectOption("");
  await warning.waitFor();
  await page.getByRole("radio", { name: "Unsubscribe everyone" }).check();
  await until(() => warning.isVisible(), false, "every row of an opt-out list says it");
  await saved(page);
  await startButton(page).click();
  await state(page, "Imported");
  await page.getByText("2 not in your contacts, kept as unsubscribed").waitFor();
  assert.equal((await world.api("GET", "/v1/contacts")).items.length, 0);
});

test("what is wrong with cells is a warning before the start", async () => {
  const page = await review("garbled.csv", "Name,Email,Phone\nJÃ¼rgen,rep@warn.example,4.91512E+12\nBob,rep@warn.example,\n");
  const warnings = page.getByRole("list", { name: "Warnings" });
  await warnings.getByText("“Name”: 1 row with text that another program has garbled. Example: “JÃ¼rgen” on line 2.").waitFor();
  await warnings.getByText("Every row has the same value in “Email”").waitFor();
  await goesTo(page, "Phone").selectOption("");
  await saved(page);
  await until(() => warnings.getByText("shortened").count(), 0);
  await goesTo(page, "Name").selectOption("");
  await goesTo(page, "Email").selectOption("");
  await saved(page);
  await until(() => warnings.isVisible(), false);
});

test("a chosen file is reviewed, imported and found in the list", async () => {
  const page = await world.open("/import");
  await choose(page, named("fair.csv", "Full name,E-mail,Colour\nAnn Lee,ann@fair.example,red\nBob Ray,bob@fair.example,blue\n,nobody@fair.example,\nDan,dan@@x,\n"));
  await heading(page, "fair.csv").waitFor();
  await state(page, "Ready to start");
  for (const fact of ["4 rows", "3 columns", "comma-separated", "UTF-8", "header on the first line"]) await page.getByText(fact, { exact: true }).waitFor();
  await until(() => goesTo(page, "Full name").inputValue(), "name");
  await until(() => goesTo(page, "E-mail").inputValue(), "email");
  await until(() => goesTo(page, "Colour").inputValue(), "", "an unknown column is skipped");
  await page.getByRole("row", { name: /^E-mail/ }).getByText(/^High, \d+%$/).waitFor();
  await page.getByRole("row", { name: /^Colour/ }).getByText("Not recognised").waitFor();

  await page.getByRole("radio", { name: "Add and fill empty fields" }).check();
  const tags = page.getByRole("combobox", { name: "Tags for everyone in the file" });
  await tags.fill("Fair");
  await tags.press("Enter");
  await saved(page);
  const { plan } = await asked(page);
  assert.deepEqual([plan.policy, plan.tags], ["fill_blanks", ["Fair"]]);
  await page.reload();
  assert.ok(await page.getByRole("radio", { name: "Add and fill empty fields" }).isChecked(), "a reload loses nothing");
  await page.getByRole("button", { name: "Remove Fair" }).waitFor();

  await startButton(page).click();
  await state(page, "Imported");
  await until(() => page.locator(".tally dt, .tally dt + dd").allTextContents(), ["Added", "2", "Updated", "0", "Skipped", "2"]);
  for (const reason of ["1 without a name", "1 with an invalid email address"]) await page.getByText(reason).waitFor();
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

test("another sheet of a workbook is chosen, reviewed and imported", async () => {
  const page = await world.open("/import");
  const file = xlsx({
    ".Lists": [["Name", "Email"], ["Eve", "eve@sheet.example"]],
    Notes: [["Topic", "Text"], ["Fair", "Tuesday"]],
    "Our people": [["Full name", "E-mail"], ["Ann Lee", "ann@sheet.example"], ["Bob Ray", "bob@sheet.example"]],
    Empty: [],
  });
  await choose(page, { name: "people.xlsx", mimeType: "application/octet-stream", buffer: file });
  await heading(page, "people.xlsx").waitFor();
  await state(page, "Ready to start");
  const sheet = page.getByRole("combobox", { name: "Sheet" });
  await until(() => sheet.getByRole("option").allTextContents(), ["Notes", "Our people", "Empty", "Lists (hidden)"]);
  await until(() => sheet.inputValue(), "Notes", "the first visible sheet is suggested");
  for (const fact of ["1 row", "2 columns", "sheet “Notes”", "header on the first row"]) await page.getByText(fact, { exact: true }).waitFor();

  await sheet.selectOption("Empty");
  await page.getByRole("alert").filter({ hasText: "the file is empty" }).waitFor();
  await until(() => sheet.inputValue(), "Notes", "a sheet that cannot be imported is not chosen");
  await sheet.selectOption("Our people");
  await page.getByText("sheet “Our people”", { exact: true }).waitFor();
  await until(() => sheet.inputValue(), "Our people");
  await until(() => goesTo(page, "Full name").inputValue(), "name");
  await startButton(page).click();
  await state(page, "Imported");
  await until(async () => (await world.api("GET", "/v1/contacts")).items.map(({ name }) => name).sort(), ["Ann Lee", "Bob Ray"]);
  await world.close(page);
});

test("an import cannot start before name and email are mapped, and says so", async () => {
  const page = await review("odd.csv", "One,Two,Three\na,b,c\nd,e,f\n");
  const why = async (text) => {
    await page.getByText(text, { exact: true }).waitFor();
    await until(() => startButton(page).isDisabled(), true);
  };
  await why("Choose which columns contain the name and the email address.");
  await goesTo(page, "One").selectOption("Name");
  await why("Choose which column contains the email address.");
  await goesTo(page, "Two").selectOption("Email");
  await page.getByText("Ready to start.", { exact: true }).waitFor();
  await until(() => startButton(page).isDisabled(), false);
  await goesTo(page, "Three").selectOption("Name");
  await why("Two columns are imported as Name: choose one of them.");
  await until(() => goesTo(page, "Three").getAttribute("aria-invalid"), "true");
  await goesTo(page, "Three").selectOption("Tags");
  await saved(page);
  await until(async () => (await asked(page)).plan.columns, ["name", "email", "tags"]);
  await page.getByRole("row", { name: /^Two/ }).getByText("Your choice").waitFor();
  await world.close(page);
});

test("a file without rows cannot be imported", async () => {
  const page = await review("no-rows.csv", "name,email\n");
  await page.getByText("The file has a header but no rows.").waitFor();
  await until(() => page.getByRole("button", { name: "Import 0 rows" }).isDisabled(), true);
  await world.close(page);
});

test("a column can be imported as a new custom field", async () => {
  const page = await review("shirts.csv", "name,email,Shirt size\nAnn,ann@shirts.example,40\nBob,bob@shirts.example,42\n");
  await goesTo(page, "Shirt size").selectOption("New custom field…");
  const dialog = page.getByRole("dialog", { name: "New custom field" });
  await until(() => dialog.getByLabel("Label").inputValue(), "Shirt size");
  await until(() => dialog.getByLabel("Key").inputValue(), "shirt_size");
  await until(() => dialog.getByLabel("Type").inputValue(), "number", "its values are numbers");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await until(() => goesTo(page, "Shirt size").inputValue(), "", "cancelling keeps the column as it was");
  await goesTo(page, "Shirt size").selectOption("New custom field…");
  await dialog.getByRole("button", { name: "Create field" }).click();
  await saved(page);
  await until(async () => (await asked(page)).plan.columns, ["name", "email", "custom:shirt_size"]);
  await startButton(page).click();
  await state(page, "Imported");
  const { items: [ann] } = await world.api("GET", "/v1/contacts?q=ann@shirts.example");
  assert.deepEqual(ann.custom, { shirt_size: 40 });
  await world.close(page);
});

test("a plan that failed to be saved is reported and can be retried", async () => {
  const page = await review("retry.csv", "name,email\nAnn,ann@retry.example\n");
  await page.route("**/v1/imports/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.fallback()));
  await page.getByRole("radio", { name: "Only add", exact: true }).check();
  await page.getByText("Not saved: The server cannot be reached.").waitFor();
  await startButton(page).click();
  await until(async () => (await asked(page)).state, "ready", "it does not start with a plan other than the shown one");
  await page.unroute("**/v1/imports/*");
  await page.getByRole("button", { name: "Retry" }).click();
  await saved(page);
  await until(async () => (await asked(page)).plan.policy, "add_only");
  await world.close(page);
});

test("a dry run shows the result of each row and changes nothing", async () => {
  await world.api("POST", "/v1/contacts", { name: "Old Name", email: "known@dry.example" });
  const page = await review("dry.csv", "name,email,tags\nNew One,new@dry.example,\nNew Name,known@dry.example,vip\n,none@dry.example,\n");
  await page.getByRole("button", { name: "Start dry run" }).click();
  await page.getByText("Would be added", { exact: true }).waitFor();
  await until(() => page.locator(".tally dt, .tally dt + dd").allTextContents(), ["Would be added", "1", "Would be updated", "1", "Would be skipped", "1"]);
  await page.getByText("Row by row").click();
  const updated = page.getByRole("row").filter({ hasText: "Updated" });
  await updated.getByText("Name: Old Name → New Name").waitFor();
  await updated.getByText("Tags: + vip").waitFor();
  await page.getByRole("row").filter({ hasText: "Skipped" }).getByText("The name is missing.").waitFor();
  const show = page.getByRole("combobox", { name: "Show" });
  await until(() => show.getByRole("option").allTextContents(), ["All rows", "Would be added (1)", "Would be updated (1)", "Would be skipped (1)", "Skipped: without a name (1)"]);
  const listed = page.getByRole("table", { name: "Result for each row" }).getByRole("row");
  await show.selectOption({ label: "Skipped: without a name (1)" });
  await until(() => listed.count(), 2, "the header and one row");
  await listed.filter({ hasText: "The name is missing." }).waitFor();
  await show.selectOption({ label: "All rows" });
  await until(() => listed.count(), 4);
  await until(async () => (await world.api("GET", "/v1/contacts?q=dry.example")).count.value, 1);
  await page.reload();
  await page.getByText("Would be added", { exact: true }).waitFor();
  await goesTo(page, "tags").selectOption("Skip this column");
  await page.getByText("Would be added", { exact: true }).waitFor({ state: "detached" });
  await saved(page);
  await world.close(page);
});

test("an import continues over a reload, with a badge on every page and a message at its end", async () => {
  const page = await review("crowd.csv", csv(CROWD));
  await startButton(page).click();
  await page.getByText(/^[\d,]+ of 60,000 rows · [\d,]+ per second · /).waitFor();
  await page.reload();
  await state(page, "Importing");
  await page.getByText(/ of 60,000 rows/).waitFor();
  const badge = page.getByRole("group", { name: "In progress" }).getByRole("link", { name: /Importing crowd\.csv/ });
  await badge.waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await badge.filter({ hasText: / of 60,000/ }).waitFor();
  await page.reload();
  await badge.waitFor();
  await page.getByText(/crowd\.csv was imported: 60,000 added, 0 updated, 0 skipped\./).waitFor({ timeout: LONG_MS });
  await badge.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await state(page, "Imported");
  await until(async () => (await asked(page)).summary.added, CROWD);
  crowd = world;
  await world.close(page);
});

test("an export has a badge and offers its file at the end", async () => {
  await enterCrowd();
  const page = await world.open("/settings");
  await page.getByRole("heading", { name: "Organisation" }).waitFor();
  const selection = await world.api("POST", "/v1/selections", { filter: { source: "csv_import" } });
  const action = await world.api("POST", "/v1/actions", { selection_id: selection.id, action: { type: "export" } });
  await page.reload();
  const badge = page.getByRole("group", { name: "In progress" }).getByRole("button", { name: /Exporting/ });
  await badge.waitFor();
  await page.getByText("The export of 60,000 contacts is ready.").waitFor({ timeout: LONG_MS });
  await badge.waitFor({ state: "detached" });
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  await until(async () => (await download).url(), new RegExp(`/v1/actions/${action.id}/file$`));
  await world.close(page);
});

test("a bulk action can be stopped from its badge", async () => {
  await enterCrowd();
  const selection = await world.api("POST", "/v1/selections", { filter: { source: "csv_import" } });
  // A few tags keep the action busy until it is stopped, and its chunks short.
  const tags = Array.from({ length: 5 }, (_, at) => `crowd ${at}`);
  const page = await world.open("/imports");
  await page.getByRole("heading", { name: "Imports" }).waitFor();
  const { id } = await world.api("POST", "/v1/actions", { selection_id: selection.id, action: { type: "add_tags", tags } });
  await page.reload();
  await page.getByRole("button", { name: /Adding tags/ }).click();
  await page.getByRole("button", { name: "Stop; keep what is done" }).click();
  await page.getByText(/^Stopped: /).waitFor();
  await until(async () => (await world.api("GET", `/v1/actions/${id}`)).state, "cancelled");
  await world.close(page);
});

test("a stopped import keeps its rows, and its undo keeps later changes", async () => {
  const page = await review("stop.csv", csv(CROWD));
  await startButton(page).click();
  // Some rows are imported before it is stopped.
  await page.getByText(/^[1-9][\d,]* of 60,000 rows/).waitFor();
  await page.getByRole("button", { name: "Stop the import" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop this import?" });
  await until(() => dialog.getByRole("button", { name: "Keep importing" }).evaluate((button) => button === document.activeElement), true, "the safe button has the focus");
  await dialog.getByRole("button", { name: "Stop the import" }).click();
  await state(page, "Cancelled");
  const { added } = (await asked(page)).summary;
  assert.ok(added > 0 && added < 60_000, `${added} were added`);

  const { items: [touched] } = await world.api("GET", `/v1/contacts?source=csv_import:${idOf(page)}&limit=1`);
  await world.api("PATCH", `/v1/contacts/${touched.id}`, { phone: "+44 20 7946 0000" });
  await page.getByRole("button", { name: "Undo the import" }).click();
  const sure = page.getByRole("dialog", { name: "Undo this import?" });
  await sure.getByText(/added by the import are removed/).waitFor();
  await sure.getByRole("button", { name: "Undo the import" }).click();
  await page.getByText("Undoing…").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "What was kept, and why" }).waitFor({ timeout: LONG_MS });
  await page.getByRole("row").filter({ hasText: touched.name }).getByText("Edited since.").waitFor();
  await until(async () => (await world.api("GET", "/v1/contacts")).count.value, 1);
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

test("an upload shows its progress, can be cancelled, and can be retried", async () => {
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
  await page.getByText(/^The upload failed/).waitFor();
  await world.axe(page);
  await page.unroute("**/v1/imports?file_name=*");
  await page.getByRole("button", { name: "Try again: slow.csv" }).click();
  await heading(page, "slow.csv").waitFor();
  await world.close(page);
});

test("a file that is not CSV is refused with advice", async () => {
  const page = await world.open("/import");
  await choose(page, { name: "people.xlsx", mimeType: "application/octet-stream", buffer: Buffer.from("PK\u0003\u0004 a spreadsheet") });
  await page.getByRole("heading", { name: "This file cannot be imported" }).waitFor();
  const { problem } = await asked(page);
  await page.getByText(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}`).first().waitFor();
  await page.getByRole("link", { name: "Choose another file" }).waitFor();
  await world.close(page);
});

test("hostile file names and cells are shown as text", async () => {
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
  await page.getByRole("button", { name: "Start dry run" }).click();
  await page.getByText("Would be added", { exact: true }).waitFor();
  await page.getByText("Row by row").click();
  await page.getByRole("row").filter({ hasText: "New contact" }).first().waitFor();
  await startButton(page).click();
  await state(page, "Imported");
  await page.goto(`${world.url}/imports`);
  await page.getByRole("link", { name: /^<img src=x/ }).waitFor();
  await until(() => page.evaluate(() => window.broken), undefined);
  await world.close(page);
});

test("a review can be discarded", async () => {
  const page = await review("unwanted.csv", "name,email\nAnn,ann@unwanted.example\n");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await page.getByText("The import was discarded before it started.").waitFor();
  await until(async () => (await asked(page)).state, "cancelled");
  await world.close(page);
});

test("a deleted file is reported", async () => {
  const done = await world.import("gone.csv", "name,email\nAnn,ann@gone.example\n,x@gone.example\n");
  for (const [file_state, why] of [["erased", "The file was deleted because a person in it was erased."], ["expired", "The file was deleted 30 days after the import ended."]]) {
    const page = await world.open("/settings");
    await page.route(`**/v1/imports/${done.id}`, (route) => route.fulfill({ json: { ...done, file_state } }));
    await page.goto(`${world.url}/imports/${done.id}`);
    await page.getByText(why).waitFor();
    await until(() => page.getByRole("link", { name: /Download/ }).count(), 0);
    await world.axe(page);
    await world.close(page);
  }
});

test("an unknown import and a failing server look different", async () => {
  await world.import("gone.csv", "name,email\nAnn,ann@gone.example");
  const page = await world.open("/imports/01a20726-600b-7375-bd17-000000000000");
  await page.getByRole("alert").filter({ hasText: /import/i }).waitFor();
  await page.route("**/v1/imports?*", (route) => route.fulfill({ status: 500, body: "" }));
  await page.getByRole("link", { name: "Imports" }).first().click();
  await page.getByRole("alert").filter({ hasText: "The server reported an error." }).waitFor();
  await page.unroute("**/v1/imports?*");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("link", { name: "gone.csv" }).waitFor();
  await world.close(page);
});

test("the history shows all imports, page by page", async () => {
  await world.import("fair.csv", "name,email\nAnn,ann@fair.example");
  for (let at = 0; at < 25; at += 1) await world.api("POST", `/v1/imports?file_name=many-${at}.csv`, "name,email\nAnn,ann@many.example");
  const page = await world.open("/imports");
  const names = page.getByRole("rowheader");
  await names.nth(24).waitFor();
  await page.getByRole("button", { name: "Load more" }).click();
  await page.getByRole("link", { name: "fair.csv" }).waitFor();
  assert.equal(await names.count(), (await world.api("GET", "/v1/imports?limit=200")).items.length);
  await page.getByRole("row").filter({ hasText: "fair.csv" }).getByText("Imported").waitFor();
  await world.close(page);
});

test("every state of an import is accessible in every look", async () => {
  const done = await world.import("look.csv", "name,email,born\nAnn,ann@look.example,x\n,x@look.example,y\n");
  const made = async (text) => (await world.api("POST", "/v1/imports?file_name=look.csv", text)).id;
  const ready = await made("name,email,Shoe\nAnn,ann@look2.example,40\n,x@look2.example,y\n");
  const unusable = await made("1,2\n3,4\n");
  await world.importReaches(ready, "ready");
  await world.api("POST", `/v1/imports/${ready}/dry-run`);
  await until(() => world.api("GET", `/v1/imports/${ready}/dry-run`), ({ state }) => state === "done");
  await world.inEveryLook(`/imports/${ready}`, async (page) => {
    await page.getByText("Would be added", { exact: true }).waitFor();
    await page.getByText("Row by row").click();
    await page.getByRole("cell", { name: "New contact" }).waitFor();
  });
  await world.inEveryLook(`/imports/${unusable}`, (page) => page.getByRole("heading", { name: "This file cannot be imported" }).waitFor());
  await world.inEveryLook(`/imports/${done.id}`, (page) => page.getByRole("cell", { name: "The name is missing." }).waitFor());
  const began = { started_at: done.started_at, finished_at: null };
  for (const [state, more, text] of [
    ["analysing", { analysis: null, plan: null }, "Reading the file…"],
    ["running", { ...began, progress: { done: 400, total: 1000, per_second: 120.4, seconds_left: 5 } }, "400 of 1,000 rows · 120 per second · 5 s left"],
    ["failed", { problem: "the file cannot be read any more: upload it again" }, "The file cannot be read any more: upload it again. Rows imported before that are kept."],
    ["undoing", {}, "Undoing…"],
  ]) {
    const view = JSON.stringify({ ...done, ...more, state });
    for (const look of [{}, { dark: true }, { width: 390 }]) {
      const page = await world.open("/settings", look);
      await page.route(`**/v1/imports/${done.id}`, (route) => route.fulfill({ body: view, contentType: "application/json" }));
      await page.route(`**/v1/runs/${done.id}/events`, (route) => route.fulfill({ body: `event: progress\ndata: ${view}\n\n`, contentType: "text/event-stream" }));
      await page.route(`**/v1/imports/${done.id}/undo`, (route) => route.fulfill({ json: { state: "running", problem: null, progress: { done: 1, total: 2 }, summary: { removed: 5, restored: 1, kept: 0, unchanged: 0, gone: 0 }, actor: done.actor, created_at: done.created_at, started_at: done.created_at, finished_at: null } }));
      await page.goto(`${world.url}/imports/${done.id}`);
      await page.getByText(text).waitFor();
      await world.axe(page);
      await world.close(page);
    }
  }
  await world.api("POST", `/v1/imports/${done.id}/undo`);
  await world.inEveryLook(`/imports/${done.id}`, (page) => page.getByText("Restored").waitFor());
  await world.inEveryLook("/imports", (page) => page.getByRole("rowheader").first().waitFor());
});
