// The page of one contact: profile, tags, sources and history.

import { Problem, ask, askAll, sentence } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { icon } from "../core/icon.js";
import { go, unloaded } from "../core/router.js";
import { styles } from "../core/styles.js";
import { failure } from "../widgets/failure.js";
import { toast } from "../widgets/toast.js";

/** @import { Context, Page } from "../core/router.js" */
/** @import { Opened } from "./record/opened.js" */

/**
 * The query of the list stays in the URL, so that the back link returns to the same list.
 *
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ url, part: id, signal }) {
  const element = h("div", { class: "page record" }, ghost());
  /** @type {Opened | null} */
  let opened = null;
  const page = { title: "Contact", element, follow: (/** @type {URL} */ to) => opened?.follow(to) ?? false };

  async function load() {
    // The contact is requested while its modules are loaded: those are most of the page.
    const [contact, fields, record] = await Promise.all([
      ask("get", "/v1/contacts/{id}", { path: { id }, signal }),
      askAll("/v1/fields", { signal }),
      import("./record/opened.js").catch(unloaded),
      styles("./record.css", import.meta.url),
    ]);
    if (contact.id !== id.toLowerCase()) {
      toast(`This contact was merged into ${nameOf(contact)}.`);
      return go(`/contacts/${contact.id}${url.search}`, { replace: true });
    }
    opened = new record.Opened(contact, fields.items, new URL(location.href), signal);
    page.title = nameOf(contact);
    document.title = `${page.title} · Informly`;
    const isFocused = element.contains(document.activeElement);
    fill(element, opened.element);
    if (!isFocused && element.isConnected) opened.name.focus({ preventScroll: true });
    watch(opened, signal);
  }

  async function show() {
    try {
      await load();
    } catch (error) {
      if (signal.aborted) return;
      const missing = error instanceof Problem && error.status === 404;
      page.title = missing ? "Contact not found" : "Contact";
      const isUnloaded = error instanceof Problem && error.code === "unloaded";
      const retry = () => (isUnloaded ? location.reload() : (fill(element, ghost()), void show()));
      // Walking goes on beyond a contact that somebody has deleted.
      const walk = missing && (await import("./record/walk.js")).walk({ contact: { id }, signal });
      fill(element, h("div", { class: "above" }, h("div", {}, back(url)), walk), missing ? notFound(url) : [h("h1", {}, "Contact"), failure(sentence(error), retry)]);
    }
  }
  const shown = show();
  // After this time, placeholders are shown.
  await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, 250))]);
  return page;
}

/** @param {{ name?: string | null, email?: string | null, phone?: string | null }} contact */
export const nameOf = ({ name, email, phone }) => name ?? email ?? phone ?? "No name";

/** @param {URL} url */
export function back({ searchParams }) {
  const query = new URLSearchParams(searchParams);
  query.delete("tab");
  return h("a", { class: "back", href: query.size ? `/?${query}` : "/" }, icon("back"), "Contacts");
}

/** @param {URL} url */
const notFound = (url) =>
  h("div", { class: "empty" }, h("h1", {}, "Contact not found"), h("p", {}, "It may have been deleted, or the link is incomplete."),
    h("div", { class: "row" }, h("a", { class: "button", href: back(url).getAttribute("href") }, "All contacts")));

const ghost = () => h("div", { class: "loading", role: "status" }, h("span", { class: "hidden" }, "Loading the contact"), [40, 320, 200].map(() => h("div", { class: "ghost" })));

/**
 * Loads changes by others when the user returns to the page.
 *
 * @param {Opened} opened
 * @param {AbortSignal} signal
 */
function watch(opened, signal) {
  const { id } = opened.contact;
  let read = Date.now();
  const again = async () => {
    read = Date.now();
    try {
      const contact = await ask("get", "/v1/contacts/{id}", { path: { id }, signal });
      if (contact.id === id) opened.update(contact);
      // Unsaved changes of a merged contact stay on screen, and report the merge when they are sent.
      else if (!opened.saver.dirty) renewed(contact.id);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) renewed(id);
    }
  };
  // Opens the contact that it was merged into, or the message that it was deleted.
  const renewed = (/** @type {string} */ to) => (opened.element.remove(), location.assign(`/contacts/${to}${location.search}`));
  const back = () => {
    if (document.hidden || Date.now() - read < 2000) return;
    void again();
    opened.refresh();
  };
  document.addEventListener("visibilitychange", back, { signal });
  addEventListener("focus", back, { signal });
  // A save that was in flight when the page was left may have arrived by now.
  if (opened.saver.restored) setTimeout(() => !signal.aborted && void again(), 1500);
}
