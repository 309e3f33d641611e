// Unsaved input, stored in the browser so that it outlives a crash and a reload.

/**
 * @param {string} key
 * @returns {any} the stored draft, or null
 */
export function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {unknown} draft null to remove it
 */
export function write(key, draft) {
  try {
    if (draft === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // Without storage space, the draft only does not outlive a crash.
  }
}
