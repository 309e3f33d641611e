// What the states of connected sources and of their runs are called.

import { h } from "../../core/dom.js";
import { count, duration, moment, number } from "../../core/format.js";
import { reason } from "../import/words.js";

/** @import { Schemas } from "../../core/api.js" */

/** Runs that are not at their end. @param {Schemas["Run"] | null | undefined} run */
export const open = (run) => run?.state === "queued" || run?.state === "running";

/**
 * A state: a dot and a word.
 *
 * @param {[string, string]} state
 */
export const status = ([tone, word]) => h("span", { class: `status ${tone}` }, word);

/** @type {Record<Schemas["RunState"], [string, string]>} */
const RUNS = {
  queued: ["busy", "About to run"],
  running: ["busy", "Running"],
  done: ["good", "Done"],
  failed: ["bad", "Failed"],
  cancelled: ["", "Cancelled"],
};

/** @param {Schemas["Run"]} run */
export const runState = ({ state }) => RUNS[state];

/**
 * @param {Schemas["ConnectedSource"]} source
 * @returns {[string, string]}
 */
export function sourceState({ paused, failures, schedule, last_run: run }) {
  if (run && open(run)) return RUNS[run.state];
  if (paused) return ["", "Paused"];
  if (failures > 0) return ["bad", failures === 1 ? "Failing" : `Failing, ${number(failures)} in a row`];
  return schedule ? ["good", "On schedule"] : ["", "Runs when asked"];
}

/** @param {Schemas["Run"]} run */
export const unchanged = ({ summary }) => summary.skipped_by_reason["unchanged"] ?? 0;

/**
 * Records that were not taken, those with nothing new apart.
 *
 * @param {Schemas["Run"]} run
 */
export const skipped = (run) => run.summary.skipped - unchanged(run);

/**
 * What came of a run, in a few words.
 *
 * @param {Schemas["Run"]} run
 */
export function told(run) {
  const { added, updated } = run.summary;
  return [
    `${number(added)} added`,
    `${number(updated)} updated`,
    `${number(unchanged(run))} unchanged`,
    skipped(run) > 0 && `${number(skipped(run))} skipped`,
  ].filter(Boolean).join(", ");
}

/** @type {Record<string, string>} */
const REASONS = { no_name_or_email: "without a name and an email address", invalid_id: "with an unusable id" };

/**
 * Why records were skipped, the most frequent reason first.
 *
 * @param {Schemas["Run"]} run
 */
export const reasons = (run) =>
  Object.entries(run.summary.skipped_by_reason).filter(([code]) => code !== "unchanged").sort(([, one], [, other]) => other - one)
    .map(([code, times]) => `${number(times)} ${REASONS[code] ?? reason(code)}`);

/** @param {Schemas["Run"]} run */
export const took = ({ started_at: from, ended_at: to }) => (from && to ? duration((Date.parse(to) - Date.parse(from)) / 1000) : "");

/** Each mode: what it is called, and what it does. @type {[Schemas["SourceMode"], string, string][]} */
export const MODES = [
  ["full", "Everything, each time", "Simple, and sees who vanished there."],
  ["incremental", "Only what changed since", "Quicker for long lists."],
];

/** @type {[Schemas["Overwrite"], string, string][]} */
export const OVERWRITES = [
  ["own", "Blanks, and what it wrote itself", "What somebody typed wins."],
  ["blanks", "Blanks only", "What is there stays, whoever wrote it."],
  ["everything", "Everything", "The source wins over what somebody typed."],
];

/** @type {[Schemas["SourceVanish"], string, string][]} */
export const VANISH = [
  ["nothing", "Nothing", "They stay as they are."],
  ["tag", "Give them a tag", "So that you can find them and decide."],
  ["unlink", "Take the source off them", "They stay, and are not counted as coming from it any more."],
];

/** @param {Schemas["ConnectedSource"]} source */
export function vanishWords({ vanish, vanish_tag: tag }) {
  return vanish === "tag" ? `They get the tag “${tag ?? ""}”` : vanish === "unlink" ? "The source is taken off them" : "Nothing";
}

/** @param {Schemas["ConnectedSource"]} source */
export const modeWords = ({ mode, cursor_field: cursor }) =>
  mode === "full" ? "everything, each time" : `only what changed since${cursor ? `, by ${cursor}` : ""}`;

/** When it runs next by itself. @param {Schemas["ConnectedSource"]} source */
export function nextRun({ paused, next_run_at: at, schedule }) {
  if (paused) return "Not while paused";
  if (!schedule || !at) return "When asked";
  return h("time", { dateTime: at, title: moment(at) }, until(at));
}

/** @param {string} at */
function until(at) {
  const seconds = (Date.parse(at) - Date.now()) / 1000;
  if (seconds < 60) return "in a moment";
  return seconds < 86_400 ? `in ${duration(seconds)}` : moment(at);
}

/** @param {number} fields */
export const fieldsWords = (fields) => count(fields, "field");
