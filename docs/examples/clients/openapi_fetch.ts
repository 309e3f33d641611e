// The story with openapi-fetch, over the types of openapi-typescript (`api.d.ts`).

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

const client = createClient<paths>({
  baseUrl: process.env.CONTACTS_URL,
  headers: { authorization: `Bearer ${process.env.CONTACTS_KEY}` },
});
const email = "fetch@clients.example";

function data<T>(answer: { data?: T; error?: unknown }): T {
  assert.ok(answer.data !== undefined, JSON.stringify(answer.error));
  return answer.data;
}

async function until<T>(read: () => Promise<T>, isReached: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isReached(value)) return value;
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

const hasFinished = (run: { finished_at: string | null }) => run.finished_at !== null;

await client.POST("/v1/fields", { body: { key: "tier", label: "Tier", type: "text" } });

const created = await client.POST("/v1/contacts", { body: { name: "Ann Fetch", email } });
const ann = data(created);
assert.equal(ann.source.kind, "manual");
const path = { id: ann.id };

const etag = created.response.headers.get("etag") ?? "";
const patched = data(await client.PATCH("/v1/contacts/{id}", {
  params: { path, header: { "If-Match": etag } },
  body: { phone: "+49 30 901820", custom: { tier: "pro" } },
}));
assert.equal(patched.phone_e164, "+4930901820");
assert.equal(patched.version, 2);

const tagged = data(await client.POST("/v1/contacts/{id}/tags", { params: { path }, body: { add: ["fetch"], remove: [] } }));
assert.deepEqual(tagged.added, ["fetch"]);

const page = data(await client.GET("/v1/contacts", {
  params: { query: { tags_any: "fetch", field: ["tier:any_of:pro"], sort: "-created", count: "exact" } },
}));
assert.deepEqual(page.items.map((contact) => contact.id), [ann.id]);
assert.equal(page.count?.value, 1);

const selection = data(await client.POST("/v1/selections", { body: { filter: { tags_any: ["fetch"] } } }));
const started = data(await client.POST("/v1/actions", {
  body: { selection_id: selection.id, action: { type: "add_tags", tags: ["chosen"] } },
}));
const action = await until(
  async () => data(await client.GET("/v1/actions/{id}", { params: { path: { id: started.id } } })),
  hasFinished,
);
assert.equal(action.state, "done");
assert.equal(action.progress.done, 1);
if (action.action.type === "add_tags") assert.deepEqual(action.action.tags, ["chosen"]);

const people = new File(["Name,Email\nBob Fetch,bob@clients.example\n"], "people.csv");
const uploaded = data(await client.POST("/v1/imports", {
  // The types show a file as text, as openapi-typescript does by default.
  body: { file: people as unknown as string },
  bodySerializer: (form) => {
    const data = new FormData();
    data.set("file", form?.file as unknown as File);
    return data;
  },
}));
const run = { params: { path: { id: uploaded.id } } };
await until(async () => data(await client.GET("/v1/imports/{id}", run)), ({ state }) => state === "ready");
data(await client.POST("/v1/imports/{id}/start", run));
const imported = await until(async () => data(await client.GET("/v1/imports/{id}", run)), hasFinished);
assert.equal(imported.state, "done");
assert.equal(imported.summary.added + imported.summary.updated, 1);

const first = data(await client.GET("/v1/runs", { params: { query: { limit: 1 } } }));
assert.deepEqual(first.items.map((run) => [run.id, run.kind]), [[uploaded.id, "import"]]);
const cursor = first.next ?? "";
const second = data(await client.GET("/v1/runs", { params: { query: { limit: 1, cursor } } }));
assert.equal(second.items[0]?.id, action.id);
assert.equal(data(await client.GET("/v1/runs/{id}", run)).state, "done");

const file = data(await client.GET("/v1/contacts/export", {
  params: { query: { q: "fetch", columns: "name,email" } },
  parseAs: "text",
}));
assert.match(file, /Ann Fetch/);

const activity = data(await client.GET("/v1/contacts/{id}/activity", { params: { path } }));
for (const entry of activity.items) {
  if (entry.kind === "tagged" && entry.added.includes("fetch")) assert.equal(entry.actor.kind, "key");
}
assert.deepEqual(new Set(activity.items.map((entry) => entry.kind)), new Set(["created", "edited", "tagged"]));

const refused = await client.POST("/v1/contacts", { body: { name: "Ann", email } });
assert.equal(refused.error?.code, "email_taken");
assert.equal(refused.error?.contact_id, ann.id);
console.log("openapi-fetch: the story is complete");
