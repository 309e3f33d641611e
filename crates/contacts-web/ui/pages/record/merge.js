// Folding two contacts that are one person into one: who the other is, and what stays.

import { ask, sentence } from "../../core/api.js";
import { debounce, fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { face } from "../../core/session.js";
import { chip } from "../../widgets/chip.js";
import { dialog } from "../../widgets/dialog.js";
import { worded } from "../../widgets/field.js";
import { toast } from "../../widgets/toast.js";
import { nameOf } from "../record.js";
import { WHY } from "./duplicates.js";
import { snapshot, tell } from "./saver.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Kind } from "../../widgets/field.js" */
/** @import { Opened } from "./opened.js" */
/** @typedef {Schemas["Contact"]} Contact */

/**
 * @param {Opened} opened
 * @param {string} [id] of the other, when it is known
 * @returns {Promise<boolean>} whether it was done
 */
export async function merge(opened, id) {
  opened.saver.flush();
  await opened.saver.rest();
  const body = h("div", { class: "merge" });
  /** @type {[Contact, Contact] | null} who stays and who goes */
  let pair = null;
  // There is nothing to be done until both are known.
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
        h("button", { type: "button", onclick: () => compare(goes, stays) }, "Swap: keep the other"),
        !id && h("button", { type: "button", class: "quiet", onclick: pick }, "Choose another")),
      h("p", { class: "muted" }, "Tags and sources are united. Notes, conversations and campaigns move. Who has unsubscribed stays so. This cannot be undone."));
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
  tell(contact);
  toast(`${nameOf(goes)} was merged into ${nameOf(contact)}.`);
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
  const search = h("input", { type: "search", placeholder: "Search name, email or phone", "aria-label": "Search for the other contact", autofocus: true });
  const status = h("p", { class: "hint", role: "status" }, "Search for the contact that is the same person.");
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
        : (await ask("get", "/v1/contacts/{id}/duplicates", { path: { id } })).items.map(({ contact, reasons }) => ({ contact, why: reasons.map((reason) => WHY[reason]).join(", ") }));
      if (mine !== turn) return;
      const rest = others.filter(({ contact }) => contact.id !== id);
      show(rest);
      fill(status, q ? (rest.length ? "Choose the contact that is the same person." : "Nobody is found by that.") : rest.length ? "These may be the same person." : "Search for the contact that is the same person.");
    } catch (error) {
      if (mine === turn) fill(status, h("span", { class: "wrong" }, sentence(error)));
    }
  }
  search.addEventListener("input", debounce(() => void look(), 150));
  void look();
  return h("div", { class: "fields" }, search, status, found);
}

/**
 * Side by side, with what stays of both.
 *
 * @param {Kind[]} kinds
 * @param {Contact} stays
 * @param {Contact} goes
 */
function table(kinds, stays, goes) {
  const [mine, theirs] = [snapshot(stays).fields, snapshot(goes).fields];
  const kept = (/** @type {string} */ text) => h("span", { class: "kept" }, icon("check"), h("span", { class: "hidden" }, "Stays: "), text);
  const lost = (/** @type {string} */ text) => h("del", { class: "muted" }, h("span", { class: "hidden" }, "Goes: "), text);
  const none = h("span", { class: "muted" }, "—");
  const rows = kinds.filter(({ key }) => mine[key] || theirs[key]).map((kind) => {
    const { key, label } = kind;
    const [one, other] = [worded(kind, mine[key] ?? ""), worded(kind, theirs[key] ?? "")];
    return h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, one ? kept(one) : none.cloneNode(true)), h("td", {}, !other ? none.cloneNode(true) : one ? lost(other) : kept(other)));
  });
  const tags = (/** @type {Contact} */ contact) => h("td", {}, h("span", { class: "chips" }, contact.tags.map((tag) => chip(tag))));
  return h("div", { class: "sheet-scroll", tabIndex: 0, role: "group", "aria-label": "What stays" }, h("table", { class: "sheet" },
    h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, `Stays: ${nameOf(stays)}`), h("th", { scope: "col" }, `Goes: ${nameOf(goes)}`))),
    h("tbody", {}, rows, (stays.tags.length || goes.tags.length) && h("tr", {}, h("th", { scope: "row" }, "Tags"), tags(stays), tags(goes)))));
}
