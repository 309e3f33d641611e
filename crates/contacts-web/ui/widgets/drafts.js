// What was typed and is not saved, kept by the browser through a crash and a reload.

/**
 * @param {string} key
 * @returns {any} what was kept, or null
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
 * @param {unknown} draft null to forget it
 */
export function write(key, draft) {
  try {
    if (draft === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // Without room it only would not outlive a crash.
  }
}
