// Two contacts side by side, with a choice for each field whose values differ.

import { fill, h, newId } from "../../core/dom.js";
import { day } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { chip } from "../../widgets/chip.js";
import { worded } from "../../widgets/field.js";
import "../../widgets/sheet.js";
import { nameOf } from "../record.js";
import { snapshot } from "../record/saver.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Kind } from "../../widgets/field.js" */

/** @typedef {"survivor" | "other"} Side */

/**
 * The comparison of a pair. The contact that was added first is kept.
 *
 * @param {Schemas["DuplicatePair"]} pair
 * @param {Kind[]} kinds
 */
export function comparison({ contact, other }, kinds) {
  const [mine, theirs] = [snapshot(contact).fields, snapshot(other).fields];
  const shown = kinds.filter(({ key }) => mine[key] || theirs[key]);
  const differing = shown.filter(({ key }) => mine[key] && theirs[key] && mine[key] !== theirs[key]);
  /** @type {Map<string, Record<Side, HTMLInputElement>>} */
  const choices = new Map(differing.map(({ key }) => [key, radios()]));

  /** @param {Side} side */
  const all = (side) => choices.forEach((choice) => (choice[side].checked = true));

  /** @param {Kind} kind */
  const row = (kind) => {
    const { key, label } = kind;
    const id = newId();
    const choice = choices.get(key);
    const cell = (/** @type {Side} */ side) => {
      const text = worded(kind, (side === "survivor" ? mine : theirs)[key] ?? "");
      return h("td", {}, choice ? option(choice[side], text, id) : given(text));
    };
    return h("tr", {}, h("th", { scope: "row", id }, choice && key === "email" ? "Primary email" : label), cell("survivor"), cell("other"));
  };
  const tags = (/** @type {Schemas["Contact"]} */ { tags }) => h("td", {}, tags.length ? h("span", { class: "chips" }, tags.map((tag) => chip(tag))) : given(""));
  const emails = (/** @type {Schemas["Contact"]} */ { other_emails: others }) => h("td", {}, others.length ? others.map((email) => h("div", {}, given(email))) : given(""));
  const others = contact.other_emails.length + other.other_emails.length > 0 && h("tr", {}, h("th", { scope: "row" }, "Other emails (combined)"), emails(contact), emails(other));
  const rows = [...shown.flatMap((kind) => [row(kind), kind.key === "email" && others]), contact.tags.length + other.tags.length > 0 && h("tr", {}, h("th", { scope: "row" }, "Tags (combined)"), tags(contact), tags(other))];
  const element = h("div", { class: "sheet-scroll compare", tabIndex: 0, role: "group", "aria-label": "Values of both contacts" }, h("table", { class: "sheet" },
    h("caption", { class: "hidden" }, "Values of both contacts"),
    h("thead", {}, h("tr", {}, h("td", {}), head(contact, "Added first", differing.length > 0 && (() => all("survivor"))), head(other, "Added later", differing.length > 0 && (() => all("other"))))),
    h("tbody", {}, rows)));
  return { element, all, values: () => Object.fromEntries([...choices].filter(([, { other }]) => other.checked).map(([key]) => [key, /** @type {Side} */ ("other")])) };
}

/** @returns {Record<Side, HTMLInputElement>} */
function radios() {
  const name = newId();
  return { survivor: h("input", { type: "radio", name, checked: true }), other: h("input", { type: "radio", name }) };
}

/**
 * @param {HTMLInputElement} radio
 * @param {string} text
 * @param {string} field the id of the name of the field
 */
function option(radio, text, field) {
  const words = h("span", { id: newId() }, text);
  radio.setAttribute("aria-labelledby", `${field} ${words.id}`);
  return h("label", { class: "choice" }, radio, words);
}

/** @param {string} text */
const given = (text) => (text ? h("span", { class: "given" }, text) : h("span", { class: "muted" }, "—", h("span", { class: "hidden" }, " No value")));

/**
 * @param {Schemas["Contact"]} contact
 * @param {string} which
 * @param {false | (() => void)} useAll
 */
function head(contact, which, useAll) {
  const name = nameOf(contact);
  const place = h("th", { scope: "col" });
  fill(place, h("a", { href: `/contacts/${contact.id}`, class: "clip", title: name }, name), h("small", {}, `${which}, ${day(contact.created_at)}`),
    useAll && h("button", { type: "button", class: "link", onclick: useAll }, icon("check"), "Use all", h("span", { class: "hidden" }, ` values of ${name}, ${which.toLowerCase()}`)));
  return place;
}
