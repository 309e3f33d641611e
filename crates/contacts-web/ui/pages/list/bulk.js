// What can be done to those who are picked.

import { ask, link } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { count, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { dialog } from "../../widgets/dialog.js";
import { menu } from "../../widgets/popover.js";
import { tagBox } from "../../widgets/tags.js";
import { act, freeze } from "./act.js";
import { asked } from "./query.js";

/** @import { List } from "../list.js" */

/**
 * Shows the bar at the bottom while somebody is picked; the table never jumps for it.
 *
 * @param {List} list
 * @param {HTMLElement} place
 */
export function bulkBar(list, place) {
  if (list.picked.isEmpty) return fill(place);
  const told = place.querySelector("strong");
  if (told) {
    told.textContent = howMany(list);
    return;
  }
  const tag = button("tag", "Tag");
  const bar = h("div", { class: "bulk", role: "toolbar", "aria-label": "Do something to the selected contacts" },
    h("strong", { role: "status" }, howMany(list)), tag,
    button("mail", "Add to campaign", () => void addToCampaign(list)),
    button("download", "Export CSV", () => void exportCsv(list)),
    button("trash", "Delete", () => void remove(list), "danger"),
    button("close", "Clear", () => list.unpick()));
  menu(tag, () => [
    h("button", { type: "button", onclick: () => void tagThem(list, true) }, "Add tags"),
    h("button", { type: "button", onclick: () => void tagThem(list, false) }, "Remove tags"),
  ]);
  fill(place, bar);
}

/**
 * @param {import("../../core/icon.js").IconName} name
 * @param {string} label
 * @param {() => void} [click]
 * @param {string} [kind]
 */
const button = (name, label, click, kind = "") => h("button", { type: "button", class: `quiet ${kind}`, onclick: click }, icon(name), label);

/** @param {List} list */
function howMany({ picked, rows }) {
  const total = rows.count;
  const size = picked.size(total?.value ?? 0);
  if (!picked.everyone) return `${number(size)} selected`;
  return `${total ? number(size) : "Everyone"}${total && !total.exact ? "+" : ""} on this filter selected`;
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
    add: (tag) => tags.push(tag),
    remove: (tag) => (tags = tags.filter((other) => other !== tag)),
    existing: !adds,
    ...(only && { suggest: async (prefix) => there.filter((tag) => tag.toLowerCase().startsWith(prefix.toLowerCase())).slice(0, 12)
      .map((name) => ({ name, contacts: list.rows.items.filter((contact) => list.picked.has(contact) && contact.tags.includes(name)).length })) }),
  });
  await dialog({
    title: `${adds ? "Add tags to" : "Remove tags from"} ${who(list)}`,
    body: box.element,
    action: adds ? "Add tags" : "Remove tags",
    run: () => {
      if (box.input.value.trim() && adds) tags.push(box.input.value.trim());
      if (!tags.length) throw new Error("Choose a tag first.");
      return act(list, { type: adds ? "add_tags" : "remove_tags", tags });
    },
  });
}

/** @param {List} list */
const who = (list) => (list.picked.everyone ? howMany(list).replace(" on this filter selected", " contacts") : count(list.picked.ids.size, "contact"));

/** @param {List} list */
async function addToCampaign(list) {
  const { items } = await ask("get", "/v1/campaigns", { query: { limit: 100 } });
  if (!items.length) {
    return void dialog({ title: "No campaigns yet", body: h("p", {}, "Campaigns and announcements appear here once the service that sends them has registered them.") });
  }
  const choice = h("select", { "aria-label": "Campaign" }, items.map(({ id, name, contacts }) => h("option", { value: id }, `${name} · ${number(contacts.total)} in it`)));
  await dialog({
    title: `Add ${who(list)} to a campaign`,
    body: [choice, h("p", { class: "muted" }, "Who has unsubscribed or has no address is left out, and counted.")],
    action: "Add to campaign",
    run: () => act(list, { type: "add_to_campaign", campaign_id: choice.value }),
  });
}

/** @param {List} list */
async function exportCsv(list) {
  const shown = h("input", { type: "radio", name: "columns" });
  await dialog({
    title: `Export ${who(list)}`,
    body: [
      h("div", {},
        h("label", { class: "choice" }, h("input", { type: "radio", name: "columns", checked: true }), h("span", {}, "Every field")),
        h("label", { class: "choice" }, shown, h("span", {}, "The columns of the list"))),
      h("p", { class: "muted" }, "A CSV file that can be imported again. Notes are never exported."),
    ],
    action: "Export",
    run: async () => {
      const columns = shown.checked ? exported(list) : [];
      if (list.picked.everyone && !list.picked.ids.size) return download(list, columns);
      await act(list, { type: "export", ...(columns.length && { columns }) });
    },
  });
}

/** @param {List} list */
function exported(list) {
  const known = ["name", "email", "phone", "tags", "source"];
  /** @type {Record<string, string>} */
  const others = { created: "created_at", updated: "updated_at" };
  return list.table.columns.flatMap(({ key }) => known.includes(key) ? [key] : others[key] ? [others[key]] : key.startsWith("field.") ? [key.slice("field.".length)] : []);
}

/**
 * Everyone on the filter comes as a stream, without a job.
 *
 * @param {List} list
 * @param {string[]} columns
 */
function download(list, columns) {
  const query = asked(list.filter);
  if (columns.length) query.set("columns", columns.join(","));
  h("a", { href: link("/v1/contacts/export", {}, query), download: "contacts.csv" }).click();
}

/** @param {List} list */
async function remove(list) {
  const selection = await freeze(list);
  const many = selection.count > 100;
  const typed = h("input", { inputMode: "numeric", autocomplete: "off", "aria-label": `Type ${selection.count} to confirm` });
  await dialog({
    title: `Delete ${count(selection.count, "contact")}?`,
    body: [
      h("p", {}, "Their profiles, tags, notes and subscriptions are deleted for ever. Their conversations stay, and who has unsubscribed stays unsubscribed."),
      many && h("label", {}, h("span", {}, `Type ${selection.count} to confirm`), typed),
    ],
    action: `Delete ${number(selection.count)}`,
    danger: true,
    run: () => {
      if (many && typed.value.replace(/\D/g, "") !== String(selection.count)) throw new Error(`Type ${selection.count} to delete them.`);
      return act(list, { type: "delete" }, selection);
    },
  });
}
