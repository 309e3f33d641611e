// What an undo kept, and why.

import { ask, sentence } from "../core/api.js";
import { h } from "../core/dom.js";
import { paged } from "./paged.js";
import { sheet } from "./sheet.js";

/** @import { Schemas } from "../core/api.js" */

/** @type {Record<Schemas["KeptReason"], string>} */
const REASONS = {
  edited: "edited since",
  taken: "used by another contact now",
  tagged: "tags changed since",
  noted: "has a note",
  conversation: "has a conversation",
  subscribed: "campaigns or consent changed since",
  came_again: "also added from another source",
  merged: "merged with another contact",
  delivered: "already emailed by the campaign",
  unsubscribed: "unsubscribed",
  unreachable: "has no email address",
  deleted: "deleted",
};

/** @type {Record<string, string>} */
const FIELDS = { name: "Name", email: "Email", addresses: "Other emails", phone: "Phone", external_id: "External ID", tags: "Tags", campaign: "Campaigns", consent: "Consent" };

/**
 * The name of a field that an undo kept; the key of a custom field.
 *
 * @param {string} field
 */
export const nameOfField = (field) => FIELDS[field] ?? field.replace(/^custom\./, "");

/**
 * @param {(query: { cursor?: string, limit: number }) => Promise<Schemas["KeptPage"]>} load
 * @param {(field: string) => string} nameOfField
 */
export function keptTable(load, nameOfField) {
  const into = h("tbody");
  /** Names of contacts by id, each requested once. @type {Map<string, Promise<string>>} */
  const names = new Map();
  /** @param {string} id */
  const nameOf = (id) => names.get(id) ?? ask("get", "/v1/contacts/{id}", { path: { id } }).then((contact) => contact.name ?? contact.email ?? "No name", () => "Deleted");
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => load({ ...(cursor && { cursor }), limit: 20 }),
    into,
    row: (/** @type {Schemas["KeptItem"]} */ { contact_id: id, field, reason }) => {
      const who = reason === "deleted" ? h("span", {}, "Deleted") : h("a", { href: `/contacts/${id}` }, "…");
      if (reason !== "deleted") {
        names.set(id, nameOf(id));
        void names.get(id)?.then((name) => (who.textContent = name));
      }
      return h("tr", {}, h("td", {}, who), h("td", {}, field ? nameOfField(field) : "The whole contact"), h("td", {}, sentence(new Error(REASONS[reason]))));
    },
  });
  void list.reload();
  return [sheet("What was kept, and why", ["Contact", "What was kept", "Reason"], into), list.more];
}
