// Saving as somebody types: a small state machine for each field, and one queue for all fields of
// a thing, so that two saves do not collide on its version.

import { Problem, sentence } from "../core/api.js";
import { read, write } from "./drafts.js";
import { unsaved } from "./unsaved.js";

/**
 * What is stored: a version, and each field as text.
 *
 * @typedef {{ version: number, fields: Record<string, string> }} Snapshot
 */
/**
 * How a field is doing. `changed`: somebody else changed it since it was typed on. `restored`: it
 * was typed before the page was closed, and not saved.
 *
 * @typedef {object} State
 * @property {"still" | "typing" | "saving" | "saved" | "failed" | "refused" | "changed" | "restored"} is
 * @property {string} [why] a sentence, when it failed or was refused
 * @property {string} [reason] what is wrong with it, to be read after the field's name
 * @property {string | null} [taken] the contact that has it, when only one can
 */
/**
 * @typedef {object} Options
 * @property {string} key under which the browser keeps what is not saved yet
 * @property {Snapshot} now
 * @property {(changes: Record<string, string>, versions: number[]) => Promise<Snapshot>} send saves,
 *   if what is stored has one of the versions; throws {@link Stale} if it does not
 * @property {(name: string, text: string) => string} [check] why a text cannot even be sent
 */

/** Somebody else was faster: what is stored now. */
export class Stale extends Error {
  /** @param {Snapshot} now */
  constructor(now) {
    super("changed by someone else");
    this.now = now;
  }
}

/** How long somebody may pause while they type. */
const PAUSE = 600;
/** When what could not be saved is tried again, unless the network says so earlier. */
const AGAIN = 15_000;

class Field {
  /** What was typed and is not stored; null when nothing is. @type {string | null} */
  text = null;
  /** What was stored when it was typed. */
  base = "";
  /** What is on its way. @type {string | null} */
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
  /** Those whose turn has come. @type {Set<string>} */
  #queue = new Set();
  #running = 0;
  /** The last save that was begun. @type {Promise<void> | null} */
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
   * What a field should show.
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

  /** Whether something was typed that is not stored yet. */
  get dirty() {
    return [...this.#fields.values()].some(({ text }) => text !== null);
  }

  /** Whether something was typed before the page was closed, and seems not to be stored. */
  get restored() {
    return [...this.#fields.values()].some(({ state }) => /restored|changed/.test(state.is));
  }

  /** Whether something was typed that will not be stored by itself. */
  get stuck() {
    return [...this.#fields.values()].some(({ text, state }) => text && /failed|refused|changed/.test(state.is));
  }

  /** Ends when nothing is on its way. */
  async rest() {
    while (this.#running) await this.#last;
  }

  /**
   * Calls now, and whenever a field's state or text changes other than by typing.
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
   * Somebody typed.
   *
   * @param {string} name
   * @param {string} text
   * @param {boolean} [half] whether it is still so incomplete that a pause does not mean they are done
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
   * Saves what was typed, without waiting for a pause.
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
   * Tries again what could not be saved.
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
   * The page may be going: sends everything at once, also beside a save that runs. The version that
   * that save makes is as good as the one before it, whichever the server gets first.
   */
  hurry() {
    const names = [...this.#fields].filter(([, { text, sent, state }]) => text !== null && text !== sent && /typing|saving|failed/.test(state.is));
    names.forEach(([, { timer }]) => clearTimeout(timer));
    if (names.length) this.#last = this.#send(names.map(([name]) => name));
  }

  /**
   * Takes what is stored now, read anew.
   *
   * @param {Snapshot} now
   */
  absorb(now) {
    if (now.version < this.now.version) return;
    this.now = now;
    for (const name of this.#fields.keys()) this.#judge(name);
  }

  /**
   * Mine it shall be, whatever somebody else made of it.
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
   * What is stored it shall be.
   *
   * @param {string} name
   */
  drop(name) {
    this.#settle(name, "still");
  }

  /** The thing is gone: nothing of it is to be saved any more. */
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
   * What becomes of a field when what is stored may have changed.
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
    if (problem?.code === "email_taken") reasons.set("email", "is another contact's");
    const blamed = names.filter((name) => reasons.has(name));
    for (const name of names) {
      const field = this.#field(name);
      // Typed on, taken back or changed meanwhile: what was sent matters no more.
      if (field.state.is !== "saving" || field.text !== changes[name]) continue;
      if (error instanceof Stale || (blamed.length && !blamed.includes(name))) this.#queue.add(name);
      else this.#say(name, { is: passes ? "failed" : "refused", why: sentence(error), reason: reasons.get(name) ?? "", taken: problem?.contact ?? null });
    }
    if (!passes || error instanceof Stale) return;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.retry(), AGAIN);
  }

  /**
   * Those of a save whose answer is the last one that is awaited.
   *
   * @param {Record<string, string>} changes
   */
  #arrived(changes) {
    const names = Object.keys(changes).filter((name) => this.#field(name).sent === changes[name]);
    for (const name of names) this.#field(name).sent = null;
    return names;
  }

  /** What is not saved outlives a crash and a reload. */
  #note() {
    const drafts = [...this.#fields].filter(([, { text }]) => text !== null).map(([name, { text, base }]) => [name, { text, base }]);
    unsaved[drafts.length ? "add" : "delete"](this);
    write(this.#options.key, drafts.length ? Object.fromEntries(drafts) : null);
  }
}

/**
 * Whether the server would keep the same for both.
 *
 * @param {string} one
 * @param {string} other
 */
const same = (one, other) => one.trim().normalize() === other.trim().normalize();
