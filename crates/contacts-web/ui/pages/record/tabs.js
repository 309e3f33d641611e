// Tabs with a hint at their content.

import { fill, h, newId } from "../../core/dom.js";

/** @import { Child } from "../../core/dom.js" */

/**
 * @typedef {object} Tab
 * @property {string} key
 * @property {string} label
 * @property {HTMLElement} element the content
 */

/**
 * @param {Tab[]} tabs
 * @param {(key: string) => void} choose
 */
export function tabList(tabs, choose) {
  const hints = new Map(tabs.map(({ key }) => [key, h("small", {}, "\u00a0")]));
  const buttons = tabs.map(({ key, label, element }, at) => {
    element.id ||= newId();
    const button = h("button", { type: "button", role: "tab", id: `${element.id}-tab`, "aria-controls": element.id, onclick: () => choose(key) }, h("span", {}, label), hints.get(key));
    element.setAttribute("role", "tabpanel");
    element.setAttribute("aria-labelledby", button.id);
    element.tabIndex = -1;
    button.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      const next = to === undefined ? undefined : buttons[(to + tabs.length) % tabs.length];
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.click();
    });
    return button;
  });
  return {
    element: h("div", { role: "tablist", class: "tabs", "aria-label": "History" }, buttons),
    /** @param {string} chosen */
    show(chosen) {
      tabs.forEach(({ key, element }, at) => {
        element.hidden = key !== chosen;
        buttons[at]?.setAttribute("aria-selected", String(key === chosen));
        if (buttons[at]) buttons[at].tabIndex = key === chosen ? 0 : -1;
      });
    },
    /** @param {string} key */
    focus(key) {
      buttons[tabs.findIndex((tab) => tab.key === key)]?.focus();
    },
    /**
     * @param {string} key
     * @param {...Child} hint
     */
    hint(key, ...hint) {
      const place = hints.get(key);
      if (place) fill(place, ...hint);
    },
  };
}
