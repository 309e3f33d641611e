// The rows of the list, loaded page by page while the user scrolls.

import { aborted, ask } from "../../core/api.js";
import { asked } from "./query.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {Schemas["ListedContact"] & { left?: string }} Listed `left`: why the contact is no longer in the list, after an edit by somebody else */
/** @typedef {Schemas["Count"]} Count */

const FIRST = 60;
const MORE = 200;

export class ContactRows {
  /**
   * @param {() => void} changed
   * @param {(error: unknown) => void} failed
   */
  constructor(changed, failed) {
    this.changed = changed;
    this.failed = failed;
    /** @type {Listed[]} */
    this.items = [];
    this.ended = false;
    /** Whether the rows belong to an earlier filter or sorting. */
    this.old = false;
    /** @type {Count | null} */
    this.count = null;
    /** @type {string | null} */
    this.next = null;
    this.filter = new URLSearchParams();
    this.sort = "-created";
    this.asking = new AbortController();
    this.loading = false;
    this.running = Promise.resolve();
    this.wanted = 0;
    /** Contacts that changed during the last request, whose response may be older. @type {Map<string, Schemas["Contact"]>} */
    this.newer = new Map();
  }

  /**
   * Loads the rows of another filter or sorting. The old rows stay until the new ones are loaded.
   *
   * @param {URLSearchParams} filter
   * @param {string} sort
   */
  async ask(filter, sort) {
    this.filter = filter;
    this.sort = sort;
    this.old = true;
    this.count = null;
    await (this.running = this.load(FIRST));
  }

  /** Drops the rows and what is being loaded. */
  drop() {
    this.asking.abort();
    Object.assign(this, { items: [], next: null, count: null });
  }

  /** Loads the same rows again. */
  refresh() {
    this.count = null;
    return (this.running = this.load(Math.min(Math.max(FIRST, this.items.length), 2_000)));
  }

  /** @param {number} rows */
  async load(rows) {
    this.asking.abort();
    const { signal } = (this.asking = new AbortController());
    this.loading = true;
    this.newer.clear();
    this.countBeside(signal);
    try {
      /** @type {Listed[]} */
      let items = [];
      /** @type {string | null} */
      let next = null;
      do {
        const page = await this.page(Math.min(rows - items.length, MORE), next, signal);
        items = [...items, ...page.items];
        next = page.next ?? null;
      } while (next && items.length < rows);
      items = items.map((item) => this.latest(item));
      Object.assign(this, { items, next, ended: !next, old: false, loading: false, wanted: 0 });
      this.changed();
    } catch (error) {
      this.gone(error);
    }
  }

  /**
   * Loads up to a number of rows. While others are being loaded, resolves when those are there.
   *
   * @param {number} upTo
   */
  want(upTo) {
    this.wanted = Math.max(this.wanted, upTo);
    if (!this.loading && this.next) this.running = this.more();
    return this.running;
  }

  async more() {
    this.loading = true;
    const { signal } = this.asking;
    try {
      while (this.next && this.items.length < this.wanted) {
        this.newer.clear();
        const page = await this.page(MORE, this.next, signal);
        this.items = this.items.concat(page.items.map((item) => this.latest(item)));
        this.next = page.next ?? null;
        this.ended = !this.next;
        this.changed();
      }
      this.loading = false;
    } catch (error) {
      this.gone(error);
    }
  }

  /** Counts all matching contacts, beyond the limit of the first count. */
  async countAll() {
    if (this.count?.exact) return this.count.value;
    const { count } = await this.counted("exact", this.asking.signal);
    this.count = count ?? null;
    this.changed();
    return count?.value ?? 0;
  }

  /**
   * Replaces a contact that was changed elsewhere on the page.
   *
   * @param {Schemas["Contact"]} contact
   */
  replace(contact) {
    this.newer.set(contact.id, contact);
    this.items = this.items.map((item) => (item.id === contact.id && contact.version >= item.version ? { ...item, ...contact } : item));
    this.changed();
  }

  /**
   * Marks the rows of contacts that have left the list.
   *
   * @param {string[]} ids
   * @param {(id: string) => string} left
   */
  mark(ids, left) {
    this.items = this.items.map((item) => (ids.includes(item.id) ? { ...item, left: left(item.id) } : item));
    this.changed();
  }

  /** @param {Listed} item */
  latest(item) {
    const newer = this.newer.get(item.id);
    return newer && newer.version >= item.version ? { ...item, ...newer } : item;
  }

  /**
   * The rows do not wait for the count.
   *
   * @param {AbortSignal} signal
   */
  countBeside(signal) {
    this.counted(undefined, signal).then(({ count }) => {
      this.count = count ?? null;
      this.changed();
    }, () => undefined);
  }

  /**
   * @param {string | undefined} how
   * @param {AbortSignal} signal
   */
  counted(how, signal) {
    const query = asked(this.filter);
    query.set("limit", "1");
    if (how) query.set("count", how);
    return ask("get", "/v1/contacts", { query, signal });
  }

  /**
   * @param {number} limit
   * @param {string | null} cursor
   * @param {AbortSignal} signal
   */
  page(limit, cursor, signal) {
    const query = asked(this.filter);
    query.set("sort", this.sort);
    query.set("limit", String(limit));
    query.set("count", "none");
    if (cursor) query.set("cursor", cursor);
    return ask("get", "/v1/contacts", { query, signal });
  }

  /** @param {unknown} error */
  gone(error) {
    if (aborted(error)) return;
    this.loading = false;
    this.failed(error);
  }
}
