// Undoing what was saved: from the message of an edit, and from the activity.

import { ask } from "../../core/api.js";
import { toastAbout } from "../../widgets/toast.js";
import { announceChange } from "./saver.js";

/** @import { Opened } from "./opened.js" */

/**
 * Texts of fields by key.
 *
 * @typedef {Record<string, string>} Texts
 */

/**
 * What an edit replaces.
 *
 * @param {Opened} opened
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
 * @param {Opened} opened
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
 * that was missing before cannot be taken away again.
 *
 * @param {Opened} opened
 * @param {string} text
 * @param {ReturnType<typeof stored>} before
 */
export function offerUndo(opened, text, { texts, others }) {
  if (texts.name === "" || texts.email === "") return;
  const { id, email } = opened.contact;
  toastAbout(`${id} ${Object.keys(texts)}`, text, { label: "Undo", run: async () => {
    const isDone = await put(opened, texts);
    // A replaced address stays with the contact (R48), but an edit that is undone leaves nothing behind.
    if (!isDone || !email || !("email" in texts) || others.includes(email)) return;
    await ask("delete", "/v1/contacts/{id}/addresses/{email}", { path: { id, email } }).catch(() => undefined);
    announceChange(await ask("get", "/v1/contacts/{id}", { path: { id } }));
  } });
}
