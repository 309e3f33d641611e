// Unsaved changes when the page closes, returns, or gets its network back.

/**
 * @typedef {object} Unsaved
 * @property {() => void} hurry saves everything immediately
 * @property {() => void} retry retries failed saves
 * @property {boolean} stuck whether changes would be lost with the page
 */

/** Everything with unsaved changes. @type {Set<Unsaved>} */
export const unsaved = new Set();

addEventListener("pagehide", () => unsaved.forEach((one) => one.hurry()));
addEventListener("online", () => unsaved.forEach((one) => one.retry()));
document.addEventListener("visibilitychange", () => unsaved.forEach((one) => (document.hidden ? one.hurry() : one.retry())));
addEventListener("beforeunload", (event) => {
  // Waiting changes are sent while the page closes; those that cannot be sent would be lost.
  if ([...unsaved].some((one) => one.stuck)) event.preventDefault();
});
