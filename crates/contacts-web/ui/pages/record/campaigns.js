// The campaigns of the contact with their status.

import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { ago, count, day, moment } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { popover } from "../../widgets/popover.js";
import { toast } from "../../widgets/toast.js";
import { part } from "./part.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened, Part } from "./opened.js" */
/** @typedef {Schemas["Subscription"]} Subscription */

/** The name and the tone of each status. */
const STATUS = {
  pending: ["Not sent yet", ""],
  sent: ["Sent", "busy"],
  bounced: ["Bounced", "bad"],
  opened: ["Opened", "good"],
  clicked: ["Clicked", "good"],
  unsubscribed: ["Unsubscribed", "bad"],
};
/** @type {[keyof Subscription, string][]} */
const STEPS = [["pending_at", "Added"], ["sent_at", "Sent"], ["bounced_at", "Bounced"], ["opened_at", "Opened"], ["clicked_at", "Clicked"], ["unsubscribed_at", "Unsubscribed"]];

/**
 * @param {Opened} opened
 * @returns {Part}
 */
export function campaigns(opened) {
  const { signal } = opened;
  const place = h("div", {});
  const summary = h("p", { class: "grow" });
  const adder = h("button", { type: "button", data: { needs: "write" } }, icon("add"), "Add to campaign");
  const element = h("section", {}, h("div", { class: "row part-head" }, summary, h("span", {}, adder)), place);
  const id = () => opened.contact.id;
  const load = part(place, () => askAll("/v1/contacts/{id}/campaigns", { path: { id: id() }, signal }), ({ items }) => {
    const unsubscribed_at = opened.contact.consent.at;
    const texts = glance(items);
    opened.reached(texts[0]);
    fill(summary, h("strong", {}, texts[0]), texts[1]);
    const last = items[0];
    opened.tabs.hint("campaigns", last ? `${STATUS[last.status][0]} · ${ago(newest(last))}` : "Not in any");
    fill(place, unsubscribed_at && h("p", { class: "notice" }, icon("warning"), h("span", {}, `Unsubscribed on ${day(unsubscribed_at)}. This person cannot be added to campaigns.`)),
      items.length ? h("ul", { class: "cards" }, items.map(one)) : h("div", { class: "empty" }, icon("mail"), h("h2", {}, "Not in any campaign"), h("p", {}, "Campaigns sent to this person appear here with their status.")));
    return items.length > 0 || !!unsubscribed_at;
  });
  popover(adder, (close) => choice(opened, close, load), { class: "choose", label: "Add to campaign" });
  return { element, load };
}

/**
 * Answers "did we already email them?" at a glance.
 *
 * @param {Subscription[]} items
 * @returns {[string, string]} whether and when they were emailed, and the campaign
 */
function glance(items) {
  const sent = items.filter(({ sent_at }) => sent_at).sort((one, other) => String(other.sent_at).localeCompare(String(one.sent_at)));
  const last = sent[0];
  if (!last) return ["Never emailed", "."];
  return [`Emailed ${count(sent.length, "time")}, last ${ago(last.sent_at ?? "")}`, `: ${last.campaign.name}.`];
}

/** @param {Subscription} subscription */
const newest = (subscription) => STEPS.map(([key]) => String(subscription[key] ?? "")).reduce((one, other) => (one > other ? one : other));

/** @param {Subscription} subscription */
function one(subscription) {
  const { campaign, status } = subscription;
  const [word, look] = STATUS[status];
  const steps = STEPS.flatMap(([key, label]) => {
    const at = subscription[key];
    return typeof at === "string" ? [h("li", {}, `${label} `, h("time", { dateTime: at }, moment(at)))] : [];
  });
  return h("li", {}, h("div", { class: "row top" }, h("div", { class: "grow" }, h("h3", {}, campaign.name), h("small", {}, campaign.kind === "campaign" ? "Campaign" : "Announcement")), h("span", { class: `status ${look}` }, word)),
    h("ol", { class: "steps" }, steps));
}

/**
 * @param {Opened} opened
 * @param {() => void} close
 * @param {() => Promise<boolean>} load
 */
function choice(opened, close, load) {
  const { contact, signal } = opened;
  const refused = contact.consent.state === "unsubscribed" ? "This person has unsubscribed, so they cannot be added." : contact.reachable ? "" : "This person has no email address, so they cannot be added.";
  if (refused) return h("p", { class: "told" }, refused);
  const found = h("div", { class: "menu" }, h("div", { class: "ghost" }));
  const search = h("input", { type: "search", "aria-label": "Find a campaign", placeholder: "Find a campaign", autofocus: true });
  /** @param {Schemas["Campaign"]} campaign */
  const add = async (campaign) => {
    close();
    try {
      const { outcome, reason } = await ask("post", "/v1/contacts/{id}/campaigns", { path: { id: contact.id }, body: { campaign_id: campaign.id } });
      const texts = { added: `Added to ${campaign.name}.`, unchanged: `Already in ${campaign.name}.`, skipped: reason === "unsubscribed" ? "Not added: this person has unsubscribed." : "Not added: this person has no email address." };
      toast(texts[outcome]);
      await load();
      void opened.parts.activity.load();
    } catch (error) {
      toast(sentence(error), { label: "Retry", run: () => void add(campaign) });
    }
  };
  void askAll("/v1/campaigns", { signal }).then(({ items }) => {
    const show = () => {
      const wanted = search.value.trim().toLowerCase();
      const fits = items.filter(({ name }) => name.toLowerCase().includes(wanted));
      fill(found, fits.map((campaign) => h("button", { type: "button", onclick: () => void add(campaign) }, h("span", { class: "clip" }, campaign.name))),
        !fits.length && h("p", { class: "told muted" }, items.length ? "No matching campaigns" : "No campaigns yet. They appear here once they are created in the app that sends them."));
    };
    search.addEventListener("input", show);
    show();
  }, (error) => fill(found, h("p", { class: "told wrong" }, sentence(error))));
  return h("div", {}, h("div", { class: "find" }, search), found);
}
