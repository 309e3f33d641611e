// Deleting a contact, and erasing a person everywhere.

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
    body: h("p", {}, "The profile, tags, notes and campaign memberships are permanently deleted. Conversations are kept without the name, and unsubscribes are remembered."),
    run: async () => {
      await ask("delete", "/v1/contacts/{id}", { path: { id: opened.contact.id } });
      leave(opened, `${name} was deleted.`);
    },
  });
}

/** @param {Opened} opened */
export async function erase(opened) {
  const name = nameOf(opened.contact);
  const forget = h("input", { type: "checkbox", name: "forget" });
  await dialog({
    title: `Erase ${name} everywhere?`, action: "Erase permanently", danger: true,
    body: h("div", { class: "fields" },
      h("p", {}, "Use this when a person asks to be forgotten. It permanently deletes:"),
      h("ul", { class: "bullets" },
        h("li", {}, "the contact with its notes, tags, campaigns and conversations, immediately"),
        h("li", {}, "import and export files that contain the person, in the background"),
        h("li", {}, "what an import that is still running adds, when it ends")),
      h("label", { class: "choice" }, forget, h("span", {}, "Also forget that they unsubscribed. If the address is added again, it can receive campaigns again.")),
      h("p", { class: "muted" }, "Files that were already downloaded are not affected. This cannot be undone.")),
    run: async () => {
      const { state } = await ask("post", "/v1/contacts/{id}/erase", { path: { id: opened.contact.id }, body: { forget_unsubscribe: forget.checked } });
      leave(opened, state === "done" ? `${name} was erased.` : `${name} was erased. Files that contain the person are being deleted.`);
    },
  });
}

/**
 * @param {Opened} opened
 * @param {string} message
 */
function leave(opened, message) {
  opened.saver.forget();
  dispatchEvent(new CustomEvent("contactgone", { detail: opened.contact.id }));
  toast(message);
  go(back(new URL(location.href)).getAttribute("href") ?? "/", { replace: true });
}
