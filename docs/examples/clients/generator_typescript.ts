// The story with a client made by openapi-generator's `typescript-fetch`.

import assert from "node:assert/strict";
import {
  ActionsApi, Configuration, ContactsApi, FieldsApi, ImportsApi, ProblemFromJSON, ResponseError, RunsApi, SelectionsApi,
} from "./index.js";

const configuration = new Configuration({
  basePath: process.env.CONTACTS_URL,
  accessToken: process.env.CONTACTS_KEY,
});
const contacts = new ContactsApi(configuration);
const imports = new ImportsApi(configuration);
const actions = new ActionsApi(configuration);
const email = "typescript@clients.example";

async function until<T>(read: () => Promise<T>, isReached: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isReached(value)) return value;
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

const hasFinished = (run: { finishedAt: Date | null }) => run.finishedAt !== null;

await new FieldsApi(configuration)
  .defineField({ newField: { key: "tier", label: "Tier", type: "text" } })
  .catch((error: unknown) => assert.equal((error as ResponseError).response.status, 409));

const created = await contacts.createContactRaw({ newContact: { name: "Ann Typescript", email } });
const ann = await created.value();
assert.equal(ann.source.kind, "manual");

const ifMatch = created.raw.headers.get("etag");
const contactPatch = { phone: "+49 30 901820", custom: { tier: "pro" } };
const patched = await contacts.updateContact({ id: ann.id, ifMatch, contactPatch });
assert.equal(patched.phoneE164, "+4930901820");
assert.equal(patched.version, 2);

const tagged = await contacts.tagContact({ id: ann.id, tagging: { add: ["typescript"] } });
assert.deepEqual(tagged.added, ["typescript"]);

const page = await contacts.listContacts({
  tagsAny: "typescript", field: ["tier:any_of:pro"], sort: "-created", count: "exact",
});
assert.deepEqual(page.items.map((contact) => contact.id), [ann.id]);
assert.equal(page.count?.value, 1);

const selection = await new SelectionsApi(configuration)
  .createSelection({ newSelection: { filter: { tags_any: ["typescript"] } } });
const started = await actions.startAction({
  newAction: { selectionId: selection.id, action: { type: "add_tags", tags: ["chosen"] } },
});
const action = await until(() => actions.getAction({ id: started.id }), hasFinished);
assert.equal(action.state, "done");
assert.equal(action.progress.done, 1);
if (action.action.type === "add_tags") assert.deepEqual(action.action.tags, ["chosen"]);

const file = new File(["Name,Email\nBob Typescript,bob@clients.example\n"], "people.csv");
const { id } = await imports.uploadImport({ file, fileName: "people.csv" });
await until(() => imports.getImport({ id }), ({ state }) => state === "ready");
await imports.startImport({ id });
const { state, summary } = await until(() => imports.getImport({ id }), hasFinished);
assert.equal(state, "done");
assert.equal(summary.added + summary.updated, 1);

const runs = new RunsApi(configuration);
const first = await runs.listRuns({ limit: 1 });
assert.deepEqual(first.items.map((run) => [run.id, run.kind]), [[id, "import"]]);
const second = await runs.listRuns({ limit: 1, cursor: first.next ?? undefined });
assert.equal(second.items[0]?.id, action.id);
assert.equal((await runs.getRun({ id })).state, "done");

const exported = await contacts.exportContacts({ q: "typescript", columns: "name,email" });
assert.match(await exported.text(), /Ann Typescript/);

const activity = await contacts.listContactActivity({ id: ann.id });
assert.deepEqual(new Set(activity.items.map((entry) => entry.kind)), new Set(["created", "edited", "tagged"]));

const refused: unknown = await contacts.createContact({ newContact: { name: "Ann", email } }).catch((error) => error);
assert.ok(refused instanceof ResponseError);
const problem = ProblemFromJSON(await refused.response.json());
assert.equal(problem.code, "email_taken");
assert.equal(problem.contactId, ann.id);
console.log("openapi-generator typescript-fetch: the story is complete");
