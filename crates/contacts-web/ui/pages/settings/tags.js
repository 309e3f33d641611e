// The settings of tags: counts, renaming, merging and deleting.

import { ask } from "../../core/api.js";
import { debounce, fill, h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { labelled } from "../../widgets/form.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { toast } from "../../widgets/toast.js";
import { nothing, part } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Section } from "../settings.js" */

/** @type {Section} */
export function section({ signal }) {
  const search = h("input", { type: "search", placeholder: "Search tags", "aria-label": "Search tags", maxLength: 64 });
  const into = h("tbody");
  const table = sheet("Tags", ["Tag", "#Contacts", ""], into);
  const none = h("div", { hidden: true });
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/tags", { query: { ...(search.value.trim() && { prefix: search.value.trim() }), ...(cursor && { cursor }), limit: 50 }, signal }),
    into,
    row: (/** @type {Schemas["Tag"]} */ tag) => rowOf(tag, () => void list.reload()),
    loaded: (shown) => {
      table.hidden = shown === 0;
      none.hidden = shown > 0;
      fill(none, search.value.trim() ? nothing("No matching tags", "Search for the first letters of a tag.") : nothing("No tags yet", "Tags appear here once you add them to a contact."));
    },
  });
  const later = debounce(() => void list.reload(), 150);
  search.addEventListener("input", later);
  void list.reload();
  return part("Tags", "Labels for contacts. A contact can have many.", null, h("div", { class: "search" }, icon("search"), search), table, none, list.more);
}

/**
 * @param {Schemas["Tag"]} tag
 * @param {() => void} reload
 */
const rowOf = (tag, reload) =>
  h("tr", {}, h("th", { scope: "row" }, h("span", { class: "chip", title: tag.name }, h("span", {}, tag.name))),
    h("td", { class: "number" }, h("a", { href: `/?${new URLSearchParams({ tags_all: tag.name })}`, "aria-label": `Show ${count(tag.contacts, "contact")} with ${tag.name}` }, number(tag.contacts))),
    h("td", { class: "commands" },
      h("button", { type: "button", class: "quiet", data: { needs: "write" }, "aria-label": `Rename ${tag.name}`, onclick: async () => (await rename(tag)) && reload() }, "Rename"),
      h("button", { type: "button", class: "quiet danger", data: { needs: "write" }, "aria-label": `Delete ${tag.name}`, onclick: async () => (await remove(tag)) && reload() }, "Delete")));

/** @param {Schemas["Tag"]} tag */
async function rename(tag) {
  const input = h("input", { value: tag.name, required: true, maxLength: 64, autofocus: true, autocomplete: "off" });
  const name = () => input.value.trim().replace(/\s+/g, " ");
  /** @type {Schemas["Tag"] | null} */
  let other = null;
  const wanted = await dialog({
    title: `Rename ${tag.name}`,
    body: labelled("Name", input, "The tag is renamed on every contact. If another tag has this name, the two are merged."),
    action: "Rename",
    async run() {
      other = await namesake(tag, name());
      if (!other) await ask("patch", "/v1/tags/{id}", { path: { id: tag.id }, body: { name: name() } });
    },
  });
  // It is set while the dialog is open.
  const target = /** @type {Schemas["Tag"] | null} */ (other);
  if (!wanted || !target) return wanted;
  return dialog({
    title: `Merge ${tag.name} into ${target.name}?`,
    body: h("p", {}, `The tag ${target.name} already exists on ${count(target.contacts, "contact")}. It will be added to the ${count(tag.contacts, "contact")} with ${tag.name}. This cannot be undone.`),
    action: "Merge tags",
    danger: true,
    run: async () => {
      await ask("patch", "/v1/tags/{id}", { path: { id: tag.id }, body: { name: target.name } });
      toast(`${tag.name} was merged into ${target.name}.`);
    },
  });
}

/**
 * Another tag with this name, ignoring case.
 *
 * @param {Schemas["Tag"]} tag
 * @param {string} name
 */
async function namesake(tag, name) {
  const { items } = await ask("get", "/v1/tags", { query: { prefix: name, limit: 200 } });
  return items.find((other) => other.id !== tag.id && other.name.normalize("NFC").toLowerCase() === name.normalize("NFC").toLowerCase()) ?? null;
}

/** @param {Schemas["Tag"]} tag */
const remove = (tag) => dialog({
  title: `Delete ${tag.name}?`,
  body: h("p", {}, tag.contacts > 0 ? `It is removed from ${count(tag.contacts, "contact")}. The contacts are kept. This cannot be undone.` : "No contact has this tag."),
  action: "Delete tag",
  danger: true,
  run: () => ask("delete", "/v1/tags/{id}", { path: { id: tag.id } }),
});
