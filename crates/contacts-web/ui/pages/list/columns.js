// The columns of the list, and the ones that the user has chosen.

import { h } from "../../core/dom.js";
import { ago, day, moment } from "../../core/format.js";
import { face } from "../../core/session.js";
import { chip } from "../../widgets/chip.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Column } from "../../widgets/table.js" */
/** @import { Listed } from "./rows.js" */

/** @param {Listed} contact */
export const nameOf = ({ name, email, phone }) => name || email || phone || "No name";

/** @type {Column<Listed>[]} */
const CORE = [
  { key: "name", title: "Name", width: "minmax(160px, 2.2fr)", sort: "name", cell: (contact) => person(contact) },
  { key: "email", title: "Email", width: "minmax(150px, 2.2fr)", sort: "email", cell: ({ email }) => email ?? missing("No email") },
  { key: "phone", title: "Phone", width: "minmax(120px, 1.2fr)", cell: ({ phone }) => phone ?? "" },
  { key: "tags", title: "Tags", width: "minmax(140px, 1.8fr)", cell: ({ tags }, room) => labels(tags, room) },
  { key: "source", title: "Source", width: "minmax(110px, 1.3fr)", cell: ({ source }) => origin(source) },
  { key: "consent", title: "Campaign emails", width: "minmax(110px, 1fr)", cell: ({ consent }) => (consent.state === "subscribed" ? "Subscribed" : left(consent)) },
  { key: "conversation", title: "Last conversation", width: "minmax(132px, 1.6fr)", sort: "last_conversation", cell: ({ last_conversation: last }) => last ? talk(last) : "" },
  { key: "created", title: "Created", width: "96px", sort: "created", cell: ({ created_at: at }) => time(at) },
  { key: "updated", title: "Updated", width: "96px", sort: "updated", cell: ({ updated_at: at }) => time(at) },
];
const SHOWN = ["name", "email", "tags", "source", "conversation", "created"];
export const STORED = "columns";

/**
 * All columns, custom fields last.
 *
 * @param {Schemas["Field"][]} fields
 * @returns {Column<Listed>[]}
 */
export const every = (fields) => [
  ...CORE,
  ...fields.filter(({ archived }) => !archived).map(({ key, label, type }) => ({
    key: `field.${key}`, title: label, width: "minmax(110px, 1.2fr)", sort: `field.${key}`,
    // A day is the same in each time zone.
    cell: (/** @type {Listed} */ { custom: { [key]: value = "" } }) =>
      type === "boolean" && value !== "" ? (value ? "Yes" : "No") : type === "date" && value ? day(`${value}T12:00`) : String(value),
  })),
];

/**
 * A shown column, with the width in pixels if the user has set one.
 *
 * @typedef {{ key: string, width: number | null }} Shown
 */

/**
 * The columns that the user has chosen, in their order.
 *
 * @returns {Shown[]}
 */
export function chosen() {
  const stored = (localStorage.getItem(STORED) ?? "").split(" ").filter(Boolean).map((text) => {
    const [key = "", width] = text.split(":");
    return { key, width: Number(width) || null };
  });
  return stored.some(({ key }) => key === "name") ? stored : SHOWN.map((key) => ({ key, width: null }));
}

/**
 * Columns with their titles, in their order and with their widths.
 *
 * @param {Shown[]} shown
 * @param {Schemas["Field"][]} fields
 */
export function arranged(shown, fields) {
  const all = new Map(every(fields).map((column) => [column.key, column]));
  return shown.flatMap(({ key, width }) => {
    const column = all.get(key);
    return column ? [width ? { ...column, width: `${width}px` } : column] : [];
  });
}

/** @param {Listed} contact */
function person(contact) {
  const name = nameOf(contact);
  const search = location.pathname === "/" ? location.search : "";
  return [
    face(name),
    h("span", { class: "who" },
      h("a", { href: `/contacts/${contact.id}${search}` }, name),
      h("span", { class: "under" }, contact.email ?? "No email"),
      contact.left && h("span", { class: "status warn small left" }, contact.left),
      !contact.reachable && h("span", { class: "status warn small" }, contact.incomplete ? "Incomplete" : "Unreachable")),
  ];
}

/** @param {string} text */
const missing = (text) => h("span", { class: "muted" }, text);

/** @param {Schemas["ConsentSummary"]} consent */
const left = ({ at }) => h("span", { class: "status bad small", title: moment(at ?? "") }, "Unsubscribed");

/** Estimated width of a chip in pixels. @param {string} tag */
const widthOf = (tag) => [...tag].reduce((width, letter) => width + (letter > "\u2e7f" ? 13 : /[mwA-Z@]/.test(letter) ? 9 : 6.2), 20);
/** Width in pixels of the number of tags that are not shown. */
const NUMBER_WIDTH = 32;

/**
 * The tags that fit, one at least, and the number of the others.
 *
 * @param {string[]} tags
 * @param {number} room in pixels
 */
function labels(tags, room) {
  let used = 0;
  const fit = tags.filter((tag, at) => (used += widthOf(tag)) <= room - (at < tags.length - 1 ? NUMBER_WIDTH : 0) || at === 0);
  const others = tags.slice(fit.length);
  return [
    h("span", { class: "chips one-line" }, fit.map((tag) => chip(tag))),
    others.length > 0 && h("small", { title: others.join(", ") }, `+${others.length}`),
  ];
}

/** @param {Schemas["Source"]} source */
function origin(source) {
  switch (source.kind) {
    case "manual": return h("span", { class: "clip" }, source.by.kind === "user" ? "Added manually" : "Added through the API");
    case "csv_import": return h("span", { class: "clip", title: `Import: ${source.file_name}` }, source.file_name);
    default: {
      const place = h("span", { class: "clip" }, source.kind === "chat" ? "Chat" : "Connected");
      // Few lists need the names of sources, so the first rows do not wait for the module that loads them.
      void import("./words.js").then(({ nameSource }) => nameSource(place, source));
      return place;
    }
  }
}

/** @param {Schemas["Conversation"]} last */
const talk = (last) => h("span", { class: "clip", title: last.preview }, time(last.last_message_at), h("span", { class: "muted" }, ` ${last.preview}`));

/** @param {string} at */
const time = (at) => h("time", { datetime: at, title: moment(at) }, ago(at));
