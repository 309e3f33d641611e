// A new source, step by step. The draft outlives a reload; secrets are never stored.

import { aborted, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { read, write } from "../../widgets/drafts.js";
import { failure } from "../../widgets/failure.js";
import { CONNECTOR, FIELDS, STREAM } from "./steps.js";
import { SETTINGS } from "./settings-step.js";
import { SAVE } from "./save-step.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context, Page } from "../../core/router.js" */
/** @import { Mapped } from "./fields-form.js" */
/** @import { Typed } from "./schedule.js" */

/**
 * The draft, without secrets.
 *
 * @typedef {object} Draft
 * @property {number} step index of the open step
 * @property {string} connector
 * @property {Record<string, unknown>} settings by path
 * @property {boolean} secret whether secrets were entered; they are not part of the draft
 * @property {string} stream
 * @property {Schemas["SourceMode"]} mode
 * @property {string} cursor
 * @property {Mapped} mapped
 * @property {Typed | null} schedule
 * @property {{ vanish: Schemas["SourceVanish"], tag: string }} vanish
 * @property {string} name
 * @property {boolean} paused
 */
/**
 * Data that is kept only while the page is open.
 *
 * @typedef {object} Known
 * @property {Map<string, string>} secrets
 * @property {Schemas["ConnectorWithSpec"] | null} setup
 * @property {Schemas["Stream"][] | null} streams
 * @property {Schemas["Sample"] | null} sample
 * @property {string} sampled the stream of the sample
 */
/**
 * @typedef {object} Flow
 * @property {Draft} draft
 * @property {Known} known
 * @property {AbortSignal} signal aborts when the step is left
 * @property {(patch: Partial<Draft>) => void} change stores choices in the draft
 * @property {() => void} next
 * @property {() => void} forget discards the draft after saving
 */
/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(draft: Draft) => string} summary
 * @property {(flow: Flow) => HTMLElement | Promise<HTMLElement>} open
 */

const KEY = "new-source";
const STEPS = [CONNECTOR, SETTINGS, STREAM, FIELDS, SAVE];

/** @returns {Draft} */
const fresh = () => ({
  step: 0, connector: "", settings: {}, secret: false, stream: "", mode: "full", cursor: "",
  mapped: { targets: {}, id: "", overwrite: "own" }, schedule: null, vanish: { vanish: "nothing", tag: "" }, name: "", paused: false,
});

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ signal }) {
  /** @type {Draft} */
  let draft = { ...fresh(), ...read(KEY) };
  /** @type {Known} */
  let known = { secrets: new Map(), setup: null, streams: null, sample: null, sampled: "" };
  // Without its secrets, the system cannot be read again.
  if (draft.secret && draft.step > 1) draft.step = 1;
  /** The last step that was reached. */
  let reached = draft.step;
  let left = new AbortController();
  signal.addEventListener("abort", () => left.abort());
  const list = h("ol", { class: "define" });
  const restart = h("button", { type: "button", class: "quiet", onclick: () => {
    draft = fresh();
    known = { secrets: new Map(), setup: null, streams: null, sample: null, sampled: "" };
    reached = 0;
    write(KEY, null);
    void go(0);
  } }, "Start over");

  /** @param {number} step */
  async function go(step, focus = true) {
    left.abort();
    const mine = (left = new AbortController());
    draft.step = step;
    reached = Math.max(reached, step);
    restart.hidden = reached === 0;
    if (reached > 0) write(KEY, draft);
    const body = h("div", { class: "step-body" }, h("div", { class: "ghost", role: "status", "aria-label": "Loading" }));
    const items = STEPS.map((one, at) => item(one, at, step, body));
    fill(list, items);
    if (focus) items[step]?.querySelector("h2")?.focus();
    /** @type {Flow} */
    const flow = {
      draft, known, signal: mine.signal,
      change(patch) {
        Object.assign(draft, patch);
        write(KEY, draft);
      },
      next: () => void go(step + 1),
      forget() {
        mine.abort();
        write(KEY, null);
      },
    };
    try {
      const element = await /** @type {Step} */ (STEPS[step]).open(flow);
      if (!mine.signal.aborted) fill(body, element);
    } catch (error) {
      if (mine.signal.aborted || aborted(error)) return;
      fill(body, failure(sentence(error), () => void go(step)));
    }
  }

  /**
   * @param {Step} one
   * @param {number} at
   * @param {number} step
   * @param {HTMLElement} body
   */
  function item({ title, summary }, at, step, body) {
    const done = at < step || (at !== step && at < reached);
    const text = done ? summary(draft) : "";
    return h("li", { class: `panel step${at === step ? " current" : done ? " done" : " later"}`, "aria-current": at === step ? "step" : null },
      h("div", { class: "head" },
        h("span", { class: "step-number", "aria-hidden": "true" }, done ? icon("check") : String(at + 1)),
        h("h2", { tabIndex: -1 }, h("span", { class: "hidden" }, `Step ${at + 1}: `), title),
        text && h("span", { class: "muted clip grow" }, text),
        at !== step && at <= reached && h("button", { type: "button", class: "quiet", "aria-label": `${at < step ? "Change" : "Open"}: ${title}`, onclick: () => void go(at) }, at < step ? "Change" : "Open")),
      at === step && body);
  }

  void go(draft.step, false);
  return {
    title: "Add a source",
    element: h("div", { class: "page import source" },
      h("a", { href: "/sources", class: "back" }, icon("back"), "Sources"),
      h("div", { class: "head" }, h("h1", {}, "Add a source"), restart),
      list),
  };
}
