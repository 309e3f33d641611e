// Taking a contact off the list, and erasing a person everywhere.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { go } from "../../core/router.js";
import { dialog } from "../../widgets/dialog.js";
import { toast } from "../../widgets/toast.js";
import { back, nameOf } from "../record.js";

/** @import { Opened } from "./opened.js" */

/** @param {Opened} opened */
export async function remove(opened) {
  const name = nameOf(opened.contact);
  await dialog({
    title: `Delete ${name}?`, action: "Delete", danger: true,
    body: h("p", {}, "The profile, tags, notes and campaigns go for good. Conversations stay with the chat, with nobody's name. If they unsubscribed, that is remembered."),
    run: async () => {
      await ask("delete", "/v1/contacts/{id}", { path: { id: opened.contact.id } });
      gone(opened, `${name} was deleted.`);
    },
  });
}

/** @param {Opened} opened */
export async function erase(opened) {
  const name = nameOf(opened.contact);
  const forget = h("input", { type: "checkbox", name: "forget" });
  await dialog({
    title: `Erase ${name} everywhere?`, action: "Erase for good", danger: true,
    body: h("div", { class: "fields" },
      h("p", {}, "For when a person asks to be forgotten. No trace of them stays:"),
      h("ul", { class: "bullets" },
        h("li", {}, "the contact with its notes, tags, campaigns and conversations, at once"),
        h("li", {}, "the files of imports and exports in which they stand, in the background"),
        h("li", {}, "an import that is still running is waited for")),
      h("label", { class: "choice" }, forget, h("span", {}, "Forget, too, that they unsubscribed. Adding the address again could then mail them again.")),
      h("p", { class: "muted" }, "Copies that were downloaded are out of reach. This cannot be undone.")),
    run: async () => {
      const { state } = await ask("post", "/v1/contacts/{id}/erase", { path: { id: opened.contact.id }, body: { forget_unsubscribe: forget.checked } });
      gone(opened, state === "done" ? `${name} was erased.` : `${name} was erased. Files that hold them are being deleted.`);
    },
  });
}

/**
 * @param {Opened} opened
 * @param {string} told
 */
function gone(opened, told) {
  opened.saver.forget();
  dispatchEvent(new CustomEvent("contactgone", { detail: opened.contact.id }));
  toast(told);
  go(back(new URL(location.href)).getAttribute("href") ?? "/", { replace: true });
}
