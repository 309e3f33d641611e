// Loads stylesheets of pages on demand.

/** @type {Map<string, Promise<void>>} */
const loaded = new Map();

/**
 * Loads a style sheet beside a module, once, and waits until it applies.
 *
 * @param {string} name such as `./record.css`
 * @param {string} beside `import.meta.url` of the module
 */
export function styles(name, beside) {
  const href = new URL(name, beside).href;
  let load = loaded.get(href);
  if (!load) {
    load = new Promise((resolve) => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
      link.onload = link.onerror = () => resolve();
      document.head.append(link);
    });
    loaded.set(href, load);
  }
  return load;
}
