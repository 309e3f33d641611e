// Signing in with a one-time link.

import { ask, sentence } from "../core/api.js";
import { h } from "../core/dom.js";
import { styles } from "../core/styles.js";

await styles("./sign-in.css", import.meta.url);

/** @import { Context, Page } from "../core/router.js" */

/**
 * The secret of a link is in its fragment, which no server and no log sees.
 *
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ url }) {
  const token = url.hash.slice(1);
  const title = "Sign in";
  if (!token) return { title, element: message("Sign in with a link", "Open the sign-in link that you received from your administrator.") };
  history.replaceState(null, "", url.pathname + url.search);
  try {
    await ask("post", "/v1/session", { body: { token } });
  } catch (error) {
    return { title, element: message("This link has expired or was already used", sentence(error)) };
  }
  const to = url.searchParams.get("to") ?? "/";
  // Never redirect to another site.
  history.replaceState(null, "", /^\/(?![/\\])/.test(to) ? to : "/");
  dispatchEvent(new CustomEvent("signedin"));
  return { title, element: h("div", { class: "page" }) };
}

/**
 * @param {string} heading
 * @param {string} text
 */
const message = (heading, text) =>
  h("div", { class: "sign-in" },
    h("span", { class: "mark", "aria-hidden": "true" }),
    h("h1", {}, heading),
    h("p", {}, text),
    h("p", { class: "muted" }, "A link works once, within an hour. Ask your administrator for a new one."));
