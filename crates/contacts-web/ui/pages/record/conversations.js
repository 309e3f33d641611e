// What the person said: their conversations, newest first.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { ago, count, day, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { pages } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened, Part } from "./opened.js" */

/**
 * @param {Opened} opened
 * @returns {Part}
 */
export function conversations(opened) {
  const { signal } = opened;
  const element = h("section", {});
  const get = (/** @type {string | undefined} */ cursor) =>
    ask("get", "/v1/contacts/{id}/conversations", { path: { id: opened.contact.id }, query: { limit: 20, ...(cursor && { cursor }) }, signal });
  const load = pages(element, get, (items, more) => {
    opened.tabs.hint("conversations", items[0] ? `${items.length}${more ? "+" : ""} · ${ago(items[0].last_message_at)}` : "None");
    if (items.length) return [h("ul", { class: "cards" }, items.map(one))];
    return [h("div", { class: "empty" }, icon("talk"), h("h2", {}, "No conversations yet"), h("p", {}, "Conversations from the website chat appear here."))];
  });
  return { element, load };
}

/** @param {Schemas["Conversation"]} conversation */
function one({ link, preview, messages, visitor, started_at, last_message_at }) {
  const text = preview || (messages ? "No text in the last message" : "Waiting for details from chat");
  const opens = link && /^https?:\/\//i.test(link);
  const title = opens ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", title: "Open in Informly" }, text, icon("open"), h("span", { class: "hidden" }, " (opens in a new tab)")) : text;
  return h("li", {}, h("p", { class: preview ? "preview" : "preview muted" }, title),
    h("p", { class: "meta" }, h("time", { dateTime: last_message_at, title: moment(last_message_at) }, ago(last_message_at)),
      messages > 0 && h("span", {}, count(messages, "message")), h("span", {}, `Started ${day(started_at)}`), h("span", { class: "clip" }, `Visitor ${visitor}`)));
}
