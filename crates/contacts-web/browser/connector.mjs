#!/usr/bin/env node
// A connector with the Airbyte protocol, for the tests of connected sources. Its settings choose how
// many contacts it has, how slowly it sends them, and what fails.

import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { HOSTILE } from "./people.mjs";

const [command, ...rest] = process.argv.slice(2);
const file = (name) => (rest.includes(name) ? JSON.parse(readFileSync(rest[rest.indexOf(name) + 1], "utf8")) : null);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const text = { type: "string" };
const SPEC = {
  type: "object",
  required: ["host", "credentials"],
  properties: {
    host: { ...text, title: "Host", description: "Where it is, without <b>https://</b>.", order: 0 },
    credentials: { type: "object", title: "Credentials", required: ["token"], order: 1, properties: { token: { ...text, title: "Token", airbyte_secret: true } } },
    people: { type: "integer", title: "People", default: 3, order: 2 },
    pause: { type: "integer", title: "Pause", description: "Milliseconds before each of them.", default: 0, order: 3 },
    archived: { type: "boolean", title: "Archived ones, too", order: 4 },
    lists: { type: "array", title: "Lists", items: text, order: 5 },
  },
};

const id = { type: "integer" };
const STREAMS = [
  { name: "people", json_schema: { type: "object", properties: { id, full_name: text, mail: text, city: text } }, supported_sync_modes: ["full_refresh", "incremental"], source_defined_cursor: true, source_defined_primary_key: [["id"]] },
  { name: "visitors", json_schema: { type: "object", properties: { full_name: text, mail: text, seen: id } }, supported_sync_modes: ["full_refresh", "incremental"], source_defined_cursor: false },
  { name: "companies", json_schema: { type: "object", properties: { id, title: text } }, supported_sync_modes: ["full_refresh"] },
];

function check({ credentials }) {
  const status = credentials?.token === "let-me-in" ? { status: "SUCCEEDED" } : { status: "FAILED", message: "The token is wrong." };
  say({ type: "CONNECTION_STATUS", connectionStatus: status });
}

async function read({ host, people = 3, pause = 0 }, catalog, states) {
  const { stream: { name }, sync_mode: mode } = catalog.streams[0];
  const told = [states].flat().find((state) => state?.stream?.stream_descriptor?.name === name)?.stream.stream_state.told ?? 0;
  say({ type: "LOG", log: { level: "INFO", message: `Reading ${name} from ${told}` } });
  for (let at = mode === "incremental" ? told : 0; at < people; at += 1) {
    await wait(pause);
    const called = host === "hostile.example" ? HOSTILE[at % HOSTILE.length] : `Person ${at}`;
    // One record has neither a usable address nor a name.
    const data = at === 4 ? { id: at, full_name: "", mail: "" } : { id: at, full_name: called, mail: `p${at}@${host}`, city: at % 2 ? "Köln" : "Berlin", seen: at };
    say({ type: "RECORD", record: { stream: name, emitted_at: 0, data } });
    if (host === "broken.example" && at === 1) {
      say({ type: "TRACE", trace: { type: "ERROR", emitted_at: 0, error: { message: "The list ended in the middle.", failure_type: "system_error" } } });
      process.exitCode = 1;
      return;
    }
  }
  say({ type: "STATE", state: { type: "STREAM", stream: { stream_descriptor: { name }, stream_state: { told: people } } } });
}

if (command === "spec") say({ type: "SPEC", spec: { connectionSpecification: SPEC } });
else if (command === "check") check(file("--config"));
else if (command === "discover") say({ type: "CATALOG", catalog: { streams: STREAMS } });
else if (command === "read") await read(file("--config"), file("--catalog"), file("--state"));
else process.exitCode = 2;
