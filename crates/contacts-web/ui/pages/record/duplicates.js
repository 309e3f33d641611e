// Contacts that may be the same person.

import { ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { toast } from "../../widgets/toast.js";
import { nameOf } from "../record.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened } from "./opened.js" */

/** @param {Opened} opened */
export function duplicates(opened) {
  const element = h("section", { class: "duplicates", "aria-label": "Possible duplicates", hidden: true });
  const { signal } = opened;

  async function load() {
    // This is a hint only: the page works without it.
    const found = await ask("get", "/v1/contacts/{id}/duplicates", { path: { id: opened.contact.id }, query: { limit: 3 }, signal }).catch(() => null);
    if (!found) return;
    // Similar names alone are too common to be shown before anybody asks for them.
    const items = found.items.filter(({ reasons }) => reasons.some((reason) => reason !== "similar_name"));
    const { because } = await import("../duplicates/words.js");
    element.hidden = !items.length;
    fill(element, icon("people"), h("div", { class: "grow" }, h("ul", {}, items.map(({ contact, reasons }) => one(contact, because(reasons)))), h("a", { href: "/duplicates" }, "Review all possible duplicates")));
  }

  /**
   * @param {Schemas["Duplicate"]["contact"]} contact
   * @param {string} because
   */
  function one(contact, because) {
    const name = nameOf(contact);
    const hiddenName = () => h("span", { class: "hidden" }, ` (${name})`);
    return h("li", { class: "row" },
      h("span", { class: "grow" }, h("a", { href: `/contacts/${contact.id}` }, name), contact.name && contact.email ? ` (${contact.email})` : "", ` may be the same person: ${because}.`),
      h("button", { type: "button", data: { needs: "merge" }, onclick: () => void opened.merge(contact.id) }, "Compare and merge", hiddenName()),
      h("button", { type: "button", class: "quiet", data: { needs: "write" }, onclick: () => void dismiss(contact) }, "Not the same", hiddenName()));
  }

  /** @param {Schemas["Contact"]} other */
  async function dismiss(other) {
    try {
      const { dismissPair } = await import("../duplicates/dismiss.js");
      await dismissPair(opened.contact.id, other.id, `${nameOf(other)} is no longer suggested as a duplicate.`, () => void load());
      await load();
    } catch (error) {
      toast(sentence(error), { label: "Retry", run: () => void dismiss(other) });
    }
  }
  return { element, load };
}
