// Signing in with a one-time link.

import { ask, sentence } from "../core/api.js";
import { find, h } from "../core/dom.js";

/** @import { Context, Page } from "../core/router.js" */

/**
 * The secret of a link stands after its #, where no server and no log sees it.
 *
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ url }) {
  find(".bar").hidden = true;
  const token = url.hash.slice(1);
  const title = "Sign in";
  if (!token) return { title, element: tell("Sign in with a link", "Open the sign-in link that the operator gave you.") };
  history.replaceState(null, "", url.pathname + url.search);
  try {
    await ask("post", "/v1/session", { body: { token } });
  } catch (error) {
    return { title, element: tell("This link does not sign you in", sentence(error)) };
  }
  const to = url.searchParams.get("to") ?? "/";
  // Only to a path of this page, never to another site.
  history.replaceState(null, "", /^\/(?![/\\])/.test(to) ? to : "/");
  dispatchEvent(new CustomEvent("signedin"));
  return { title, element: h("div", { class: "page" }) };
}

/**
 * @param {string} heading
 * @param {string} text
 */
const tell = (heading, text) =>
  h("div", { class: "sign-in" },
    h("span", { class: "mark", "aria-hidden": "true" }),
    h("h1", {}, heading),
    h("p", {}, text),
    h("p", { class: "muted" }, "Links work once and for an hour. Make another with ", h("code", {}, "contacts sign-in-link"), "."));
