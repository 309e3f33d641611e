// What is not saved when the page goes, comes back, or gets its network back.

/**
 * @typedef {object} Unsaved
 * @property {() => void} hurry sends all it can at once
 * @property {() => void} retry tries again what failed
 * @property {boolean} stuck whether it holds what would be lost with the page
 */

/** Those with something that is not saved. @type {Set<Unsaved>} */
export const unsaved = new Set();

addEventListener("pagehide", () => unsaved.forEach((one) => one.hurry()));
addEventListener("online", () => unsaved.forEach((one) => one.retry()));
document.addEventListener("visibilitychange", () => unsaved.forEach((one) => (document.hidden ? one.hurry() : one.retry())));
addEventListener("beforeunload", (event) => {
  // What is only waiting is sent while the page goes; what cannot be sent would be lost.
  if ([...unsaved].some((one) => one.stuck)) event.preventDefault();
});
