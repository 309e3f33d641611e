// What the browser tests share: a server and a browser.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.mjs";
import { connectors, startServer } from "./server.mjs";

/** An empty database for the server; without it, the server starts an embedded one. */
const DATABASE = process.env.CONTACTS_BROWSER_DATABASE_URL;

/**
 * Starts everything at once.
 *
 * @returns {Promise<{ data: object, stop: () => Promise<void> }>} `data` is plain, for other processes
 */
export async function startShared() {
  const folder = await mkdtemp(join(tmpdir(), "contacts-connectors-"));
  const list = join(folder, "connectors.json");
  await writeFile(list, connectors());
  const database = DATABASE ? { DATABASE_URL: DATABASE } : {};
  const [server, browser] = await Promise.all([
    startServer({ ...database, CONTACTS_CONNECTORS: list, CONTACTS_SOURCES_ALLOW_PRIVATE: "yes" }),
    chromium.launchServer(CHROMIUM),
  ]);
  const data = { server: { url: server.url, settings: server.settings }, browser: browser.wsEndpoint() };
  const stop = async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { data, stop };
}
