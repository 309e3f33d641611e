// Measures the page on a running server: node bench.mjs SIGN_IN_LINK [RUNS] prints JSON.

import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.mjs";

const [, , link, runs = "5"] = process.argv;
const SEARCHES = ["smith", "ann", "maria garcia", "gmail", "xq", "zzyzx", "li"];

const browser = await chromium.launch(CHROMIUM);
const signing = await browser.newContext();
const first = await signing.newPage();
await first.goto(link);
await first.locator(".tbody a").first().waitFor();
const state = await signing.storageState();
await signing.close();

const measured = { load: [], keys: [], tasks: [] };
for (let run = 0; run < Number(runs); run += 1) {
  measured.load.push(await load());
  measured.keys.push(...(await keys()));
  measured.tasks.push(await scroll());
}
await browser.close();
console.log(JSON.stringify(measured));

function sum(numbers) {
  return numbers.reduce((total, one) => total + one, 0);
}

async function open() {
  const context = await browser.newContext({ storageState: state, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  return { context, page };
}

/** A first visit with an empty cache: bytes and time until the first rows are on screen. */
async function load() {
  const { context, page } = await open();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const asked = new Map();
  /** Bytes including HTTP headers, by URL: the page's own figures are estimates. */
  const wire = new Map();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => asked.set(requestId, request.url));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => wire.set(asked.get(requestId), encodedDataLength));
  const { origin } = new URL(link);
  await page.goto(`${origin}/`, { waitUntil: "commit" });
  const rows = await page.evaluate(() => new Promise((resolve) => {
    const look = () => (document.querySelector(".tbody a") ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))) : requestAnimationFrame(look));
    look();
  }));
  const files = await page.evaluate((rows) => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({ name, startTime }) => !name.includes("/v1/") && startTime < rows)
    .map(({ name, encodedBodySize }) => ({ name, body: encodedBodySize })), rows);
  await context.close();
  return { rows_ms: rows, files: files.length, body_bytes: sum(files.map(({ body }) => body)), wire_bytes: sum(files.map(({ name }) => wire.get(name))) };
}

/** Time from the last key of a search to its rows on screen. */
async function keys() {
  const { context, page } = await open();
  await page.goto(new URL(link).origin);
  await page.locator(".tbody a").first().waitFor();
  await page.evaluate(() => {
    const table = document.querySelector(".table");
    let key = 0;
    window.painted = [];
    document.querySelector("input[type=search]").addEventListener("input", () => (key = performance.now()));
    new MutationObserver(() => {
      if (table.getAttribute("aria-busy") !== "false") return;
      requestAnimationFrame(() => setTimeout(() => window.painted.push(performance.now() - key)));
    }).observe(table, { attributeFilter: ["aria-busy"] });
  });
  const search = page.getByRole("searchbox", { name: "Search contacts" });
  const seen = [];
  for (const text of SEARCHES) {
    await search.fill("");
    await page.waitForTimeout(600);
    await page.evaluate(() => (window.painted.length = 0));
    await search.pressSequentially(text, { delay: 60 });
    await page.waitForFunction(() => window.painted.length > 0);
    await page.waitForTimeout(400);
    seen.push({ text, ms: await page.evaluate(() => window.painted.at(-1)) });
  }
  await context.close();
  return seen;
}

/** The longest task while five thousand rows scroll by. */
async function scroll() {
  const { context, page } = await open();
  await page.goto(new URL(link).origin);
  await page.locator(".tbody a").first().waitFor();
  await page.waitForTimeout(500);
  const seen = await page.evaluate(async () => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    const table = document.querySelector(".table");
    const started = performance.now();
    let frames = 0;
    while (table.scrollTop < 5000 * 44 && performance.now() - started < 60_000) {
      table.scrollTop += 400;
      frames += 1;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return { longest_ms: Math.max(0, ...tasks), long_tasks: tasks.length, rows: Math.round(table.scrollTop / 44), seconds: (performance.now() - started) / 1000, frames };
  });
  await context.close();
  return seen;
}
