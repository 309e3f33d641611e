// The format of a file, chosen by hand in the review (R56), and pasted cells.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { xlsx } from "./workbook.mjs";

let world;
beforeEach(async () => (world = await organisation()));

const goesTo = (page, column) => page.getByRole("combobox", { name: `Import ${column} as`, exact: true });
const startButton = (page) => page.getByRole("button", { name: /^Import \d/ });
const state = (page, word) => page.locator("header .status").filter({ hasText: word }).waitFor();
const box = (page, name) => page.getByRole("combobox", { name, exact: true });
/** Waits for a fact about the file below the heading. */
const fact = (page, text) => page.locator(".facts").getByText(text, { exact: true }).waitFor();
const people = async () => (await world.api("GET", "/v1/contacts")).items.map(({ name }) => name).sort();

/** Uploads a file and opens it once it is read. */
async function uploaded(name, file, reached, options) {
  const { id } = await world.api("POST", `/v1/imports?file_name=${encodeURIComponent(name)}`, file);
  await world.importReaches(id, reached);
  return world.open(`/imports/${id}`, options);
}

test("a file without a header is imported with the columns A, B, C after a confirmation", async () => {
  const page = await uploaded("bare.csv", "ann@bare.example,Ann Lee\nbob@bare.example,Bob Ray\n", "unusable");
  await page.getByRole("heading", { name: "This file cannot be imported" }).waitFor();
  await world.axe(page);
  await page.getByRole("button", { name: "Name the columns A, B, C" }).click();
  await state(page, "Ready to start");
  await page.getByText("no header", { exact: true }).waitFor();
  await until(() => goesTo(page, "A").inputValue(), "email");
  await until(() => goesTo(page, "B").inputValue(), "name");
  await startButton(page).click();
  await state(page, "Imported");
  assert.deepEqual(await people(), ["Ann Lee", "Bob Ray"]);
  await world.close(page);
});

test("the encoding and the header row are chosen by hand, and the mapping stays", async () => {
  const text = Buffer.from("Members of the club,June\nName,Mail\nJ\u00fcrgen Gro\u00df,j@format.example\n", "latin1");
  const page = await uploaded("club.csv", text, "ready");
  await page.getByText("File format", { exact: true }).click();
  await until(() => box(page, "Encoding").locator("option").first().textContent(), "Detected: Windows-1252");
  await box(page, "Encoding").selectOption({ label: "Mac Roman" });
  await fact(page, "Mac Roman");
  await until(() => box(page, "Encoding").inputValue(), "macintosh", "the choices stay open and show what was chosen");
  await box(page, "Encoding").selectOption({ label: "Detect" });
  await fact(page, "Windows-1252");
  await box(page, "Header row").selectOption({ label: "Line 1: Members of the club, June" });
  await fact(page, "header on the first line");
  await box(page, "Header row").selectOption({ label: "Line 2: Name, Mail" });
  await fact(page, "header on line 2");
  await until(() => goesTo(page, "Name").inputValue(), "name");
  await world.axe(page);
  await box(page, "Delimiter").selectOption({ label: "Semicolon" });
  await page.getByText("semicolon-separated", { exact: true }).waitFor();
  await box(page, "Delimiter").selectOption({ label: "Detect" });
  await page.getByText("comma-separated", { exact: true }).waitFor();
  await startButton(page).click();
  await state(page, "Imported");
  assert.deepEqual(await people(), ["J\u00fcrgen Gro\u00df"]);
  await world.close(page);
});

test("a workbook that cannot be imported lists its sheets", async () => {
  const empty = Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`Empty ${at}`, []]));
  const file = xlsx({ ...empty, People: [["Name", "Email"], ["Ann Lee", "ann@sheets.example"]] });
  const page = await uploaded("many.xlsx", file, "unusable");
  const sheet = box(page, "Sheet");
  await until(async () => (await sheet.locator("option").allTextContents()).at(-1), "People");
  await sheet.selectOption("People");
  await state(page, "Ready to start");
  await startButton(page).click();
  await state(page, "Imported");
  assert.deepEqual(await people(), ["Ann Lee"]);
  await world.close(page);
});

/** Pastes what a spreadsheet program copies: text with tabs, a table, and a picture. */
const paste = (page, text, into = "body") => page.evaluate(([text, into]) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  clipboardData.setData("text/html", `<table><tr><td>${text}</td></tr></table>`);
  clipboardData.items.add(new File(["picture"], "image.png", { type: "image/png" }));
  document.querySelector(into).dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
}, [text, into]);

/** Copies text and a table to the clipboard, and pastes with the keyboard. */
async function copyAndPaste(page, text) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(async (text) => {
    const blob = (type, content) => ({ [type]: new Blob([content], { type }) });
    await navigator.clipboard.write([new ClipboardItem({ ...blob("text/plain", text), ...blob("text/html", "<table><tr><td>x</td></tr></table>") })]);
  }, text);
  await page.keyboard.press("Control+V");
}

test("pasted cells are reviewed and imported", async () => {
  const page = await world.open("/import");
  await page.getByText("paste them here").waitFor();
  await world.axe(page);
  await copyAndPaste(page, 'Name\tEmail\tTags\r\n"Ann\nLee"\tann@paste.example\t"vip, lead"\r\nBob Ray\tbob@paste.example\t\r\n');
  await page.getByRole("heading", { name: "Pasted cells.tsv", level: 1 }).waitFor();
  await state(page, "Ready to start");
  await page.getByText("tab-separated", { exact: true }).waitFor();
  await startButton(page).click();
  await state(page, "Imported");
  assert.deepEqual(await people(), ["Ann Lee", "Bob Ray"]);
  await world.close(page);
});

test("one pasted column is not divided at its commas, and no text is pasted while typing", async () => {
  const page = await world.open("/import");
  await page.getByText("paste them here").waitFor();
  await paste(page, "Email\n\"Lee, Ann\" <ann@column.example>\nbob@column.example\n");
  await state(page, "Ready to start");
  await page.getByText("1 column", { exact: true }).waitFor();
  await page.goto(`${world.url}/import`);
  await page.getByText("paste them here").waitFor();
  await page.evaluate(() => document.body.append(Object.assign(document.createElement("textarea"), { id: "typed" })));
  await paste(page, "Name\tEmail\nAnn\ta@column.example", "#typed");
  await paste(page, "  \n");
  assert.equal((await world.api("GET", "/v1/imports")).items.length, 1);
  await world.close(page);
});

test("garbled text is shown before and after, and repaired with a button", async () => {
  const page = await uploaded("garbled.csv", "Name,Email\nJ\u00c3\u00bcrgen,j@garbled.example\n", "ready");
  await page.getByRole("button", { name: "Repair the text: “J\u00fcrgen”" }).click();
  await page.getByRole("row", { name: /^Name/ }).getByText("J\u00fcrgen", { exact: true }).waitFor();
  await until(() => page.getByRole("list", { name: "Warnings" }).count(), 0);
  await startButton(page).click();
  await state(page, "Imported");
  assert.deepEqual(await people(), ["J\u00fcrgen"]);
  await world.close(page);
});
