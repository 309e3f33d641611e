// The schedule of a source: in words, and as a form.

import { h, newId } from "../../core/dom.js";
import { choices, chosen, labelled } from "../../widgets/form.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * The input of the schedule form, not yet validated.
 *
 * @typedef {object} Typed
 * @property {"none" | "every" | "cron"} kind
 * @property {string} every
 * @property {string} unit seconds
 * @property {string} cron
 * @property {string} zone
 */

/** @type {[string, string][]} */
const UNITS = [["60", "minutes"], ["3600", "hours"], ["86400", "days"]];
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/**
 * @param {Schemas["Schedule"] | Schemas["NewSchedule"] | null | undefined} schedule
 * @returns {Typed}
 */
export function typed(schedule) {
  const seconds = schedule?.every_seconds ?? 6 * 3600;
  const [unit] = UNITS.findLast(([size]) => seconds % Number(size) === 0) ?? ["60"];
  return {
    kind: !schedule ? "none" : schedule.cron ? "cron" : "every",
    every: String(Math.max(1, Math.round(seconds / Number(unit)))), unit: unit ?? "3600",
    cron: schedule?.cron ?? "30 2 * * *", zone: schedule?.time_zone ?? ZONE,
  };
}

/**
 * @param {Typed} typed
 * @returns {Schemas["NewSchedule"] | null}
 */
export function scheduleOf({ kind, every, unit, cron, zone }) {
  if (kind === "none") return null;
  return kind === "every" ? { every_seconds: Math.round(Number(every) * Number(unit)) } : { cron: cron.trim(), time_zone: zone.trim() };
}

/** @param {Schemas["Schedule"] | Schemas["NewSchedule"] | null | undefined} schedule */
export function scheduleWords(schedule) {
  if (!schedule) return "Not scheduled";
  if (schedule.cron) return `${cronWords(schedule.cron) ?? `At ${schedule.cron}`}, ${place(schedule.time_zone ?? "UTC")}`;
  return every(schedule.every_seconds ?? 0);
}

/** @param {string} zone */
const place = (zone) => (zone === "UTC" ? "UTC" : `time zone ${zone.split("/").at(-1)?.replaceAll("_", " ")}`);

/** @param {number} seconds */
function every(seconds) {
  const [size, name] = UNITS.findLast(([size]) => seconds >= Number(size) && seconds % Number(size) === 0) ?? ["1", "seconds"];
  const times = seconds / Number(size);
  return times === 1 ? `Every ${name.slice(0, -1)}` : `Every ${times} ${name}`;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/**
 * A cron expression in words; null when there are no simple words for it.
 *
 * @param {string} text
 */
export function cronWords(text) {
  const [minute = "", hour = "", day, month, weekday = "", ...rest] = text.trim().split(/\s+/);
  if (month !== "*" || rest.length > 0) return null;
  const step = /^\*\/(\d+)$/;
  const number = /^\d{1,2}$/;
  if (day === "*" && weekday === "*") {
    const minutes = step.exec(minute)?.[1];
    if (minutes && hour === "*") return `Every ${minutes} minutes`;
    if (minute === "*" && hour === "*") return "Every minute";
    if (number.test(minute) && hour === "*") return `Every hour, ${minute === "0" ? "on the hour" : `${minute} minutes past`}`;
    const hours = step.exec(hour)?.[1];
    if (number.test(minute) && hours) return `Every ${hours} hours, ${minute === "0" ? "on the hour" : `${minute} minutes past`}`;
  }
  if (!number.test(minute) || !/^\d{1,2}(,\d{1,2})*$/.test(hour)) return null;
  const at = hour.split(",").map((one) => `${one.padStart(2, "0")}:${minute.padStart(2, "0")}`).join(" and ");
  if (day === "*") {
    const days = weekday === "*" ? "Every day" : weekday === "1-5" ? "Monday to Friday" : /^[0-7](,[0-7])*$/.test(weekday) ? `Every ${weekday.split(",").map((one) => DAYS[Number(one)]).join(" and ")}` : "";
    return days ? `${days} at ${at}` : null;
  }
  return weekday === "*" && number.test(day ?? "") ? `On day ${day} of each month at ${at}` : null;
}

/**
 * @param {Typed} first
 * @param {(typed: Typed) => void} [change]
 */
export function scheduleForm(first, change) {
  const number = h("input", { type: "number", min: "1", max: "527040", step: "1", value: first.every, "aria-label": "Interval length", inputMode: "numeric" });
  const unit = h("select", { "aria-label": "Unit" }, UNITS.map(([value, name]) => h("option", { value, selected: value === first.unit }, name)));
  const cron = h("input", { value: first.cron, maxLength: 200, class: "mono", autocomplete: "off", spellcheck: false });
  const zones = h("datalist", { id: newId() }, Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: zone })));
  const zone = h("input", { value: first.zone, list: zones.id, maxLength: 100, autocomplete: "off", spellcheck: false });
  const interval = h("div", { class: "row interval", role: "group", "aria-label": "Interval" }, h("span", {}, "Every"), number, unit, h("span", { class: "muted" }, "after the previous run started"));
  const times = h("div", { class: "pair" },
    labelled("Cron expression", cron, "Minute, hour, day of the month, month, day of the week."),
    labelled("Time zone", zone, "Runs are neither skipped nor repeated when the clocks change."), zones);
  const words = h("p", { class: "in-words", role: "status" });
  const kinds = choices("When to run", [
    ["none", "Manually", "Run it yourself when you need it."],
    ["every", "At regular intervals", "Every few minutes, hours or days."],
    ["cron", "At set times", "With a cron expression and a time zone."],
  ], first.kind, () => show());

  /** @returns {Typed} */
  const read = () => ({ kind: /** @type {Typed["kind"]} */ (chosen(kinds)), every: number.value, unit: unit.value, cron: cron.value, zone: zone.value });
  function show() {
    const now = read();
    interval.hidden = now.kind !== "every";
    number.required = !interval.hidden;
    times.hidden = now.kind !== "cron";
    cron.required = zone.required = !times.hidden;
    words.hidden = now.kind !== "cron";
    const inWords = now.kind === "cron" ? cronWords(now.cron) : "";
    const five = now.cron.trim().split(/\s+/).length === 5;
    words.textContent = inWords ? `${inWords}, ${place(now.zone.trim() || "UTC")}.` : five ? "Checked when you save." : "Enter five parts, for example 30 2 * * * for every night at 02:30.";
    change?.(now);
  }
  const element = h("div", { class: "stack schedule", oninput: show }, kinds, interval, times, words);
  show();
  return { element, read };
}
