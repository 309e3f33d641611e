// The activity of the contact: who changed what, and when.

import { called } from "../../core/actors.js";
import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { ago, moment } from "../../core/format.js";
import { chip } from "../../widgets/chip.js";
import { worded } from "../../widgets/field.js";
import { REASONS } from "./consent.js";
import { pages } from "./part.js";
import { offerUndo, put, stored } from "./undo.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */
/** @import { Kind } from "../../widgets/field.js" */
/** @import { Opened, Part } from "./opened.js" */
/** @typedef {Schemas["Activity"]} Activity */
/** @typedef {Schemas["FieldChange"]} FieldChange */

/** In ms. Edits of one field by one person within this time are shown as one: each pause saves. */
const TOGETHER = 10 * 60_000;

/** In ms. How long a merge can be undone (R53). */
const UNDO = 30 * 24 * 60 * 60_000;

/**
 * @param {Opened} opened
 * @returns {Part}
 */
export function activity(opened) {
  const { signal } = opened;
  const element = h("section", {});
  const get = (/** @type {string | undefined} */ cursor) =>
    ask("get", "/v1/contacts/{id}/activity", { path: { id: opened.contact.id }, query: { limit: 50, ...(cursor && { cursor }) }, signal });
  const load = pages(element, get, (items) => {
    opened.tabs.hint("activity", items[0] ? ago(items[0].at) : "None");
    return [h("ul", { class: "events" }, together(items).map((item) => one(item, opened, items)))];
  });
  return { element, load };
}

/**
 * Combines successive edits of the same field.
 *
 * @param {Activity[]} items newest first
 */
function together(items) {
  /** @type {Activity[]} */
  const combined = [];
  for (const item of items) {
    const last = combined.at(-1);
    const later = edit(last);
    const earlier = edit(item);
    if (last && later && earlier && later.field === earlier.field && last.actor.id === item.actor.id && Date.parse(last.at) - Date.parse(item.at) < TOGETHER) {
      combined[combined.length - 1] = /** @type {Activity} */ ({ ...last, changes: [{ ...later, from: earlier.from ?? null }] });
    } else combined.push(item);
  }
  // An edit that was undone has changed nothing.
  return combined.filter((item) => {
    const change = edit(item);
    return !change || (change.from ?? "") !== (change.to ?? "");
  });
}

/**
 * The change, when an activity is an edit of exactly one field. Edits of addresses stay apart: the
 * contact keeps the address that was entered in between (R48).
 *
 * @param {Activity | undefined} item
 */
const edit = (item) => (item?.kind === "edited" && item.changes.length === 1 && !/^(email|addresses)$/.test(item.changes[0]?.field ?? "") ? item.changes[0] : undefined);

/**
 * @param {Activity} item
 * @param {Opened} opened
 * @param {Activity[]} items newest first
 */
function one(item, opened, items) {
  const { kinds } = opened;
  // What other software did is described by the event, what a person did by the person.
  const passive = /source_added|imported|captured|delivered/.test(item.kind);
  const who = h(passive ? "small" : "strong", {}, "…");
  void called(item.actor).then((name) => fill(who, name));
  const by = item.actor.kind === "user" ? [h("small", {}, " · "), who] : [];
  return h("li", { class: `of-${item.kind}` }, h("div", {}, h("p", {}, passive ? [...does(item), ...by] : [who, " ", ...does(item)]), details(item, kinds), restoreOf(item, opened), restoreTags(item, opened), restoreAddresses(item, opened), undo(item, opened, items)), h("time", { class: "muted", dateTime: item.at, title: moment(item.at) }, ago(item.at)));
}

/**
 * The button that puts back what an edit has replaced, unless that is stored now.
 *
 * @param {Activity} item
 * @param {Opened} opened
 */
function restoreOf(item, opened) {
  const changes = item.kind === "edited" ? item.changes : [];
  const lost = changes.flatMap(({ field, from }) => {
    const kind = opened.kinds.find(({ key }) => key === field);
    return kind && from && from !== opened.saver.stored(field) ? [{ kind, text: from }] : [];
  });
  if (!lost.length) return null;
  const labels = lost.map(({ kind }) => kind.label).join(", ");
  const values = lost.map(({ kind, text }) => `${kind.label} “${worded(kind, text)}”`).join(", ");
  const button = h("button", { type: "button", class: "link small", data: { needs: "write" }, "aria-label": `Restore ${values}`, onclick: async () => {
    button.disabled = true;
    const before = stored(opened, lost.map(({ kind }) => kind.key));
    const isDone = await put(opened, Object.fromEntries(lost.map(({ kind, text }) => [kind.key, text])));
    button.disabled = false;
    // Otherwise, the field says why it was not saved.
    if (isDone) offerUndo(opened, `${labels} restored.`, before);
  } }, "Restore");
  return button;
}

/**
 * The button that adds removed tags again, unless the contact has them.
 *
 * @param {Activity} item
 * @param {Opened} opened
 */
function restoreTags(item, opened) {
  const tags = item.kind === "tagged" ? item.removed.filter((tag) => !opened.contact.tags.includes(tag)) : [];
  return tags.length > 0 && restore(`${tags.length > 1 ? "the tags" : "the tag"} ${tags.join(", ")}`, () => opened.tags.add(tags));
}

/**
 * The button that adds removed addresses again, unless the contact has them.
 *
 * @param {Activity} item
 * @param {Opened} opened
 */
function restoreAddresses(item, opened) {
  const { email, other_emails: others } = opened.contact;
  const removed = item.kind === "edited" ? item.changes.filter(({ field, to }) => field === "addresses" && !to) : [];
  const lost = removed.flatMap(({ from }) => (from && from !== email && !others.includes(from) ? [from] : []));
  return lost.length > 0 && restore(lost.join(", "), async () => {
    for (const address of lost) await opened.addresses.add(address);
  });
}

/**
 * @param {string} what
 * @param {() => Promise<unknown>} run
 */
function restore(what, run) {
  const button = h("button", { type: "button", class: "link small", data: { needs: "write" }, "aria-label": `Restore ${what}`, onclick: async () => {
    button.disabled = true;
    await run();
    button.disabled = false;
  } }, "Restore");
  return button;
}

/**
 * @param {Activity} item
 * @returns {Child[]}
 */
function does(item) {
  switch (item.kind) {
    case "created": return ["added this contact"];
    case "edited": return [edited(item.changes)];
    case "tagged": return [item.added.length && item.removed.length ? "changed tags" : item.added.length ? "added tags" : "removed tags"];
    case "source_added": return [addedBy(item.source)];
    case "imported": return [addedBy(item.source)];
    case "captured": return ["Website chat added missing details"];
    case "merged": return [`merged ${item.called ?? "another contact"} into this one`];
    case "merge_undone": return [`undid the merge with ${item.called ?? "another contact"}`];
    case "noted": return [{ added: "added a note", edited: "edited a note", deleted: "deleted a note" }[item.change]];
    case "consent_changed": return [item.state === "subscribed" ? "subscribed this contact again" : "unsubscribed this contact"];
    case "subscribed": return ["added to ", h("em", {}, item.campaign.name)];
    case "removed_from_campaign": return ["removed from ", h("em", {}, item.campaign.name)];
    case "delivered": return delivered(item.delivery, h("em", {}, item.campaign.name));
  }
}

/**
 * The button that undoes a merge of the last 30 days, unless that was done.
 *
 * @param {Activity} item
 * @param {Opened} opened
 * @param {Activity[]} items newest first
 */
function undo(item, opened, items) {
  if (item.kind !== "merged" || Date.now() - Date.parse(item.at) > UNDO) return false;
  const { other_id: other } = item;
  const later = items.slice(0, items.indexOf(item));
  if (later.some((next) => next.kind === "merge_undone" && next.other_id === other)) return false;
  const run = async () => {
    const { unmerge } = await import("../../core/unmerge.js");
    if (await unmerge(other)) opened.refresh();
  };
  return h("button", { type: "button", class: "quiet", data: { needs: "merge" }, onclick: () => void run() }, "Undo merge");
}

/** @param {FieldChange[]} changes */
function edited(changes) {
  if (changes.some(({ field }) => field !== "addresses")) return "edited the profile";
  return changes.some(({ to }) => to) ? "added an email address" : "removed an email address";
}

/**
 * @param {Extract<Activity, { kind: "delivered" }>["delivery"]} delivery
 * @param {HTMLElement} campaign
 * @returns {Child[]}
 */
function delivered(delivery, campaign) {
  switch (delivery) {
    case "sent": return [campaign, " was sent"];
    case "bounced": return [campaign, " bounced"];
    case "opened": return ["Opened ", campaign];
    case "clicked": return ["Clicked a link in ", campaign];
    case "unsubscribed": return ["Unsubscribed from ", campaign];
  }
}

/** @param {Schemas["SourceDetail"]} source */
function addedBy(source) {
  switch (source.kind) {
    case "chat": return "Captured by the website chat";
    case "csv_import": return `Imported from ${source.file_name}, row ${source.row}`;
    case "manual": return "Added manually again";
    case "connected": return "Added from a connected source";
  }
}

/**
 * @param {Activity} item
 * @param {Kind[]} kinds
 * @returns {Child[]}
 */
function details(item, kinds) {
  const tags = item.kind === "tagged" ? item.added : "tags" in item ? item.tags : [];
  return [
    "changes" in item && item.changes.length > 0 && h("ul", { class: "changes" }, item.changes.map((change) => li(change, kinds))),
    tags.length > 0 && h("p", { class: "chips" }, item.kind !== "tagged" && h("span", { class: "muted" }, "Tags:"), tags.map((tag) => chip(tag))),
    item.kind === "consent_changed" && item.reason && h("p", { class: "muted" }, REASONS[item.reason]),
    item.kind === "consent_changed" && item.note && h("p", { class: "note" }, item.note),
    item.kind === "tagged" && item.removed.length > 0 && h("p", { class: "chips off" }, h("span", { class: "muted" }, "Removed:"), item.removed.map((tag) => chip(tag))),
  ];
}

/**
 * @param {FieldChange} change
 * @param {Kind[]} kinds
 */
function li({ field, from, to }, kinds) {
  // Addresses are added or removed, not changed.
  if (field === "addresses") return h("li", {}, h("span", { class: "muted" }, "Other emails"), " ", to ? h("ins", {}, to) : h("del", {}, from));
  const kind = kinds.find(({ key }) => key === field);
  return h("li", {}, h("span", { class: "muted" }, kind?.label ?? field.replace(/^custom\./, "")), " ",
    from ? [h("del", {}, worded(kind, from)), " ", h("span", { class: "muted" }, "to"), " "] : [], to ? h("ins", {}, worded(kind, to)) : h("span", { class: "muted" }, "empty"));
}
