// Saves while the user types: a state machine for each field, and one queue for all fields of
// a resource, so that two saves do not conflict on its version.

import { Problem, sentence } from "../core/api.js";
import { read, write } from "./drafts.js";
import { unsaved } from "./unsaved.js";

/**
 * The stored version of a resource, with each field as text.
 *
 * @typedef {{ version: number, fields: Record<string, string> }} Snapshot
 */
/**
 * The state of a field. `changed`: another user changed it after the edit began. `restored`: it
 * was edited before the page was closed, and not saved.
 *
 * @typedef {object} State
 * @property {"still" | "typing" | "saving" | "saved" | "failed" | "refused" | "changed" | "restored"} is
 * @property {string} [why] the reason as a sentence, when saving failed or was refused
 * @property {string} [reason] what is wrong, to be read after the field's name
 * @property {string | null} [taken] the contact that has the same unique value
 */
/**
 * @typedef {object} Options
 * @property {string} key the storage key of unsaved changes
 * @property {Snapshot} now
 * @property {(changes: Record<string, string>, versions: number[]) => Promise<Snapshot>} send saves the changes
 *   if the stored version is one of `versions`; otherwise throws {@link Stale}
 * @property {(name: string, text: string) => string} [check] the reason why a text cannot be sent
 */

/** Another user saved first; holds what is stored now. */
export class Stale extends Error {
  /** @param {Snapshot} now */
  constructor(now) {
    super("changed by someone else");
    this.now = now;
  }
}

/** Pause in ms in typing after which a field is saved. */
const PAUSE = 600;
/** Delay in ms before a failed save is retried, unless the network returns earlier. */
const AGAIN = 15_000;

class Field {
  /** Unsaved text; null when there is none. @type {string | null} */
  text = null;
  /** The stored text when the edit began. */
  base = "";
  /** The text that is being saved. @type {string | null} */
  sent = null;
  /** @type {State} */
  state = { is: "still" };
  timer = 0;
  /** @type {(state: State) => void} */
  shown = () => undefined;
}

export class Autosave {
  /** @type {Map<string, Field>} */
  #fields = new Map();
  /** Fields that are due to be saved. @type {Set<string>} */
  #queue = new Set();
  #running = 0;
  /** The latest save. @type {Promise<void> | null} */
  #last = null;
  #again = 0;
  #options;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    this.now = options.now;
    /** @type {Record<string, { text: string, base: string }>} */
    const drafts = read(options.key) ?? {};
    for (const [name, { text, base }] of Object.entries(drafts)) {
      if (same(text, this.stored(name))) continue;
      Object.assign(this.#field(name), { text, base, state: { is: same(base, this.stored(name)) ? "restored" : "changed" } });
    }
    this.#note();
  }

  /** @param {string} name */
  stored(name) {
    return this.now.fields[name] ?? "";
  }

  /**
   * The text that a field shows.
   *
   * @param {string} name
   */
  text(name) {
    return this.#field(name).text ?? this.stored(name);
  }

  /** @param {string} name */
  state(name) {
    return this.#field(name).state;
  }

  /** Whether there are unsaved changes. */
  get dirty() {
    return [...this.#fields.values()].some(({ text }) => text !== null);
  }

  /** Whether there are unsaved changes from before the page was closed. */
  get restored() {
    return [...this.#fields.values()].some(({ state }) => /restored|changed/.test(state.is));
  }

  /** Whether there are changes that need a decision before they can be saved. */
  get stuck() {
    return [...this.#fields.values()].some(({ text, state }) => text && /failed|refused|changed/.test(state.is));
  }

  /** Resolves when no save is in flight. */
  async rest() {
    while (this.#running) await this.#last;
  }

  /**
   * Calls `shown` now, and when the state or text of a field changes other than by typing.
   *
   * @param {string} name
   * @param {(state: State) => void} shown
   */
  watch(name, shown) {
    const field = this.#field(name);
    field.shown = shown;
    shown(field.state);
  }

  /**
   * Takes a new text of a field.
   *
   * @param {string} name
   * @param {string} text
   * @param {boolean} [half] whether the text is too incomplete to be saved after a pause
   */
  type(name, text, half = false) {
    const field = this.#field(name);
    clearTimeout(field.timer);
    this.#queue.delete(name);
    if (field.text === null) field.base = this.stored(name);
    field.text = text;
    if (field.sent === null && same(text, this.stored(name))) return this.#settle(name, "still");
    this.#note();
    if (field.state.is === "changed") return;
    const why = this.#options.check?.(name, text) ?? "";
    if (why) return this.#say(name, { is: "refused", why });
    this.#say(name, { is: "typing" });
    if (!half) field.timer = setTimeout(() => this.flush(name), PAUSE);
  }

  /**
   * Saves edited fields without waiting for a pause.
   *
   * @param {string} [only]
   */
  flush(only) {
    for (const [name, field] of this.#fields) {
      if (field.state.is !== "typing" || (only && only !== name)) continue;
      clearTimeout(field.timer);
      this.#queue.add(name);
    }
    this.#pump();
  }

  /**
   * Retries failed saves.
   *
   * @param {string} [only]
   */
  retry(only) {
    for (const [name, { text, state }] of this.#fields) {
      if (text !== null && (only ? only === name : state.is === "failed")) this.#queue.add(name);
    }
    this.#pump();
  }

  /**
   * Saves everything immediately because the page may close, also during another save. The version that
   * this save creates is accepted as well as the one before, whichever arrives first.
   */
  hurry() {
    const names = [...this.#fields].filter(([, { text, sent, state }]) => text !== null && text !== sent && /typing|saving|failed/.test(state.is));
    names.forEach(([, { timer }]) => clearTimeout(timer));
    if (names.length) this.#last = this.#send(names.map(([name]) => name));
  }

  /**
   * Takes a newer stored state.
   *
   * @param {Snapshot} now
   */
  absorb(now) {
    if (now.version < this.now.version) return;
    this.now = now;
    for (const name of this.#fields.keys()) this.#judge(name);
  }

  /**
   * Keeps the user's text over the change of another user.
   *
   * @param {string} name
   */
  keep(name) {
    const field = this.#field(name);
    field.base = this.stored(name);
    this.#say(name, { is: "typing" });
    this.type(name, field.text ?? "");
    this.flush(name);
  }

  /**
   * Discards the user's text.
   *
   * @param {string} name
   */
  drop(name) {
    this.#settle(name, "still");
  }

  /** Discards all changes, because the resource was deleted. */
  forget() {
    for (const name of this.#fields.keys()) this.drop(name);
  }

  /** @param {string} name */
  #field(name) {
    const field = this.#fields.get(name) ?? new Field();
    this.#fields.set(name, field);
    return field;
  }

  /**
   * @param {string} name
   * @param {State} state
   */
  #say(name, state) {
    const field = this.#field(name);
    field.state = state;
    field.shown(state);
  }

  /**
   * @param {string} name
   * @param {"still" | "saved"} is
   */
  #settle(name, is) {
    const field = this.#field(name);
    clearTimeout(field.timer);
    this.#queue.delete(name);
    field.text = null;
    this.#note();
    this.#say(name, { is });
  }

  /**
   * Updates the state of a field after the stored text may have changed.
   *
   * @param {string} name
   */
  #judge(name) {
    const field = this.#field(name);
    const stored = this.stored(name);
    if (field.text === null) field.shown(field.state);
    else if (field.sent !== null) return;
    else if (same(stored, field.text)) this.#settle(name, "saved");
    else if (!same(stored, field.base)) {
      clearTimeout(field.timer);
      this.#queue.delete(name);
      this.#say(name, { is: "changed" });
    }
  }

  #pump() {
    if (!this.#running && this.#queue.size) this.#last = this.#send([...this.#queue]);
  }

  /** @param {string[]} names */
  async #send(names) {
    const changes = Object.fromEntries(names.map((name) => [name, this.#field(name).text ?? ""]));
    const versions = Array.from({ length: this.#running + 1 }, (_, at) => this.now.version + at);
    for (const name of names) {
      this.#queue.delete(name);
      this.#field(name).sent = changes[name] ?? "";
      this.#say(name, { is: "saving" });
    }
    this.#running += 1;
    try {
      this.#saved(changes, await this.#options.send(changes, versions));
    } catch (error) {
      this.#missed(changes, error);
    }
    this.#running -= 1;
    this.#pump();
  }

  /**
   * @param {Record<string, string>} changes
   * @param {Snapshot} now
   */
  #saved(changes, now) {
    for (const name of Object.keys(changes)) this.#field(name).base = now.fields[name] ?? "";
    for (const name of this.#arrived(changes)) {
      if (this.#field(name).text === changes[name]) this.#settle(name, "saved");
    }
    this.absorb(now);
  }

  /**
   * @param {Record<string, string>} changes
   * @param {unknown} error
   */
  #missed(changes, error) {
    const names = this.#arrived(changes);
    if (error instanceof Stale) this.absorb(error.now);
    const problem = error instanceof Problem ? error : null;
    const passes = !problem || problem.passes;
    const reasons = new Map(problem?.errors.map(({ field, reason }) => [field, reason]));
    if (problem?.contact && /_taken$/.test(problem.code)) reasons.set(problem.code.slice(0, -6), "is already used by another contact");
    const blamed = names.filter((name) => reasons.has(name));
    for (const name of names) {
      const field = this.#field(name);
      // The field was edited or reset meanwhile: the failed text no longer matters.
      if (field.state.is !== "saving" || field.text !== changes[name]) continue;
      if (error instanceof Stale || (blamed.length && !blamed.includes(name))) this.#queue.add(name);
      else this.#say(name, { is: passes ? "failed" : "refused", why: sentence(error), reason: reasons.get(name) ?? "", taken: problem?.contact ?? null });
    }
    // Without a session, it is the user who decides whether to save again: another one may have signed in.
    if (!passes || error instanceof Stale || problem?.status === 401) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.retry(), AGAIN);
  }

  /**
   * The fields of a save that no later save includes.
   *
   * @param {Record<string, string>} changes
   */
  #arrived(changes) {
    const names = Object.keys(changes).filter((name) => this.#field(name).sent === changes[name]);
    for (const name of names) this.#field(name).sent = null;
    return names;
  }

  /** Stores unsaved changes, so that they outlive a crash and a reload. */
  #note() {
    const drafts = [...this.#fields].filter(([, { text }]) => text !== null).map(([name, { text, base }]) => [name, { text, base }]);
    unsaved[drafts.length ? "add" : "delete"](this);
    write(this.#options.key, drafts.length ? Object.fromEntries(drafts) : null);
  }
}

/**
 * Whether the server would store the same text for both.
 *
 * @param {string} one
 * @param {string} other
 */
const same = (one, other) => one.trim().normalize() === other.trim().normalize();
