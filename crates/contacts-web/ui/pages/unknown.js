// The page of a URL that no page has.

import { h } from "../core/dom.js";

export function open() {
  const element = h("div", { class: "empty" }, h("h1", {}, "Not found"), h("p", {}, "This page does not exist."), h("a", { href: "/", class: "button" }, "All contacts"));
  return { title: "Not found", element };
}
