// Undoing what was saved: from the message of an edit, and from the activity.

import { ask } from "../../core/api.js";
import { toast, toastAbout } from "../../widgets/toast.js";
import { announceChange } from "./saver.js";

/** @import { Opened } from "./opened.js" */

/**
 * Texts of fields by key.
 *
 * @typedef {Record<string, string>} Texts
 */

/**
 * A contact and its autosave, such as those of its page.
 *
 * @typedef {{ contact: Pick<Opened["contact"], "id" | "email" | "other_emails">, saver: Opened["saver"] }} Edited
 */

/**
 * What an edit replaces.
 *
 * @param {Edited} edited
 * @param {string[]} keys
 */
export const stored = ({ contact, saver }, keys) => ({
  /** @type {Texts} */
  texts: Object.fromEntries(keys.map((key) => [key, saver.stored(key)])),
  others: contact.other_emails,
});

/**
 * Saves texts of fields. Resolves to whether all of them were saved.
 *
 * @param {Pick<Edited, "saver">} edited
 * @param {Texts} texts
 */
export async function put({ saver }, texts) {
  for (const [key, text] of Object.entries(texts)) saver.type(key, text);
  saver.flush();
  await saver.rest();
  return Object.entries(texts).every(([key, text]) => saver.stored(key) === text);
}

/**
 * Says that fields were saved, and offers to put back what was stored before. A name or an address
 * that was missing before cannot be taken away again: then nothing is said.
 *
 * @param {Edited} edited
 * @param {string} text
 * @param {ReturnType<typeof stored>} before
 * @returns {boolean} whether it was said
 */
export function offerUndo(edited, text, { texts, others }) {
  if (texts["name"] === "" || texts["email"] === "") return false;
  const { contact: { id, email }, saver } = edited;
  const keys = Object.keys(texts);
  const saved = keys.map((key) => saver.stored(key));
  toastAbout(`${id} ${keys}`, text, { label: "Undo", run: async () => {
    const isDone = keys.every((key, at) => saver.stored(key) === saved[at]) && await put(edited, texts);
    if (!isDone) {
      // Somebody else has changed it since.
      for (const key of keys) if (saver.state(key).is === "changed") saver.drop(key);
      return toast("Not undone: it was changed again since.");
    }
    // A replaced address stays with the contact (R48), but an edit that is undone leaves nothing behind.
    if (!email || !("email" in texts) || others.includes(email)) return;
    await ask("delete", "/v1/contacts/{id}/addresses/{email}", { path: { id, email } }).catch(() => undefined);
    announceChange(await ask("get", "/v1/contacts/{id}", { path: { id } }));
  } });
  return true;
}
