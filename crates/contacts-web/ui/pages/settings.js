// The settings of the organisation: a list of their sections, and one of them.

import { aborted, sentence } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { styles } from "../core/styles.js";
import { failure } from "../widgets/failure.js";

/** @import { Context, Page } from "../core/router.js" */

/**
 * What the module of a section exports as `section`.
 *
 * @typedef {(context: Context) => HTMLElement | Promise<HTMLElement>} Section
 */

/** Each section: the part of its path, its name, and its module. @type {[string, string, () => Promise<{ section: Section }>][]} */
const SECTIONS = [
  ["", "Organisation", () => import("./settings/organisation.js")],
  ["fields", "Custom fields", () => import("./settings/fields.js")],
  ["tags", "Tags", () => import("./settings/tags.js")],
  ["segments", "Segments", () => import("./settings/segments.js")],
  ["campaigns", "Campaigns", () => import("./settings/campaigns.js")],
  ["keys", "API keys", () => import("./settings/keys.js")],
  ["webhooks", "Webhooks", () => import("./settings/webhooks.js")],
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
    if (!load) return fill(body, h("div", { class: "empty" }, h("h1", {}, "Not found"), h("p", {}, "There are no such settings."), h("a", { href: "/settings", class: "button" }, "All settings")));
    try {
      fill(body, await (await load()).section(context));
    } catch (error) {
      if (!aborted(error)) fill(body, h("h1", {}, title), failure(sentence(error), () => void show()));
    }
  }
  await show();
  const side = sideOf(context.part);
  // On a phone they are one row, of which some are out of sight.
  requestAnimationFrame(() => side.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
  return { title: `${title} · Settings`, element: h("div", { class: "page settings" }, side, body) };
}

/** @param {string} current */
const sideOf = (current) =>
  h("nav", { class: "side", "aria-label": "Settings" }, SECTIONS.map(([part, name]) =>
    h("a", { href: part ? `/settings/${part}` : "/settings", "aria-current": part === current ? "page" : null }, name)));
