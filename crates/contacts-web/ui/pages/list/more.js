// The other filters: times, email, consent, duplicates, campaigns, custom fields.

import { askAll } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { learnAgain } from "./fields.js";
import { spanFields } from "./span.js";
import { changed } from "./query.js";
import { joinValues } from "./values.js";
import { STATUSES, operatorName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { List } from "../list.js" */
/** @typedef {keyof typeof import("./words.js").OPERATORS} Operator */

/**
 * The operators of each field type (R20).
 *
 * @type {Record<Schemas["FieldType"], Operator[]>}
 */
const OF_TYPE = {
  text: ["contains", "is", "is_not", "starts_with", "ends_with", "any_of", "none_of", "set", "unset"],
  url: ["contains", "is", "is_not", "starts_with", "ends_with", "any_of", "none_of", "set", "unset"],
  select: ["is", "is_not", "any_of", "none_of", "set", "unset"],
  boolean: ["is", "set", "unset"],
  number: ["is", "is_not", "at_least", "at_most", "greater", "less", "set", "unset"],
  date: ["is", "at_least", "at_most", "greater", "less", "set", "unset"],
};

/** @param {List} list */
export async function more(list) {
  const [{ items: campaigns }] = await Promise.all([askAll("/v1/campaigns", {}), learnAgain(list)]);
  const fields = list.fields.filter(({ archived }) => !archived);
  return h("div", { class: "filters" },
    h("fieldset", {}, h("legend", {}, "Created"), spanFields(list, "created")),
    h("fieldset", {}, h("legend", {}, "Updated"), spanFields(list, "updated")),
    h("div", { class: "pair" },
      truth(list, "reachable", "Has email", ["Any", "Yes", "No"]),
      truth(list, "subscribed", "Campaign emails", ["Any", "Subscribed", "Unsubscribed"]),
      truth(list, "duplicates", "Possible duplicates", ["Any", "Only duplicates", "No duplicates"]),
      truth(list, "tagged", "Has tags", ["Any", "Yes", "No"]),
      truth(list, "incomplete", "Name and email", ["Any", "Incomplete", "Complete"]),
      truth(list, "mailed", "Emailed before", ["Any", "Yes", "Never"])),
    h("a", { href: "/duplicates" }, "Review possible duplicates"),
    domain(list),
    h("fieldset", {}, h("legend", {}, "Last conversation"), spanFields(list, "conversation")),
    h("fieldset", {}, h("legend", {}, "In any campaign"), delivery(list), spanFields(list, "delivery")),
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

/** @param {List} list */
function domain(list) {
  const input = h("input", { value: list.filter.get("email_domain") ?? "", placeholder: "example.com", autocomplete: "off", spellcheck: false,
    onchange: () => list.turn({ filter: changed(list.filter, { email_domain: input.value.trim() }) }) });
  return h("label", {}, h("span", {}, "Email domain"), input);
}

/** @param {List} list */
function delivery(list) {
  const [now = ""] = list.filter.getAll("delivery");
  const select = h("select", { "aria-label": "Delivery", onchange: () => list.turn({ filter: changed(list.filter, { delivery: select.value }) }) },
    h("option", { value: "" }, "Any delivery"), Object.entries(STATUSES).filter(([status]) => status !== "pending").map(([value, word]) => h("option", { value, selected: value === now }, word)));
  return select;
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
  const place = h("div", { class: "value" });
  const chosen = () => fields.find(({ key }) => key === which.value) ?? fields[0];
  /** The operand, empty while there is none. @type {() => string} */
  let read = () => "";

  function operators() {
    const type = chosen()?.type ?? "text";
    fill(how, OF_TYPE[type].map((operator) => h("option", { value: operator }, operatorName(operator, type))));
    values();
  }

  function values() {
    place.hidden = /^(un)?set$/.test(how.value);
    const made = operand(chosen(), /** @type {Operator} */ (how.value));
    read = made.read;
    fill(place, made.element);
  }

  operators();
  const add = h("button", { type: "button", onclick: () => {
    const value = place.hidden ? "" : read();
    if (!place.hidden && !value) return place.querySelector(/** @type {"input"} */ ("input, textarea, select"))?.focus();
    list.turn({ filter: changed(list.filter, { [`field.${which.value}`]: place.hidden ? how.value : `${how.value}:${value}` }) });
  } }, "Add");
  return h("fieldset", {}, h("legend", {}, "Custom field"), h("div", { class: "line" }, which, how, place, add));
}

/**
 * The input of what a field is compared with.
 *
 * @param {Schemas["Field"] | undefined} field
 * @param {Operator} operator
 * @returns {{ element: HTMLElement, read: () => string }}
 */
function operand(field, operator) {
  const { type = "text", options } = field ?? {};
  const several = /_of$/.test(operator);
  if (several && options) {
    const boxes = options.map((value) => h("input", { type: "checkbox", value }));
    const element = h("div", { role: "group", "aria-label": "Values", class: "found" }, boxes.map((box) => h("label", { class: "choice" }, box, h("span", { class: "clip" }, box.value))));
    return { element, read: () => joinValues(boxes.filter(({ checked }) => checked).map(({ value }) => value)) };
  }
  if (several) {
    const lines = h("textarea", { "aria-label": "Values, one per line", placeholder: "One value per line", rows: 3 });
    return { element: lines, read: () => joinValues(lines.value.split("\n").map((line) => line.trim()).filter(Boolean)) };
  }
  const choices = type === "boolean" ? [["true", "Yes"], ["false", "No"]] : options?.map((value) => [value, value]);
  const input = choices ? h("select", { "aria-label": "Value" }, choices.map(([value, text]) => h("option", { value }, text ?? "")))
    : h("input", { type: type === "number" || type === "date" ? type : "text", "aria-label": "Value", step: "any" });
  return { element: input, read: () => input.value };
}
