// Signing in at an issuer or with a one-time link.

import { ask, sentence } from "../core/api.js";
import { h } from "../core/dom.js";
import { styles } from "../core/styles.js";
import { PROBLEMS, issuerButtons, issuers } from "../widgets/issuers.js";

await styles("./sign-in.css", import.meta.url);

/** @import { Context, Page } from "../core/router.js" */

const title = "Sign in";

/**
 * The secret of a link is in its fragment, which no server and no log sees.
 *
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ url, signal }) {
  const token = url.hash.slice(1);
  const to = url.searchParams.get("to") ?? "/";
  // Never redirect to another site.
  const path = /^\/(?![/\\])/.test(to) ? to : "/";
  if (!token) {
    follow(path, signal);
    return start(path, url.searchParams.get("problem"));
  }
  history.replaceState(null, "", url.pathname + url.search);
  try {
    await ask("post", "/v1/session", { body: { token } });
  } catch (error) {
    return { title, element: message("This link has expired or was already used", sentence(error)) };
  }
  enter(path);
  return { title, element: h("div", { class: "page" }) };
}

/** @param {string} path */
function enter(path) {
  history.replaceState(null, "", path);
  dispatchEvent(new CustomEvent("signedin"));
}

/**
 * Continues when the user has signed in in another window, and returns: what was typed here before the
 * session ended is kept in this window only.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 */
function follow(path, signal) {
  const look = () => document.hidden || ask("get", "/v1/me", { signal }).then(() => enter(path), () => undefined);
  document.addEventListener("visibilitychange", look, { signal });
  addEventListener("focus", look, { signal });
}

/**
 * @param {string} to
 * @param {string | null} problem
 * @returns {Promise<Page>}
 */
async function start(to, problem) {
  const all = await issuers();
  const wrong = problem && h("p", { class: "wrong", role: "alert" }, PROBLEMS[problem] ?? PROBLEMS["failed"]);
  if (!all.length) return { title, element: message("Sign in with a link", wrong || "Open the sign-in link that you received from your administrator.") };
  return {
    title,
    element: h("div", { class: "sign-in" },
      h("span", { class: "mark", "aria-hidden": "true" }),
      h("h1", {}, "Sign in to Informly Contacts"),
      wrong,
      issuerButtons(all, "Sign in", to),
      h("p", { class: "muted" }, "You can also open a sign-in link that you received from your administrator.")),
  };
}

/**
 * @param {string} heading
 * @param {string | Node} text
 */
const message = (heading, text) =>
  h("div", { class: "sign-in" },
    h("span", { class: "mark", "aria-hidden": "true" }),
    h("h1", {}, heading),
    text instanceof Node ? text : h("p", {}, text),
    h("p", { class: "muted" }, "A link works once, within an hour. Ask your administrator for a new one."));
