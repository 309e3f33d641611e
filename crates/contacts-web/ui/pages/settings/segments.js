// The settings of segments.

import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { denied, session } from "../../core/session.js";
import { dialog } from "../../widgets/dialog.js";
import { labelled } from "../../widgets/form.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { pathOfSegment } from "../list/segment.js";
import { nothing, part, when } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Section } from "../settings.js" */

/** @type {Section} */
export function section({ signal }) {
  const into = h("tbody");
  const table = sheet("Segments", ["Segment", "Seen by", "Updated", ""], into);
  const none = nothing("No segments yet", "Filter your contacts and save the filter as a segment.");
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/segments", { query: { ...(cursor && { cursor }), limit: 50 }, signal }),
    into,
    row: (/** @type {Schemas["Segment"]} */ segment) => rowOf(segment, () => {
      dispatchEvent(new CustomEvent("segmentschanged"));
      void list.reload();
    }),
    loaded: (count) => {
      table.hidden = count === 0;
      none.hidden = count > 0;
    },
  });
  none.hidden = true;
  void list.reload();
  const orphans = orphaned(signal, () => void list.reload());
  return part("Segments", "Saved filters with their columns and sorting, which open from the sidebar.",
    h("a", { href: "/", class: "button" }, icon("filter"), "Filter contacts"), table, none, list.more, orphans);
}

/**
 * Private segments that nobody sees any more, for administrators.
 *
 * @param {AbortSignal} signal
 * @param {() => void} changed
 */
function orphaned(signal, changed) {
  const into = h("tbody");
  const element = h("section", { class: "stack", data: { needs: "admin" }, "aria-labelledby": "orphaned", hidden: true });
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/segments", { query: { orphaned: true, ...(cursor && { cursor }), limit: 50 }, signal }),
    into,
    row: (/** @type {Schemas["Segment"]} */ segment) => rowOf(segment, () => {
      dispatchEvent(new CustomEvent("segmentschanged"));
      void list.reload();
      changed();
    }, "Nobody"),
    loaded: (count) => (element.hidden = count === 0),
  });
  fill(element, h("h2", { id: "orphaned" }, "Segments without an owner"),
    h("p", { class: "muted lead" }, "Private segments of deactivated users and of revoked or expired API keys. Their names stay taken until you rename or delete them."),
    sheet("Segments without an owner", ["Segment", "Seen by", "Updated", ""], into), list.more);
  void session.then(() => (denied("admin") ? undefined : list.reload()));
  return element;
}

/**
 * @param {Schemas["Segment"]} segment
 * @param {() => void} changed
 * @param {string} [seen] who sees the segment
 */
const rowOf = (segment, changed, seen = segment.private ? "Only you" : "Everyone") =>
  h("tr", {}, h("th", { scope: "row" }, h("a", { href: pathOfSegment(segment) }, segment.name)), h("td", {}, seen), h("td", {}, when(segment.updated_at)),
    h("td", { class: "commands" },
      segment.private && h("button", { type: "button", class: "quiet", data: { needs: "write" }, "aria-label": `Share ${segment.name}`, onclick: async () => (await share(segment)) && changed() }, "Share"),
      h("button", { type: "button", class: "quiet", data: { needs: "write" }, "aria-label": `Rename ${segment.name}`, onclick: async () => (await rename(segment)) && changed() }, "Rename"),
      h("button", { type: "button", class: "quiet danger", data: { needs: "write" }, "aria-label": `Delete ${segment.name}`, onclick: async () => (await remove(segment)) && changed() }, "Delete")));

/** @param {Schemas["Segment"]} segment */
function rename({ id, name }) {
  const input = h("input", { value: name, required: true, maxLength: 200, autofocus: true, autocomplete: "off" });
  return dialog({
    title: `Rename ${name}`,
    body: labelled("Name", input),
    action: "Rename",
    run: () => ask("patch", "/v1/segments/{id}", { path: { id }, body: { name: input.value.trim() } }),
  });
}

/** @param {Schemas["Segment"]} segment */
const share = ({ id, name }) => dialog({
  title: `Share ${name}?`,
  body: h("p", {}, "Everyone in your organisation can open and change it. It cannot become private again."),
  action: "Share segment",
  run: () => ask("patch", "/v1/segments/{id}", { path: { id }, body: { private: false } }),
});

/** @param {Schemas["Segment"]} segment */
const remove = ({ id, name }) => dialog({
  title: `Delete ${name}?`,
  body: h("p", {}, "Only the saved filter is deleted. Its contacts are kept."),
  action: "Delete segment",
  danger: true,
  run: () => ask("delete", "/v1/segments/{id}", { path: { id } }),
});
