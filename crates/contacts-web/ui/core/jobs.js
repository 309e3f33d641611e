// What runs in the background, shown on every page: imports and bulk actions, and how far they are.

import { ask, link } from "./api.js";
import { h } from "./dom.js";
import { duration, number } from "./format.js";
import { menu } from "../widgets/popover.js";

/** @import { Schemas } from "./api.js" */

/** @typedef {{ kind: "import", job: Schemas["Import"] } | { kind: "action", job: Schemas["Action"] }} Work */
/** @typedef {{ work: Work, element: HTMLElement, show: () => void, stream: EventSource | null, lost: boolean }} Entry */

/** A browser has six connections to a server for all its tabs: the other jobs are asked about. */
const STREAMS = 2;
const SOON = 2_000;
const IDLE = 30_000;
/** How many of the newest are looked through for what runs. */
const NEWEST = 10;
const MOVING = new Set(["uploading", "analysing", "running", "undoing"]);

/** @type {Map<string, Entry>} */
const entries = new Map();
/** @type {HTMLElement | null} */
let place = null;
let timer = 0;
let looked = 0;

/**
 * Shows in a place of the frame what runs, from now on.
 *
 * @param {HTMLElement} element
 */
export function watch(element) {
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
 * Follows a job to its end. Whatever becomes of it is an event `job` of the window, with the
 * work as its detail, so that a page needs no connection of its own.
 *
 * @param {Work} work
 */
export function track(work) {
  if (!entries.has(work.job.id)) {
    if (!MOVING.has(work.job.state)) return;
    const entry = entryOf(work);
    entries.set(work.job.id, entry);
    place?.append(entry.element);
  }
  take(work);
  connect();
}

/** @param {Work} work */
function take(work) {
  const entry = entries.get(work.job.id);
  if (!entry) return;
  const before = entry.work.job.state;
  entry.work = work;
  dispatchEvent(new CustomEvent("job", { detail: work }));
  if (MOVING.has(work.job.state)) return entry.show();
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

/** Gives the streams there are to the jobs that came first; nobody looks at a hidden tab. */
function connect() {
  let free = document.hidden ? 0 : STREAMS;
  for (const entry of entries.values()) {
    if (!entry.lost && free > 0) {
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
  const { kind, job } = entry.work;
  const source = new EventSource(link(kind === "import" ? "/v1/imports/{id}/events" : "/v1/actions/{id}/events", { id: job.id }));
  source.addEventListener("progress", (event) => take(/** @type {Work} */ ({ kind, job: JSON.parse(event.data) })));
  source.addEventListener("error", () => {
    // It connects again by itself, unless it was refused.
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
    const path = { id: job.id };
    take(kind === "import" ? { kind, job: await ask("get", "/v1/imports/{id}", { path }) } : { kind, job: await ask("get", "/v1/actions/{id}", { path }) });
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) drop(job.id);
  }
}

/** Finds what was begun elsewhere, or before this page was loaded. */
async function look() {
  looked = Date.now();
  const query = { limit: NEWEST };
  const [imports, actions] = await Promise.all([ask("get", "/v1/imports", { query }), ask("get", "/v1/actions", { query })]);
  for (const job of imports.items.reverse()) if (!entries.has(job.id)) track({ kind: "import", job });
  for (const job of actions.items.reverse()) if (!entries.has(job.id)) track({ kind: "action", job });
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

/**
 * @param {string} id
 * @param {HTMLElement[]} parts
 */
function actionOf(id, parts) {
  const button = h("button", { type: "button", class: "job" }, parts);
  const holder = h("div", {}, button);
  menu(button, () => {
    const stop = h("button", { type: "button", class: "danger" }, "Stop here; what is done stays");
    stop.addEventListener("click", () => void ask("post", "/v1/actions/{id}/cancel", { path: { id } }).then((job) => track({ kind: "action", job }), () => undefined));
    return [stop];
  });
  return holder;
}

const DOING = { add_tags: "Adding tags", remove_tags: "Removing tags", add_to_campaign: "Adding to a campaign", export: "Exporting", delete: "Deleting" };

/** @param {Work} work */
function titleOf({ kind, job }) {
  if (kind === "action") return DOING[job.action.type];
  const does = { uploading: "Uploading", analysing: "Reading", undoing: "Undoing" }[/** @type {"undoing"} */ (job.state)] ?? "Importing";
  return `${does} ${job.file_name}`;
}

/** @param {Work} work */
function progressOf({ kind, job }) {
  const still = { done: 0, total: 0, rate: null, left: null };
  if (kind === "action") {
    const { done, total, people_per_second: rate = null, seconds_left: left = null } = job.progress;
    return { done, total, rate, left };
  }
  if (job.state !== "running" || !job.progress) return still;
  const { done, total, rows_per_second: rate = null, seconds_left: left = null } = job.progress;
  return { done, total, rate, left };
}
