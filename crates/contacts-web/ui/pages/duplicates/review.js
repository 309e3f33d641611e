// The review of one pair: the comparison, and what can be done with it.

import { Problem, ask, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { denied } from "../../core/session.js";
import { unmergeButton } from "../../core/unmerge.js";
import { toast } from "../../widgets/toast.js";
import { nameOf } from "../record.js";
import { announceChange } from "../record/saver.js";
import { comparison } from "./compare.js";
import { dismissPair } from "./dismiss.js";
import { STRENGTHS, because } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Kind } from "../../widgets/field.js" */

/** @typedef {Schemas["DuplicatePair"]} Pair */
/**
 * What the page does when a pair is done.
 *
 * @typedef {object} Ends
 * @property {(pair: Pair, survivor: Schemas["Contact"]) => void} merged
 * @property {(pair: Pair) => void} dismissed
 * @property {(pair: Pair) => void} outdated the pair has changed, is gone, or is listed again
 * @property {(steps: number) => void} move
 */

export class Review {
  /** @param {Ends} ends */
  constructor(ends) {
    this.ends = ends;
    this.busy = false;
    /** @type {Pair | undefined} */
    this.pair = undefined;
    /** @type {ReturnType<typeof comparison> | undefined} */
    this.compared = undefined;
    this.title = h("h2", { tabIndex: -1 });
    this.why = h("p", { class: "why" });
    this.place = h("div", {});
    this.wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    const button = (/** @type {string} */ label, /** @type {string} */ key, /** @type {string} */ name, /** @type {string} */ needs, /** @type {() => void} */ run) =>
      h("button", { type: "button", class: name, data: { needs }, onclick: run, "aria-keyshortcuts": key }, label, h("kbd", { "aria-hidden": "true" }, key));
    this.buttons = [
      button("Merge", "m", "primary", "merge", () => void this.merge()),
      button("Not the same person", "d", "", "write", () => void this.dismiss()),
    ];
    this.element = h("section", { class: "review", "aria-label": "Comparison" },
      h("div", { class: "row" }, h("div", { class: "grow" }, this.title, this.why),
        h("button", { type: "button", class: "only", "aria-label": "Previous pair", title: "Previous pair (k)", onclick: () => ends.move(-1) }, icon("back")),
        h("button", { type: "button", class: "only next", "aria-label": "Next pair", title: "Next pair (j)", onclick: () => ends.move(1) }, icon("back"))),
      this.place, this.wrong,
      h("div", { class: "row acts" }, this.buttons, h("small", {}, "Email addresses, tags, notes, conversations and campaigns of both are kept. You can undo a merge for 30 days.")));
  }

  /**
   * @param {Pair} pair
   * @param {Kind[]} kinds
   * @param {string} place such as "2 of 10"
   */
  show(pair, kinds, place) {
    const [one, other] = [nameOf(pair.contact), nameOf(pair.other)];
    if (pair !== this.pair) {
      this.pair = pair;
      this.compared = comparison(pair, kinds);
      fill(this.place, this.compared.element);
      this.fail(null);
    }
    const [word, status] = STRENGTHS[pair.strength];
    fill(this.title, one === other ? `Two contacts named ${one}` : `${one} and ${other}`);
    fill(this.why, h("span", { class: `status ${status}` }, `${word} match:`), ` ${because(pair.reasons)} · pair ${place}`);
  }

  async merge() {
    const { pair, compared } = this;
    if (!pair || !compared || denied("merge")) return;
    const { contact, other } = pair;
    await this.act(pair, async () => {
      const merged = await ask("post", "/v1/contacts/{id}/merge", {
        path: { id: contact.id }, body: { other_id: other.id, values: compared.values() }, headers: { "if-match": `"${contact.version}"` },
      });
      dispatchEvent(new CustomEvent("contactgone", { detail: other.id }));
      announceChange(merged.contact);
      toast("Contacts merged.", unmergeButton(other.id));
      this.ends.merged(pair, merged.contact);
    });
  }

  async dismiss() {
    const { pair } = this;
    if (!pair || denied("write")) return;
    await this.act(pair, async () => {
      await dismissPair(pair.contact.id, pair.other.id, "This pair is no longer suggested.", () => this.ends.outdated(pair));
      this.ends.dismissed(pair);
    });
  }

  /**
   * Runs one request at a time.
   *
   * @param {Pair} pair
   * @param {() => Promise<void>} run
   */
  async act(pair, run) {
    if (this.busy) return;
    this.busy = true;
    this.fail(null);
    for (const button of this.buttons) button.setAttribute("aria-disabled", "true");
    try {
      await run();
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 412 || error.code === "merged")) {
        toast("These contacts have changed meanwhile. The list is loaded again.");
        this.ends.outdated(pair);
      } else this.fail(error);
    } finally {
      this.busy = false;
      for (const button of this.buttons) button.removeAttribute("aria-disabled");
    }
  }

  /** @param {unknown} error null for none */
  fail(error) {
    this.wrong.hidden = error === null;
    fill(this.wrong, error === null ? null : sentence(error));
  }
}
