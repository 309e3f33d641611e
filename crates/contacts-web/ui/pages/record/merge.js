// Merging two contacts: choosing the other one, and comparing both.

import { ask, sentence } from "../../core/api.js";
import { debounce, fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { face } from "../../core/session.js";
import { unmergeButton } from "../../core/unmerge.js";
import { chip } from "../../widgets/chip.js";
import { dialog } from "../../widgets/dialog.js";
import { worded } from "../../widgets/field.js";
import { toast } from "../../widgets/toast.js";
import "../../widgets/sheet.js";
import { because } from "../duplicates/words.js";
import { nameOf } from "../record.js";
import { snapshot, announceChange } from "./saver.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Kind } from "../../widgets/field.js" */
/** @import { Opened } from "./opened.js" */
/** @typedef {Schemas["Contact"]} Contact */

/**
 * @param {Opened} opened
 * @param {string} [id] the other contact, when it is known
 * @returns {Promise<boolean>} whether they were merged
 */
export async function merge(opened, id) {
  opened.saver.flush();
  await opened.saver.rest();
  const body = h("div", { class: "merge" });
  /** @type {[Contact, Contact] | null} the contact that is kept and the one that is removed */
  let pair = null;
  // Nothing can be merged until both contacts are chosen.
  const arm = () => {
    const button = /** @type {HTMLButtonElement | null | undefined} */ (body.closest("form")?.querySelector(".actions > .primary"));
    if (button) button.disabled = !pair;
  };
  const pick = () => {
    pair = null;
    fill(body, choose(opened, (other) => compare(opened.contact, other)));
    arm();
  };

  /** @param {Contact} stays @param {Contact} goes */
  function compare(stays, goes) {
    pair = [stays, goes];
    fill(body, table(opened.kinds, stays, goes),
      h("div", { class: "row" },
        h("button", { type: "button", onclick: () => compare(goes, stays) }, "Keep the other contact"),
        !id && h("button", { type: "button", class: "quiet", onclick: pick }, "Choose another contact")),
      h("p", { class: "muted" }, "Tags, email addresses and sources are combined. Notes, conversations and campaigns are moved. Unsubscribes are kept. You can undo this for 30 days."));
    arm();
  }

  if (id) {
    try {
      compare(opened.contact, await ask("get", "/v1/contacts/{id}", { path: { id } }));
    } catch (error) {
      toast(sentence(error));
      return false;
    }
  } else pick();
  const asked = dialog({
    title: "Merge two contacts", wide: true, action: "Merge", body,
    run: async () => {
      if (pair) await done(opened, pair[0], pair[1]);
    },
  });
  arm();
  return asked;
}

/**
 * @param {Opened} opened
 * @param {Contact} stays
 * @param {Contact} goes
 */
async function done(opened, stays, goes) {
  const { contact } = await ask("post", "/v1/contacts/{id}/merge", { path: { id: stays.id }, body: { other_id: goes.id } });
  dispatchEvent(new CustomEvent("contactgone", { detail: goes.id }));
  announceChange(contact);
  toast("Contacts merged.", unmergeButton(goes.id));
  if (goes.id === opened.contact.id) {
    opened.saver.forget();
    go(`/contacts/${contact.id}${location.search}`, { replace: true });
  } else opened.refresh();
}

/**
 * @param {Opened} opened
 * @param {(other: Contact) => void} choose
 */
function choose(opened, choose) {
  const { id } = opened.contact;
  const search = h("input", { type: "search", placeholder: "Name, email, phone or tag", "aria-label": "Search for the other contact", autofocus: true });
  const status = h("p", { class: "hint", role: "status" }, "Search for the duplicate contact.");
  const found = h("ul", { class: "found-list" });
  let turn = 0;

  /** @param {{ contact: Contact, why: string }[]} others */
  const show = (others) => fill(found, others.map(({ contact, why }) => h("li", {}, h("button", { type: "button", onclick: () => choose(contact) },
    face(nameOf(contact)), h("span", {}, h("span", {}, nameOf(contact)), h("small", {}, [contact.name && contact.email, contact.phone, why].filter(Boolean).join(" · ")))))));

  async function look() {
    const mine = (turn += 1);
    const q = search.value.trim();
    try {
      const others = q
        ? (await ask("get", "/v1/contacts", { query: { q, limit: 8, count: "none" } })).items.map((contact) => ({ contact, why: "" }))
        : (await ask("get", "/v1/contacts/{id}/duplicates", { path: { id } })).items.map(({ contact, reasons }) => ({ contact, why: because(reasons) }));
      if (mine !== turn) return;
      const rest = others.filter(({ contact }) => contact.id !== id);
      show(rest);
      fill(status, q ? (rest.length ? "Choose the duplicate contact." : "No matching contacts") : rest.length ? "These may be the same person." : "Search for the duplicate contact.");
    } catch (error) {
      if (mine === turn) fill(status, h("span", { class: "wrong" }, sentence(error)));
    }
  }
  search.addEventListener("input", debounce(() => void look(), 150));
  void look();
  return h("div", { class: "fields" }, search, status, found);
}

/**
 * Both contacts side by side, with the values that are kept.
 *
 * @param {Kind[]} kinds
 * @param {Contact} stays
 * @param {Contact} goes
 */
function table(kinds, stays, goes) {
  const [mine, theirs] = [snapshot(stays).fields, snapshot(goes).fields];
  const kept = (/** @type {string} */ text) => h("span", { class: "kept" }, icon("check"), h("span", { class: "hidden" }, "Kept: "), text);
  const lost = (/** @type {string} */ text) => h("del", { class: "muted" }, h("span", { class: "hidden" }, "Removed: "), text);
  const none = h("span", { class: "muted" }, "—");
  const further = (/** @type {Contact} */ { other_emails: emails }) => h("td", {}, emails.length ? emails.map((email) => h("div", {}, kept(email))) : none.cloneNode(true));
  const others = stays.other_emails.length + goes.other_emails.length > 0 && h("tr", {}, h("th", { scope: "row" }, "Other emails"), further(stays), further(goes));
  // Both addresses are kept (R48).
  const second = (/** @type {string} */ key, /** @type {string} */ text) => (key === "email" ? [kept(text), h("div", {}, h("small", {}, "as another address"))] : lost(text));
  const rows = kinds.filter(({ key }) => mine[key] || theirs[key]).flatMap((kind) => {
    const { key, label } = kind;
    const [one, other] = [worded(kind, mine[key] ?? ""), worded(kind, theirs[key] ?? "")];
    const shown = h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, one ? kept(one) : none.cloneNode(true)), h("td", {}, !other ? none.cloneNode(true) : one ? second(key, other) : kept(other)));
    return key === "email" ? [shown, others] : [shown];
  });
  const tags = (/** @type {Contact} */ contact) => h("td", {}, h("span", { class: "chips" }, contact.tags.map((tag) => chip(tag))));
  return h("div", { class: "sheet-scroll", tabIndex: 0, role: "group", "aria-label": "What is kept" }, h("table", { class: "sheet" },
    h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, `Kept: ${nameOf(stays)}`), h("th", { scope: "col" }, `Removed: ${nameOf(goes)}`))),
    h("tbody", {}, rows, stays.tags.length + goes.tags.length > 0 && h("tr", {}, h("th", { scope: "row" }, "Tags"), tags(stays), tags(goes)))));
}
