// The open contact and the parts of its page.

import { Problem, ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { face } from "../../core/session.js";
import { CORE, EXTERNAL_ID, kinds } from "../../widgets/field.js";
import { menu } from "../../widgets/popover.js";
import { back, nameOf } from "../record.js";
import { Addresses } from "./addresses.js";
import { consent } from "./consent.js";
import { duplicates } from "./duplicates.js";
import { deferred, painted } from "./part.js";
import { row } from "./profile.js";
import { saverOf, snapshot } from "./saver.js";
import { sources } from "./sources.js";
import { tabList } from "./tabs.js";
import { tags } from "./tags.js";
import { walk } from "./walk.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * The content of a tab.
 *
 * @typedef {object} Part
 * @property {HTMLElement} element
 * @property {() => Promise<boolean>} load loads or reloads it; resolves to whether there is anything
 */

const TABS = { conversations: "Conversations", campaigns: "Campaigns", notes: "Notes", activity: "Activity" };
/** @typedef {keyof typeof TABS} TabKey */

export class Opened {
  /**
   * @param {Schemas["Contact"]} contact
   * @param {Schemas["Field"][]} fields
   * @param {URL} url
   * @param {AbortSignal} signal
   */
  constructor(contact, fields, url, signal) {
    this.contact = contact;
    this.signal = signal;
    this.kinds = [...CORE, ...kinds(fields), EXTERNAL_ID];
    this.saver = saverOf(contact, signal);
    /** Whether and when they were emailed, in a few words. */
    this.emailed = "";
    /** Whether the page has said that the contact was deleted or merged. */
    this.isGone = false;
    this.name = h("h1", { tabIndex: -1 });
    this.picture = h("span", {});
    this.states = h("div", { class: "states" });
    this.times = h("p", { class: "muted times" });
    this.addresses = new Addresses(this);
    this.tags = tags(this);
    this.consent = consent(this);
    this.duplicates = duplicates(this);
    this.sources = sources(this);
    /** @type {Record<TabKey, Part>} */
    this.parts = {
      conversations: deferred(async () => (await import("./conversations.js")).conversations(this)),
      campaigns: deferred(async () => (await import("./campaigns.js")).campaigns(this)),
      notes: deferred(async () => (await import("./notes.js")).notes(this)),
      activity: deferred(async () => (await import("./activity.js")).activity(this)),
    };
    this.keys = /** @type {TabKey[]} */ (Object.keys(TABS));
    this.tabs = tabList(this.keys.map((key) => ({ key, label: TABS[key], element: this.parts[key].element })), (key) => this.choose(key));
    this.back = h("div", {}, back(url));
    this.element = this.#layout();
    addEventListener("contactchanged", (event) => {
      const { detail } = /** @type {CustomEvent<Schemas["Contact"]>} */ (event);
      if (detail.id === this.contact.id) this.update(detail);
    }, { signal });
    addEventListener("live", (event) => void this.#live(/** @type {CustomEvent} */ (event).detail), { signal });
    this.#draw();
    this.follow(url);
    void this.#load(url);
  }

  #layout() {
    const more = h("button", { type: "button", class: "only", data: { needs: "write" }, "aria-label": "More" }, icon("more"));
    const head = h("header", { class: "head" }, this.picture, h("div", { class: "who" }, this.name, this.states),
      h("button", { type: "button", data: { needs: "merge" }, onclick: () => void this.merge() }, icon("merge"), h("span", { class: "wide" }, "Merge")), h("span", {}, more));
    menu(more, () => this.#commands());
    const about = h("section", { class: "panel about", "aria-labelledby": "about" }, h("h2", { id: "about" }, "Profile"),
      h("div", { class: "profile" }, this.kinds.flatMap((kind) => [row(this, kind), kind.key === "email" && this.addresses.element])), this.tags.element, this.consent.element, this.sources.element, this.times);
    const history = h("div", { class: "history" }, this.tabs.element, this.keys.map((key) => this.parts[key].element));
    return h("div", {}, h("div", { class: "above" }, this.back, walk(this)), head, this.duplicates.element, h("div", { class: "columns" }, about, history));
  }

  #commands() {
    const { id } = this.contact;
    return [
      h("a", { href: `/v1/contacts/${id}/data`, download: `contact-${id}.json`, data: { needs: "admin" } }, icon("download"), "Download personal data"),
      h("hr", { data: { needs: "admin" } }),
      h("button", { type: "button", class: "danger", data: { needs: "write" }, onclick: async () => (await import("./remove.js")).remove(this) }, icon("trash"), "Delete"),
      h("button", { type: "button", class: "danger", data: { needs: "admin" }, onclick: async () => (await import("./remove.js")).erase(this) }, icon("close"), "Erase this person"),
    ];
  }

  /**
   * Loads the tabs. Without a tab in the URL, the first one with content is shown.
   *
   * @param {URL} url
   */
  async #load(url) {
    await painted();
    void this.sources.load();
    const loads = this.keys.map((key) => this.parts[key].load());
    void this.duplicates.load();
    if (url.searchParams.has("tab")) return;
    for (const [at, key] of this.keys.entries()) {
      if (!(await loads[at])) continue;
      if (!new URL(location.href).searchParams.has("tab")) this.tabs.show(key);
      return;
    }
  }

  /** @param {URL} url */
  follow(url) {
    const key = url.searchParams.get("tab");
    this.tabs.show(this.keys.find((one) => one === key) ?? "conversations");
    fill(this.back, back(url));
    return true;
  }

  /** @param {string} tab */
  choose(tab) {
    const to = new URL(location.href);
    to.searchParams.set("tab", tab);
    go(to.pathname + to.search, { replace: true });
  }

  /** Reloads the tabs. */
  refresh() {
    for (const key of this.keys) void this.parts[key].load();
    void this.duplicates.load();
  }

  /** @param {Schemas["Contact"]} contact */
  update(contact) {
    if (contact.version < this.contact.version) return;
    const edited = contact.version > this.contact.version;
    this.contact = contact;
    this.saver.absorb(snapshot(contact));
    this.#draw();
    if (edited) void this.parts.activity.load();
  }

  /**
   * Shows a change by somebody else.
   *
   * @param {import("../../core/live.js").Live} live
   */
  async #live({ type, ids }) {
    const { id } = this.contact;
    if (type !== "lost" && !ids.has(id)) return;
    const { signal } = this;
    const contact = await ask("get", "/v1/contacts/{id}", { path: { id }, signal }).catch((error) => (error instanceof Problem && error.code === "not_found" ? null : undefined));
    if (signal.aborted || contact === undefined) return;
    const wasGone = this.isGone;
    this.isGone = contact?.id !== id;
    if (contact?.id !== id) return wasGone ? undefined : void this.#gone(contact);
    dispatchEvent(new CustomEvent("contactchanged", { detail: contact }));
    void this.parts.activity.load();
  }

  /** @param {Schemas["Contact"] | null} survivor */
  async #gone(survivor) {
    const { toast } = await import("../../widgets/toast.js");
    if (survivor) return toast("This contact was merged into another.", { label: "Open", run: () => go(`/contacts/${survivor.id}`) });
    toast("This contact was deleted by somebody else.");
  }

  /**
   * Sets what the head of the page shows about campaigns.
   *
   * @param {string} emailed
   */
  reached(emailed) {
    this.emailed = emailed;
    this.#draw();
  }

  /**
   * Merges another contact with this one; resolves to whether that was done.
   *
   * @param {string} [other] the other contact; without it, the user chooses
   */
  async merge(other) {
    return (await import("./merge.js")).merge(this, other);
  }

  #draw() {
    const { contact } = this;
    const name = nameOf(contact);
    this.name.textContent = name;
    document.title = `${name} · Informly`;
    fill(this.picture, face(name));
    fill(this.states, !contact.reachable && h("span", { class: "status warn" }, "No email address"), contact.incomplete && !contact.name && h("span", { class: "status warn" }, "No name"),
      contact.consent.at && h("span", { class: "status bad" }, `Unsubscribed on ${day(contact.consent.at)}`),
      this.emailed && h("button", { type: "button", class: "link", onclick: () => (this.choose("campaigns"), this.tabs.focus("campaigns")) }, this.emailed));
    fill(this.times, `Added ${day(contact.created_at)}. Profile updated ${day(contact.updated_at)}.`);
    this.addresses.show(contact);
    this.tags.show(contact.tags);
    this.consent.show(contact.consent);
  }
}
