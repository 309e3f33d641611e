// The layout of the list: high zoom, narrow windows, late parts, and paper (R47).

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { organisation, until } from "./harness.mjs";
import { csv } from "./people.mjs";

let world;
beforeEach(async () => {
  world = await organisation();
  await world.import("trade-show.csv", csv(60));
});

const rows = (page) => page.getByRole("rowgroup").nth(1).getByRole("row").filter({ has: page.getByRole("link") });

/** Number of rows that are whole in the window, and not covered. */
const visible = (page) => rows(page).evaluateAll((all) => all.filter((row) => {
  const { left, top, bottom } = row.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight && document.elementFromPoint(left + 60, (top + bottom) / 2)?.closest("[role=row]") === row;
}).length);

test("rows are visible at 200 and 400 % zoom", async () => {
  for (const [width, height, least] of [[1366, 650, 10], [640, 512, 4], [683, 325, 2], [320, 256, 1]]) {
    const page = await world.open("/", { width, height });
    await rows(page).first().waitFor();
    await until(() => visible(page), (seen) => seen >= least, `rows in ${width} by ${height}`);
    await world.fits(page);
    await world.axe(page);
    await world.close(page);
  }
});

test("the name and the checkbox stay when the table scrolls sideways", async () => {
  const page = await world.open("/?sort=email", { width: 900, height: 650 });
  await rows(page).first().waitFor();
  const table = page.getByRole("table", { name: "Contacts" });
  const places = () => page.getByRole("row", { name: /Ann Lee 0/ }).evaluate((row) => ["input", "a"].map((name) => {
    const { left, width, top, height } = row.querySelector(name).getBoundingClientRect();
    return [left, document.elementFromPoint(left + Math.min(4, width / 2), top + height / 2)?.closest(name) === row.querySelector(name)];
  }));
  const before = await places();
  await table.evaluate((element) => element.scrollTo(300, 0));
  assert.ok(await table.evaluate((element) => element.scrollLeft > 0), "the table scrolls");
  await until(places, before);
  await world.close(page);
});

test("a tag that does not fit is counted, and none is cut to a letter", async () => {
  const tags = ["newsletter", "Very important customer", "trade show", "lead"];
  const { id } = await world.api("POST", "/v1/contacts", { name: "Many Tags", email: "many@example.org", tags });
  for (const width of [1000, 1366, 2400]) {
    const page = await world.open("/?q=many@example.org", { width });
    const row = page.getByRole("row", { name: /Many Tags/ });
    await row.waitFor();
    const read = () => row.evaluate((element) => {
      const chips = [...element.querySelectorAll(".chip > span")];
      const more = element.querySelector(".of-tags small")?.textContent ?? "+0";
      return { whole: chips.every((chip) => chip.scrollWidth <= chip.clientWidth), all: chips.length + Number(more.slice(1)), shown: chips.length };
    });
    await until(read, ({ whole, all, shown }) => whole && all === 4 && shown >= (width > 2000 ? 3 : 1), `tags in a window of ${width}`);
    await world.close(page);
  }
  await world.api("DELETE", `/v1/contacts/${id}`);
});

test("nothing moves when the frame, the segments and the chips arrive", async () => {
  await world.api("POST", "/v1/segments", { name: "Very important", filter: { tags_any: "vip" } });
  const page = await world.open("/imports", { width: 1366, height: 650 });
  await page.addInitScript(() => {
    window.moved = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.moved += entry.value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.route("**/v1/me", async (route) => {
    await rows(page).first().waitFor();
    await route.continue();
  });
  await page.goto(`${world.url}/?tags_any=vip`);
  await page.getByRole("link", { name: "Very important" }).waitFor();
  await page.getByRole("button", { name: "Save as segment" }).waitFor();
  const moved = await page.evaluate(() => window.moved);
  assert.ok(moved < 0.01, `the layout moved by ${moved}`);
  await world.close(page);
});

test("the printed list has all loaded rows and nothing of the frame", async () => {
  const page = await world.open("/?sort=email");
  await rows(page).first().waitFor();
  await page.getByRole("group", { name: "In progress" }).waitFor({ state: "attached" });
  await page.waitForFunction(() => [...document.styleSheets].some(({ href }) => href?.endsWith("print.css")));
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await rows(page).count(), 60);
  for (const part of [page.getByRole("navigation", { name: "Main" }), page.getByRole("button", { name: "Filter" }), page.getByRole("link", { name: "New contact" })]) {
    assert.equal(await part.isVisible(), false);
  }
  const bottoms = await rows(page).evaluateAll((all) => all.map((row) => row.getBoundingClientRect().bottom));
  assert.ok(bottoms.every((bottom, at) => at === 0 || bottom > bottoms[at - 1]), "each row has its own place");
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await until(async () => (await rows(page).count()) < 60, true);
  await world.close(page);
});

test("Ctrl+P loads the rest of the list before it is printed", async () => {
  const items = Array.from({ length: 20 }, (_, at) => ({ name: `Printed ${at}`, email: `printed${at}@example.org` }));
  await world.api("POST", "/v1/contacts/batch", { items });
  const page = await world.open("/?sort=email");
  await rows(page).first().waitFor();
  await until(() => page.evaluate(() => document.querySelector(".grip") !== null), true);
  await page.evaluate(() => (window.print = () => (window.printed = true)));
  await page.keyboard.press("Control+p");
  await page.waitForFunction(() => window.printed);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const { count } = await world.api("GET", "/v1/contacts?count=exact");
  assert.ok(count.value > 60);
  assert.equal(await rows(page).count(), count.value);
  await world.close(page);
});

test("a mistyped address shows that it does not exist", async () => {
  const page = await world.open("/contactz");
  await page.getByRole("heading", { name: "Not found" }).waitFor();
  await page.getByRole("main").getByRole("link", { name: "All contacts" }).click();
  await rows(page).first().waitFor();
  await world.close(page);
});
