// The actions for the selected contacts.

import { askAll, link } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { styles } from "../../core/styles.js";
import { dialog } from "../../widgets/dialog.js";
import { menu } from "../../widgets/popover.js";
import { tagBox } from "../../widgets/tags.js";
import { act, freeze } from "./act.js";
import { exportFirst } from "./export-first.js";
import { hiddenOf, people } from "./people.js";
import { asked } from "./query.js";
import { setField } from "./set-field.js";

await styles("./bulk.css", import.meta.url);

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */

/**
 * Shows the bar at the bottom while contacts are selected.
 *
 * @param {List} list
 * @param {HTMLElement} place
 */
export function bulkBar(list, place) {
  if (list.picked.isEmpty) {
    const hadFocus = place.contains(document.activeElement);
    fill(place);
    if (hadFocus) list.table.move(0);
    return;
  }
  const shown = place.querySelector("strong");
  if (shown) return say(list, shown);
  const tag = button("tag", "write", "Tag");
  const more = button("more", "write", "More");
  const text = h("strong", { role: "status" });
  say(list, text);
  const bar = h("div", { class: "bulk", role: "toolbar", "aria-label": "Actions for the selected contacts" },
    text, tag,
    button("mail", "write", "Add to campaign", () => void addToCampaign(list)),
    more,
    button("download", "export", "Export", () => void exportFile(list)),
    button("trash", "bulk_delete", "Delete", () => void remove(list), "danger"),
    button("close", "", "Clear", () => list.pickAll(false)));
  menu(tag, () => [
    h("button", { type: "button", onclick: () => void tagThem(list, true) }, "Add tags"),
    h("button", { type: "button", onclick: () => void tagThem(list, false) }, "Remove tags"),
  ]);
  menu(more, () => [
    h("button", { type: "button", onclick: async () => setField(list, selected(list), await people(list)) }, "Set a field"),
    h("button", { type: "button", onclick: () => void removeFromCampaign(list) }, "Remove from campaign"),
    h("button", { type: "button", onclick: () => void unsubscribe(list) }, "Unsubscribe"),
  ]);
  fill(place, bar);
}

/**
 * @param {import("../../core/icon.js").IconName} name
 * @param {Schemas["Scope"] | ""} needs the scope without which it is hidden
 * @param {string} label
 * @param {() => void} [click]
 * @param {string} [kind]
 */
const button = (name, needs, label, click, kind = "") => h("button", { type: "button", class: `quiet ${kind}`, title: label, data: { needs }, onclick: click }, icon(name), h("span", { class: "wide" }, label));

/**
 * Shows how many contacts are selected, and how many of them the current filter does not match.
 *
 * @param {List} list
 * @param {HTMLElement} place
 */
function say(list, place) {
  const text = howMany(list);
  if (!place.textContent?.startsWith(`${text},`)) place.textContent = text;
  // Without an answer, the bar says only how many are selected.
  hiddenOf(list).then(({ size }) => {
    if (text === howMany(list)) place.textContent = size ? `${text}, ${number(size)} not in this view` : text;
  }, () => undefined);
}

/** @param {List} list */
function howMany(list) {
  if (!list.picked.everyone) return `${number(list.picked.ids.size)} selected`;
  return `${allMatching(list)} selected`;
}

/**
 * The selected contacts when all matching ones are selected, but for exceptions.
 *
 * @param {List} list
 */
function allMatching({ picked, rows: { count: total } }) {
  if (total?.exact && picked.size(total.value) === 1) return "1 matching contact";
  const size = total?.exact ? `${number(picked.size(total.value))} ` : "";
  return `${picked.ids.size ? "" : size ? "All " : "all "}${size}matching contacts`;
}

/**
 * @param {List} list
 * @param {boolean} adds
 */
async function tagThem(list, adds) {
  /** @type {string[]} */
  let tags = [];
  const there = [...new Set(list.rows.items.filter((contact) => list.picked.has(contact)).flatMap((contact) => contact.tags))];
  const only = !adds && !list.picked.everyone;
  const box = tagBox({
    label: adds ? "Tags to add" : "Tags to remove",
    add: (added) => (tags = [...tags, ...added]),
    remove: (tag) => (tags = tags.filter((other) => other !== tag)),
    existing: !adds,
    ...(only && { suggest: async (prefix) => there.filter((tag) => tag.toLowerCase().startsWith(prefix.toLowerCase())).slice(0, 12)
      .map((name) => ({ name, contacts: list.rows.items.filter((contact) => list.picked.has(contact) && contact.tags.includes(name)).length })) }),
  });
  await dialog({
    title: `${adds ? "Add tags to" : "Remove tags from"} ${selected(list)}`,
    body: [...(await people(list)), box.element],
    action: adds ? "Add tags" : "Remove tags",
    run: () => {
      box.commit();
      if (!tags.length) throw new Error("Choose a tag first.");
      return act(list, { type: adds ? "add_tags" : "remove_tags", tags });
    },
  });
}

/** @param {List} list */
export const addTags = (list) => tagThem(list, true);

/** @param {List} list */
const selected = (list) => (list.picked.everyone ? allMatching(list).replace(/^A/, "a") : count(list.picked.ids.size, "contact"));

/**
 * A choice of the campaigns, or nothing after a message that there are none.
 */
async function campaignChoice() {
  const { items } = await askAll("/v1/campaigns", {});
  if (items.length) {
    return h("select", { "aria-label": "Campaign" }, items.map(({ id, name, contacts }) => h("option", { value: id }, `${name} · ${count(contacts.total, "person", "people")}`)));
  }
  void dialog({ title: "No campaigns yet", body: h("p", {}, "Campaigns and announcements appear here once they are created in the app that sends them.") });
  return null;
}

/** @param {List} list */
async function removeFromCampaign(list) {
  const choice = await campaignChoice();
  if (!choice) return;
  await dialog({
    title: `Remove ${selected(list)} from a campaign`,
    body: [...(await people(list)), choice, h("p", { class: "muted" }, "People who already received an email of this campaign are skipped, so that their history stays complete.")],
    action: "Remove from campaign",
    run: () => act(list, { type: "remove_from_campaign", campaign_id: choice.value }),
  });
}

/** @param {List} list */
async function unsubscribe(list) {
  await dialog({
    title: `Unsubscribe ${selected(list)}?`,
    body: [...(await people(list)), h("p", {}, "They are not added to campaigns anymore. Only an administrator can subscribe a person again, one at a time.")],
    action: "Unsubscribe",
    danger: true,
    run: () => act(list, { type: "unsubscribe" }),
  });
}

/** @param {List} list */
async function addToCampaign(list) {
  const choice = await campaignChoice();
  if (!choice) return;
  await dialog({
    title: `Add ${selected(list)} to a campaign`,
    body: [...(await people(list)), choice, h("p", { class: "muted" }, "People who unsubscribed or have no email address are skipped.")],
    action: "Add to campaign",
    run: () => act(list, { type: "add_to_campaign", campaign_id: choice.value }),
  });
}

/** @param {List} list */
async function exportFile(list) {
  const shown = h("input", { type: "radio", name: "columns" });
  const workbook = h("input", { type: "radio", name: "format" });
  await dialog({
    title: `Export ${selected(list)}`,
    body: [
      ...(await people(list)),
      h("fieldset", {}, h("legend", {}, "Columns"),
        h("label", { class: "choice" }, h("input", { type: "radio", name: "columns", checked: true }), h("span", {}, "All fields")),
        h("label", { class: "choice" }, shown, h("span", {}, "Only the columns shown in the list"))),
      h("fieldset", {}, h("legend", {}, "File format"),
        h("label", { class: "choice" }, h("input", { type: "radio", name: "format", checked: true }), h("span", {}, "CSV file, which any program reads")),
        h("label", { class: "choice" }, workbook, h("span", {}, "Excel workbook, which keeps phone numbers and leading zeros"))),
      h("p", { class: "muted" }, "The file can be imported again. Notes are not included."),
    ],
    action: "Export",
    run: async () => {
      const columns = shown.checked ? exported(list) : [];
      const format = workbook.checked ? "xlsx" : "csv";
      if (list.picked.everyone && !list.picked.ids.size) return download(list, columns, format);
      await act(list, { type: "export", ...(columns.length && { columns }) }, undefined, format);
    },
  });
}

/** @param {List} list */
function exported(list) {
  const known = ["name", "email", "phone", "external_id", "tags", "consent", "source"];
  /** @type {Record<string, string>} */
  const others = { created: "created_at", updated: "updated_at" };
  return list.table.columns.flatMap(({ key }) => known.includes(key) ? [key] : others[key] ? [others[key]] : key.startsWith("field.") ? [key.slice("field.".length)] : []);
}

/**
 * Downloads all matching contacts as a stream, without a job.
 *
 * @param {List} list
 * @param {string[]} columns
 * @param {"csv" | "xlsx"} format
 */
function download(list, columns, format) {
  const query = asked(list.filter);
  query.set("format", format);
  if (columns.length) query.set("columns", columns.join(","));
  h("a", { href: link("/v1/contacts/export", {}, query), download: `contacts.${format}` }).click();
}

/** @param {List} list */
async function remove(list) {
  const selection = await freeze(list);
  const many = selection.count > 100;
  const offer = exportFirst(selection);
  const typed = h("input", { inputMode: "numeric", autocomplete: "off", "aria-label": `Type ${selection.count} to confirm` });
  await dialog({
    title: `Delete ${count(selection.count, "contact")}?`,
    body: [
      ...(await people(list)),
      h("p", {}, "Their profiles, tags, notes and campaign memberships are permanently deleted. Conversations are kept, and unsubscribes are remembered."),
      offer.element,
      many && h("label", {}, h("span", {}, `Type ${selection.count} to confirm`), typed),
    ],
    action: `Delete ${number(selection.count)}`,
    danger: true,
    run: () => {
      offer.check();
      if (many && typed.value.replace(/\D/g, "") !== String(selection.count)) throw new Error(`Type ${selection.count} to delete these contacts.`);
      return act(list, { type: "delete" }, selection);
    },
  });
}
