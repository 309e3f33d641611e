// What happened to the contact: who did it, when, and from what to what.

import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { ago, moment } from "../../core/format.js";
import { called } from "../../core/session.js";
import { chip } from "../../widgets/chip.js";
import { worded } from "../../widgets/field.js";
import { pages } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */
/** @import { Kind } from "../../widgets/field.js" */
/** @import { Opened, Part } from "./opened.js" */
/** @typedef {Schemas["Activity"]} Activity */
/** @typedef {Schemas["FieldChange"]} FieldChange */

/** Edits of one field by one person within this belong together: each pause in typing saves. */
const TOGETHER = 10 * 60_000;

/**
 * @param {Opened} opened
 * @returns {Part}
 */
export function activity(opened) {
  const { signal } = opened;
  const element = h("section", {});
  const get = (/** @type {string | undefined} */ before) =>
    ask("get", "/v1/contacts/{id}/activity", { path: { id: opened.contact.id }, query: { limit: 50, ...(before && { before }) }, signal });
  const load = pages(element, get, (items) => {
    opened.tabs.hint("activity", items[0] ? `Last ${ago(items[0].at)}` : "None");
    return [h("ul", { class: "events" }, together(items).map((item) => one(item, opened.kinds)))];
  });
  return { element, load };
}

/**
 * What was typed in one go is told as one edit.
 *
 * @param {Activity[]} items the newest first
 */
function together(items) {
  /** @type {Activity[]} */
  const told = [];
  for (const item of items) {
    const last = told.at(-1);
    const later = edit(last);
    const earlier = edit(item);
    if (last && later && earlier && later.field === earlier.field && last.actor.id === item.actor.id && Date.parse(last.at) - Date.parse(item.at) < TOGETHER) {
      told[told.length - 1] = /** @type {Activity} */ ({ ...last, changes: [{ ...later, from: earlier.from ?? null }] });
    } else told.push(item);
  }
  return told;
}

/**
 * The change of an edit of one field.
 *
 * @param {Activity | undefined} item
 */
const edit = (item) => (item?.kind === "edited" && item.changes.length === 1 ? item.changes[0] : undefined);

/**
 * @param {Activity} item
 * @param {Kind[]} kinds
 */
function one(item, kinds) {
  // What came from a program is told by what happened, what a person did by who did it.
  const passive = /arrived|imported|captured|delivered/.test(item.kind);
  const who = h(passive ? "small" : "strong", {}, "…");
  void called(item.actor).then((name) => fill(who, name));
  return h("li", { class: `of-${item.kind}` }, h("div", {}, h("p", {}, passive ? [...does(item), h("small", {}, " · "), who] : [who, " ", ...does(item)]), details(item, kinds)), h("time", { class: "muted", dateTime: item.at, title: moment(item.at) }, ago(item.at)));
}

/**
 * @param {Activity} item
 * @returns {Child[]}
 */
function does(item) {
  switch (item.kind) {
    case "created": return ["added this contact"];
    case "edited": return ["edited the profile"];
    case "tagged": return [item.added.length && item.removed.length ? "changed tags" : item.added.length ? "added tags" : "removed tags"];
    case "arrived": return [came(item.origin)];
    case "imported": return [came(item.origin)];
    case "captured": return ["A chat filled in what was missing"];
    case "merged": return [`merged ${item.called ?? "another contact"} into this one`];
    case "noted": return [{ added: "added a note", edited: "edited a note", deleted: "deleted a note" }[item.change]];
    case "subscribed": return ["added to ", h("em", {}, item.campaign.name)];
    case "delivered": return [h("em", {}, item.campaign.name), { sent: " was sent", bounced: " came back", opened: " was opened", clicked: " was clicked", unsubscribed: " was unsubscribed from" }[item.delivery]];
  }
}

/** @param {Schemas["Origin"]} origin */
function came(origin) {
  switch (origin.kind) {
    case "chat": return "Came by a chat widget";
    case "csv_import": return `Came by the file ${origin.file_name}, row ${origin.row}`;
    case "manual": return "Was added by hand again";
    case "connected": return "Came from a connected source";
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
    item.kind === "tagged" && item.removed.length > 0 && h("p", { class: "chips off" }, h("span", { class: "muted" }, "Off:"), item.removed.map((tag) => chip(tag))),
  ];
}

/**
 * @param {FieldChange} change
 * @param {Kind[]} kinds
 */
function li({ field, from, to }, kinds) {
  const kind = kinds.find(({ key }) => key === field);
  return h("li", {}, h("span", { class: "muted" }, kind?.label ?? field.replace(/^custom\./, "")), " ",
    from ? [h("del", {}, worded(kind, from)), " ", h("span", { class: "muted" }, "to"), " "] : [], to ? h("ins", {}, worded(kind, to)) : h("span", { class: "muted" }, "empty"));
}
