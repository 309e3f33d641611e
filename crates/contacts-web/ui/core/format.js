// Numbers and times in words. Names are never formatted.
//
// The page is in English, whatever the browser's language is. The first use of `Intl` would block a
// slow device for more than 100 ms before the first rows.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param {number} value */
export const number = (value) => String(value).replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

/**
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/**
 * The day of a time in the browser's time zone, such as `3 Apr 2026`.
 *
 * @param {string} at
 */
export function day(at) {
  const date = new Date(at);
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
}

/**
 * A time in the browser's time zone, such as `3 Apr 2026, 14:05`.
 *
 * @param {string} at
 */
export function moment(at) {
  const date = new Date(at);
  return `${day(at)}, ${[date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":")}`;
}

/**
 * How long ago a time was; the day, when it was more than a week ago.
 *
 * @param {string} at
 */
export function ago(at) {
  const seconds = (Date.now() - Date.parse(at)) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  const days = Math.round(seconds / 86_400);
  return days > 7 ? day(at) : days === 1 ? "yesterday" : `${days} days ago`;
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
