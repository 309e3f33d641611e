// Worlds for the browser tests: the real program over a Postgres of its own, and a browser that is
// signed in to it.

import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout } from "node:timers/promises";
import { inspect, isDeepStrictEqual, promisify } from "node:util";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PROGRAM = process.env.CONTACTS_PROGRAM ?? fileURLToPath(new URL("../../../target/debug/contacts", import.meta.url));
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** Long, for a machine that does much else; whatever goes well takes a fraction of it. */
const PATIENCE = 30_000;
/** How many times slower than the machine a page runs: finds tests that race with it. */
const SLOWER = Number(process.env.CONTACTS_BROWSER_SLOWER ?? 1);
/** The widths that a page is looked at in. */
export const WIDTHS = { wide: 1280, narrow: 390 };

/**
 * Waits as Playwright does, for whatever can be looked at: what follows from a click is there soon,
 * not at once.
 *
 * @template T
 * @param {() => T | Promise<T>} look
 * @param {unknown} wanted a value, a RegExp, or a test of what is seen
 * @param {string} [why]
 * @returns {Promise<T>} what was seen
 */
export async function until(look, wanted, why) {
  const is = (seen) => (typeof wanted === "function" ? wanted(seen) : wanted instanceof RegExp ? wanted.test(String(seen)) : isDeepStrictEqual(seen, wanted));
  for (const end = Date.now() + PATIENCE; ; await setTimeout(50)) {
    const seen = await look();
    if (is(seen)) return seen;
    if (Date.now() > end) assert.fail(`${why ? `${why}: ` : ""}it stayed ${inspect(seen)}, and not ${typeof wanted === "function" ? wanted : inspect(wanted)}`);
  }
}

/**
 * Starts the program with nothing in it, and a browser.
 *
 * @param {Record<string, string>} [settings] of the program, by names of the environment
 * @returns {Promise<World>}
 */
export async function start(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "contacts-browser-"));
  // Root's database runs as another user, who has to get through.
  await chmod(folder, 0o711);
  const environment = { ...process.env, CONTACTS_DATA_DIR: join(folder, "data"), CONTACTS_LOG: "warn", ...settings };
  delete environment.DATABASE_URL;
  const program = spawn(PROGRAM, ["serve", "--listen", "127.0.0.1:0"], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  const said = await ready(program);
  const url = /ready at (http\S+)/.exec(said)?.[1] ?? "";
  const world = new World(program, folder, environment, url, /ic_\S+/.exec(/Key.*/.exec(said)?.[0] ?? "")?.[0] ?? "");
  world.browser = await chromium.launch(CHROMIUM);
  world.state = await world.signIn(/http\S+\/sign-in#\S+/.exec(said)?.[0] ?? "");
  return world;
}

/** @param {import("node:child_process").ChildProcess} program */
function ready(program) {
  return new Promise((resolve, reject) => {
    let said = "";
    program.stdout?.on("data", (text) => {
      said += text;
      if (said.includes("Ctrl-C")) resolve(said);
    });
    program.once("exit", (code) => reject(new Error(`${PROGRAM} ended with ${code}: build it first`)));
    program.once("error", reject);
  });
}

class World {
  constructor(program, folder, environment, url, key) {
    Object.assign(this, { program, folder, environment, url, key });
  }

  /** Another sign-in link, from the command line. */
  async link() {
    const { stdout } = await promisify(execFile)(PROGRAM, ["sign-in-link"], { env: { ...this.environment, CONTACTS_PUBLIC_URL: this.url } });
    return /http\S+\/sign-in#\S+/.exec(stdout)?.[0] ?? "";
  }

  /** Uses a link up, and keeps the cookie for every page that is opened. */
  async signIn(link) {
    const context = await this.browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
    const state = await context.storageState();
    await context.close();
    return state;
  }

  /**
   * Asks the API with a key, past the page.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async api(method, path, body) {
    const isText = typeof body === "string";
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(body !== undefined && { "content-type": isText ? "text/csv" : "application/json" }) },
      body: body === undefined ? undefined : isText ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Imports a file, and waits for its end. */
  async import(name, csv) {
    const { id } = await this.api("POST", `/v1/imports?file_name=${encodeURIComponent(name)}`, csv);
    await this.until(id, "ready");
    await this.api("POST", `/v1/imports/${id}/start`);
    return this.until(id, "done");
  }

  async until(id, state) {
    for (;;) {
      const seen = await this.api("GET", `/v1/imports/${id}`);
      if (seen.state === state) return seen;
      assert.ok(!["failed", "unusable", "cancelled"].includes(seen.state), `the import is ${seen.state}: ${seen.problem}`);
      await setTimeout(50);
    }
  }

  /**
   * Opens a path of the page, signed in. What the page throws fails the test when it is closed.
   *
   * @param {string} path
   * @param {{ width?: number, dark?: boolean, signedIn?: boolean, extra?: import("playwright-core").BrowserContextOptions }} [options]
   */
  async open(path, { width = WIDTHS.wide, dark = false, signedIn = true, extra = {} } = {}) {
    const context = await this.browser.newContext({
      storageState: signedIn ? this.state : undefined, bypassCSP: false, locale: "en-GB", timezoneId: "Europe/Berlin",
      viewport: { width, height: width < 600 ? 844 : 800 }, colorScheme: dark ? "dark" : "light", ...extra,
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    page.thrown = [];
    page.on("pageerror", (error) => page.thrown.push(String(error)));
    page.on("console", (message) => message.type() === "error" && /Content.Security|Refused/.test(message.text()) && page.thrown.push(message.text()));
    if (SLOWER > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    await page.goto(this.url + path);
    return page;
  }

  /** Closes a page; nothing may have been thrown on it, and nothing refused by its policy. */
  async close(page) {
    await page.context().close();
    assert.deepEqual(page.thrown, []);
  }

  /** Closes what a test that failed has left open: it would go on working beside the others. */
  async leave() {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
  }

  /**
   * What hinders people, by axe.
   *
   * @param {import("playwright-core").Page} page
   */
  async axe(page) {
    // Fading texts have contrasts that do not last, and one fading may follow another.
    await page.evaluate(async () => {
      const fading = () => document.getAnimations().filter((one) => one.playState === "running" && one.effect?.getTiming().iterations !== Infinity);
      for (let some = fading(); some.length > 0; some = fading()) await Promise.allSettled(some.map((one) => one.finished));
    });
    // By the debugger, which the page's policy does not bind.
    await page.evaluate(`${AXE}; 0`);
    const found = await page.evaluate(async (rules) => {
      const { violations } = await window.axe.run(document, { runOnly: rules });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
    }, RULES);
    assert.deepEqual(found, []);
  }

  /**
   * Looks at a state in light, dark and narrow.
   *
   * @param {string} path
   * @param {(page: import("playwright-core").Page) => Promise<unknown>} reach
   */
  async inEveryLook(path, reach) {
    for (const look of [{}, { dark: true }, { width: WIDTHS.narrow }]) {
      const page = await this.open(path, look);
      await reach(page);
      await this.axe(page);
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= seen, `${path} is ${wide} wide in a window of ${seen}`);
      await this.close(page);
    }
  }

  async stop() {
    await this.browser.close();
    const ended = new Promise((resolve) => this.program.once("exit", resolve));
    this.program.kill("SIGINT");
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
