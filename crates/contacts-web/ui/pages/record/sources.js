// Every way the contact came.

import { askAll } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { ago, moment } from "../../core/format.js";
import { called } from "../../core/actors.js";
import { part } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened } from "./opened.js" */

/** @typedef {typeof import("../list/words.js")} Words */

/** How many ways are shown at first. */
const FEW = 4;

/** @param {Opened} opened */
export function sources({ contact, signal }) {
  const list = h("ul", { class: "sources" });
  const title = h("h3", { id: newId() }, "Sources");
  const element = h("section", { "aria-labelledby": title.id }, title, list);
  const get = () => Promise.all([askAll("/v1/contacts/{id}/sources", { path: { id: contact.id }, signal }), import("../list/words.js")]);
  const load = part(list, get, ([{ items }, words]) => {
    const rows = items.map((source) => one(source, words));
    const rest = rows.slice(FEW);
    fill(list, rows.slice(0, FEW));
    if (rest.length) list.append(h("li", {}, h("button", { type: "button", class: "link", onclick: () => fill(list, rows) }, `Show ${rest.length} more`)));
    return true;
  });
  return { element, load };
}

/**
 * @param {Schemas["Source"]} source
 * @param {Words} words
 */
function one(source, words) {
  const [filter, way, detail] = describe(source, words);
  return h("li", {}, h("a", { href: `/?source=${encodeURIComponent(filter)}`, title: "Show all contacts added this way" }, way), h("time", { class: "muted", dateTime: source.at, title: moment(source.at) }, ago(source.at)), h("small", {}, detail));
}

/**
 * The filter of everyone who came this way, what the way is called, and what is known of it.
 *
 * @param {Schemas["Source"]} source
 * @param {Words} words
 * @returns {[string, string, import("../../core/dom.js").Child[]]}
 */
function describe(source, { shownName, sourceName, widgetName }) {
  switch (source.kind) {
    case "chat": {
      const widget = h("span", {}, "…");
      void widgetName(source.widget_id).then((name) => fill(widget, shownName({ id: source.widget_id, name })));
      return [`chat:${source.widget_id}`, "Website chat", [widget, `, visitor ${source.visitor_id}`]];
    }
    case "csv_import": return [`csv_import:${source.import_id}`, "Import", [h("a", { href: `/imports/${source.import_id}` }, source.file_name), `, row ${source.row}`]];
    case "connected": {
      const link = h("a", { href: `/sources/${source.source_id}` }, "…");
      void sourceName(source.source_id).then((name) => fill(link, name));
      return [`connected:${source.source_id}`, "Connected source", [link, `, ${source.external_id}`]];
    }
    case "manual": {
      const who = h("span", {}, "…");
      void called(source.by).then((name) => fill(who, name));
      return ["manual", source.by.kind === "user" ? "Added manually" : "Added through the API", [who]];
    }
  }
}
