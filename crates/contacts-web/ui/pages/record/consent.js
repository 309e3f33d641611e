// Whether the contact wants campaign emails, and the switch that changes it (R51).

import { called } from "../../core/actors.js";
import { ask } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { day, moment } from "../../core/format.js";
import { session } from "../../core/session.js";
import { helpLink } from "../../widgets/help.js";
import { toast } from "../../widgets/toast.js";
import { nameOf } from "../record.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Opened } from "./opened.js" */

/** @type {Record<Schemas["ConsentReason"], string>} */
export const REASONS = {
  asked: "Asked us",
  campaign: "Unsubscribed in a campaign email",
  complained: "Reported an email as spam",
  bounced: "Emails bounced",
  imported: "Marked as unsubscribed in an import",
  source: "Unsubscribed at a connected source",
};
/** The reasons that a person can give. */
const CHOICES = /** @type {const} */ (["asked", "complained", "bounced"]);

/** The longest note, in characters. */
const MAX_NOTE = 1_000;

/** @param {Opened} opened */
export function consent(opened) {
  const title = h("h3", { id: newId() }, "Campaign emails");
  const place = h("div", { class: "row consent" });
  const element = h("section", { "aria-labelledby": title.id }, h("div", { class: "row" }, title, helpLink("consent", "Campaign emails")), place);
  let isAdmin = false;
  let shown = "";

  /** @param {Schemas["ConsentSummary"]} summary */
  function show(summary) {
    const key = JSON.stringify([summary, isAdmin]);
    if (key === shown) return;
    shown = key;
    const isOn = summary.state === "subscribed";
    const words = h("div", { class: "grow" }, isOn ? "Subscribed" : ["Unsubscribed on ", h("time", { dateTime: summary.at ?? "", title: moment(summary.at ?? "") }, day(summary.at ?? ""))]);
    fill(place, words, (isOn || isAdmin) && h("button", {
      type: "button", role: "switch", data: { needs: isOn ? "write" : "admin" }, class: "switch", "aria-checked": String(isOn), "aria-label": "Subscribed to campaign emails",
      onclick: () => void (isOn ? lower(opened) : raise(opened)),
    }));
    if (!isOn) void details(opened, words);
  }

  void session.then(({ scopes }) => {
    isAdmin = scopes.includes("admin");
    show(opened.contact.consent);
  });
  return { element, show };
}

/**
 * Adds the reason, who unsubscribed the contact, and the note.
 *
 * @param {Opened} opened
 * @param {HTMLElement} words
 */
async function details({ contact, signal }, words) {
  const { reason, actor, note } = await ask("get", "/v1/contacts/{id}/consent", { path: { id: contact.id }, signal });
  if (!reason || !actor) return;
  const by = reason === "campaign" ? "" : ` · ${await called(actor)}`;
  words.append(h("p", { class: "muted" }, REASONS[reason], by));
  if (note) words.append(h("p", { class: "note" }, note));
}

/** @param {Opened} opened */
async function lower(opened) {
  const reason = h("select", { name: "reason" }, CHOICES.map((value) => h("option", { value }, REASONS[value])));
  const note = h("textarea", { name: "note", rows: 2, maxLength: MAX_NOTE });
  const { dialog } = await import("../../widgets/dialog.js");
  await dialog({
    title: `Unsubscribe ${nameOf(opened.contact)}?`,
    body: h("div", { class: "fields" },
      h("label", {}, h("span", {}, "Reason"), reason),
      h("label", {}, h("span", {}, "Note (optional)"), note),
      h("p", { class: "muted" }, "This person is not added to campaigns anymore. Only an administrator can subscribe them again.")),
    action: "Unsubscribe",
    run: () => save(opened, { state: "unsubscribed", reason: reason.value, ...(note.value.trim() && { note: note.value }) }, "Unsubscribed."),
  });
}

/** @param {Opened} opened */
async function raise(opened) {
  const note = h("textarea", { name: "note", rows: 3, maxLength: MAX_NOTE, required: true });
  const { dialog } = await import("../../widgets/dialog.js");
  await dialog({
    title: `Subscribe ${nameOf(opened.contact)} again?`,
    body: h("div", { class: "fields" },
      h("p", {}, "Only do this if the person has agreed to receive campaign emails."),
      h("label", {}, h("span", {}, "How did they agree?"), note)),
    action: "Subscribe again",
    run: () => save(opened, { state: "subscribed", note: note.value }, "Subscribed again."),
  });
}

/**
 * @param {Opened} opened
 * @param {Schemas["ConsentChange"]} body
 * @param {string} done
 */
async function save(opened, body, done) {
  const { state, reason, at } = await ask("put", "/v1/contacts/{id}/consent", { path: { id: opened.contact.id }, body });
  opened.update({ ...opened.contact, consent: { state, reason: reason ?? null, at: at ?? null } });
  opened.refresh();
  toast(done);
}
