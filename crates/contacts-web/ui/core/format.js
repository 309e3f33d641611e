// Numbers and times in words. Names are never formatted.

/** The page is in English: numbers and dates follow the browser only in its kind of English. */
export const LOCALE = /^en\b/.test(navigator.language) ? navigator.language : "en-GB";
const NUMBER = new Intl.NumberFormat(LOCALE);
const DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const AGO = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto", style: "short" });

/** @param {number} value */
export const number = (value) => NUMBER.format(value);

/**
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export const count = (value, one, many = `${one}s`) => `${NUMBER.format(value)} ${value === 1 ? one : many}`;

/** @param {string} at */
export const day = (at) => DAY.format(new Date(at));

/** @param {string} at */
export const moment = (at) => MOMENT.format(new Date(at));

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["minute", 60], ["hour", 3600], ["day", 86_400]];

/**
 * How long ago a time was; the day, when it was more than a week ago.
 *
 * @param {string} at
 */
export function ago(at) {
  const seconds = (Date.now() - Date.parse(at)) / 1000;
  if (seconds < 45) return "just now";
  const [unit, size] = UNITS.findLast(([, size]) => seconds >= size) ?? ["minute", 60];
  const steps = Math.round(seconds / size);
  return unit === "day" && steps > 7 ? day(at) : AGO.format(-steps, unit);
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return [`${Math.floor(minutes / 60)} h`, minutes % 60 && `${minutes % 60} min`].filter(Boolean).join(" ");
}

/** @param {number} size */
export function bytes(size) {
  if (size < 1000) return count(size, "byte");
  const [unit, step] = size < 1e6 ? ["kB", 1e3] : size < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(size / step).toFixed(size / step < 10 ? 1 : 0)} ${unit}`;
}

/**
 * The initials of a name.
 *
 * @param {string} name
 */
export function initials(name) {
  const words = name.replace(/\p{P}/gu, "").split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

/**
 * A hue in degrees, always the same for the same text.
 *
 * @param {string} text
 */
export function hue(text) {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}
