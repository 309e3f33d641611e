// Shows existing contacts that may be the person who is about to be added.

import { aborted, ask } from "../../core/api.js";
import { debounce, fill, h } from "../../core/dom.js";
import { face } from "../../core/session.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {Schemas["Contact"]} Contact */

/** Maximum number of contacts shown. */
const MOST = 5;

/**
 * Searches while the user types.
 *
 * @param {AbortSignal} signal
 */
export function lookout(signal) {
  const title = h("h2", { id: "maybe" }, "Already on the list?");
  const status = h("p", { class: "muted", role: "status" });
  const list = h("ul", {});
  const element = h("aside", { class: "maybe", "aria-labelledby": title.id, hidden: true }, title, status, list);
  /** @type {Record<string, string>} */
  let texts = {};
  let asked = "";

  async function look() {
    const questions = [texts.email, texts.phone, texts.name].map((text) => text?.trim() ?? "").filter((text) => text.length > 2);
    const key = JSON.stringify(questions);
    if (key === asked) return;
    asked = key;
    try {
      const pages = await Promise.all(questions.map((q) => ask("get", "/v1/contacts", { query: { q, limit: MOST, count: "none" }, signal })));
      if (key !== asked) return;
      const found = new Map(pages.flatMap(({ items }) => items).map((contact) => [contact.id, contact]));
      show([...found.values()].slice(0, MOST));
    } catch (error) {
      // This is a hint only: the server checks the address again.
      if (!aborted(error)) asked = "";
    }
  }

  /** @param {Contact[]} found */
  function show(found) {
    element.hidden = !found.length;
    fill(status, found.length === 1 ? "This contact may be the same person." : "These contacts may be the same person.");
    fill(list, found.map((contact) => h("li", {}, h("a", { href: `/contacts/${contact.id}` }, face(name(contact)),
      h("span", {}, h("span", {}, name(contact)), h("small", {}, [contact.name && contact.email, contact.phone].filter(Boolean).join(" · ")), why(contact, texts))))));
  }

  const later = debounce(() => void look(), 250);
  return {
    element,
    /** @param {Record<string, string>} now */
    look(now) {
      texts = now;
      later();
    },
  };
}

/** @param {Contact} contact */
const name = ({ name, email, phone }) => name ?? email ?? phone ?? "No name";

/**
 * @param {Contact} contact
 * @param {Record<string, string>} texts
 */
function why(contact, { name = "", email = "", phone = "" }) {
  const plain = (/** @type {string | null | undefined} */ text) => (text ?? "").trim().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const digits = (/** @type {string | null | undefined} */ text) => (text ?? "").replace(/\D/g, "");
  const same = [
    email.trim() && [contact.email, ...contact.other_emails].some((other) => plain(email) === plain(other)) && "email",
    digits(phone).length > 5 && [digits(contact.phone), digits(contact.phone_e164)].includes(digits(phone)) && "phone number",
    name.trim() && plain(name) === plain(contact.name) && "name",
  ].filter(Boolean);
  return same.length > 0 && h("span", { class: "status warn" }, `Same ${same.join(", ").replace(/, ([^,]*)$/, " and $1")}`);
}
