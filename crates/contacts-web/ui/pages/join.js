// Becoming a user by an invitation (R60).

import { ask, sentence } from "../core/api.js";
import { h } from "../core/dom.js";
import { styles } from "../core/styles.js";
import { labelled } from "../widgets/form.js";
import { issuerButtons, issuers } from "../widgets/issuers.js";

await styles("./sign-in.css", import.meta.url);

/** @import { Context, Page } from "../core/router.js" */

/**
 * The secret of a link is in its fragment, which no server and no log sees. It stays there until it
 * is used, so that the page can be reloaded.
 *
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ url }) {
  const title = "Join";
  const token = url.hash.slice(1);
  const mark = h("span", { class: "mark", "aria-hidden": "true" });
  if (!token) return { title, element: h("div", { class: "sign-in" }, mark, h("h1", {}, "This link is not complete"), h("p", {}, "Open the whole link that you received from your administrator.")) };
  const all = await issuers();
  const name = h("input", { required: true, maxLength: 100, autocomplete: "name", autofocus: true });
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const button = h("button", { class: "primary" }, "Join");
  const form = h("form", { onsubmit: submit }, labelled("Your name", name, "Your colleagues see it beside what you do."), wrong, button);

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    wrong.hidden = true;
    try {
      await ask("post", "/v1/join", { body: { token, name: name.value } });
      history.replaceState(null, "", "/");
      dispatchEvent(new CustomEvent("signedin"));
    } catch (error) {
      wrong.textContent = sentence(error);
      wrong.hidden = false;
      button.disabled = false;
    }
  }

  return { title, element: h("div", { class: "sign-in" }, mark, h("h1", {}, "Join Informly Contacts"), h("p", {}, "You were invited to work with the contacts of your organisation."),
    all.length > 0 && [issuerButtons(all, "Join", "/"), h("p", { class: "or" }, "or without an account")], form) };
}
