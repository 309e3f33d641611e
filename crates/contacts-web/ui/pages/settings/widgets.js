// The settings of chat widgets: their names.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { dialog } from "../../widgets/dialog.js";
import { labelled } from "../../widgets/form.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { shownName } from "../list/words.js";
import { nothing, part, when } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Section } from "../settings.js" */

/** @type {Section} */
export function section({ signal }) {
  const into = h("tbody");
  const table = sheet("Chat widgets", ["Widget", "ID", "Last contact", ""], into);
  const none = nothing("No chat widgets yet", "A widget appears here once it has captured a contact.");
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/widgets", { query: { ...(cursor && { cursor }), limit: 50 }, signal }),
    into,
    row: (/** @type {Schemas["Widget"]} */ widget) => rowOf(widget, () => {
      dispatchEvent(new CustomEvent("widgetschanged"));
      void list.reload();
    }),
    loaded: (count) => {
      table.hidden = count === 0;
      none.hidden = count > 0;
    },
  });
  none.hidden = true;
  void list.reload();
  return part("Chat widgets", "Names tell you from which chat a contact came.", null, table, none, list.more);
}

/**
 * @param {Schemas["Widget"]} widget
 * @param {() => void} changed
 */
function rowOf(widget, changed) {
  const name = shownName(widget);
  return h("tr", {}, h("th", { scope: "row" }, h("a", { href: `/?source=chat:${widget.id}` }, name)), h("td", { class: "mono" }, widget.id), h("td", {}, when(widget.last_at)),
    h("td", { class: "commands" },
      h("button", { type: "button", class: "quiet", data: { needs: "write" }, "aria-label": `Rename ${name}`, onclick: async () => (await rename(widget)) && changed() }, "Rename")));
}

/** @param {Schemas["Widget"]} widget */
function rename(widget) {
  const input = h("input", { value: widget.name ?? "", maxLength: 100, autofocus: true, autocomplete: "off" });
  return dialog({
    title: `Rename ${shownName(widget)}`,
    body: labelled("Name", input, "Leave it empty to remove the name."),
    action: "Rename",
    run: () => ask("put", "/v1/widgets/{id}", { path: { id: widget.id }, body: { name: input.value.trim() || null } }),
  });
}
