// The chips of the active filters with their remove buttons, and saving the filter as a segment.

import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { dialog } from "../../widgets/dialog.js";
import { toast } from "../../widgets/toast.js";
import { bodyOf, changed } from "./query.js";
import { described } from "./words.js";

/** @import { List } from "../list.js" */

/**
 * @param {List} list
 * @param {HTMLElement} place
 */
export async function chipsOf(list, place) {
  const { filter } = list;
  const parts = await described(filter, list.fields);
  if (filter !== list.filter) return;
  fill(place,
    parts.map(({ text, without }) => h("span", { class: "chip", title: text }, h("span", {}, text),
      h("button", { type: "button", "aria-label": `Remove the filter: ${text}`, onclick: () => list.turn({ filter: changed(filter, without) }) }, icon("close")))),
    filter.get("duplicates") === "true" && h("a", { href: "/duplicates" }, "Review duplicates"),
    h("button", { type: "button", class: "link", onclick: () => list.clear() }, "Clear filters"),
    h("button", { type: "button", class: "link", data: { needs: "write" }, onclick: () => void saveSegment(filter) }, "Save as segment"));
}

/** @param {URLSearchParams} filter */
async function saveSegment(filter) {
  const name = h("input", { required: true, maxLength: 100, autofocus: true });
  const saved = await dialog({
    title: "Save as segment",
    body: [h("p", { class: "muted" }, "Everyone in your organisation can open it from the sidebar."), h("label", {}, h("span", {}, "Name"), name)],
    action: "Save",
    run: () => ask("post", "/v1/segments", { body: { name: name.value, filter: bodyOf(filter) } }),
  });
  if (!saved) return;
  dispatchEvent(new CustomEvent("segmentschanged"));
  toast(`Segment “${name.value}” was saved.`, { label: "Manage", run: () => go("/settings/segments") });
}
