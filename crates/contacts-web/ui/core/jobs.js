// The badges of running imports and bulk actions with their progress, on every page.

import { ask, link } from "./api.js";
import { h } from "./dom.js";
import { duration, number } from "./format.js";
import { styles } from "./styles.js";
import { menu } from "../widgets/popover.js";

await styles("./jobs.css", import.meta.url);

/** @import { Schemas } from "./api.js" */

/** @typedef {{ kind: "import", job: Schemas["Import"] } | { kind: "action", job: Schemas["Action"] }} Work */
/** @typedef {{ work: Work, element: HTMLElement, show: () => void, stream: EventSource | null, lost: boolean }} Entry */

/** A browser opens six connections to a server for all its tabs: the other jobs are polled. */
const STREAMS = 2;
const SOON = 2_000;
const IDLE = 30_000;
/** The most runs in progress that are shown. */
const MOST = 20;
const MOVING = new Set(["uploading", "analysing", "queued", "running", "undoing"]);

/** @type {Map<string, Entry>} */
const entries = new Map();
/** @type {HTMLElement | null} */
let place = null;
let timer = 0;
let looked = 0;

/**
 * Shows running jobs in an element of the frame.
 *
 * @param {HTMLElement} element
 */
export function watch(element) {
  void import("./live.js").then(({ follow }) => follow());
  const first = !place;
  place = element;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "In progress");
  place.replaceChildren(...[...entries.values()].map((entry) => entry.element));
  looked = 0;
  if (first) {
    document.addEventListener("visibilitychange", turn);
    addEventListener("signedout", stop);
  }
  void turn();
}

/**
 * Follows a job to its end. Each change is an event `job` of the window, with the
 * work as its detail, so that pages need no connection of their own.
 *
 * @param {Work} work
 */
export function track(work) {
  if (!entries.has(work.job.id)) {
    if (!MOVING.has(stateOf(work))) return;
    const entry = entryOf(work);
    entries.set(work.job.id, entry);
    place?.append(entry.element);
  }
  take(work);
  connect();
}

/**
 * The state of an import or an action, or `undoing` while it is being undone.
 *
 * @param {Work} work
 */
const stateOf = ({ kind, job }) => (kind === "action" && job.undo && MOVING.has(job.undo) ? "undoing" : job.state);

/** @param {Work} work */
function take(work) {
  const entry = entries.get(work.job.id);
  if (!entry) return;
  const before = stateOf(entry.work);
  entry.work = work;
  dispatchEvent(new CustomEvent("job", { detail: work }));
  if (MOVING.has(stateOf(work))) return entry.show();
  drop(work.job.id);
  void import("./ended.js").then(({ ended }) => ended(work, before));
}

/** @param {string} id */
function drop(id) {
  const entry = entries.get(id);
  entry?.stream?.close();
  entry?.element.remove();
  entries.delete(id);
  connect();
}

/** Assigns the event streams to the oldest jobs; a hidden tab has none. */
function connect() {
  let free = document.hidden ? 0 : STREAMS;
  for (const entry of entries.values()) {
    // An undo is a run of its own: the stream of its import or its action has ended.
    const streamed = !entry.lost && stateOf(entry.work) !== "undoing";
    if (streamed && free > 0) {
      free -= 1;
      entry.stream ??= stream(entry);
    } else {
      entry.stream?.close();
      entry.stream = null;
    }
  }
  next();
}

/** @param {Entry} entry */
function stream(entry) {
  const source = new EventSource(link("/v1/runs/{id}/events", { id: entry.work.job.id }));
  // An event says how far the run is; its details are read from the import or the action.
  source.addEventListener("progress", () => void renew(entry));
  source.addEventListener("error", () => {
    // The browser reconnects unless the server refused.
    if (source.readyState !== EventSource.CLOSED || entry.stream !== source) return;
    entry.lost = true;
    connect();
  });
  return source;
}

function next() {
  clearTimeout(timer);
  if (document.hidden || !place) return;
  const asked = [...entries.values()].some((entry) => !entry.stream);
  timer = setTimeout(turn, asked ? SOON : IDLE);
}

async function turn() {
  clearTimeout(timer);
  if (!document.hidden) {
    await Promise.all([...entries.values()].filter((entry) => !entry.stream).map(renew));
    if (Date.now() - looked >= IDLE) await look().catch(() => undefined);
  }
  connect();
}

/** @param {Entry} entry */
async function renew({ work: { kind, job } }) {
  try {
    take(await renewed(kind, job.id));
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) drop(job.id);
  }
}

/**
 * @param {Work["kind"]} kind
 * @param {string} id
 * @returns {Promise<Work>}
 */
async function renewed(kind, id) {
  const path = { id };
  return kind === "import" ? { kind, job: await ask("get", "/v1/imports/{id}", { path }) } : { kind, job: await ask("get", "/v1/actions/{id}", { path }) };
}

/** Finds jobs that were started elsewhere, or before this page was loaded. */
async function look() {
  looked = Date.now();
  const { items } = await ask("get", "/v1/runs", { query: { open: true, limit: MOST } });
  for (const run of items.reverse()) {
    const kind = run.kind === "import" || run.kind === "undo" ? "import" : run.kind === "undo_action" || run.kind in DOING ? "action" : null;
    // An import that waits is under review.
    if (kind && run.state !== "waiting" && !entries.has(run.subject_id)) await renewed(kind, run.subject_id).then(track, () => undefined);
  }
}

function stop() {
  for (const id of entries.keys()) drop(id);
  clearTimeout(timer);
}

/**
 * @param {Work} work
 * @returns {Entry}
 */
function entryOf(work) {
  const title = h("span", { class: "title" });
  const bar = h("progress", { "aria-hidden": "true" });
  const text = h("small");
  const parts = [title, bar, text];
  const element = work.kind === "import" ? h("a", { class: "job", href: `/imports/${work.job.id}` }, parts) : actionOf(work.job.id, parts);
  /** @type {Entry} */
  const entry = { work, element, stream: null, lost: false, show };
  function show() {
    const { done, total, rate, left } = progressOf(entry.work);
    title.textContent = titleOf(entry.work);
    title.title = title.textContent;
    if (total) bar.value = done / total;
    else bar.removeAttribute("value");
    text.textContent = [total && `${number(done)} of ${number(total)}`, rate && `${number(Math.round(rate))}/s`, left !== null && `${duration(left)} left`].filter(Boolean).join(" · ");
  }
  show();
  return entry;
}

/** The scopes that stopping some types of actions needs. @type {Record<string, Schemas["Scope"]>} */
const NEEDS = { export: "export", delete: "bulk_delete", merge: "merge" };

/**
 * @param {string} id
 * @param {HTMLElement[]} parts
 */
function actionOf(id, parts) {
  const button = h("button", { type: "button", class: "job" }, parts);
  const holder = h("div", {}, button);
  menu(button, () => {
    const work = entries.get(id)?.work;
    const type = work?.kind === "action" && stateOf(work) !== "undoing" ? work.job.action.type : "add_tags";
    const stop = h("button", { type: "button", class: "danger", data: { needs: NEEDS[type] ?? "write" } }, "Stop; keep what is done");
    stop.addEventListener("click", () => void cancel(id).then(() => renewed("action", id)).then(track, () => undefined));
    return [stop];
  });
  return holder;
}

/**
 * Cancels an action, or its undo while it is being undone.
 *
 * @param {string} id of the action
 */
async function cancel(id) {
  const work = entries.get(id)?.work;
  const run = work && stateOf(work) === "undoing" ? (await ask("get", "/v1/actions/{id}/undo", { path: { id } })).id : id;
  return ask("post", "/v1/runs/{id}/cancel", { path: { id: run } });
}

const DOING = { add_tags: "Adding tags", remove_tags: "Removing tags", add_to_campaign: "Adding to a campaign", remove_from_campaign: "Removing from a campaign", unsubscribe: "Unsubscribing", set_field: "Setting a field", export: "Exporting", delete: "Deleting", merge: "Merging duplicates" };

/** @param {Work} work */
function titleOf(work) {
  const { kind, job } = work;
  if (kind === "action") return stateOf(work) === "undoing" ? "Undoing" : DOING[job.action.type];
  const does = { uploading: "Uploading", analysing: "Reading", undoing: "Undoing" }[/** @type {"undoing"} */ (job.state)] ?? "Importing";
  return `${does} ${job.file_name}`;
}

/** @param {Work} work */
function progressOf(work) {
  const { kind, job } = work;
  const still = { done: 0, total: 0, rate: null, left: null };
  if (kind === "import" ? job.state !== "running" : stateOf(work) === "undoing") return still;
  const { done, total, per_second: rate, seconds_left: left } = job.progress;
  return { done, total, rate, left };
}
