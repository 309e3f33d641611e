// Tags: how many contacts carry each; another name, two into one, and off everybody.

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
    load: (/** @type {string | undefined} */ after) => ask("get", "/v1/tags", { query: { ...(search.value.trim() && { prefix: search.value.trim() }), ...(after && { after }), limit: 50 }, signal }),
    into,
    row: (/** @type {Schemas["Tag"]} */ tag) => rowOf(tag, () => void list.reload()),
    loaded: (shown) => {
      table.hidden = shown === 0;
      none.hidden = shown > 0;
      fill(none, search.value.trim() ? nothing("No such tag", "No tag begins with that.") : nothing("No tags yet", "Put a tag on a contact, and it is listed here."));
    },
  });
  const later = debounce(() => void list.reload(), 150);
  search.addEventListener("input", later);
  void list.reload();
  return part("Tags", "Short labels for people. Each contact can carry many.", null, h("div", { class: "search" }, icon("search"), search), table, none, list.more);
}

/**
 * @param {Schemas["Tag"]} tag
 * @param {() => void} reload
 */
const rowOf = (tag, reload) =>
  h("tr", {}, h("th", { scope: "row" }, h("span", { class: "chip", title: tag.name }, h("span", {}, tag.name))),
    h("td", { class: "number" }, h("a", { href: `/?${new URLSearchParams({ tags_all: tag.name })}`, "aria-label": `Show ${count(tag.contacts, "contact")} with ${tag.name}` }, number(tag.contacts))),
    h("td", { class: "commands" },
      h("button", { type: "button", class: "quiet", "aria-label": `Rename ${tag.name}`, onclick: async () => (await rename(tag)) && reload() }, "Rename"),
      h("button", { type: "button", class: "quiet danger", "aria-label": `Delete ${tag.name}`, onclick: async () => (await remove(tag)) && reload() }, "Delete")));

/** @param {Schemas["Tag"]} tag */
async function rename(tag) {
  const input = h("input", { value: tag.name, required: true, maxLength: 64, autofocus: true, autocomplete: "off" });
  const name = () => input.value.trim().replace(/\s+/g, " ");
  /** @type {Schemas["Tag"] | null} */
  let other = null;
  const wanted = await dialog({
    title: `Rename ${tag.name}`,
    body: labelled("Name", input, "It changes on every contact. The name of another tag merges the two."),
    action: "Rename",
    async run() {
      other = await namesake(tag, name());
      if (!other) await ask("patch", "/v1/tags/{id}", { path: { id: tag.id }, body: { name: name() } });
    },
  });
  // It was set while the dialog was open.
  const target = /** @type {Schemas["Tag"] | null} */ (other);
  if (!wanted || !target) return wanted;
  return dialog({
    title: `Merge ${tag.name} into ${target.name}?`,
    body: h("p", {}, `There is a tag ${target.name} already, on ${count(target.contacts, "contact")}. The ${count(tag.contacts, "contact")} with ${tag.name} will carry it, too. This cannot be undone.`),
    action: "Merge the tags",
    danger: true,
    run: async () => {
      await ask("patch", "/v1/tags/{id}", { path: { id: tag.id }, body: { name: target.name } });
      toast(`${tag.name} is merged into ${target.name}.`);
    },
  });
}

/**
 * Another tag of a name, whatever the case.
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
  body: h("p", {}, tag.contacts > 0 ? `It is taken off ${count(tag.contacts, "contact")}. The contacts stay. This cannot be undone.` : "No contact carries it."),
  action: "Delete the tag",
  danger: true,
  run: () => ask("delete", "/v1/tags/{id}", { path: { id: tag.id } }),
});
