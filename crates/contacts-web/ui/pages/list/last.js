// The list that was opened last, for pages that are opened from it.

/** @import { List } from "../list.js" */

/** Why a row has left the list when its contact does not exist any more. */
export const GONE = "Deleted or merged";

/** @type {List | null} */
export let last = null;

/** @param {List} list */
export const keep = (list) => (last = list);
