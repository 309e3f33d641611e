// The pages of a new and of an existing connected source.

import { styles } from "../core/styles.js";

/** @import { Context, Page } from "../core/router.js" */

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open(context) {
  const [module] = await Promise.all([
    context.part === "new" ? import("./source/define.js") : import("./source/one.js"),
    // Both pages share styles with imports.
    styles("./import.css", import.meta.url),
    styles("./source.css", import.meta.url),
  ]);
  return module.open(context);
}
