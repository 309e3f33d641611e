// The exact number of matching contacts, on request: counting many of them takes long.

import { toast } from "../../widgets/toast.js";

/** @import { List } from "../list.js" */

/** @param {List} list */
export async function countExactly(list) {
  list.count.textContent = "Counting…";
  list.count.focus();
  await list.rows.countAll().catch(() => toast("The contacts could not be counted. Try again later."));
  list.drawCount(list.rows.count);
}
