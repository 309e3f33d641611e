// Printing the list with the rows that are not loaded yet (R46).

import { count as counted } from "../../core/format.js";
import { toast } from "../../widgets/toast.js";

/** @import { List } from "../list.js" */

/** The largest number of rows that are loaded for printing, about a hundred pages of paper. */
const MAX_ROWS = 3_000;

/**
 * Loads the rows and opens the print dialog, instead of the browser, which cannot wait for them.
 *
 * @param {List} list
 * @param {AbortSignal} signal ends when the list is dropped
 */
export function printWhole(list, signal) {
  let isLoading = false;
  addEventListener("keydown", async (event) => {
    const isPrint = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === "p";
    const { rows, element } = list;
    if (!isPrint || element.hidden || !element.isConnected || rows.ended || rows.items.length >= MAX_ROWS) return;
    event.preventDefault();
    if (isLoading) return;
    isLoading = true;
    const hide = toast("Loading the list to print it…");
    // The first one may wait for rows that are being loaded.
    await rows.want(MAX_ROWS);
    await rows.want(MAX_ROWS);
    hide();
    isLoading = false;
    if (!rows.ended && rows.items.length < MAX_ROWS) return;
    if (!rows.ended) toast(`The first ${counted(rows.items.length, "person", "people")} are printed. Export the list to get everyone.`);
    print();
  }, { signal });
}
