// The form of a new contact, with possible duplicates before it is saved.

import { Problem, ask, askAll, sentence } from "../core/api.js";
import { fill, h, newId } from "../core/dom.js";
import { icon } from "../core/icon.js";
import { go } from "../core/router.js";
import { styles } from "../core/styles.js";
import { read, write } from "../widgets/drafts.js";
import { CORE, input, kinds } from "../widgets/field.js";
import { tagBox } from "../widgets/tags.js";
import { toast } from "../widgets/toast.js";
import { lookout } from "./new/lookout.js";

/** @import { Schemas } from "../core/api.js" */
/** @import { Context, Page } from "../core/router.js" */
/** @import { Kind } from "../widgets/field.js" */

/** The storage key of the draft. */
const DRAFT = "new contact";

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ signal }) {
  const [fields] = await Promise.all([
    // A contact can be added without custom fields.
    askAll("/v1/fields", { signal }).then(({ items }) => items, (error) => (signal.aborted ? Promise.reject(error) : [])),
    styles("./new.css", import.meta.url),
  ]);
  return { title: "New contact", element: page(fields, signal) };
}

/**
 * @param {Schemas["Field"][]} fields
 * @param {AbortSignal} signal
 */
function page(fields, signal) {
  /** @type {{ texts: Record<string, string>, tags: string[] }} */
  const draft = read(DRAFT) ?? { texts: {}, tags: [] };
  /** A repeated request has the same idempotency key, so that the contact is not added twice. */
  let request = crypto.randomUUID();
  const keep = () => {
    request = crypto.randomUUID();
    const some = draft.tags.length || Object.values(draft.texts).some((text) => text.trim());
    write(DRAFT, some ? draft : null);
    discard.hidden = !some;
    cancel.hidden = !!some;
  };
  const maybe = lookout(signal);
  const rows = new Map([...CORE, ...kinds(fields)].map((kind) => [kind.key, row(kind, draft.texts[kind.key] ?? "", (text) => {
    draft.texts[kind.key] = text;
    keep();
    maybe.look(draft.texts);
  })]));
  const elements = [...rows.values()].map(({ element }) => element);
  const tags = tagBox({ label: "Tags", tags: draft.tags, add: (added) => ((draft.tags = [...draft.tags, ...added]), keep()), remove: (tag) => ((draft.tags = draft.tags.filter((other) => other !== tag)), keep()) });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const save = h("button", { class: "primary" }, "Add contact");
  const cancel = h("a", { href: "/", class: "button" }, "Cancel");
  const discard = h("button", { type: "button", onclick: () => (write(DRAFT, null), go("/")) }, "Discard");
  const form = h("form", { class: "new", noValidate: true },
    h("div", { class: "panel fields core" }, elements.slice(0, CORE.length), h("div", {}, h("span", { class: "label", "aria-hidden": "true" }, "Tags"), tags.element)),
    maybe.element,
    elements.length > CORE.length && h("div", { class: "panel fields more" }, h("h2", {}, "Custom fields"), elements.slice(CORE.length)),
    h("div", { class: "end" }, wrong, h("div", { class: "row" }, save, cancel, discard)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tags.commit();
    const bad = refusals(rows, draft.texts);
    show(rows, bad);
    fill(wrong);
    if (bad.size) return;
    save.disabled = true;
    try {
      const contact = await ask("post", "/v1/contacts", { body: bodyOf(draft), headers: { "idempotency-key": request } });
      write(DRAFT, null);
      dispatchEvent(new CustomEvent("contactadded", { detail: contact }));
      toast(`${contact.name} was added.`);
      go(`/contacts/${contact.id}`, { replace: true });
    } catch (error) {
      save.disabled = false;
      showErrors(rows, error, wrong);
    }
  });
  keep();
  maybe.look(draft.texts);
  return h("div", { class: "page" }, h("a", { class: "back", href: "/" }, icon("back"), "Contacts"), h("header", { class: "head" }, h("h1", {}, "New contact")), form);
}

/** @typedef {ReturnType<typeof row>} Row */

/**
 * @param {Kind} kind
 * @param {string} text
 * @param {(text: string) => void} typed
 */
function row(kind, text, typed) {
  const id = newId();
  const wrong = h("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
  const { control, read, show } = input(kind, { id, "aria-describedby": wrong.id, name: kind.key });
  show(text);
  const say = (/** @type {import("../core/dom.js").Child[]} */ ...words) => {
    wrong.hidden = !words.length;
    control.setAttribute("aria-invalid", String(!wrong.hidden));
    fill(wrong, words);
  };
  control.addEventListener("input", () => {
    say();
    typed(read() ?? "");
  });
  const element = h("div", {}, h("label", { htmlFor: id }, h("span", {}, kind.label, !kind.required && kind.key === "phone" ? h("span", { class: "optional" }, " (optional)") : "")), control, wrong);
  return { kind, control, read, say, element };
}

/**
 * Errors that are found before anything is sent.
 *
 * @param {Map<string, Row>} rows
 * @param {Record<string, string>} texts
 */
function refusals(rows, texts) {
  /** @type {Map<string, string>} */
  const bad = new Map();
  for (const [key, { kind, read }] of rows) {
    if (read() === null) bad.set(key, `${kind.label} is incomplete.`);
    else if (kind.required && !texts[key]?.trim()) bad.set(key, key === "email" ? "An email address is required." : "A name is required.");
  }
  return bad;
}

/**
 * @param {Map<string, Row>} rows
 * @param {Map<string, string>} bad
 */
function show(rows, bad) {
  for (const [key, { say }] of rows) say(...(bad.has(key) ? [bad.get(key)] : []));
  const first = [...bad.keys()][0];
  if (first) rows.get(first)?.control.focus();
}

/**
 * @param {Map<string, Row>} rows
 * @param {unknown} error
 * @param {HTMLElement} wrong
 */
function showErrors(rows, error, wrong) {
  const problem = error instanceof Problem ? error : null;
  if (problem?.code === "email_taken" && problem.contact) {
    const email = rows.get("email");
    email?.say("Another contact already has this address. ", h("a", { href: `/contacts/${problem.contact}` }, "Open it"));
    email?.control.focus();
    return;
  }
  const bad = new Map((problem?.errors ?? []).filter(({ field }) => rows.has(field)).map(({ field, reason }) => [field, `${rows.get(field)?.kind.label} ${reason}.`]));
  show(rows, bad);
  const others = (problem?.errors ?? []).filter(({ field }) => !rows.has(field)).map(({ field, reason }) => `${field} ${reason}.`);
  fill(wrong, bad.size && !others.length ? "Correct the marked fields." : others.join(" ") || `Not added. ${sentence(error)} Your entries are kept.`);
}

/**
 * @param {{ texts: Record<string, string>, tags: string[] }} draft
 * @returns {Schemas["NewContact"]}
 */
function bodyOf({ texts, tags }) {
  const { name = "", email = "", phone = "" } = texts;
  const custom = Object.fromEntries(Object.entries(texts).filter(([key, text]) => key.startsWith("custom.") && text.trim()).map(([key, text]) => [key.slice(7), text]));
  return { name, email, phone: phone.trim() || null, tags, custom };
}
