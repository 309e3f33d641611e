// Words for the states and settings of connected sources and their runs.

import { h } from "../../core/dom.js";
import { count, duration, moment, number } from "../../core/format.js";
import { reason } from "../import/words.js";

/** @import { Schemas } from "../../core/api.js" */

/** Whether a run has not ended. @param {Schemas["SyncRun"] | null | undefined} run */
export const open = (run) => run?.state === "queued" || run?.state === "running";

/**
 * A status: a dot and a word.
 *
 * @param {[string, string]} state
 */
export const status = ([tone, word]) => h("span", { class: `status ${tone}` }, word);

/** @type {Record<Schemas["RunState"], [string, string]>} */
const RUNS = {
  queued: ["busy", "Queued"],
  running: ["busy", "Running"],
  waiting: ["busy", "Waiting"],
  done: ["good", "Done"],
  failed: ["bad", "Failed"],
  cancelled: ["", "Cancelled"],
};

/** @param {Schemas["SyncRun"]} run */
export const runState = ({ state }) => RUNS[state];

/**
 * @param {Schemas["ConnectedSource"]} source
 * @returns {[string, string]}
 */
export function sourceState({ paused, failures, schedule, last_run: run }) {
  if (run && open(run)) return RUNS[run.state];
  if (paused) return ["", "Paused"];
  if (failures > 0) return ["bad", failures === 1 ? "Failing" : `Failing, ${number(failures)} times in a row`];
  return schedule ? ["good", "On schedule"] : ["", "Manual"];
}

/** @param {Schemas["SyncRun"]} run */
export const unchanged = ({ summary }) => summary.skipped_by_reason["unchanged"] ?? 0;

/**
 * Number of skipped records, without unchanged ones.
 *
 * @param {Schemas["SyncRun"]} run
 */
export const skipped = (run) => run.summary.skipped - unchanged(run);

/**
 * The result of a run in a few words.
 *
 * @param {Schemas["SyncRun"]} run
 */
export function resultOf(run) {
  const { added, updated } = run.summary;
  return [
    `${number(added)} added`,
    `${number(updated)} updated`,
    `${number(unchanged(run))} unchanged`,
    skipped(run) > 0 && `${number(skipped(run))} skipped`,
  ].filter(Boolean).join(", ");
}

/** @type {Record<string, string>} */
const REASONS = { no_name_or_email: "without a name and email address", invalid_id: "with an invalid ID" };

/**
 * The reasons for skipped records, the most frequent first.
 *
 * @param {Schemas["SyncRun"]} run
 */
export const reasons = (run) =>
  Object.entries(run.summary.skipped_by_reason).filter(([code]) => code !== "unchanged").sort(([, one], [, other]) => other - one)
    .map(([code, times]) => `${number(times)} ${REASONS[code] ?? reason(code)}`);

/** @param {Schemas["SyncRun"]} run */
export const took = ({ started_at: from, finished_at: to }) => (from && to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "");

/** Each mode with its name and its effect. @type {[Schemas["SourceMode"], string, string][]} */
export const MODES = [
  ["full", "Everything, each time", "Simple, and detects who was removed there."],
  ["incremental", "Only changes", "Faster for long lists."],
];

/** @type {[Schemas["Overwrite"], string, string][]} */
export const OVERWRITES = [
  ["own", "Empty fields and values from this source", "Values entered by people are kept."],
  ["blanks", "Empty fields only", "Existing values are kept, whoever entered them."],
  ["everything", "Everything", "The source also overwrites values entered by people."],
];

/** @type {[Schemas["SourceVanish"], string, string][]} */
export const VANISH = [
  ["nothing", "Do nothing", "The contact stays as it is."],
  ["tag", "Add a tag", "So that you can find and review these contacts."],
  ["unlink", "Unlink the source", "The contact stays, without this source."],
];

/** @param {Schemas["ConnectedSource"]} source */
export function vanishWords({ vanish, vanish_tag: tag }) {
  return vanish === "tag" ? `Add the tag “${tag ?? ""}”` : vanish === "unlink" ? "Unlink the source" : "Do nothing";
}

/** @param {Schemas["ConnectedSource"]} source */
export const modeWords = ({ mode, cursor_field: cursor }) =>
  mode === "full" ? "everything, each time" : `only changes${cursor ? `, by ${cursor}` : ""}`;

/** The time of the next scheduled run. @param {Schemas["ConnectedSource"]} source */
export function nextRun({ paused, next_run_at: at, schedule }) {
  if (paused) return "Paused";
  if (!schedule || !at) return "Not scheduled";
  return h("time", { dateTime: at, title: moment(at) }, until(at));
}

/** @param {string} at */
function until(at) {
  const seconds = (Date.parse(at) - Date.now()) / 1000;
  if (seconds < 60) return "soon";
  return seconds < 86_400 ? `in ${duration(seconds)}` : moment(at);
}

/** @param {number} fields */
export const fieldsWords = (fields) => count(fields, "field");
