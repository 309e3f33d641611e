// Contacts that may be the same person.

import { ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { toast } from "../../widgets/toast.js";
import { nameOf } from "../record.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened } from "./opened.js" */

/** Why two contacts may be one person. */
export const WHY = { captured: "a chat visitor left both addresses", phone: "the same phone number", name: "the same name" };

/** @param {Opened} opened */
export function duplicates(opened) {
  const element = h("section", { class: "duplicates", "aria-label": "Possible duplicates", hidden: true });
  const { signal } = opened;

  async function load() {
    // A hint only: without it the record is whole.
    const found = await ask("get", "/v1/contacts/{id}/duplicates", { path: { id: opened.contact.id }, query: { limit: 3 }, signal }).catch(() => null);
    if (!found) return;
    element.hidden = !found.items.length;
    fill(element, icon("people"), h("ul", {}, found.items.map(one)));
  }

  /** @param {Schemas["Duplicate"]} duplicate */
  function one({ contact, reasons }) {
    const name = nameOf(contact);
    const whom = () => h("span", { class: "hidden" }, ` (${name})`);
    return h("li", { class: "row" },
      h("span", { class: "grow" }, h("a", { href: `/contacts/${contact.id}` }, name), contact.name && contact.email ? ` (${contact.email})` : "", ` may be the same person: ${reasons.map((reason) => WHY[reason]).join(", ")}.`),
      h("button", { type: "button", onclick: () => void opened.merge(contact.id) }, "Compare and merge", whom()),
      h("button", { type: "button", class: "quiet", onclick: () => void apart(contact) }, "Not the same", whom()));
  }

  /** @param {Schemas["Contact"]} other */
  async function apart(other) {
    try {
      await ask("delete", "/v1/contacts/{id}/duplicates/{other}", { path: { id: opened.contact.id, other: other.id } });
      toast(`${nameOf(other)} is not offered as a duplicate any more.`);
      await load();
    } catch (error) {
      toast(sentence(error), { label: "Retry", run: () => void apart(other) });
    }
  }
  return { element, load };
}
