// An estimate of the number of matching contacts, which becomes exact on request: counting many of
// them takes long.

import { aborted } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { estimate } from "../../core/estimate.js";
import { toast } from "../../widgets/toast.js";

/** @import { List } from "../list.js" */

/** @param {List} list */
export function showEstimate(list) {
  const { count } = list.rows;
  // The rows of another filter may be loaded by now.
  if (!count || count.exact) return;
  const text = `${estimate(count)} people`;
  if (list.count.textContent !== text) fill(list.count, h("button", { type: "button", class: "link", title: "Count exactly", onclick: () => void countExactly(list) }, text));
}

/** @param {List} list */
async function countExactly(list) {
  list.count.textContent = "Counting…";
  list.count.focus();
  await list.rows.countAll().catch((error) => {
    // Another filter was chosen meanwhile.
    if (aborted(error)) return;
    toast("The contacts could not be counted. Try again later.");
    showEstimate(list);
  });
}
