// The roles of users (R60).

/** @import { Schemas } from "../../core/api.js" */

/** The name of each role, and what its users may do. @type {Record<Schemas["Role"], [string, string]>} */
export const ROLES = {
  viewer: ["Viewer", "Can see everything about contacts."],
  editor: ["Editor", "Can also change contacts."],
  manager: ["Manager", "Can also import, export, merge, and delete many contacts at once."],
  administrator: ["Administrator", "Can do everything, also manage users, keys, custom fields, webhooks and sources."],
};

/** The role with its name. @type {[Schemas["Role"], string, string][]} */
export const CHOICES = [
  ["viewer", ...ROLES.viewer],
  ["editor", ...ROLES.editor],
  ["manager", ...ROLES.manager],
  ["administrator", ...ROLES.administrator],
];
