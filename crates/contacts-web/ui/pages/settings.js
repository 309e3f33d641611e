// The settings: the list of sections, and one of them.

import { aborted, sentence } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { styles } from "../core/styles.js";
import { failure } from "../widgets/failure.js";
import { helpLink } from "../widgets/help.js";

/** @import { Context, Page } from "../core/router.js" */

/**
 * The function `section` that each section exports.
 *
 * @typedef {(context: Context) => HTMLElement | Promise<HTMLElement>} Section
 */

/**
 * The path, the name and the module of each section, and the scope that it needs.
 *
 * @type {[string, string, () => Promise<{ section: Section }>, "admin"?][]}
 */
const SECTIONS = [
  ["", "Organisation", () => import("./settings/organisation.js")],
  ["fields", "Custom fields", () => import("./settings/fields.js")],
  ["tags", "Tags", () => import("./settings/tags.js")],
  ["segments", "Segments", () => import("./settings/segments.js")],
  ["campaigns", "Campaigns", () => import("./settings/campaigns.js")],
  ["widgets", "Chat widgets", () => import("./settings/widgets.js")],
  ["users", "Users", () => import("./settings/users.js"), "admin"],
  ["keys", "API keys", () => import("./settings/keys.js"), "admin"],
  ["webhooks", "Webhooks", () => import("./settings/webhooks.js"), "admin"],
  ["audit", "Audit trail", () => import("./settings/audit.js"), "admin"],
  ["sessions", "Sessions", () => import("./settings/sessions.js")],
];

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open(context) {
  const found = SECTIONS.find(([part]) => part === context.part);
  const body = h("div", { class: "section" });
  const [title, load] = found ? [found[1], found[2]] : ["Not found", null];
  await styles("./settings.css", import.meta.url);

  async function show() {
    if (!load) return fill(body, h("div", { class: "empty" }, h("h1", {}, "Not found"), h("p", {}, "This page does not exist."), h("a", { href: "/settings", class: "button" }, "All settings")));
    try {
      fill(body, await (await load()).section(context));
      if (context.part) body.querySelector("h1")?.after(helpLink(context.part, title));
    } catch (error) {
      if (!aborted(error)) fill(body, h("h1", {}, title), failure(sentence(error), () => void show()));
    }
  }
  await show();
  const side = sideOf(context.part);
  // On a phone the sections are one row that scrolls.
  requestAnimationFrame(() => side.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
  return { title: `${title} · Settings`, element: h("div", { class: "page settings" }, side, body) };
}

/** @param {string} current */
const sideOf = (current) =>
  h("nav", { class: "side", "aria-label": "Settings" }, SECTIONS.map(([part, name, , needs]) =>
    h("a", { data: { needs: needs ?? "" }, href: part ? `/settings/${part}` : "/settings", "aria-current": part === current ? "page" : null }, name)));
