// The sessions of the user, and the services at which the user signs in.

import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day, moment } from "../../core/format.js";
import { session } from "../../core/session.js";
import { PROBLEMS, issuers } from "../../widgets/issuers.js";
import { refocus } from "../../widgets/refocus.js";
import { sheet } from "../../widgets/sheet.js";
import { toast } from "../../widgets/toast.js";
import { part, when } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context } from "../../core/router.js" */

/** @param {Context} context */
export async function section({ signal }) {
  const body = h("div", { class: "stack" });
  const show = async () => {
    const { items } = await askAll("/v1/sessions", { signal });
    refocus(body, () => fill(body, sheet("Sessions", ["Browser", "Signed in", "Last used", "Expires", ""], h("tbody", {}, items.map((one) => rowOf(one, show))))));
  };
  const [services] = await Promise.all([connections(signal), show()]);
  return part("Sessions", "Browsers in which you are signed in. End sessions that you do not recognise.", null, body, services);
}

/**
 * The issuers at which the user signs in, and those that can be connected (R60).
 *
 * @param {AbortSignal} signal
 */
async function connections(signal) {
  const all = await issuers();
  if (!all.length) return null;
  const [me, users] = await Promise.all([session, askAll("/v1/users", { signal })]);
  const connected = users.items.find(({ id }) => id === me.actor.id)?.issuers ?? [];
  const search = new URLSearchParams(location.search);
  const problem = search.get("problem");
  if (search.has("connected")) toast("Connected. You can sign in with this service from now on.");
  return h("section", { class: "stack", "aria-labelledby": "services" },
    h("h2", { id: "services" }, "Sign-in services"),
    h("p", { class: "muted lead" }, "Sign in with an account of your organisation instead of a link. To disconnect one, ask your administrator."),
    problem && h("p", { class: "wrong", role: "alert" }, PROBLEMS[problem] ?? PROBLEMS["failed"]),
    h("ul", { class: "services", "aria-labelledby": "services" }, all.map((issuer) => h("li", { class: "row" }, h("span", { class: "grow" }, issuer.name),
      connected.includes(issuer.name) ? h("span", { class: "status good" }, "Connected") : connect(issuer)))));
}

/** @param {Schemas["Issuer"]} issuer */
function connect({ id, name }) {
  const button = h("button", { type: "button", onclick: async () => {
    button.disabled = true;
    try {
      const { url } = await ask("post", "/v1/session/connections", { body: { issuer: id, to: "/settings/sessions" } });
      location.assign(url);
    } catch (error) {
      toast(sentence(error));
      button.disabled = false;
    }
  } }, `Connect ${name}`);
  return button;
}

/**
 * @param {Schemas["Session"]} one
 * @param {() => Promise<void>} show
 */
function rowOf(one, show) {
  const end = h("button", { type: "button", class: "quiet danger", "aria-label": `End the session in ${one.agent}`, onclick: async () => {
    try {
      await ask("delete", "/v1/sessions/{id}", { path: { id: one.id } });
    } catch (error) {
      toast(sentence(error));
    }
    await show();
  } }, "End");
  return h("tr", {}, h("th", { scope: "row" }, one.agent), h("td", {}, when(one.created_at)), h("td", {}, one.current ? h("span", { class: "status good" }, "This session") : when(one.last_seen_at)),
    h("td", {}, h("time", { dateTime: one.expires_at, title: moment(one.expires_at) }, day(one.expires_at))), h("td", { class: "commands" }, !one.current && end));
}
