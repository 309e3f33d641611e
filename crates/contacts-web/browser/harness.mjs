// The world of the browser tests: an organisation on the real program, and a browser that is signed
// in to it.
//
// `run.mjs` starts one server and one browser for all test files. A test file that is run alone
// starts its own.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach } from "node:test";
import { setTimeout } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { command } from "./server.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
/** The rules whose outcome depends on the colour scheme; all others depend on the document and its layout. */
const COLOUR_RULES = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
/** In ms. Long enough for a busy machine; what succeeds takes a fraction of it. */
const TIMEOUT_MS = 60_000;
/** In ms, for work on many contacts. */
const LONG_TIMEOUT_MS = 4 * TIMEOUT_MS;
/** Factor by which the browser's CPU is slowed down, to find tests with races. */
const SLOWDOWN = Number(process.env.CONTACTS_BROWSER_SLOWER ?? 1);
/** Window widths in pixels in which each state is checked. */
export const WIDTHS = { wide: 1280, narrow: 390 };
/** Further windows, in which each state is checked on request. The last one is 1280×1024 at 400 %. */
const MORE_WINDOWS = process.env.CONTACTS_BROWSER_LOOKS === "all" ? [[1366, 650], [1440, 900], [2560, 1440], [320, 256]] : [];

const shared = process.env.CONTACTS_BROWSER_SHARED ? JSON.parse(process.env.CONTACTS_BROWSER_SHARED) : null;
const own = shared ? null : await import("./shared.mjs").then(({ startShared }) => startShared());
/** @type {{ server: import("./server.mjs").Server, browser: string }} */
const { server, browser: endpoint } = shared ?? own.data;

const browser = await chromium.connect(endpoint);
/** One context for all tests of a file, so that the browser's cache keeps the assets. */
const context = await newContext();
/** Contexts of a single page. */
const others = [];

afterEach(closeAll);
after(async () => {
  await browser.close();
  await own?.stop();
});

/** @param {import("playwright-core").BrowserContextOptions} [options] */
async function newContext(options = {}) {
  const created = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  created.setDefaultTimeout(TIMEOUT_MS);
  return created;
}

/** Closes the pages that a failed test has left open, and discards what its pages have stored. */
async function closeAll() {
  await Promise.all([...others.splice(0).map((one) => one.close()), ...context.pages().map((page) => page.close())]);
  await context.clearCookies();
}

/**
 * Waits for a condition, like Playwright does for elements.
 *
 * @template T
 * @param {() => T | Promise<T>} read returns the current value
 * @param {unknown} expected a value, a RegExp, or a predicate of the current value
 * @param {string} [description]
 * @param {number} [timeout] in ms
 * @returns {Promise<T>} the value that met the condition
 */
export async function until(read, expected, description, timeout = TIMEOUT_MS) {
  const matches = (actual) => (typeof expected === "function" ? expected(actual) : expected instanceof RegExp ? expected.test(String(actual)) : isDeepStrictEqual(actual, expected));
  for (const end = Date.now() + timeout; ; await setTimeout(50)) {
    const actual = await read();
    if (matches(actual)) return actual;
    if (Date.now() > end) assert.fail(`${description ? `${description}: ` : ""}expected ${typeof expected === "function" ? expected : inspect(expected)}, still ${inspect(actual)}`);
  }
}

/**
 * Creates an empty organisation with a user and a key, and signs the shared context in to it.
 *
 * @returns {Promise<World>}
 */
export async function organisation() {
  const id = await command(server, "org", "create", "Example organisation");
  const [key, link] = await Promise.all([
    command(server, "key", "create", "--org", id, "--name", "Tests", "--scope", "read,write,admin"),
    command(server, "sign-in-link", "--org", id),
  ]);
  const world = new World(id, key);
  world.cookies = await world.signIn(link);
  await world.enter();
  return world;
}

/** An organisation as the tests use it: over the API, and on pages that are signed in to it. */
export class World {
  constructor(id, key) {
    Object.assign(this, { id, key, server, url: server.url, isFirstPage: true });
  }

  /** Signs the shared context in to this organisation, and out of the one before. */
  async enter() {
    await context.clearCookies();
    await context.addCookies(this.cookies);
  }

  /** Makes another sign-in link on the command line. */
  link() {
    return command(this.server, "sign-in-link", "--org", this.id);
  }

  /**
   * Uses up a link over the API, each time as another client: attempts to sign in are limited by
   * client address.
   *
   * @param {string} link
   * @returns {Promise<object[]>} the cookies of the session, for `addCookies`
   */
  async signIn(link) {
    const client = [10, ...randomBytes(3)].join(".");
    const headers = { "x-forwarded-for": client, "content-type": "application/json", origin: this.url, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0" };
    const response = await fetch(`${this.url}/v1/session`, { method: "POST", headers, body: JSON.stringify({ token: new URL(link).hash.slice(1) }) });
    assert.equal(response.status, 200, await response.text());
    return response.headers.getSetCookie().map((cookie) => {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      return { name, value, url: this.url, httpOnly: true, sameSite: "Lax" };
    });
  }

  /**
   * Calls the API with a key, bypassing the page.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body] JSON, or CSV as a string
   */
  async api(method, path, body) {
    const isText = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(body !== undefined && { "content-type": isText ? "text/csv" : "application/json" }) },
      body: body === undefined ? undefined : isText ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /**
   * Imports a file over the API and waits until it is done.
   *
   * @param {string} name
   * @param {string} csv
   */
  async import(name, csv) {
    const { id } = await this.api("POST", `/v1/imports?file_name=${encodeURIComponent(name)}`, csv);
    await this.importReaches(id, "ready");
    await this.api("POST", `/v1/imports/${id}/start`);
    return this.importReaches(id, "done");
  }

  /**
   * Waits until an import is in a state.
   *
   * @param {string} id
   * @param {string} state
   */
  importReaches(id, state) {
    return until(() => this.api("GET", `/v1/imports/${id}`), (seen) => {
      assert.ok(seen.state === state || !["failed", "unusable", "cancelled"].includes(seen.state), `the import is ${seen.state}: ${seen.problem}`);
      return seen.state === state;
    }, undefined, LONG_TIMEOUT_MS);
  }

  /**
   * Opens a path of the page, signed in. `close` fails the test when the page threw an error.
   *
   * @param {string} path
   * @param {{ width?: number, height?: number, dark?: boolean, signedIn?: boolean }} [options]
   */
  async open(path, { width = WIDTHS.wide, height = width < 600 ? 844 : 800, dark = false, signedIn = true } = {}) {
    const page = await (signedIn ? context : await this.newContext()).newPage();
    page.thrown = [];
    page.on("pageerror", (error) => page.thrown.push(String(error)));
    page.on("console", (message) => message.type() === "error" && /Content.Security|Refused/.test(message.text()) && page.thrown.push(message.text()));
    await Promise.all([page.setViewportSize({ width, height }), page.emulateMedia({ colorScheme: dark ? "dark" : "light" }), this.prepare(page)]);
    await page.goto(this.url + path);
    return page;
  }

  /** @param {import("playwright-core").Page} page */
  async prepare(page) {
    if (!this.isFirstPage && SLOWDOWN === 1) return;
    const session = await page.context().newCDPSession(page);
    // What the pages of another organisation have stored.
    if (this.isFirstPage) await session.send("Storage.clearDataForOrigin", { origin: this.url, storageTypes: "local_storage" });
    this.isFirstPage = false;
    if (SLOWDOWN > 1) await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    else await session.detach();
  }

  /**
   * A context of its own, such as another browser of the same user.
   *
   * @param {object[]} [cookies]
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async newContext(cookies = [], options = {}) {
    const made = await newContext(options);
    others.push(made);
    await made.addCookies(cookies);
    return made;
  }

  /**
   * Closes a page, and fails when it threw an error or its policy refused something.
   *
   * @param {import("playwright-core").Page} page
   */
  async close(page) {
    await page.close();
    assert.deepEqual(page.thrown, []);
  }

  /**
   * Fails on accessibility faults that axe finds.
   *
   * @param {import("playwright-core").Page} page
   * @param {object} [runOnly]
   */
  async axe(page, runOnly = RULES) {
    // The contrast of text that fades in is not its final contrast; one animation may follow another.
    await page.evaluate(async () => {
      const running = () => document.getAnimations().filter((one) => one.playState === "running" && one.effect?.getTiming().iterations !== Infinity);
      for (let some = running(); some.length > 0; some = running()) await Promise.allSettled(some.map((one) => one.finished));
    });
    // Evaluated over the debugging protocol, which the page's policy does not restrict.
    if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(`${AXE}; 0`);
    const found = await page.evaluate(async (runOnly) => {
      const { violations } = await window.axe.run(document, { runOnly, resultTypes: ["violations"] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
    }, runOnly);
    assert.deepEqual(found, []);
  }

  /**
   * Checks a state of the page in a wide window in light and in dark, in a narrow window, and in
   * further ones with `CONTACTS_BROWSER_LOOKS=all`.
   *
   * @param {string} path
   * @param {(page: import("playwright-core").Page) => Promise<unknown>} reach brings the page to the state
   */
  async inEveryLook(path, reach) {
    for (const [width, height] of [[WIDTHS.wide], [WIDTHS.narrow], ...MORE_WINDOWS]) {
      const page = await this.open(path, { width, height });
      await reach(page);
      await this.axe(page);
      await this.fits(page);
      if (width === WIDTHS.wide) {
        await page.emulateMedia({ colorScheme: "dark" });
        await this.axe(page, COLOUR_RULES);
      }
      await this.close(page);
    }
  }

  /**
   * Fails when the page is wider than its window.
   *
   * @param {import("playwright-core").Page} page
   */
  async fits(page) {
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `${page.url()} is ${wide} pixels wide in a window of ${window}`);
  }
}
