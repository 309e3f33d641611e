// The tags of the contact. Each change is saved immediately.

import { ask, sentence } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { tagBox } from "../../widgets/tags.js";
import { toastAbout } from "../../widgets/toast.js";
import { announceChange } from "./saver.js";

/** @import { Opened } from "./opened.js" */

/** @param {Opened} opened */
export function tags(opened) {
  const status = h("div", { class: "saved", role: "status" });
  const title = h("h3", { id: newId() }, "Tags");
  /** Changes are sent one after the other, so that the last response is the newest. */
  let turn = Promise.resolve();
  let waiting = 0;

  /** @typedef {{ add?: string[], remove?: string[] }} Change */

  /**
   * @param {Change} body
   * @param {Change} [undo] the change that takes this one back
   */
  const change = (body, undo) => {
    waiting += 1;
    fill(status, "Saving…");
    turn = turn.then(() => send(body, undo));
    return turn;
  };

  /** @param {Change} body @param {"not " | ""} [not] */
  const told = ({ add, remove = [] }, not = "") => {
    const names = add ?? remove;
    return `The ${names.length > 1 ? "tags" : "tag"} ${names.join(", ")} ${names.length > 1 ? "were" : "was"} ${not}${add ? "added" : "removed"}.`;
  };

  /**
   * @param {Change} body
   * @param {Change} [undo]
   */
  async function send(body, undo) {
    try {
      const { contact } = await ask("post", "/v1/contacts/{id}/tags", { path: { id: opened.contact.id }, body, keepalive: true });
      waiting -= 1;
      if (undo) toastAbout(`${contact.id} tags`, told(body), { label: "Undo", run: () => void change(undo) });
      if (waiting) return;
      fill(status, icon("check"), "Saved");
      setTimeout(() => !waiting && fill(status), 4000);
      announceChange(contact);
      void opened.parts.activity.load();
    } catch (error) {
      waiting -= 1;
      box.show(opened.contact.tags);
      fill(status, h("span", { class: "wrong" }, `${told(body, "not ")} ${sentence(error)}`), h("button", { type: "button", class: "link", onclick: () => void change(body, undo) }, "Retry"));
    }
  }

  const box = tagBox({ label: "Tags", tags: opened.contact.tags, add: (names) => change({ add: names }, { remove: names }), remove: (tag) => change({ remove: [tag] }, { add: [tag] }) });
  return {
    element: h("section", { "aria-labelledby": title.id }, title, box.element, status),
    /** Adds tags as one change. @param {string[]} names */
    add: (names) => change({ add: names }, { remove: names }),
    /** @param {string[]} shown */
    show: (shown) => void (waiting || box.show(shown)),
  };
}
