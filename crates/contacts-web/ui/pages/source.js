// Connected sources one by one: a new one to be defined, or one that is there.

import { styles } from "../core/styles.js";

/** @import { Context, Page } from "../core/router.js" */

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open(context) {
  const [module] = await Promise.all([
    context.part === "new" ? import("./source/define.js") : import("./source/one.js"),
    // It looks as an import does, where it is one.
    styles("./import.css", import.meta.url),
    styles("./source.css", import.meta.url),
  ]);
  return module.open(context);
}
