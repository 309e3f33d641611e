// The autosaves of contacts: one for each contact that is open or has unsaved changes.

import { Problem, ask } from "../../core/api.js";
import { go } from "../../core/router.js";
import { Autosave, Stale } from "../../widgets/autosave.js";
import { toast } from "../../widgets/toast.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Snapshot } from "../../widgets/autosave.js" */

/** @type {Map<string, Autosave>} */
const savers = new Map();
/** Autosaves of open contacts. @type {Set<Autosave>} */
const open = new Set();

/**
 * The fields of a contact as texts.
 *
 * @param {Schemas["Contact"]} contact
 * @returns {Snapshot}
 */
export function snapshot({ version, external_id, name, email, phone, custom }) {
  const values = Object.entries(custom).map(([key, value]) => [`custom.${key}`, String(value)]);
  return { version, fields: { external_id: external_id ?? "", name: name ?? "", email: email ?? "", phone: phone ?? "", ...Object.fromEntries(values) } };
}

/**
 * Saving continues after the page is left; opening the contact again uses the same autosave.
 *
 * @param {Schemas["Contact"]} contact
 * @param {AbortSignal} signal
 */
export function saverOf(contact, signal) {
  const { id } = contact;
  const now = snapshot(contact);
  const saver = savers.get(id) ?? new Autosave({ key: `contact ${id}`, now, check, send: (changes, versions) => send(id, changes, versions) });
  savers.set(id, saver);
  open.add(saver);
  saver.absorb(now);
  signal.addEventListener("abort", async () => {
    open.delete(saver);
    saver.flush();
    await saver.rest();
    if (open.has(saver) || !saver.stuck) return;
    toast(`Some changes to ${contact.name ?? "this contact"} were not saved.`, { label: "Show", run: () => go(`/contacts/${id}`) });
  });
  return saver;
}

/**
 * Announces that a contact has changed.
 *
 * @param {Schemas["Contact"]} contact
 */
export const announceChange = (contact) => void dispatchEvent(new CustomEvent("contactchanged", { detail: contact }));

/**
 * @param {string} name
 * @param {string} text
 */
const check = (name, text) => (/^(name|email)$/.test(name) && !text.trim() ? `${name === "name" ? "A name" : "An email address"} is required.` : "");

/**
 * @param {string} id
 * @param {Record<string, string>} changes
 * @param {number[]} versions
 */
async function send(id, changes, versions) {
  /** @type {Record<string, string | null>} */
  const core = {};
  /** @type {Record<string, string | null>} */
  const custom = {};
  for (const [name, text] of Object.entries(changes)) {
    const value = text.trim() ? text : null;
    if (name.startsWith("custom.")) custom[name.slice(7)] = value;
    else core[name] = value;
  }
  const body = /** @type {Schemas["ContactPatch"]} */ ({ ...core, ...(Object.keys(custom).length && { custom }) });
  try {
    const contact = await ask("patch", "/v1/contacts/{id}", {
      path: { id },
      body,
      headers: { "if-match": versions.map((version) => `"${version}"`).join(", ") },
      // A keepalive request outlives the page, but browsers limit it to 64 KiB.
      keepalive: JSON.stringify(body).length < 15_000,
    });
    announceChange(contact);
    return snapshot(contact);
  } catch (error) {
    if (error instanceof Problem && error.code === "merged") error.contact = (await ask("get", "/v1/contacts/{id}", { path: { id } })).id;
    if (!(error instanceof Problem) || !error.current) throw error;
    announceChange(error.current);
    throw new Stale(snapshot(error.current));
  }
}
