// Buttons for signing in at the issuers that the operator has configured (R60).

import { ask } from "../core/api.js";
import { h } from "../core/dom.js";

/** @import { Schemas } from "../core/api.js" */

/** Loads the issuers. Without them, people sign in by links. @returns {Promise<Schemas["Issuer"][]>} */
export const issuers = () => ask("get", "/v1/session/issuers", {}).then((view) => view.issuers, () => []);

/**
 * A button for each issuer. It leaves the page, for the issuer asks for the password.
 *
 * @param {Schemas["Issuer"][]} all
 * @param {string} verb
 * @param {string} to the path that is shown afterwards
 */
export const issuerButtons = (all, verb, to) =>
  h("div", { class: "issuers" }, all.map(({ id, name }) =>
    h("a", { class: "button", href: `/v1/session/oidc/${encodeURIComponent(id)}?to=${encodeURIComponent(to)}` }, `${verb} with ${name}`)));
