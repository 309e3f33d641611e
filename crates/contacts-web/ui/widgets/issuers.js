// Buttons for signing in at the issuers that the operator has configured (R60).

import { ask } from "../core/api.js";
import { h } from "../core/dom.js";

/** @import { Schemas } from "../core/api.js" */

/** Why a sign-in at an issuer failed, by the code that the server sends. @type {Record<string, string>} */
export const PROBLEMS = {
  cancelled: "You did not finish signing in. Try again.",
  expired: "That took too long, or was started in another window. Try again.",
  unavailable: "The sign-in service cannot be reached. Try again in a few minutes.",
  invalid: "The sign-in service sent an answer that cannot be accepted. Try again. If it happens again, tell your administrator.",
  busy: "There were too many attempts to sign in. Wait a minute, and try again.",
  failed: "Something went wrong on our side. Try again in a few minutes.",
  access_denied: "Your account may not use Contacts. Ask your administrator for access.",
  not_invited: "Nobody has invited the email address of your account. Ask your administrator for an invitation.",
  address_taken: "A user with your email address signs in with links. Ask your administrator for a sign-in link.",
  identity_taken: "Another user of your organisation signs in with this account. Sign in with another account, or ask your administrator to disconnect it there.",
  deactivated: "Your user is deactivated. Ask your administrator to reactivate it.",
};

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
