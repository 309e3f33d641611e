// Offers to replace domains of addresses that seem to be misspelt. Nothing is replaced unasked.

import { fill, h } from "../../core/dom.js";
import { count } from "../../core/format.js";

/** @import { Schemas } from "../../core/api.js" */

/**
 * @param {Schemas["DomainOffer"][]} offers
 * @param {{ columns: (string | null)[], domains: Record<string, string> }} plan as it is now
 * @param {(domains: Record<string, string>) => void} change
 */
export function domainOffers(offers, plan, change) {
  const list = h("div", { class: "choices" });
  const element = h("fieldset", { class: "choices domains", hidden: true }, h("legend", {}, "Misspelt email addresses?"), list);

  /** Shows the offers for the columns of addresses. */
  function show() {
    /** @type {Map<string, { suggestion: string, addresses: number }>} */
    const shown = new Map();
    for (const { column, domain, suggestion, addresses } of offers) {
      const target = plan.columns[column];
      if (target === "email" || target === "other_emails") shown.set(domain, { suggestion, addresses: addresses + (shown.get(domain)?.addresses ?? 0) });
    }
    element.hidden = shown.size === 0;
    // Boxes are kept, so that the one that was ticked keeps the focus.
    if ([...shown.keys()].join() === list.dataset["shown"]) return;
    list.dataset["shown"] = [...shown.keys()].join();
    fill(list, [...shown].map(([domain, { suggestion, addresses }]) => {
      const box = h("input", { type: "checkbox", checked: domain in plan.domains });
      box.addEventListener("change", () => {
        const { [domain]: _, ...others } = plan.domains;
        change(box.checked ? { ...others, [domain]: suggestion } : others);
      });
      return h("label", { class: "choice" }, box, h("span", {}, h("strong", {}, domain), `: ${count(addresses, "address", "addresses")}. Replace by `, h("strong", {}, plan.domains[domain] ?? suggestion), "?"));
    }));
  }
  return { element, show };
}
