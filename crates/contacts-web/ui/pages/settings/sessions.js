// The sessions of the user.

import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day, moment } from "../../core/format.js";
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
    fill(body, sheet("Sessions", ["Browser", "Signed in", "Last used", "Expires", ""], h("tbody", {}, items.map((one) => rowOf(one, show)))));
  };
  await show();
  return part("Sessions", "Browsers in which you are signed in. End sessions that you do not recognise.", null, body);
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
