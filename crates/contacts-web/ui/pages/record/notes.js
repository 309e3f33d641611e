// The notes about the contact.

import { called } from "../../core/actors.js";
import { ask, sentence } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { ago, moment, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { denied, session } from "../../core/session.js";
import { read, write } from "../../widgets/drafts.js";
import { pages } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened, Part } from "./opened.js" */

/** Maximum length of a note in characters. */
const LONGEST = 10_000;

/**
 * @param {Opened} opened
 * @returns {Part}
 */
export function notes(opened) {
  const { signal } = opened;
  const id = opened.contact.id;
  const element = h("section", {});
  /** A retry has the same idempotency key, so the note cannot be added twice. */
  let request = crypto.randomUUID();
  const writer = editor({
    key: `note ${id}`, label: "New note", action: "Add note",
    save: async (text) => {
      await ask("post", "/v1/contacts/{id}/notes", { path: { id: opened.contact.id }, body: { text }, headers: { "idempotency-key": request } });
      request = crypto.randomUUID();
      void changed();
    },
    typed: () => (request = crypto.randomUUID()),
  });
  element.append(writer.element);
  const changed = async () => {
    await load();
    void opened.parts.activity.load();
  };
  const get = (/** @type {string | undefined} */ cursor) => ask("get", "/v1/contacts/{id}/notes", { path: { id: opened.contact.id }, query: { limit: 20, ...(cursor && { cursor }) }, signal });
  const load = pages(element, get, (items, more) => {
    opened.tabs.hint("notes", items[0] ? `${items.length}${more ? "+" : ""} · ${ago(items[0].created_at)}` : "None");
    if (items.length) return [h("ul", { class: "cards" }, items.map((note) => one(note, changed)))];
    return [h("div", { class: "empty" }, icon("note"), h("h2", {}, "No notes yet"), h("p", {}, "Everyone in your organisation can read notes. The contact never can."))];
  });
  return { element, load };
}

/**
 * A text area whose draft outlives a reload.
 *
 * @param {{ key: string, label: string, action: string, text?: string, save: (text: string) => Promise<void>, typed?: () => void, cancel?: () => void }} options
 */
function editor({ key, label, action, text = "", save, typed, cancel }) {
  const status = h("span", { role: "status", class: "saved grow" });
  const box = h("textarea", { "aria-label": label, placeholder: "Write a note", rows: 3, value: read(key) ?? text });
  const button = h("button", { class: "primary" }, action);
  const form = h("form", { class: "writer", data: { needs: "write" } }, box, h("div", { class: "row" }, status, cancel && h("button", { type: "button", onclick: () => (write(key, null), cancel()) }, "Cancel"), button));
  const draw = () => {
    const over = [...box.value.trim()].length - LONGEST;
    button.disabled = !box.value.trim() || over > 0;
    fill(status, over > 0 && h("span", { class: "wrong" }, `${number(over)} characters too long.`));
  };
  box.addEventListener("input", () => {
    write(key, box.value.trim() ? box.value : null);
    typed?.();
    draw();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(button);
    if (event.key === "Escape" && cancel && box.value === text) cancel();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const sent = box.value;
    button.disabled = true;
    fill(status, "Saving…");
    try {
      await save(sent);
      // Text typed meanwhile is another note.
      if (box.value === sent) box.value = "";
      write(key, box.value || null);
      draw();
      fill(status, icon("check"), "Saved");
    } catch (error) {
      button.disabled = false;
      fill(status, h("span", { class: "wrong" }, `Not saved. ${sentence(error)}`));
    }
  });
  draw();
  return { element: form, box };
}

/**
 * @param {Schemas["Note"]} note
 * @param {() => Promise<void>} changed
 */
function one(note, changed) {
  const { id, contact_id, author, text, created_at, updated_at } = note;
  const path = { id: contact_id, note_id: id };
  const who = h("strong", { id: newId() }, "\u00a0");
  void called(author).then((name) => fill(who, name));
  const tools = h("span", { class: "row tools-end" });
  const body = h("div", {}, h("p", { class: "written" }, text));
  const edit = () => {
    const close = () => (fill(body, h("p", { class: "written" }, text)), (tools.hidden = false));
    const { element, box } = editor({
      key: `note ${id}`, label: "Edit note", action: "Save", text,
      save: async (typed) => {
        await ask("patch", "/v1/contacts/{id}/notes/{note_id}", { path, body: { text: typed } });
        write(`note ${id}`, null);
        await changed();
      },
      cancel: close,
    });
    fill(body, element);
    tools.hidden = true;
    box.focus();
  };
  const remove = async () => (await import("../../widgets/dialog.js")).dialog({
    title: "Delete this note?", body: h("p", { class: "written clamp" }, text), action: "Delete", danger: true,
    run: async () => {
      await ask("delete", "/v1/contacts/{id}/notes/{note_id}", { path });
      await changed();
    },
  });
  void session.then(({ actor, scopes }) => {
    if (denied("write") || (actor.id !== author.id && !scopes.includes("admin"))) return;
    fill(tools, h("button", { type: "button", class: "quiet", "aria-label": "Edit note", onclick: edit }, "Edit"), h("button", { type: "button", class: "quiet", "aria-label": "Delete note", onclick: remove }, "Delete"));
    if (read(`note ${id}`)) edit();
  });
  const times = h("span", { class: "muted" }, h("time", { dateTime: created_at, title: moment(created_at) }, ago(created_at)), updated_at !== created_at && h("span", { title: moment(updated_at) }, ", edited"));
  return h("li", {}, h("div", { class: "row top" }, who, times, h("span", { class: "grow" }), tools), body);
}
