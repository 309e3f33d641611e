// Possible duplicates of the organisation, strongest first: pair by pair, or many at once (R54).

import { aborted, ask, askAll, sentence } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { count } from "../core/format.js";
import { icon } from "../core/icon.js";
import { track } from "../core/jobs.js";
import { go } from "../core/router.js";
import { styles } from "../core/styles.js";
import { undoButton } from "../core/undone.js";
import { dialog } from "../widgets/dialog.js";
import { failure } from "../widgets/failure.js";
import { CORE, EXTERNAL_ID, kinds } from "../widgets/field.js";
import { helpLink } from "../widgets/help.js";
import { toast } from "../widgets/toast.js";
import { Review } from "./duplicates/review.js";
import { STRENGTHS, because } from "./duplicates/words.js";
import { nameOf } from "./record.js";

/** @import { Schemas } from "../core/api.js" */
/** @import { Work } from "../core/jobs.js" */
/** @import { Context, Page } from "../core/router.js" */
/** @import { Kind } from "../widgets/field.js" */
/** @import { Pair } from "./duplicates/review.js" */

/** Number of pairs that are requested at once. */
const PAGE_PAIRS = 50;
/** Maximum number of pairs that are merged at once. */
const MAX_MERGED_PAIRS = 1000;

/** @type {[string, string][]} */
const KEYS = [
  ["j", "Next pair"], ["k", "Previous pair"], ["1", "Use all values of the contact that was added first"], ["2", "Use all values of the other contact"],
  ["m", "Merge"], ["d", "Not the same person"], ["x", "Select the pair"], ["?", "Show keyboard shortcuts"],
];

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ url, signal }) {
  const [fields] = await Promise.all([askAll("/v1/fields", { signal }).catch(() => ({ items: [] })), styles("../widgets/segmented.css", import.meta.url), styles("./duplicates.css", import.meta.url)]);
  const page = new Duplicates([...CORE, ...kinds(fields.items), EXTERNAL_ID], signal);
  page.follow(url);
  return { title: "Possible duplicates", element: page.element, follow: (to) => page.follow(to) };
}

/** @param {Pair} pair */
const keyOf = ({ contact, other }) => `${contact.id}.${other.id}`;

class Duplicates {
  /**
   * @param {Kind[]} kinds
   * @param {AbortSignal} signal
   */
  constructor(kinds, signal) {
    this.kinds = kinds;
    this.signal = signal;
    /** @type {Pair[]} */
    this.pairs = [];
    /** @type {string | null | undefined} */
    this.next = undefined;
    /** The key of the pair under review. */
    this.at = "";
    /** @type {string | null} */
    this.strength = null;
    /** Keys of the selected pairs. @type {Set<string>} */
    this.picked = new Set();
    this.turn = 0;
    this.review = new Review({ merged: (pair, survivor) => this.merged(pair, survivor), dismissed: (pair) => this.drop([pair]), outdated: () => void this.reload(), move: (steps) => this.move(steps) });
    this.list = h("ul", { class: "pairs", "aria-label": "Pairs" });
    this.more = h("div", { class: "more" });
    this.state = h("div", { class: "state" });
    this.count = h("span", { class: "muted", role: "status" });
    this.bulk = h("div", { class: "row many", hidden: true });
    this.filter = h("div", { class: "segmented", role: "radiogroup", "aria-label": "Strength" });
    this.body = h("div", { class: "both", hidden: true }, h("div", { class: "side" }, this.bulk, this.list, this.more), this.review.element);
    this.element = h("div", { class: "page wide duplicates-page" },
      h("a", { class: "back", href: "/" }, icon("back"), "Contacts"),
      h("div", { class: "head" }, h("h1", { tabIndex: -1 }, "Possible duplicates"), helpLink("duplicates", "Possible duplicates"), this.count, this.filter,
        h("button", { type: "button", class: "keyboard", onclick: () => void help() }, "Keyboard shortcuts", h("kbd", { "aria-hidden": "true" }, "?"))),
      this.state, this.body);
    addEventListener("keydown", (event) => this.press(event), { signal });
    addEventListener("job", (event) => {
      const { kind, job } = /** @type {CustomEvent<Work>} */ (event).detail;
      if (kind === "action" && job.action.type === "merge" && job.finished_at) void this.reload();
    }, { signal });
    // The merge of a pair was undone.
    addEventListener("contactadded", () => void this.reload(), { signal });
  }

  /** @param {URL} url */
  follow({ searchParams }) {
    const strength = searchParams.get("strength");
    const pair = searchParams.get("pair") ?? "";
    if (this.next !== undefined && strength === this.strength) {
      if (pair !== this.at && this.pairs.some((one) => keyOf(one) === pair)) this.show(pair);
      return true;
    }
    this.strength = strength;
    this.at = pair;
    this.picked.clear();
    fill(this.filter, [[null, "All"], ...Object.entries(STRENGTHS).map(([key, [word]]) => [key, word])].map(([key, word]) =>
      h("label", {}, h("input", { type: "radio", name: "strength", class: "hidden", checked: key === strength, onchange: () => go(key ? `/duplicates?strength=${key}` : "/duplicates") }), h("span", {}, word ?? ""))));
    void this.reload();
    return true;
  }

  /** Loads the list from its start. */
  async reload() {
    this.pairs = [];
    this.next = undefined;
    this.body.hidden = true;
    fill(this.count);
    fill(this.state, h("div", { class: "loading", role: "status" }, h("span", { class: "hidden" }, "Looking for possible duplicates"), [1, 2, 3].map(() => h("div", { class: "ghost" }))));
    await this.load();
  }

  /** Loads the next pairs. A page of the API may be empty and still have a next one. */
  async load() {
    const turn = (this.turn += 1);
    const from = this.pairs.length;
    try {
      do {
        const query = { limit: PAGE_PAIRS, ...(this.strength && { strength: this.strength }), ...(this.next && { cursor: this.next }) };
        const { items, next } = await ask("get", "/v1/duplicates", { query: /** @type {{ limit: number }} */ (query), signal: this.signal });
        if (turn !== this.turn) return;
        this.pairs.push(...items);
        this.next = next;
      } while (this.next && this.pairs.length === from);
      fill(this.state);
      fill(this.more);
      this.draw();
    } catch (error) {
      if (turn !== this.turn || aborted(error)) return;
      const shown = failure(sentence(error), () => void (from ? this.load() : this.reload()));
      fill(from ? this.more : this.state, shown);
    }
  }

  /** Shows the loaded pairs. */
  draw() {
    const { pairs, next } = this;
    if (!pairs.length && next) return void this.load();
    this.body.hidden = !pairs.length;
    this.count.textContent = pairs.length ? `${count(pairs.length, "pair")}${next ? " loaded" : ""}` : "";
    if (!pairs.length) return fill(this.state, empty(this.strength));
    const focused = this.list.contains(document.activeElement);
    fill(this.list, pairs.map((pair) => this.row(pair)));
    if (next) fill(this.more, h("button", { type: "button", onclick: () => void this.load() }, "Load more"));
    if (!pairs.some((pair) => keyOf(pair) === this.at)) this.at = keyOf(/** @type {Pair} */ (pairs[0]));
    this.show(this.at);
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector("[aria-current]"))?.focus();
    this.drawPicked();
  }

  /** @param {Pair} pair */
  row(pair) {
    const key = keyOf(pair);
    const [one, other] = [nameOf(pair.contact), nameOf(pair.other)];
    const [word, status] = STRENGTHS[pair.strength];
    const box = h("input", { type: "checkbox", checked: this.picked.has(key), "aria-label": `Select ${one} and ${other}`, onchange: () => this.pick(key, box.checked) });
    return h("li", { data: { key } }, box, h("button", { type: "button", onclick: () => this.visit(key, true) },
      h("span", { class: "clip" }, one === other ? one : `${one} · ${other}`), h("small", { class: "clip" }, h("span", { class: `status ${status}` }, `${word}:`), ` ${because(pair.reasons)}`)));
  }

  /**
   * Shows a pair, and puts it into the URL.
   *
   * @param {string} key
   * @param {boolean} focus whether the heading of the comparison gets the focus
   */
  visit(key, focus) {
    const query = new URLSearchParams(location.search);
    query.set("pair", key);
    this.show(key);
    go(`/duplicates?${query}`, { replace: true });
    if (focus) this.review.title.focus({ preventScroll: true });
  }

  /** @param {string} key */
  show(key) {
    this.at = key;
    const at = this.pairs.findIndex((pair) => keyOf(pair) === key);
    const pair = this.pairs[at];
    if (!pair) return;
    for (const item of this.list.children) {
      const current = /** @type {HTMLElement} */ (item).dataset["key"] === key;
      const button = item.querySelector("button");
      if (current) {
        button?.setAttribute("aria-current", "true");
        item.scrollIntoView({ block: "nearest" });
      } else button?.removeAttribute("aria-current");
    }
    this.review.show(pair, this.kinds, `${at + 1} of ${this.pairs.length}${this.next ? "+" : ""}`);
  }

  /** @param {number} steps */
  move(steps) {
    const at = this.pairs.findIndex((pair) => keyOf(pair) === this.at) + steps;
    const pair = this.pairs[at];
    if (pair) return this.visit(keyOf(pair), true);
    if (steps > 0 && this.next) void this.load().then(() => this.pairs[at] && this.move(steps));
  }

  /**
   * @param {Pair} pair
   * @param {Schemas["Contact"]} survivor
   */
  merged(pair, survivor) {
    this.drop(this.pairs.filter(({ contact, other }) => contact.id === pair.other.id || other.id === pair.other.id));
    const fresh = (/** @type {Schemas["Contact"]} */ contact) => (contact.id === survivor.id ? survivor : contact);
    this.pairs = this.pairs.map((one) => (one.contact.id === survivor.id || one.other.id === survivor.id ? { ...one, contact: fresh(one.contact), other: fresh(one.other) } : one));
    if (this.pairs.length) this.draw();
  }

  /**
   * Takes pairs off the list, and shows the next one.
   *
   * @param {Pair[]} gone
   */
  drop(gone) {
    const keys = new Set(gone.map(keyOf));
    const at = this.pairs.findIndex((pair) => keyOf(pair) === this.at);
    const rest = this.pairs.filter((pair) => !keys.has(keyOf(pair)));
    const following = this.pairs.slice(at).find((pair) => !keys.has(keyOf(pair))) ?? rest.at(-1);
    this.pairs = rest;
    for (const key of keys) this.picked.delete(key);
    if (following) this.at = keyOf(following);
    this.draw();
    if (following) this.visit(this.at, true);
    else /** @type {HTMLElement | null} */ (this.element.querySelector("h1"))?.focus();
  }

  /**
   * @param {string} key
   * @param {boolean} picked
   */
  pick(key, picked) {
    if (picked && this.picked.size >= MAX_MERGED_PAIRS) toast(`Select at most ${MAX_MERGED_PAIRS} pairs.`);
    else if (picked) this.picked.add(key);
    else this.picked.delete(key);
    const box = /** @type {HTMLInputElement | null | undefined} */ ([...this.list.children].find((item) => /** @type {HTMLElement} */ (item).dataset["key"] === key)?.querySelector("input"));
    if (box) box.checked = this.picked.has(key);
    this.drawPicked();
  }

  drawPicked() {
    const { picked } = this;
    this.bulk.hidden = !picked.size;
    fill(this.bulk, h("span", { class: "grow", role: "status" }, `${count(picked.size, "pair")} selected`),
      h("button", { type: "button", class: "quiet", onclick: () => this.unpick() }, "Clear"),
      h("button", { type: "button", class: "primary", data: { needs: "merge" }, onclick: () => void this.mergePicked() }, icon("merge"), "Merge"));
  }

  unpick() {
    this.picked.clear();
    for (const box of this.list.querySelectorAll("input")) box.checked = false;
    this.drawPicked();
  }

  async mergePicked() {
    const { mergeMany } = await import("./duplicates/many.js");
    const action = await mergeMany(this.pairs.filter((pair) => this.picked.has(keyOf(pair))));
    if (!action) return;
    const { changed, skipped } = action.summary;
    if (action.finished_at) toast(`Merged ${count(changed, "pair")}${skipped ? `, skipped ${count(skipped, "pair")} that had changed` : ""}.`, undoButton(action));
    else {
      track({ kind: "action", job: action });
      toast(`Merging ${count(action.progress.total ?? 0, "pair")}. You can continue working.`);
    }
    dispatchEvent(new CustomEvent("contactgone", { detail: "" }));
    this.picked.clear();
    void this.reload();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { target, key } = event;
    const types = target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    if (types || event.ctrlKey || event.metaKey || event.altKey || !this.element.isConnected || document.querySelector("dialog[open], :popover-open")) return;
    if (key === "?") return void help();
    if (this.body.hidden) return;
    /** @type {Record<string, () => void>} */
    const acts = {
      j: () => this.move(1),
      k: () => this.move(-1),
      m: () => void this.review.merge(),
      d: () => void this.review.dismiss(),
      x: () => this.pick(this.at, !this.picked.has(this.at)),
      1: () => this.review.compared?.all("survivor"),
      2: () => this.review.compared?.all("other"),
    };
    // A key that is held down acts once.
    if (!event.repeat || key === "j" || key === "k") acts[key]?.();
  }
}

/** @param {string | null} strength */
const empty = (strength) => h("div", { class: "empty" }, h("h2", {}, "No possible duplicates"),
  h("p", {}, strength ? "No pair of this strength is left." : "No two contacts share a phone number, or a name that suggests the same person."),
  h("div", { class: "row" }, strength ? h("a", { class: "button", href: "/duplicates" }, "Show all strengths") : h("a", { class: "button", href: "/" }, "All contacts")));

const help = () => dialog({
  title: "Keyboard shortcuts",
  body: h("dl", { class: "keys" }, KEYS.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])),
});
