// Runs the browser tests, several files at a time, against one server and one browser. The
// arguments are test files; without one, all of them.

import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { startShared } from "./shared.mjs";

/** In ms. A file that takes longer waits for what will not come. */
const FILE_TIMEOUT_MS = 15 * 60_000;
/** Number of test files that run at once. */
const FILES_AT_ONCE = Number(process.env.CONTACTS_BROWSER_FILES ?? 2);

const named = process.argv.slice(2);
const files = named.length ? named : (await readdir(import.meta.dirname)).filter((file) => file.endsWith(".test.mjs"));
const shared = await startShared();
try {
  const env = { ...process.env, CONTACTS_BROWSER_SHARED: JSON.stringify(shared.data) };
  const tests = spawn(process.execPath, ["--test", "--test-reporter=spec", `--test-concurrency=${FILES_AT_ONCE}`, `--test-timeout=${FILE_TIMEOUT_MS}`, ...files], { env, stdio: "inherit", cwd: import.meta.dirname });
  process.exitCode = await new Promise((resolve) => tests.once("exit", (code) => resolve(code ?? 1)));
} finally {
  await shared.stop();
}
