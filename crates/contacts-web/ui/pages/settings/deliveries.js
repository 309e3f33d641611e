// The deliveries of a webhook and their errors.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { toast } from "../../widgets/toast.js";
import { state, when } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */

/** @type {[string, string][]} */
const STATES = [["", "All"], ["pending", "Pending"], ["delivered", "Delivered"], ["dead", "Failed"]];
/** Interval in ms of reloading while deliveries are pending. */
const POLL = 2_000;

/**
 * @param {string} id of the webhook
 * @param {AbortSignal} signal
 */
export function deliveries(id, signal) {
  const only = h("select", { "aria-label": "Show deliveries" }, STATES.map(([value, text]) => h("option", { value }, text)));
  const into = h("tbody");
  const none = h("p", { class: "muted", hidden: true }, "No deliveries.");
  let pending = false;
  let timer = 0;
  const list = paged({
    async load(/** @type {string | undefined} */ cursor) {
      const chosen = /** @type {Schemas["DeliveryState"] | ""} */ (only.value);
      const page = await ask("get", "/v1/webhooks/{id}/deliveries", { path: { id }, query: { ...(chosen && { state: chosen }), ...(cursor && { cursor }), limit: 10 }, signal });
      if (!cursor) pending = page.items.some((one) => one.state === "pending" && Date.parse(one.due_at ?? "") < Date.now() + 10_000);
      return page;
    },
    into,
    row: (/** @type {Schemas["Delivery"]} */ one) => rowOf(id, one, () => void list.reload()),
    loaded: (count) => {
      none.hidden = count > 0;
      clearTimeout(timer);
      // Reloading would lose the place in a longer list.
      if (pending && count <= 10 && !signal.aborted) timer = setTimeout(() => into.isConnected && !into.contains(document.activeElement) && void list.reload(), POLL);
    },
  });
  only.addEventListener("change", () => void list.reload());
  void list.reload();
  return h("div", { class: "stack deliveries" }, h("div", { class: "row" }, h("span", {}, only), h("button", { type: "button", class: "quiet", onclick: () => void list.reload() }, "Refresh")),
    sheet("Deliveries, newest first", ["Event", "Status", "Attempts", "Error", "Created", ""], into), none, list.more);
}

/**
 * @param {string} webhook
 * @param {Schemas["Delivery"]} one
 * @param {() => void} changed
 */
function rowOf(webhook, one, changed) {
  const [tone, word] = { pending: one.attempts > 0 ? ["warn", "Will be retried"] : ["busy", "Pending"], delivered: ["good", "Delivered"], dead: ["bad", "Failed"] }[one.state];
  const name = `${one.type}${one.number ? ` ${one.number}` : ""}`;
  const again = h("button", { type: "button", class: "quiet", "aria-label": `Resend ${name}`, onclick: async () => {
    try {
      await ask("post", "/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver", { path: { id: webhook, delivery_id: one.id } });
    } catch (error) {
      toast(sentence(error));
    }
    changed();
  } }, "Resend");
  return h("tr", {}, h("th", { scope: "row", class: "mono" }, name), h("td", {}, state(tone ?? "", word ?? one.state)), h("td", { class: "number" }, one.attempts),
    h("td", {}, one.problem ? sentence(new Error(one.problem)) : h("span", { class: "muted" }, "–")),
    h("td", {}, when(one.created_at)), h("td", { class: "commands" }, one.state !== "pending" && again));
}
