// The other filters: times, email, consent, duplicates, campaigns, custom fields.

import { askAll } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { spanFields } from "./span.js";
import { changed } from "./query.js";
import { OPERATORS, STATUSES } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */

/**
 * The operators of each field type (R20).
 *
 * @type {Record<Schemas["FieldType"], (keyof typeof OPERATORS)[]>}
 */
const OF_TYPE = {
  text: ["any_of", "none_of", "contains", "set", "unset"],
  url: ["contains", "any_of", "none_of", "set", "unset"],
  select: ["any_of", "none_of", "set", "unset"],
  boolean: ["any_of", "set", "unset"],
  number: ["at_least", "at_most", "greater", "less", "any_of", "set", "unset"],
  date: ["at_least", "at_most", "greater", "less", "any_of", "set", "unset"],
};

/** @param {List} list */
export async function more(list) {
  const { items: campaigns } = await askAll("/v1/campaigns", {});
  const fields = list.fields.filter(({ archived }) => !archived);
  return h("div", { class: "filters" },
    h("fieldset", {}, h("legend", {}, "Created"), spanFields(list, "created")),
    h("fieldset", {}, h("legend", {}, "Updated"), spanFields(list, "updated")),
    h("div", { class: "pair" },
      truth(list, "reachable", "Has email", ["Any", "Yes", "No"]),
      truth(list, "subscribed", "Campaign emails", ["Any", "Subscribed", "Unsubscribed"]),
      truth(list, "duplicates", "Possible duplicates", ["Any", "Only duplicates", "No duplicates"])),
    h("a", { href: "/duplicates" }, "Review possible duplicates"),
    campaigns.length > 0 && campaign(list, campaigns),
    fields.length > 0 && field(list, fields));
}

/**
 * @param {List} list
 * @param {string} name
 * @param {string} label
 * @param {string[]} words
 */
function truth(list, name, label, words) {
  const select = h("select", { onchange: () => list.turn({ filter: changed(list.filter, { [name]: select.value }) }) },
    ["", "true", "false"].map((value, at) => h("option", { value, selected: (list.filter.get(name) ?? "") === value }, words[at])));
  return h("label", {}, h("span", {}, label), select);
}

/**
 * @param {List} list
 * @param {Schemas["CountedCampaign"][]} campaigns
 */
function campaign(list, campaigns) {
  const which = h("select", { "aria-label": "Campaign" }, h("option", { value: "" }, "Choose a campaign"), campaigns.map(({ id, name }) => h("option", { value: id }, name)));
  const how = h("select", { "aria-label": "Status" }, h("option", { value: "" }, "In the campaign"), h("option", { value: "none" }, "Not in the campaign"),
    Object.entries(STATUSES).map(([status, word]) => h("option", { value: status }, word)));
  const add = h("button", { type: "button", onclick: () => {
    if (!which.value) return which.focus();
    const name = how.value === "none" ? "campaign_none" : "campaign";
    const value = how.value && how.value !== "none" ? `${which.value}:${how.value}` : which.value;
    list.turn({ filter: changed(list.filter, { [name]: [...list.filter.getAll(name).filter((other) => !other.startsWith(which.value)), value] }) });
  } }, "Add");
  return h("fieldset", {}, h("legend", {}, "Campaign"), h("div", { class: "line" }, which, how, add));
}

/**
 * @param {List} list
 * @param {Schemas["Field"][]} fields
 */
function field(list, fields) {
  const which = h("select", { "aria-label": "Field", onchange: () => operators() }, fields.map(({ key, label }) => h("option", { value: key }, label)));
  const how = h("select", { "aria-label": "Condition", onchange: () => values() });
  const place = h("span", { class: "value" });
  const chosen = () => fields.find(({ key }) => key === which.value) ?? fields[0];

  function operators() {
    fill(how, OF_TYPE[chosen()?.type ?? "text"].map((operator) => h("option", { value: operator }, OPERATORS[operator])));
    values();
  }

  function values() {
    const { type, options } = chosen() ?? { type: "text", options: null };
    place.hidden = how.value === "set" || how.value === "unset";
    /** @type {Record<string, string>} */
    const kinds = { number: "number", date: "date", url: "text" };
    const choices = type === "boolean" ? ["true", "false"] : type === "select" ? options : null;
    fill(place, choices
      ? h("select", { "aria-label": "Value" }, choices.map((/** @type {string} */ value) => h("option", { value }, type === "boolean" ? (value === "true" ? "Yes" : "No") : value)))
      : h("input", { type: kinds[type] ?? "text", "aria-label": "Value", step: "any" }));
  }

  operators();
  const add = h("button", { type: "button", onclick: () => {
    const input = /** @type {HTMLInputElement | null} */ (place.firstElementChild);
    const bare = place.hidden;
    if (!bare && !input?.value) return input?.focus();
    list.turn({ filter: changed(list.filter, { [`field.${which.value}`]: bare ? how.value : `${how.value}:${input?.value}` }) });
  } }, "Add");
  return h("fieldset", {}, h("legend", {}, "Custom field"), h("div", { class: "line" }, which, how, place, add));
}
