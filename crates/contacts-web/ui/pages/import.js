// The page of one import, in any state.

import { aborted, ask, sentence } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { ago, bytes, moment } from "../core/format.js";
import { icon } from "../core/icon.js";
import { track } from "../core/jobs.js";
import { called } from "../core/actors.js";
import { styles } from "../core/styles.js";
import { failure } from "../widgets/failure.js";
import { status, understood } from "./import/words.js";

/** @import { Schemas } from "../core/api.js" */
/** @import { Context, Page } from "../core/router.js" */
/** @import { Work } from "../core/jobs.js" */

/**
 * The argument of the part of the page that shows a state.
 *
 * @typedef {object} Part
 * @property {Schemas["Import"]} job
 * @property {AbortSignal} signal aborts when another part is shown
 * @property {(job: Schemas["Import"]) => void} show shows the new state of the import
 * @property {() => Promise<void>} again loads the import and shows its state from the beginning
 */
/** @typedef {{ element: HTMLElement, update?: (job: Schemas["Import"]) => void }} Shown */

/**
 * Loads the part of the page that shows a state.
 *
 * @param {Schemas["ImportState"]} state
 * @returns {Promise<(part: Part) => Shown | Promise<Shown>>}
 */
async function partOf(state) {
  if (state === "ready") return (await import("./import/review.js")).review;
  if (state === "uploading" || state === "analysing" || state === "queued" || state === "running") return (await import("./import/running.js")).running;
  if (state === "undoing" || state === "undone") return (await import("./import/undo.js")).undo;
  return (await import("./import/summary.js")).summary;
}

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ part: id, signal }) {
  const path = { id };
  const [job] = await Promise.all([ask("get", "/v1/imports/{id}", { path, signal }), styles("./import.css", import.meta.url)]);
  const head = h("header", { class: "import-head" });
  const body = h("div", { class: "import-body" });
  const announcement = h("div", { class: "hidden", role: "status" });
  /** @type {{ state: string, shown: Shown | null, left: AbortController }} */
  let now = { state: "", shown: null, left: new AbortController() };
  signal.addEventListener("abort", () => now.left.abort());

  /** @param {Schemas["Import"]} job */
  async function show(job) {
    if (signal.aborted) return;
    if (now.state === job.state) return now.shown?.update?.(job);
    const changed = now.state !== "";
    now.left.abort();
    /** @type {typeof now} */
    const mine = { state: job.state, shown: null, left: new AbortController() };
    now = mine;
    headOf(head, job);
    if (changed) announcement.textContent = head.querySelector(".status")?.textContent ?? "";
    try {
      const shown = await (await partOf(job.state))({ job, signal: mine.left.signal, show: follow, again: restart });
      if (mine !== now) return;
      mine.shown = shown;
      // The focus was on a control of the part before, or nowhere: the next step gets it.
      const isFree = changed && (document.activeElement?.matches("body, main") || body.contains(document.activeElement));
      fill(body, shown.element);
      if (isFree) body.querySelector(/** @type {"a"} */ ("a.primary"))?.focus();
    } catch (error) {
      if (mine !== now || aborted(error)) return;
      fill(body, failure(sentence(error), again));
    }
  }
  /** Shows the result of a command given on this page. @param {Schemas["Import"]} job */
  function follow(job) {
    track({ kind: "import", job });
    void show(job);
  }
  /** Loads the import again, for example after a failure. */
  function again() {
    now.state = "";
    void ask("get", "/v1/imports/{id}", { path, signal }).then(follow, () => undefined);
  }
  /** Shows the state from the beginning, and moves the focus to the heading, because the old controls are gone. */
  async function restart() {
    const latest = await ask("get", "/v1/imports/{id}", { path, signal });
    now.state = "";
    await show(latest);
    const heading = head.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
  }
  addEventListener("job", (event) => {
    const work = /** @type {CustomEvent<Work>} */ (event).detail;
    if (work.kind === "import" && work.job.id === id) void show(work.job);
  }, { signal });
  await show(job);
  track({ kind: "import", job });
  return { title: job.file_name, element: h("div", { class: "page import" }, head, announcement, body) };
}

/**
 * @param {HTMLElement} head
 * @param {Schemas["Import"]} job
 */
function headOf(head, job) {
  const who = h("span");
  void called(job.actor, true).then((name) => (who.textContent = name));
  const facts = [bytes(job.bytes), ...(job.analysis ? understood(job.analysis) : [])];
  fill(head,
    h("a", { href: "/imports", class: "back" }, icon("back"), "Imports"),
    h("div", { class: "head" }, h("h1", { title: job.file_name }, job.file_name), status(job.state)),
    h("p", { class: "facts muted" }, facts.map((fact) => h("span", {}, fact)),
      h("span", {}, h("time", { dateTime: job.created_at, title: moment(job.created_at) }, ago(job.created_at)), " by ", who)));
}
