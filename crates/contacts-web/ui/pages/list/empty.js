// An organisation with nobody in it, and a filter that nobody matches: two different things.

import { h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";

/** The four ways people come, and the two that start here. */
export const noContacts = () =>
  h("div", { class: "empty" },
    h("h2", {}, "Everyone you can talk to, in one list"),
    h("p", {}, "People arrive from chats, from a CSV file, by hand, or from a source you connect. Each remembers where it came from."),
    h("div", { class: "row" },
      h("a", { href: "/import", class: "button primary" }, icon("upload"), "Import a CSV file"),
      h("a", { href: "/new", class: "button" }, icon("add"), "New contact")),
    h("p", {}, h("a", { href: "/sources" }, "Connect a source"), " or ", h("a", { href: "/settings/keys" }, "make a key for the chat widget"), "."));

/** @param {() => void} clear */
export const noneFound = (clear) =>
  h("div", { class: "empty" },
    h("h2", {}, "Nobody matches"),
    h("p", {}, "Every word of the search and every filter must hold. Take one away, or look for a part of the name, the address or the number."),
    h("div", { class: "row" }, h("button", { type: "button", onclick: clear }, "Clear filters")));
