// Facts of the organisation.

import { h } from "../../core/dom.js";
import { session } from "../../core/session.js";
import { part } from "./part.js";

export async function section() {
  const { organisation, scopes } = await session;
  const region = organisation.region ? (new Intl.DisplayNames(undefined, { type: "region" }).of(organisation.region) ?? organisation.region) : null;
  /** @type {[string, string, string][]} */
  const facts = [
    ["Name", organisation.name, ""],
    ["Region", region ?? "None", region ? "Phone numbers without a country code are read as of there." : "Phone numbers need a country code to be understood, such as +44."],
    ["Id", organisation.id, "Programs know the organisation by it."],
    ["You may", scopes.join(", "), ""],
  ];
  return part("Organisation", "The operator of the service sets these.", null,
    h("dl", { class: "panel list-of-facts" }, facts.map(([name, value, note]) =>
      h("div", {}, h("dt", {}, name), h("dd", { class: name === "Id" ? "mono" : "" }, value), note && h("dd", { class: "hint" }, note)))));
}
