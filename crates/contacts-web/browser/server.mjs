// The program that the browser tests run against.

import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PROGRAM = process.env.CONTACTS_PROGRAM ?? fileURLToPath(new URL("../../../target/debug/contacts", import.meta.url));
const CONNECTOR = [process.execPath, fileURLToPath(new URL("connector.mjs", import.meta.url))];
/** Settings of every server of the tests. Many tests share one client address. */
const SETTINGS = { CONTACTS_LOG: "warn", CONTACTS_RATE_PER_SECOND: "1000", CONTACTS_RATE_BURST: "2000", CONTACTS_CAPTURES_PER_MINUTE: "10000", CONTACTS_PROXIES: "1" };

/**
 * @typedef {object} Server a running server, as plain data that can be passed to another process
 * @property {string} url
 * @property {Record<string, string>} settings environment variables of the program
 */

/**
 * Starts a server with a data folder of its own.
 *
 * @param {Record<string, string>} [settings] environment variables of the program; without
 *   `DATABASE_URL` it uses an embedded database in the data folder
 */
export async function startServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "contacts-browser-"));
  // As root, the embedded database runs as another user, who must be able to enter the folder.
  await chmod(folder, 0o711);
  const all = { CONTACTS_DATA_DIR: join(folder, "data"), ...SETTINGS, ...settings };
  const program = spawn(PROGRAM, ["serve", "--listen", "127.0.0.1:0"], { env: environment(all), stdio: ["ignore", "pipe", "inherit"] });
  const url = /ready at (http\S+)/.exec(await outputWhenReady(program))?.[1] ?? "";
  const stop = async () => {
    const ended = new Promise((resolve) => program.once("exit", resolve));
    program.kill("SIGINT");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url, settings: all, stop };
}

/**
 * Runs a command of the program beside a running server.
 *
 * @param {Server} server
 * @param {...string} args
 * @returns {Promise<string>} its standard output
 */
export async function command({ url, settings }, ...args) {
  const { stdout } = await promisify(execFile)(PROGRAM, args, { env: environment({ ...settings, CONTACTS_PUBLIC_URL: url }) });
  return stdout.trim();
}

/**
 * The file that lists the connector of the tests.
 *
 * @returns {string} JSON, for `CONTACTS_CONNECTORS`
 */
export const connectors = () => JSON.stringify({ connectors: [{ name: "crm", protocol: "airbyte", command: CONNECTOR, limits: { memory_mib: 8192 } }] });

/** @param {Record<string, string>} settings */
function environment(settings) {
  const { DATABASE_URL: _, ...inherited } = process.env;
  return { ...inherited, ...settings };
}

/** @param {import("node:child_process").ChildProcess} program */
function outputWhenReady(program) {
  return new Promise((resolve, reject) => {
    let output = "";
    program.stdout?.on("data", (text) => {
      output += text;
      if (output.includes("Ctrl-C")) resolve(output);
    });
    program.once("exit", (code) => reject(new Error(`${PROGRAM} ended with ${code}: build it first`)));
    program.once("error", reject);
  });
}
