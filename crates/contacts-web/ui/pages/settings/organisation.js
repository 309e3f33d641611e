// Facts about the organisation.

import { h } from "../../core/dom.js";
import { session } from "../../core/session.js";
import { part } from "./part.js";
import { ROLES } from "./roles.js";

export async function section() {
  const { organisation, role } = await session;
  const [name, may] = role ? ROLES[role] : ["None", ""];
  const region = organisation.region ? (new Intl.DisplayNames("en-GB", { type: "region" }).of(organisation.region) ?? organisation.region) : null;
  /** @type {[string, string, string][]} */
  const facts = [
    ["Name", organisation.name, ""],
    ["Region", region ?? "None", region ? "Phone numbers without a country code are read as numbers of this region." : "Phone numbers need a country code, such as +44."],
    ["ID", organisation.id, "Used by other software to identify the organisation."],
    ["Your role", name ?? "", may ?? ""],
  ];
  return part("Organisation", "The operator of this installation sets the name and the region.", null,
    h("dl", { class: "panel list-of-facts" }, facts.map(([name, value, note]) =>
      h("div", {}, h("dt", {}, name), h("dd", { class: name === "ID" ? "mono" : "" }, value), note && h("dd", { class: "hint" }, note)))));
}
