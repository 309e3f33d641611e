// Campaigns and announcements with their numbers. Other services create them.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { paged } from "../../widgets/paged.js";
import { sheet } from "../../widgets/sheet.js";
import { nothing, part } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Section } from "../settings.js" */

const NUMBERS = /** @type {const} */ (["total", "pending", "sent", "opened", "clicked", "bounced", "unsubscribed"]);
const TITLES = ["Campaign", "Type", "#People", "#Pending", "#Sent", "#Opened", "#Clicked", "#Bounced", "#Unsubscribed"];

/** @type {Section} */
export function section({ signal }) {
  const into = h("tbody");
  const table = sheet("Campaigns", TITLES, into);
  const none = nothing("No campaigns yet", "Campaigns appear here once they are created in the app that sends them.");
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/campaigns", { query: { ...(cursor && { cursor }), limit: 50 }, signal }),
    into,
    row: (/** @type {Schemas["CountedCampaign"]} */ { id, name, kind, contacts }) =>
      h("tr", {}, h("th", { scope: "row" }, h("a", { href: `/?campaign=${id}` }, name)), h("td", {}, kind === "campaign" ? "Campaign" : "Announcement"),
        NUMBERS.map((status) => h("td", { class: "number" }, number(contacts[status])))),
    loaded: (count) => {
      table.hidden = count === 0;
      none.hidden = count > 0;
    },
  });
  none.hidden = true;
  void list.reload();
  return part("Campaigns", "Each person is counted once, by latest status.", null, table, none, list.more);
}
