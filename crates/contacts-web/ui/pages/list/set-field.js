// Sets or clears one field of the selected contacts.

import { askAll } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { dialog } from "../../widgets/dialog.js";
import { CORE, input, kinds } from "../../widgets/field.js";
import { act } from "./act.js";

/** @import { List } from "../list.js" */

/**
 * @param {List} list
 * @param {string} selected the selected contacts in words
 * @param {import("../../core/dom.js").Child[]} people paragraphs that name some of them
 */
export async function setField(list, selected, people) {
  const { items } = await askAll("/v1/fields", {});
  const fields = [...CORE.filter(({ key }) => key === "phone"), ...kinds(items)];
  const field = h("select", { "aria-label": "Field", onchange: show }, fields.map(({ key, label }) => h("option", { value: key }, label)));
  const place = h("div", {});
  const blanks = h("input", { type: "checkbox" });
  let value = shown();

  function shown() {
    const kind = fields.find(({ key }) => key === field.value) ?? fields[0];
    const made = input(/** @type {import("../../widgets/field.js").Kind} */ (kind), { "aria-label": "Value" });
    fill(place, made.control);
    return made;
  }

  function show() {
    value = shown();
  }

  await dialog({
    title: `Set a field of ${selected}`,
    body: h("div", { class: "fields" }, people, field, place,
      h("label", { class: "choice" }, blanks, h("span", {}, "Only where it is empty")),
      h("p", { class: "muted" }, "Without a value, the field is cleared.")),
    action: "Set field",
    run: () => {
      const text = value.read();
      if (text === null || value.half()) throw new Error("The value is incomplete.");
      if (blanks.checked && text.trim() === "") throw new Error("Enter a value to fill in.");
      return act(list, { type: "set_field", field: field.value, value: text.trim() || null, only_blanks: blanks.checked });
    },
  });
}
